//! `docs/own-store.md` says what is so.

use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../docs/own-store.md");

/// A store is short where the runtime decides for it.
#[test]
fn the_store_is_a_file_of_fewer_than_200_lines() {
    assert!(include_str!("../src/lib.rs").lines().count() < 200);
}

#[test]
fn the_document_shows_the_test_of_the_example() {
    let test = include_str!("conformance.rs");
    let (_, shown) = test
        .split_once("unwrap_used)]\n\n")
        .expect("the test has a head");
    assert!(
        DOCUMENT.contains(&format!("\n{shown}```\n")),
        "it must show\n{shown}"
    );
}

/// The runtime's own tests check the table there.
#[test]
fn the_document_shows_the_table_of_the_transitions() {
    let transitions = include_str!("../../../idempotent-runtime/src/store/transition.rs");
    let table: Vec<_> = transitions
        .lines()
        .filter(|line| line.starts_with("//! |"))
        .map(|line| line.trim_start_matches("//! "))
        .collect();
    assert!(table.len() > 20);
    let table = table.join("\n");
    assert!(
        DOCUMENT.contains(&format!("\n\n{table}\n\n")),
        "it must show\n{table}"
    );
}

#[test]
fn the_files_that_the_document_links_to_are_there() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/");
    let links: BTreeSet<_> = DOCUMENT
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(link, _)| link)
        .filter(|link| !link.starts_with('#'))
        .collect();
    assert!(!links.is_empty());
    for link in links {
        assert!(std::path::Path::new(docs).join(link).exists(), "{link}");
    }
}
