//! How long an outcome is kept.

use std::time::Duration;

/// How long an outcome is kept, counted from completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// So long. A record is expired from that moment on.
    After(Duration),
    /// As long as the store exists, or until somebody forgets it.
    Forever,
}

impl Ttl {
    /// So many seconds.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if it is zero.
    #[track_caller]
    pub const fn seconds(seconds: u64) -> Self {
        Self::after(Duration::from_secs(seconds))
    }

    /// So many hours.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if it is zero.
    #[track_caller]
    pub const fn hours(hours: u32) -> Self {
        Self::seconds(hours as u64 * 60 * 60)
    }

    /// So many days of 24 hours.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if it is zero.
    #[track_caller]
    pub const fn days(days: u32) -> Self {
        Self::seconds(days as u64 * 24 * 60 * 60)
    }

    /// That long, in whole milliseconds.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if it is shorter than a millisecond.
    #[track_caller]
    pub const fn after(duration: Duration) -> Self {
        let ttl = Self::After(duration);
        ttl.assert_valid();
        ttl
    }

    #[track_caller]
    pub(super) const fn assert_valid(self) {
        if let Self::After(duration) = self {
            assert!(
                duration.as_millis() > 0,
                "an outcome that is kept for less than a millisecond protects nothing: write a longer time, or `Ttl::Forever`"
            );
        }
    }
}
