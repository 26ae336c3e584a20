//! `cargo xtask test`, with a script for cargo.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

struct Site {
    files: TempDir,
}

impl Site {
    /// A place for the servers, and a cargo that runs this script.
    fn new(script: &str) -> Self {
        let files = tempfile::tempdir_in("/tmp").unwrap();
        // The servers' accounts must get through.
        fs::set_permissions(files.path(), Permissions::from_mode(0o755)).unwrap();
        let site = Self { files };
        fs::create_dir(site.servers()).unwrap();
        fs::write(site.cargo(), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(site.cargo(), Permissions::from_mode(0o755)).unwrap();
        site
    }

    fn cargo(&self) -> PathBuf {
        self.files.path().join("cargo")
    }

    fn servers(&self) -> PathBuf {
        self.files.path().join("servers")
    }

    fn test(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .arg("test")
            .args(arguments)
            .env("CARGO", self.cargo())
            .env("TMPDIR", self.servers());
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.test(arguments).output().unwrap()
    }
}

/// A test command that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The processes that some thread of this one started.
fn children(pid: u32) -> Vec<u32> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let list = fs::read_to_string(thread.unwrap().path().join("children")).unwrap();
        children.extend(list.split_whitespace().map(|id| id.parse::<u32>().unwrap()));
    }
    children
}

fn is_there(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

#[test]
fn cargos_failure_is_passed_on() {
    let output = Site::new("exit 7").output(&["--embedded"]);
    assert_eq!(output.status.code(), Some(7));
    let line =
        "Leaving out the tests that need a server: those with `on_a_server` in their names.\n";
    assert_eq!(text(&output.stderr), line);
}

#[test]
fn cargo_gets_its_arguments() {
    let output = Site::new("echo \"$@\"").output(&["--embedded", "--", "--locked", "faults"]);
    assert!(output.status.success());
    assert_eq!(
        text(&output.stdout),
        "test --workspace --locked faults -- --skip on_a_server\n"
    );
}

#[test]
fn a_cargo_that_died_of_a_signal_is_told_as_shells_do() {
    let output = Site::new("kill -KILL $$").output(&["--embedded"]);
    assert_eq!(output.status.code(), Some(128 + 9));
}

#[test]
fn what_each_store_passed_is_told_at_the_end() {
    let script = "echo 'test memory::claims::records_do_not_meet ... ok'; echo no newline | tr -d '\\n'; exit 3";
    let output = Site::new(script).output(&["--embedded"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        text(&output.stdout),
        "test memory::claims::records_do_not_meet ... ok\nno newline"
    );
    let told = "The conformance suite, by store:\n  memory    1 passed\n";
    assert!(text(&output.stderr).ends_with(told));
}

#[test]
fn a_process_that_outlives_cargo_is_not_waited_for() {
    let script = "sleep 60 2>&1 & echo $!";
    let output = Site::new(script).output(&["--embedded"]);
    assert!(output.status.success());
    let left: i32 = text(&output.stdout).trim().parse().unwrap();
    kill(Pid::from_raw(left), Signal::SIGKILL).unwrap();
}

#[test]
fn what_it_does_not_know_is_refused() {
    let output = Site::new("exit 0").output(&["--locked"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("behind `--`"));
}

#[test]
fn ctrl_c_stops_cargo_and_every_server_on_a_server() {
    let script = "env | grep ^IDEMPOTENT_TEST_ | sort; echo waiting; exec sleep 60";
    let site = Site::new(script);
    let mut test = Running(site.test(&[]).stdout(Stdio::piped()).spawn().unwrap());
    let lines = BufReader::new(test.0.stdout.take().unwrap()).lines();
    let lines: Vec<_> = lines
        .map(Result::unwrap)
        .take_while(|line| line != "waiting")
        .collect();
    let variables: Vec<_> = lines
        .iter()
        .map(|line| line.split_once('=').unwrap())
        .collect();
    let names: Vec<_> = variables.iter().map(|(name, _)| *name).collect();
    let expected = ["MYSQL", "PGBOUNCER", "POSTGRES", "REDIS", "REDIS_CLUSTER"];
    assert_eq!(
        names,
        expected.map(|name| format!("IDEMPOTENT_TEST_{name}"))
    );
    assert_eq!(variables[4].1.split(',').count(), 3);

    let children = children(test.0.id());
    assert_eq!(children.len(), 8, "seven servers and cargo");
    assert!(children.iter().copied().all(is_there));

    let id = i32::try_from(test.0.id()).unwrap();
    kill(Pid::from_raw(id), Signal::SIGINT).unwrap();
    assert_eq!(test.0.wait().unwrap().code(), Some(130));
    assert!(!children.iter().copied().any(is_there));
    assert_eq!(fs::read_dir(site.servers()).unwrap().count(), 0);
}
