//! Misuse does not compile, and the message says what to write; valid handlers of every form do.
//!
//! The `.stderr` files are kept for Rust 1.95, and are compared on that toolchain alone: rustc's own words around the
//! messages change from one to the next. `TRYBUILD=overwrite` writes them anew.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;

const TOOLCHAIN: &str = "rustc 1.95.";

#[test]
fn misuse_does_not_compile() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .unwrap()
        .stdout;
    let version = String::from_utf8(version).unwrap();
    if !version.starts_with(TOOLCHAIN) {
        assert!(
            std::env::var_os("CI").is_none(),
            "the messages are kept for {TOOLCHAIN}x, and this is {version}: install that toolchain, or write them anew \
             by `TRYBUILD=overwrite` and name the new one here"
        );
        eprintln!(
            "the messages are kept for {TOOLCHAIN}x and not compared with those of {version}"
        );
        return;
    }
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}

/// All at once, and no further than a check goes: to link and run each takes many times as long. What is only found while
/// code is generated, such as a constant of a generic function that panics, a check does not see.
#[test]
fn valid_handlers_compile() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let checked = Command::new(cargo)
        .args(["check", "--locked", "--keep-going", "--bins"])
        .args(["-p", "idempotent-tests-valid", "--features", "check"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{told}");
    assert!(!warns(&told), "{told}");
}

/// Whether a warning points at source: cargo has warnings of its own, and a text may hold the word.
fn warns(told: &str) -> bool {
    let mut lines = told.lines().peekable();
    while let Some(line) = lines.next() {
        let begins = line.starts_with("warning:") || line.starts_with("warning[");
        if begins
            && lines
                .peek()
                .is_some_and(|next| next.trim_start().starts_with("--> "))
        {
            return true;
        }
    }
    false
}

#[test]
fn every_valid_handler_is_checked() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(directory.join("valid/Cargo.toml")).unwrap();
    let mut fixtures = 0;
    for entry in fs::read_dir(directory.join("ui/pass")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let listed = manifest.contains(&format!("path = \"../ui/pass/{name}\""));
        assert!(listed, "{name} is not in tests/valid/Cargo.toml");
        fixtures += 1;
    }
    assert!(fixtures >= 30, "only {fixtures} fixtures were found");
    assert_eq!(manifest.matches("[[bin]]").count(), fixtures);
}

#[test]
fn every_misuse_is_one_error_unless_its_fixture_says_how_many() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/fail");
    let mut fixtures = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            fixtures += 1;
            let expected = if fs::read_to_string(&path)
                .unwrap()
                .contains("three mistakes")
            {
                3
            } else {
                1
            };
            let messages = fs::read_to_string(path.with_extension("stderr")).unwrap();
            let errors = messages
                .lines()
                .filter(|line| line.starts_with("error"))
                .count();
            assert_eq!(errors, expected, "{}", path.display());
        }
    }
    assert!(fixtures >= 80, "only {fixtures} fixtures were found");
}
