//! The three crates on disk, in a workspace of their own below this one's target directory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::Context as _;

use super::build::Mode;
use super::endpoints::endpoints;
use super::render::{Wrapping, render};

/// Where the crates are.
#[derive(Debug)]
pub(super) struct Workspace {
    directory: PathBuf,
}

const APP: &str = include_str!("../../templates/app.rs");
const PROTECT: &str = include_str!("../../templates/protect.rs");

/// Equal for all three, so that they differ in their handlers alone. The versions are those of the lock file.
const DEPENDENCIES: &str = r#"
axum = { version = "0.8", default-features = false, features = ["json", "query", "matched-path"] }
futures-util = { version = "0.3", default-features = false }
idempotent-runtime = { path = "{runtime}", default-features = false, features = ["axum", "memory"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
sha2 = "0.11"
tokio = { version = "1", default-features = false, features = ["rt", "macros", "time"] }
"#;

impl Workspace {
    /// Writes the crates anew.
    pub(super) fn write(handlers: usize) -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("this crate is below the workspace")?;
        let target = env::var_os("CARGO_TARGET_DIR");
        let target = target.map_or_else(|| root.join("target"), PathBuf::from);
        let this = Self {
            directory: target.join("compile-cost"),
        };
        fs::create_dir_all(&this.directory)?;
        fs::copy(root.join("Cargo.lock"), this.directory.join("Cargo.lock"))?;
        let members = Wrapping::ALL.map(Wrapping::package).join("\", \"");
        write(
            &this.directory.join("Cargo.toml"),
            &format!("[workspace]\nresolver = \"3\"\nmembers = [\"{members}\"]\n"),
        )?;
        for wrapping in Wrapping::ALL {
            this.write_crate(wrapping, handlers, &root.join("idempotent-runtime"))?;
        }
        Ok(this)
    }

    fn write_crate(
        &self,
        wrapping: Wrapping,
        handlers: usize,
        runtime: &Path,
    ) -> anyhow::Result<()> {
        let package = wrapping.package();
        let directory = self.directory.join(package);
        let dependencies = DEPENDENCIES.replace("{runtime}", &runtime.display().to_string());
        write(
            &directory.join("Cargo.toml"),
            &format!(
                "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
                 [dependencies]{dependencies}"
            ),
        )?;
        let protect = match wrapping {
            Wrapping::ByHand => "pub mod protect;\n",
            Wrapping::Bare | Wrapping::Annotated => "",
        };
        write(
            &self.source(wrapping),
            &format!("pub mod app;\npub mod handlers;\n{protect}"),
        )?;
        write(&directory.join("src/app.rs"), APP)?;
        if wrapping == Wrapping::ByHand {
            write(&directory.join("src/protect.rs"), PROTECT)?;
        }
        write(
            &directory.join("src/handlers.rs"),
            &render(&endpoints(handlers), wrapping),
        )
    }

    /// The file that makes cargo build the crate again when it is touched.
    pub(super) fn source(&self, wrapping: Wrapping) -> PathBuf {
        self.directory.join(wrapping.package()).join("src/lib.rs")
    }

    /// Cargo in this workspace. Whatever the caller's settings are, all is built again, and into one place.
    pub(super) fn cargo(&self) -> Command {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .current_dir(&self.directory)
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TARGET_DIR", self.target())
            // What cargo tells a program that it runs would make it find other things stale.
            .env_remove("CARGO_MANIFEST_DIR");
        command
    }

    pub(super) fn target(&self) -> PathBuf {
        self.directory.join("target")
    }

    /// Builds everything once.
    pub(super) fn build_all(&self, mode: Mode) -> anyhow::Result<()> {
        let status = self
            .cargo()
            .args(mode.cargo())
            .arg("--workspace")
            .status()?;
        anyhow::ensure!(status.success(), "the crates do not build");
        Ok(())
    }
}

/// Leaves a file alone that says the same already, so that nothing is built again for it.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if fs::read_to_string(path).is_ok_and(|was| was == text) {
        return Ok(());
    }
    let directory = path.parent().context("a file is in a directory")?;
    fs::create_dir_all(directory)?;
    fs::write(path, text).with_context(|| path.display().to_string())
}
