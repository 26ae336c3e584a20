//! The crates that are compared, at a small size: what they say, that they compile, and that they differ in nothing but how
//! their handlers are wrapped.
//!
//! After a change of the generator, `UPDATE_EXPECT=1 cargo test -p xtask` writes the files of `goldens/` anew.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../templates/app.rs"]
#[allow(dead_code, missing_docs, unreachable_pub, clippy::pedantic)]
mod app;
#[path = "../templates/protect.rs"]
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic
)]
mod protect;

#[path = "../goldens/annotated.rs"]
#[rustfmt::skip]
#[allow(dead_code, unused_imports, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
mod annotated;
#[path = "../goldens/bare.rs"]
#[rustfmt::skip]
#[allow(dead_code, unused_imports, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
mod bare;
#[path = "../goldens/by_hand.rs"]
#[rustfmt::skip]
#[allow(dead_code, unused_imports, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
mod by_hand;

#[path = "crates/answers.rs"]
mod answers;
#[path = "crates/difference.rs"]
mod difference;

use expect_test::expect_file;
use xtask::compile_cost::endpoints::endpoints;
use xtask::compile_cost::render::{Wrapping, render};

/// Every operation, and every amount of work but one.
const SMALL: usize = 8;

#[test]
fn the_crates_are_those_of_the_goldens() {
    let endpoints = endpoints(SMALL);
    expect_file!["../goldens/bare.rs"].assert_eq(&render(&endpoints, Wrapping::Bare));
    expect_file!["../goldens/annotated.rs"].assert_eq(&render(&endpoints, Wrapping::Annotated));
    expect_file!["../goldens/by_hand.rs"].assert_eq(&render(&endpoints, Wrapping::ByHand));
}
