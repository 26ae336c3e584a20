//! The tables of options in the documentation, made from the registry.
//!
//! A test fails while a table differs from it; `UPDATE_EXPECT=1 cargo test -p idempotent-macros` writes both anew.

use std::fmt::Write as _;

use expect_test::expect_file;

use super::{REGISTRY, deadline, lease, mismatch, pending};
use crate::grammar::spec::{Door, Spec};

/// The table of a door, as Markdown.
fn table(door: Door) -> String {
    let mut table = "| option | values | default |\n|---|---|---|\n".to_owned();
    for spec in REGISTRY {
        for row in spec.rows.iter().filter(|row| row.doors.contains(&door)) {
            let (name, about) = (spec.name, row.about);
            let (values, default) = (row.values, row.default);
            writeln!(table, "| `{name}`: {about} | {values} | {default} |").unwrap();
        }
    }
    table
}

#[test]
fn the_tables_of_the_attributes_are_what_the_registry_says() {
    expect_file!["../options.axum.md"].assert_eq(&table(Door::Axum));
    expect_file!["../options.actix.md"].assert_eq(&table(Door::Actix));
    expect_file!["../options.task.md"].assert_eq(&table(Door::Task));
}

#[test]
fn the_table_of_the_readme_is_what_the_registry_says() {
    const BEGIN: &str =
        "<!-- options: made by `UPDATE_EXPECT=1 cargo test -p idempotent-macros` -->\n";
    const END: &str = "<!-- end of options -->";

    let readme = include_str!("../../../README.md");
    let (before, rest) = readme.split_once(BEGIN).expect("a marker before the table");
    let (_, after) = rest.split_once(END).expect("a marker after the table");
    let expected = format!("{before}{BEGIN}\n{}\n{END}{after}", table(Door::Axum));
    expect_file!["../../../README.md"].assert_eq(&expected);
}

#[test]
fn every_option_that_is_available_has_one_row_for_some_door_and_no_other_has_one() {
    for spec in REGISTRY {
        for door in Door::EVERY {
            let rows = spec.rows.iter().filter(|row| row.doors.contains(door));
            assert!(rows.count() <= 1, "{} for {door:?}", spec.name);
        }
        assert_eq!(
            spec.rows.is_empty(),
            spec.not_yet.is_some(),
            "{}",
            spec.name
        );
    }
}

#[test]
fn an_option_is_there_once_and_its_example_shows_it() {
    for (index, spec) in REGISTRY.iter().enumerate() {
        let earlier = &REGISTRY[..index];
        assert!(
            earlier.iter().all(|it| it.name != spec.name),
            "{}",
            spec.name
        );
        assert!(spec.example.starts_with(&format!("{} = ", spec.name)));
    }
}

/// Options are judged, and statuses filled in, by defaults that the tables show too.
#[test]
fn the_defaults_of_the_tables_are_those_that_options_are_judged_by() {
    let default = |spec: &Spec| spec.rows[0].default;
    for (spec, millis) in [
        (lease::OPTION, lease::MILLIS),
        (deadline::OPTION, deadline::MILLIS),
    ] {
        let time = humantime::parse_duration(default(&spec).trim_matches(['`', '"'])).unwrap();
        assert_eq!(time.as_millis(), u128::from(millis), "{}", spec.name);
    }
    for (spec, status) in [
        (mismatch::OPTION, mismatch::STATUS),
        (pending::OPTION, pending::STATUS),
    ] {
        let shown = format!("`reject`, with {status}");
        assert!(default(&spec).starts_with(&shown), "{}", spec.name);
    }
}
