//! A server's directory, removed with it. What killed processes left behind is removed by the next one.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::account::Account;
use crate::error::Error;

const PREFIX: &str = "idempotent-server-";
const LOCK: &str = "lock";
/// Unix sockets lie in the directory, and their whole path must fit into 107 bytes.
const LONGEST_BASE: usize = 60;

/// A private directory of the account that the server runs as.
#[derive(Debug)]
pub(crate) struct Directory {
    files: TempDir,
    account: Option<Account>,
    /// Held while we live, whatever ends us, so that nobody takes the directory for an abandoned one.
    _lock: File,
}

impl Directory {
    pub(crate) fn new(account: Option<Account>) -> Result<Self, Error> {
        let base = base(account.is_some()).ok_or(Error::NoDirectory)?;
        remove_abandoned(&base);
        Self::within(&base, account).map_err(|source| Error::Prepare { path: base, source })
    }

    fn within(base: &Path, account: Option<Account>) -> io::Result<Self> {
        let files = tempfile::Builder::new().prefix(PREFIX).tempdir_in(base)?;
        let lock = locked(files.path())?;
        fs::set_permissions(files.path(), Permissions::from_mode(0o700))?;
        if let Some(account) = account {
            account.own(files.path())?;
        }
        Ok(Self {
            files,
            account,
            _lock: lock,
        })
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Writes a file that only the server's account can read.
    pub(crate) fn write(&self, name: &str, content: &str) -> Result<PathBuf, Error> {
        let path = self.join(name);
        match self.write_private(&path, content) {
            Ok(()) => Ok(path),
            Err(source) => Err(Error::Prepare { path, source }),
        }
    }

    fn write_private(&self, path: &Path, content: &str) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        io::Write::write_all(&mut file, content.as_bytes())?;
        self.account.map_or(Ok(()), |account| account.own(path))
    }
}

/// The directory for temporary files, or `/tmp` where that one cannot serve.
fn base(for_another_account: bool) -> Option<PathBuf> {
    let serves = |base: &PathBuf| {
        base.as_os_str().len() <= LONGEST_BASE && (!for_another_account || open_to_all(base))
    };
    [std::env::temp_dir(), PathBuf::from("/tmp")]
        .into_iter()
        .filter_map(|base| base.canonicalize().ok())
        .find(serves)
}

/// Whether every account may pass through the directory and all of its parents.
fn open_to_all(directory: &Path) -> bool {
    let passable = |path: &Path| fs::metadata(path).is_ok_and(|data| data.mode() & 0o001 != 0);
    directory.ancestors().all(passable)
}

/// A lock file that is locked before it has its name.
fn locked(directory: &Path) -> io::Result<File> {
    let unnamed = directory.join("lock.new");
    let file = File::create(&unnamed)?;
    file.lock()?;
    fs::rename(unnamed, directory.join(LOCK))?;
    Ok(file)
}

/// Removes the directories whose processes were killed before they could. What cannot be removed is left.
fn remove_abandoned(base: &Path) {
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| {
        entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes())
    });
    for directory in ours.map(|entry| entry.path()) {
        let Ok(lock) = File::open(directory.join(LOCK)) else {
            continue;
        };
        if lock.try_lock().is_ok() {
            let _ = fs::remove_dir_all(directory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_abandoned_directories_are_removed() {
        let base = tempfile::tempdir().unwrap();
        let alive = Directory::within(base.path(), None).unwrap();
        let Directory { files, .. } = Directory::within(base.path(), None).unwrap();
        let killed = files.keep();
        let unfinished = base.path().join(format!("{PREFIX}unfinished"));
        fs::create_dir(&unfinished).unwrap();

        remove_abandoned(base.path());

        assert!(alive.join(LOCK).exists());
        assert!(!killed.exists());
        assert!(unfinished.exists());
    }

    #[test]
    fn a_directory_behind_a_closed_one_is_not_open_to_all() {
        let base = tempfile::tempdir_in("/tmp").unwrap();
        let inner = base.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::set_permissions(base.path(), Permissions::from_mode(0o700)).unwrap();
        assert!(!open_to_all(&inner));
        fs::set_permissions(base.path(), Permissions::from_mode(0o711)).unwrap();
        assert!(open_to_all(&inner));
    }
}
