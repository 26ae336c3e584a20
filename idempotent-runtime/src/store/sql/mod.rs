//! What the SQL stores share.
//!
//! A server's [`Dialect`](dialect::Dialect) says how it differs: how it quotes names, what its URLs look like, how values
//! are written into a statement. The statements themselves stay with each store.

#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store) mod arguments;
pub(in crate::store) mod cause;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store) mod connections;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store) mod dialect;
pub(in crate::store) mod lane;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store) mod migration;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store) mod names;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store) mod options;
pub(in crate::store) mod pages;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store) mod protocol;
pub(in crate::store) mod rows;
pub(in crate::store) mod schema;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store) mod setup_error;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store) mod steps;
