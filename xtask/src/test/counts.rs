//! How many tests of the conformance suite each store passed, and how many of the HTTP contract each host, by what the tests
//! say of themselves.

use std::collections::{BTreeMap, BTreeSet};
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
/// What runs the HTTP contract. Its tests are in the module `on_` and its name.
const HOSTS: [&str; 2] = ["axum", "actix"];
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

#[derive(Debug, Default)]
struct Counts {
    by_store: BTreeMap<String, Count>,
    by_host: BTreeMap<&'static str, Host>,
}

#[derive(Debug, Default)]
struct Host {
    count: Count,
    /// The tests that it has, without its own name.
    tests: BTreeSet<String>,
}

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
        if let Some((host, test)) = in_host(path) {
            let host = self.by_host.entry(host).or_default();
            host.count.add(ending);
            host.tests.insert(test.to_owned());
            return;
        }
        let mut modules = path.rsplit("::").skip(1);
        let (Some(module), Some(store)) = (modules.next(), modules.next()) else {
            return;
        };
        if SUITE.contains(&module) {
            let count = self.by_store.entry(store.to_owned()).or_default();
            count.add(ending);
        }
    }

    /// Which tests only one of several hosts has: none, as long as all of them run one suite.
    fn of_one_host(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.by_host.iter().flat_map(|(name, host)| {
            let others = || self.by_host.values();
            let tests = host.tests.iter();
            let own = tests.filter(move |test| others().any(|it| !it.tests.contains(*test)));
            own.map(|test| (*name, test.as_str()))
        })
    }
}

/// The host that a test of the HTTP contract runs on, and the rest of its path.
fn in_host(path: &str) -> Option<(&'static str, &str)> {
    let (module, test) = path.strip_prefix("on_")?.split_once("::")?;
    let host = HOSTS.into_iter().find(|host| *host == module)?;
    Some((host, test))
}

impl Count {
    fn add(&mut self, ending: &str) {
        match ending.split([' ', ',', '\n']).next() {
            Some("ok") => self.passed += 1,
            Some("ignored") => self.ignored += 1,
            _ => self.failed += 1,
        }
    }

    fn others(&self) -> impl Iterator<Item = (usize, &'static str)> {
        let others = [(self.failed, "failed"), (self.ignored, "ignored")];
        others.into_iter().filter(|(number, _)| *number > 0)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_stores(f)?;
        self.fmt_hosts(f)
    }
}

impl Counts {
    fn fmt_stores(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.by_store.is_empty() {
            return Ok(());
        }
        writeln!(f, "The conformance suite, by store:")?;
        let width = self.by_store.keys().map(String::len).max();
        let width = width.unwrap_or_default();
        for (store, count) in &self.by_store {
            write!(f, "  {store:width$}  {:>3} passed", count.passed)?;
            for (number, what) in count.others() {
                write!(f, ", {number} {what}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn fmt_hosts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.by_host.is_empty() {
            return Ok(());
        }
        write!(f, "The HTTP contract, by host:")?;
        let hosts = HOSTS
            .iter()
            .filter_map(|name| self.by_host.get_key_value(name));
        for (index, (name, Host { count, .. })) in hosts.enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma} {name} {}", count.passed)?;
            for (number, what) in count.others() {
                write!(f, " ({number} {what})")?;
            }
        }
        writeln!(f)?;
        for (host, test) in self.of_one_host() {
            writeln!(f, "  only on {host}: {test}")?;
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
    fn hosts_are_counted_one_by_one() {
        let told = counted(&[
            "test on_axum::bad_input::no_key_is_missing ... ok\n",
            "test on_axum::policies_release::never::a_panic ... ok\n",
            "test on_actix::bad_input::no_key_is_missing ... ok\n",
            "test on_actix::policies_release::never::a_panic ... FAILED\n",
        ]);
        assert_eq!(
            told,
            "The HTTP contract, by host: axum 2, actix 1 (1 failed)\n"
        );
    }

    #[test]
    fn a_test_that_one_host_lacks_is_named() {
        let told = counted(&[
            "test on_axum::faults::a ... ok\n",
            "test on_actix::faults::a ... ok\n",
            "test on_actix::faults::b ... ok\n",
        ]);
        assert_eq!(
            told,
            "The HTTP contract, by host: axum 1, actix 2\n  only on actix: faults::b\n"
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
