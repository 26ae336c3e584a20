//! Servers that are not installed yet.

use std::collections::BTreeSet;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use idempotent_test_servers::{Program, Search};

use super::foreground;
use super::interruptions::Interruptions;

const SCRIPT: &str = include_str!("install.sh");

/// Installs what is missing, where it may, unless it is interrupted.
pub(crate) fn what_is_missing(interruptions: &mut Interruptions) -> anyhow::Result<()> {
    let missing = Search::system().missing();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = packages(&missing);
    let Some(installer) = installer() else {
        anyhow::bail!("{}", advice(&packages));
    };
    eprintln!("Installing {} …", list(&packages));
    let begun = Instant::now();
    let code = foreground::run(installation(installer, &packages), interruptions)?;
    if interruptions.seen().is_some() {
        return Ok(());
    }
    if code != ExitCode::SUCCESS || !Search::system().missing().is_empty() {
        anyhow::bail!("They were not installed. {}", advice(&packages));
    }
    eprintln!("Installed after {:.1} s.", begun.elapsed().as_secs_f32());
    Ok(())
}

fn packages(missing: &[Program]) -> BTreeSet<&'static str> {
    missing.iter().map(Program::package).collect()
}

fn list(packages: &BTreeSet<&str>) -> String {
    let packages: Vec<_> = packages.iter().copied().collect();
    packages.join(" ")
}

fn advice(packages: &BTreeSet<&str>) -> String {
    format!(
        "Install what the tests need, `apt-get install --no-install-recommends {}`, or leave out what needs servers, \
         `cargo xtask test --embedded`.",
        list(packages)
    )
}

/// What runs a command as root, where that and apt-get are to be had without a question.
fn installer() -> Option<&'static [&'static str]> {
    let root: &[&str] = &["env"];
    let sudo: &[&str] = &["sudo", "-n"];
    let is_root = nix::unistd::geteuid().is_root();
    let installer = if is_root { root } else { sudo };
    succeeds(installer, &["apt-get", "--version"]).then_some(installer)
}

fn succeeds(installer: &[&str], command: &[&str]) -> bool {
    let mut command = privileged(installer, command);
    let silent = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

fn installation(installer: &[&str], packages: &BTreeSet<&str>) -> Command {
    let mut command = privileged(installer, &["sh", "-c", SCRIPT, "install.sh"]);
    command.args(packages);
    command
}

fn privileged(installer: &[&str], command: &[&str]) -> Command {
    let mut privileged = Command::new(installer[0]);
    privileged.args(&installer[1..]).args(command);
    privileged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_each_package_once() {
        let missing = Search::only(["/nowhere"]).missing();
        assert_eq!(
            advice(&packages(&missing)),
            "Install what the tests need, `apt-get install --no-install-recommends mariadb-client mariadb-server-core \
             pgbouncer postgresql postgresql-client redis-server redis-tools util-linux`, or leave out what needs \
             servers, `cargo xtask test --embedded`."
        );
    }
}
