//! The table of mistakes in the documentation is what the compiler says, word for word.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

const HEAD: &str = "\
# Mistakes, and what the compiler says to them

Made from the fixtures of `tests/ui/fail` and the messages that Rust 1.95 prints for them; a test keeps it true
(`UPDATE_EXPECT=1 cargo test -p idempotent-tests --test mistakes` writes it anew). Each mistake is one error, under the
words that are wrong; several mistakes in one attribute are told at once. The function itself is always still there, so
that nothing else in the file reports anything.

| mistake | under | message | what to write |
|---|---|---|---|
";

#[test]
fn the_table_of_mistakes_is_what_the_compiler_says() {
    let table: String = fixtures().iter().map(|fixture| row(fixture)).collect();
    expect_file!["../../docs/mistakes.md"].assert_eq(&format!("{HEAD}{table}"));
}

fn fixtures() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/fail");
    let mut fixtures: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    fixtures.sort();
    fixtures
}

/// One line for each error; the mistake stands in the first.
fn row(fixture: &Path) -> String {
    let source = fs::read_to_string(fixture).unwrap();
    let mistake = source.lines().next().unwrap().strip_prefix("//! ");
    let mut mistake = mistake.unwrap_or_else(|| panic!("{} says nothing", fixture.display()));
    let messages = fs::read_to_string(fixture.with_extension("stderr")).unwrap();
    let mut rows = String::new();
    for error in errors(&messages) {
        let under = cell(&format!("`` {} ``", error.under));
        let (message, help) = (cell(error.message), cell(&error.help()));
        writeln!(rows, "| {} | {under} | {message} | {help} |", cell(mistake)).unwrap();
        mistake = "";
    }
    rows
}

/// What one error says, under which words, and what it tells to write.
#[derive(Default)]
struct Told<'a> {
    message: &'a str,
    under: &'a str,
    label: &'a str,
    help: Vec<&'a str>,
}

impl Told<'_> {
    fn help(&self) -> String {
        if self.help.is_empty() {
            return self.label.to_owned();
        }
        self.help.join(" · ")
    }
}

fn errors(messages: &str) -> Vec<Told<'_>> {
    let mut errors: Vec<Told<'_>> = Vec::new();
    let mut before = "";
    for line in messages.lines() {
        if line.starts_with("error") {
            let (_, message) = line.split_once(": ").unwrap();
            errors.push(Told {
                message,
                ..Told::default()
            });
        } else if let Some(error) = errors.last_mut() {
            error.help.extend(help(line));
            if error.under.is_empty() {
                (error.under, error.label) = underlined(before, line).unwrap_or_default();
            }
        }
        before = line;
    }
    errors
}

/// The words of one line that the next one underlines, and what stands behind the line under them.
fn underlined<'a>(source: &'a str, line: &'a str) -> Option<(&'a str, &'a str)> {
    let from = line.find('^')?;
    let to = line.rfind('^')? + 1;
    // Both stand behind the line's number, and columns are letters.
    let letters: Vec<(usize, char)> = source.char_indices().collect();
    let from = line[..from].chars().count();
    let to = line[..to].chars().count();
    let end = letters.get(to).map_or(source.len(), |(at, _)| *at);
    let words = &source[letters.get(from)?.0..end];
    Some((words, line.rsplit('^').next()?.trim()))
}

/// The lines that were written for people. What the compiler adds about traits is left out.
fn help(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let help = line
        .strip_prefix("help: ")
        .or_else(|| line.strip_prefix("= note: "))
        .or_else(|| line.strip_prefix("= help: "))?;
    let of_the_compiler = [
        "the trait `",
        "the following other types",
        "required for `",
        "within `",
        "the failure occurred",
        "for types from other crates",
        "this error originates in",
        "this warning originates in",
        "evaluation of `",
        "provide the argument",
        "consider further restricting",
        "the full name for the type has been written",
        "consider using `--verbose`",
    ];
    (!of_the_compiler.iter().any(|it| help.starts_with(it))).then_some(help)
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
