//! The tests, with everything that they need.

mod arguments;
mod counts;
mod foreground;
mod install;
mod interruptions;
mod servers;

use std::io::{self, IsTerminal as _};
use std::process::{Command, ExitCode};

pub(crate) use self::arguments::Arguments;
use self::interruptions::Interruptions;
use self::servers::Servers;

/// Runs the tests; the answer is cargo's, or 128 and the signal that interrupted it.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    if arguments.embedded() {
        eprintln!(
            "Leaving out the tests that need a server: those with `on_a_server` in their names."
        );
        return run_cargo(cargo(arguments), &mut interruptions);
    }
    install::what_is_missing(&mut interruptions)?;
    if let Some(code) = interruptions.seen() {
        return Ok(code);
    }
    let servers = Servers::start()?;
    // Nobody wants tests that were interrupted before they began.
    if let Some(code) = interruptions.seen() {
        return Ok(code);
    }
    let mut cargo = cargo(arguments);
    cargo.envs(servers.variables());
    let code = run_cargo(cargo, &mut interruptions);
    drop(servers);
    eprintln!("Stopped the servers.");
    code
}

fn run_cargo(cargo: Command, interruptions: &mut Interruptions) -> anyhow::Result<ExitCode> {
    // A terminal is left to the tests, which colour what they write to it.
    if io::stdout().is_terminal() {
        return foreground::run(cargo, interruptions);
    }
    counts::run(cargo, interruptions)
}

fn cargo(arguments: &Arguments) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments.of_cargo());
    command
}
