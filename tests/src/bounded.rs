//! An end to every test, and what tests wait for without sleeping.

use std::time::Duration;

/// Longer than any test takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a test, which fails instead of hanging.
pub async fn bounded<F: Future>(test: F) -> F::Output {
    tokio::time::timeout(PATIENCE, test)
        .await
        .expect("the test hangs")
}

/// Waits until something is so, while others have their turns.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// Waits for what must happen, and fails the test if it does not.
pub async fn within_a_minute<T>(what: &str, future: impl Future<Output = T>) -> T {
    let timeout = tokio::time::timeout(Duration::from_mins(1), future);
    timeout
        .await
        .unwrap_or_else(|_| panic!("waited for a minute in vain until {what}"))
}
