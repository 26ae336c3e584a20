//! The tests, with everything that they need.

mod arguments;
mod foreground;
mod install;
mod interruptions;
mod servers;

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
        return foreground::run(cargo(arguments), &mut interruptions);
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
    let code = foreground::run(cargo, &mut interruptions);
    drop(servers);
    eprintln!("Stopped the servers.");
    code
}

fn cargo(arguments: &Arguments) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments.of_cargo());
    command
}
