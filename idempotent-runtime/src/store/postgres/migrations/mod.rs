//! The tables, and how a database gets them.

mod concurrently;
mod run;
mod session;
mod texts;

pub(super) use self::run::run;
pub(super) use self::texts::of;
