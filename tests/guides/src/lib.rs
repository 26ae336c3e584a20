//! The code of `README.md` and `docs/adopting.md`, held to the compiler.
#![cfg_attr(doctest, doc = include_str!("../../../docs/adopting.md"))]
