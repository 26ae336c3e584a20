//! What the repository does besides building. `cargo xtask` says what there is.

mod test;

use std::process::ExitCode;

use xtask::compile_cost;

const USAGE: &str = "\
Usage: cargo xtask test [--embedded] [-- ARGUMENTS OF CARGO TEST]

Installs the servers that the tests need, where they are missing and it may; starts them, each for these tests alone, runs
`cargo test --workspace`, and stops them.

  --embedded   leave out the tests that need a server

Usage: cargo xtask compile-cost [OPTIONS]

What annotated handlers cost to compile: a crate of them against the same crate without idempotency, and against the same
wrapped by hand. Prints ratios.

  --handlers <N>   how many handlers each crate has [default: 200]
  --rounds <N>     how often each crate is built, in turns [default: 5]
  --mode <MODE>    check, dev or release; may be repeated [default: all three]";

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
        Some(lexopt::Arg::Value(task)) if task == "compile-cost" => {
            compile_cost::run(&compile_cost::Arguments::parse(&mut arguments)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(lexopt::Arg::Short('h') | lexopt::Arg::Long("help")) => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => anyhow::bail!("{USAGE}"),
    }
}
