//! What annotated handlers cost to compile.
//!
//! Three crates have the same handlers: one without idempotency, one with the attribute, one wrapped by hand. Their
//! dependencies are built once; then the three alone are built in turns, so that whatever else the machine does meets all of
//! them.

mod build;
pub mod endpoints;
pub mod render;
mod sizes;
mod table;
mod workspace;

use anyhow::Context as _;
use lexopt::ValueExt as _;

use self::build::{Cost, Mode};
use self::render::Wrapping;
use self::table::Row;
use self::workspace::Workspace;

/// What was asked for.
#[derive(Debug)]
pub struct Arguments {
    handlers: usize,
    rounds: usize,
    modes: Vec<Mode>,
}

impl Arguments {
    /// Reads what stands behind the task's name.
    ///
    /// # Errors
    ///
    /// What is none of the task's options, or has no value that it could have.
    pub fn parse(arguments: &mut lexopt::Parser) -> anyhow::Result<Self> {
        let mut parsed = Self {
            handlers: 200,
            rounds: 5,
            modes: Vec::new(),
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                lexopt::Arg::Long("handlers") => parsed.handlers = arguments.value()?.parse()?,
                lexopt::Arg::Long("rounds") => parsed.rounds = arguments.value()?.parse()?,
                lexopt::Arg::Long("mode") => {
                    parsed
                        .modes
                        .push(arguments.value()?.parse_with(Mode::named)?);
                }
                other => return Err(other.unexpected().into()),
            }
        }
        anyhow::ensure!(
            parsed.handlers > 0 && parsed.rounds > 0,
            "nothing to measure"
        );
        if parsed.modes.is_empty() {
            parsed.modes = Mode::ALL.to_vec();
        }
        Ok(parsed)
    }
}

/// Writes the crates, builds them, and prints what they cost.
///
/// # Errors
///
/// A crate that cannot be written or does not build.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let workspace = Workspace::write(arguments.handlers).context("the crates cannot be written")?;
    println!(
        "{} handlers, {} rounds; the first column is without idempotency, all figures are ratios\n",
        arguments.handlers, arguments.rounds
    );
    print!("{}", table::HEAD);
    for &mode in &arguments.modes {
        eprintln!("{}: dependencies", mode.name());
        workspace.build_all(mode)?;
        // At once, since the next may take its time.
        print!(
            "{}",
            table::lines(&measure(&workspace, mode, arguments.rounds)?)
        );
    }
    print!("{}", table::lines(&sizes::llvm_lines(&workspace)));
    Ok(())
}

/// The rows of one way to build.
fn measure(workspace: &Workspace, mode: Mode, rounds: usize) -> anyhow::Result<Vec<Row>> {
    let mut costs: [Vec<Cost>; 3] = Default::default();
    for round in 0..rounds {
        eprintln!("{}: round {} of {rounds}", mode.name(), round + 1);
        for turn in 0..3 {
            // No crate is always the first of its round.
            let which = (round + turn) % 3;
            costs[which].push(build::timed(workspace, Wrapping::ALL[which], mode)?);
        }
    }
    let mut rows = table::times(mode.name(), &costs);
    rows.extend(sizes::libraries(workspace, mode)?);
    Ok(rows)
}
