//! Who runs a server. PostgreSQL, PgBouncer and MariaDB refuse to run as root.

use std::io;
use std::os::unix::fs::chown;
use std::path::Path;

use nix::unistd::{User, geteuid};

use crate::error::Error;

/// An account other than ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// The first of these accounts that exists, or `None` where we are not root and therefore stay who we are.
    pub(crate) fn choose(names: &[&str]) -> Result<Option<Self>, Error> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        let known = |name: &&str| User::from_name(name).ok().flatten();
        let user = names.iter().find_map(known);
        let user = user.ok_or_else(|| Error::NoAccount(names.join(", ")))?;
        Ok(Some(Self {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        }))
    }

    pub(crate) fn own(self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }
}
