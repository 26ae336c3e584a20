//! What acknowledged steps survive.

use std::borrow::Cow;
use std::fmt;

/// What a record survives once the store has acknowledged it. Each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// The end of the application's process, even by a crash or `kill -9`.
    Process,
    /// A loss of power, on a disk that doesn't lie about what it has written.
    Power,
    /// The loss of the machine that acknowledged it: another machine has the record and takes over.
    Failover,
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Process => "the end of the process",
            Self::Power => "a loss of power",
            Self::Failover => "a failover to another machine",
        })
    }
}

/// What a store's acknowledged steps survive with its settings.
///
/// ```
/// use idempotent_runtime::store::{Durability, Survives};
///
/// let survives = Survives::up_to(Durability::Power, "there is no synchronous standby");
/// assert!(survives.holds(Durability::Process));
/// assert!(!survives.holds(Durability::Failover));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survives {
    most: Option<Durability>,
    because: Cow<'static, str>,
}

impl Survives {
    /// Up to and including this level. The reason why it isn't more names the setting that prevents it, and what it
    /// should be.
    pub fn up_to(most: Durability, because: impl Into<Cow<'static, str>>) -> Self {
        Self {
            most: Some(most),
            because: because.into(),
        }
    }

    /// Nothing, not even the end of the process, for this reason.
    pub fn nothing(because: impl Into<Cow<'static, str>>) -> Self {
        Self {
            most: None,
            because: because.into(),
        }
    }

    /// The answer of a store that doesn't say what it survives.
    pub(super) fn not_said() -> Self {
        Self::nothing("this store does not say what it survives")
    }

    /// The highest level that is survived, if any.
    pub fn most(&self) -> Option<Durability> {
        self.most
    }

    /// Why it isn't more.
    pub fn because(&self) -> &str {
        &self.because
    }

    /// Whether this is survived.
    pub fn holds(&self, durability: Durability) -> bool {
        self.most.is_some_and(|most| most >= durability)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_includes_those_before_it() {
        let survives = Survives::up_to(Durability::Power, "no standby");
        assert!(survives.holds(Durability::Process));
        assert!(survives.holds(Durability::Power));
        assert!(!survives.holds(Durability::Failover));
        assert!(!Survives::nothing("memory").holds(Durability::Process));
    }
}
