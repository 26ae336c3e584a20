//! What the SQL stores share.

pub(in crate::store) mod cause;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store) mod connections;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store) mod names;
