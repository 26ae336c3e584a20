//! How many tests of the conformance suite each store passed, by what the tests say of themselves.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead as _, BufReader, PipeReader, Write as _};
use std::process::{Command, ExitCode};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::foreground;
use super::interruptions::Interruptions;

/// The suite's modules. Above them is the one that `store_conformance!` names after the store.
const SUITE: [&str; 12] = [
    "claims",
    "concurrency",
    "fences",
    "generations",
    "hanging",
    "lapsing",
    "listing",
    "outcomes",
    "renewals",
    "sweeping",
    "times",
    "withdrawals",
];
/// How long a process that outlived cargo may keep the end of the output from us.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs cargo, passes its output on line by line, and tells at the end what was counted in it.
pub(crate) fn run(
    mut cargo: Command,
    interruptions: &mut Interruptions,
) -> anyhow::Result<ExitCode> {
    let (output, input) = io::pipe()?;
    cargo.stdout(input);
    let (sender, counts) = mpsc::channel();
    thread::spawn(move || sender.send(pass_on(output)));
    let code = foreground::run(cargo, interruptions);
    if let Ok(counts) = counts.recv_timeout(PATIENCE) {
        eprint!("{counts}");
    }
    code
}

fn pass_on(output: PipeReader) -> Counts {
    let mut counts = Counts::default();
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        // Nobody has to read it.
        let _ = io::stdout().write_all(&line);
        counts.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    counts
}

/// By store.
#[derive(Debug, Default)]
struct Counts(BTreeMap<String, Count>);

#[derive(Debug, Default)]
struct Count {
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Counts {
    /// Reads a line such as `test on_a_server::postgres::claims::records_do_not_meet ... ok`.
    fn read(&mut self, line: &str) {
        let test = line.strip_prefix("test ");
        let Some((path, ending)) = test.and_then(|test| test.split_once(" ... ")) else {
            return;
        };
        let mut modules = path.rsplit("::").skip(1);
        let (Some(module), Some(store)) = (modules.next(), modules.next()) else {
            return;
        };
        if !SUITE.contains(&module) {
            return;
        }
        let count = self.0.entry(store.to_owned()).or_default();
        match ending.split([' ', ',', '\n']).next() {
            Some("ok") => count.passed += 1,
            Some("ignored") => count.ignored += 1,
            _ => count.failed += 1,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        writeln!(f, "The conformance suite, by store:")?;
        let width = self.0.keys().map(String::len).max().unwrap_or_default();
        for (store, count) in &self.0 {
            write!(f, "  {store:width$}  {:>3} passed", count.passed)?;
            for (number, what) in [(count.failed, "failed"), (count.ignored, "ignored")] {
                if number > 0 {
                    write!(f, ", {number} {what}")?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(lines: &[&str]) -> String {
        let mut counts = Counts::default();
        for line in lines {
            counts.read(line);
        }
        counts.to_string()
    }

    #[test]
    fn stores_are_counted_one_by_one() {
        let told = counted(&[
            "running 5 tests\n",
            "test memory::claims::a_done_record_is_found ... ok\n",
            "test on_a_server::redis_cluster::times::a_window_ends ... ok\n",
            "test on_a_server::redis_cluster::times::a_lease_ends ... FAILED\n",
            "test memory::fences::a_lost_fence ... ok <0.012s>\n",
            "test memory::fences::a_slow_one ... ignored, too slow\n",
            "test result: FAILED. 3 passed; 1 failed; 1 ignored\n",
        ]);
        assert_eq!(
            told,
            "The conformance suite, by store:\n  \
               memory           2 passed, 1 ignored\n  \
               redis_cluster    1 passed, 1 failed\n"
        );
    }

    #[test]
    fn other_tests_are_not_counted() {
        let told = counted(&[
            "test claims::a_test_of_something_else ... ok\n",
            "test on_a_server::a_password_is_told_to_nobody ... ok\n",
            "test memory::claims::one_that_never_ended\n",
        ]);
        assert_eq!(told, "");
    }
}
