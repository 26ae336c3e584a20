//! What `cargo xtask` does.

pub mod compile_cost;
