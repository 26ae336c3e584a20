//! The suite finds stores that are broken: each flaw here is one that somebody's store has had or could have.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::store::transition::{Change, Phase, Row};
use crate::store::{RowStore, StoreFuture};

mod connections;
mod generations;
mod lists;
mod rows;
mod steps;

/// How often a test may miss a race before it counts as not finding it.
const RUNS: usize = 20;

/// Runs a test of the suite, which must fail, and say which promise was broken.
fn fails<F: Future<Output = ()>>(name: &str, test: impl Fn() -> F) {
    let failed = (0..RUNS)
        .find_map(|_| catch_unwind(AssertUnwindSafe(|| run(test()))).err())
        .unwrap_or_else(|| panic!("{name} passed"));
    let message = failed.downcast_ref::<String>().unwrap();
    assert!(
        message.starts_with("the store broke a promise: "),
        "{message}"
    );
    assert!(message.contains("conformance"), "{message}");
}

/// A flaw, and the tests of the suite that find it.
macro_rules! found {
    ($($name:ident: $broken:expr => [$($module:ident::$test:ident),+ $(,)?];)*) => {$(
        #[test]
        fn $name() {
            $(fails(stringify!($test), || async { crate::store::conformance::$module::$test(&$broken).await });)+
        }
    )*};
}
use found;

/// A test that no broken store fails may ask for nothing.
#[test]
fn every_test_is_failed_by_a_broken_store() {
    let broken = [
        include_str!("broken/connections.rs"),
        include_str!("broken/generations.rs"),
        include_str!("broken/lists.rs"),
        include_str!("broken/rows.rs"),
        include_str!("broken/steps.rs"),
    ];
    for (module, text) in [
        ("generations", include_str!("generations.rs")),
        ("hanging", include_str!("hanging.rs")),
        ("lapsing", include_str!("lapsing.rs")),
        ("listing", include_str!("listing.rs")),
        ("renewals", include_str!("renewals.rs")),
        ("withdrawals", include_str!("withdrawals.rs")),
    ] {
        for test in text
            .lines()
            .filter_map(|line| line.strip_prefix("pub async fn "))
        {
            let test = format!("{module}::{}", test.split_once('(').unwrap().0);
            let is_failed = broken.iter().any(|broken| broken.contains(&test));
            assert!(is_failed, "no broken store fails {test}");
        }
    }
}
