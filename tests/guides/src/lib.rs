//! The code of `README.md` and `docs/adopting.md`, held to the compiler.
#![cfg_attr(doctest, doc = include_str!("../../../README.md"))]
#![cfg_attr(doctest, doc = "\n\n")]
#![cfg_attr(doctest, doc = include_str!("../../../docs/adopting.md"))]
