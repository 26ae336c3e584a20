//! What a build leaves behind: machine code, and how much LLVM was given.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::build::Mode;
use super::render::Wrapping;
use super::table::Row;
use super::workspace::Workspace;

/// The sizes of the three libraries, where this way to build makes any.
pub(super) fn libraries(workspace: &Workspace, mode: Mode) -> anyhow::Result<Option<Row>> {
    let Some(profile) = mode.profile() else {
        return Ok(None);
    };
    let directory = workspace.target().join(profile);
    let mut sizes = [0.0; 3];
    for (size, wrapping) in sizes.iter_mut().zip(Wrapping::ALL) {
        *size = library_size(&directory, wrapping)?;
    }
    Ok(Some(Row::new(
        format!("{} library size", mode.name()),
        sizes,
    )))
}

fn library_size(directory: &Path, wrapping: Wrapping) -> anyhow::Result<f64> {
    let library = directory.join(format!("lib{}.rlib", wrapping.package().replace('-', "_")));
    let length = fs::metadata(&library)
        .with_context(|| library.display().to_string())?
        .len();
    Ok(as_figure(length))
}

/// The lines and the functions that LLVM is given in a dev build, where `cargo llvm-lines` is installed.
pub(super) fn llvm_lines(workspace: &Workspace) -> Vec<Row> {
    let totals = Wrapping::ALL.map(|wrapping| total(workspace, wrapping));
    let [Some(bare), Some(annotated), Some(by_hand)] = totals else {
        eprintln!("without LLVM lines: `cargo install cargo-llvm-lines` for them");
        return Vec::new();
    };
    let row = |what: &str, of: fn(&[f64; 2]) -> f64| {
        Row::new(what.to_owned(), [&bare, &annotated, &by_hand].map(of))
    };
    vec![
        row("dev LLVM lines", |it| it[0]),
        row("dev functions", |it| it[1]),
    ]
}

/// Lines and functions of one crate.
fn total(workspace: &Workspace, wrapping: Wrapping) -> Option<[f64; 2]> {
    let output = workspace
        .cargo()
        .args([
            "llvm-lines",
            "--quiet",
            "--lib",
            "--package",
            wrapping.package(),
        ])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let total = text.lines().find(|line| line.ends_with("(TOTAL)"))?;
    // Lines and copies, each but a share in parentheses where there is one.
    let mut figures = total
        .split_whitespace()
        .filter_map(|word| word.parse().ok());
    Some([as_figure(figures.next()?), as_figure(figures.next()?)])
}

#[allow(
    clippy::cast_precision_loss,
    reason = "only ratios are printed, to three digits"
)]
fn as_figure(count: u64) -> f64 {
    count as f64
}
