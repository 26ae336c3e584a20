//! What was asked for, and what cargo is asked for therefore.

use std::ffi::{OsStr, OsString};

/// What stands behind `cargo xtask test`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    embedded: bool,
    cargo: Vec<OsString>,
}

impl Arguments {
    /// Reads what stands behind the task's name.
    pub(crate) fn parse(arguments: &mut lexopt::Parser) -> anyhow::Result<Self> {
        let mut parsed = Self::default();
        // Raw, since behind the first `--` there may be another one, which is cargo's.
        let mut arguments = arguments.raw_args()?;
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--embedded") => parsed.embedded = true,
                Some("--") => parsed.cargo = arguments.by_ref().collect(),
                _ => anyhow::bail!(
                    "`cargo xtask test` takes `--embedded`; `{}` belongs behind `--` if it is cargo's",
                    argument.display()
                ),
            }
        }
        Ok(parsed)
    }

    /// Whether the tests that need a server are left out.
    pub(crate) fn embedded(&self) -> bool {
        self.embedded
    }

    /// Cargo's arguments.
    pub(crate) fn of_cargo(&self) -> Vec<OsString> {
        let end = self.cargo.iter().position(|argument| argument == "--");
        let (own, harness) = match end {
            Some(end) => (&self.cargo[..end], &self.cargo[end + 1..]),
            None => (&self.cargo[..], &[][..]),
        };
        let mut arguments = vec![OsString::from("test")];
        if !own.iter().any(|argument| names_package(argument)) {
            arguments.push("--workspace".into());
        }
        arguments.extend_from_slice(own);
        if self.embedded || end.is_some() {
            arguments.push("--".into());
        }
        if self.embedded {
            arguments.extend(["--skip".into(), "on_a_server".into()]);
        }
        arguments.extend_from_slice(harness);
        arguments
    }
}

/// Whether it says which packages to test, which `--workspace` would override.
fn names_package(argument: &OsStr) -> bool {
    let argument = argument.to_string_lossy();
    argument.starts_with("-p") || argument.starts_with("--package")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> anyhow::Result<Arguments> {
        Arguments::parse(&mut lexopt::Parser::from_args(arguments))
    }

    fn cargo(arguments: &[&str]) -> String {
        let arguments = parse(arguments).unwrap().of_cargo();
        arguments.join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn everything_is_tested() {
        assert_eq!(cargo(&[]), "test --workspace");
        assert!(!parse(&[]).unwrap().embedded());
    }

    #[test]
    fn embedded_leaves_out_what_needs_a_server() {
        assert_eq!(
            cargo(&["--embedded"]),
            "test --workspace -- --skip on_a_server"
        );
        assert!(parse(&["--embedded"]).unwrap().embedded());
    }

    #[test]
    fn arguments_are_passed_on() {
        assert_eq!(
            cargo(&["--", "--locked", "--test", "faults"]),
            "test --workspace --locked --test faults"
        );
    }

    #[test]
    fn a_named_package_is_tested_alone() {
        assert_eq!(cargo(&["--", "-p", "payments"]), "test -p payments");
        assert_eq!(
            cargo(&["--", "--package=payments"]),
            "test --package=payments"
        );
    }

    #[test]
    fn arguments_of_the_harness_are_passed_on() {
        assert_eq!(
            cargo(&["--embedded", "--", "--locked", "--", "--nocapture", "-p"]),
            "test --workspace --locked -- --skip on_a_server --nocapture -p"
        );
        assert_eq!(
            cargo(&["--", "--", "--nocapture"]),
            "test --workspace -- --nocapture"
        );
    }

    #[test]
    fn cargos_own_arguments_stand_behind_the_dashes() {
        let error = parse(&["--locked"]).unwrap_err().to_string();
        assert!(error.contains("behind `--`"), "{error}");
    }
}
