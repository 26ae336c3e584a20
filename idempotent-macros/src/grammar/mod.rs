//! How options are written: the list of them, the shapes of their values, and the numbers, durations and pointers within.
//! Which options there are is up to [`options`](crate::options).

pub(crate) mod choice;
pub(crate) mod duration;
pub(crate) mod numbers;
pub(crate) mod parse;
pub(crate) mod pointer;
pub(crate) mod spec;
pub(crate) mod value;
