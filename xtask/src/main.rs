//! What the repository does besides building. `cargo xtask` says what there is.

mod test;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask test [--embedded] [-- ARGUMENTS OF CARGO TEST]

Installs the servers that the tests need, where they are missing and it may; starts them, each for these tests alone, runs
`cargo test --workspace`, and stops them.

  --embedded   leave out the tests that need a server";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let mut arguments = lexopt::Parser::from_env();
    match arguments.next()? {
        Some(lexopt::Arg::Value(task)) if task == "test" => {
            test::run(&test::Arguments::parse(&mut arguments)?)
        }
        Some(lexopt::Arg::Short('h') | lexopt::Arg::Long("help")) => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => anyhow::bail!("{USAGE}"),
    }
}
