//! Pauses that differ by chance.

use std::time::Duration;

/// Between half of a pause and all of it, so that waiters who came together do not ask together.
pub(super) fn jitter(pause: Duration) -> Duration {
    // Without a random source all wait the whole pause.
    let random = getrandom::u32().unwrap_or(u32::MAX);
    pause / 2 + (pause / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_between_half_of_a_pause_and_all_of_it() {
        for _ in 0..1000 {
            let pause = jitter(Duration::from_millis(100));
            assert!((50..=100).contains(&pause.as_millis()), "{pause:?}");
        }
    }
}
