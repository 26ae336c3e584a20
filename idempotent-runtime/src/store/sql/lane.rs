//! Who goes first.

/// In which lane a step waits for a connection, or for the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Lane {
    /// Claims, loads, listings and sweeps, which can wait. They leave some room to the others.
    Claims,
    /// Steps of attempts that run or ran. If they come late, a lease ends or an outcome is lost.
    Attempts,
}
