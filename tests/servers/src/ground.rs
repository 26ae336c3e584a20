//! What every server stands on: its directory, its account, its password, and the programs that there are.

use std::path::PathBuf;

use crate::account::Account;
use crate::binaries::{Program, Search};
use crate::directory::Directory;
use crate::error::Error;
use crate::password;
use crate::process::Launch;

/// The name of the servers' accounts.
pub(crate) const USER: &str = "tester";
const LOG: &str = "log";

#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) directory: Directory,
    pub(crate) password: String,
    account: Option<Account>,
    setpriv: PathBuf,
}

impl Ground {
    /// `accounts` are those that may run the server where we are root, the preferred one first.
    pub(crate) fn prepare(search: &Search, accounts: &[&str]) -> Result<Self, Error> {
        let account = Account::choose(accounts)?;
        Ok(Self {
            directory: Directory::new(account)?,
            password: password::generate(),
            account,
            setpriv: search.find(Program::SETPRIV)?,
        })
    }

    /// A process of this server. What it prints goes to the server's log.
    pub(crate) fn launch(&self, program: PathBuf) -> Launch {
        Launch::new(
            &self.setpriv,
            self.account,
            program,
            &self.directory,
            self.log(),
        )
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.directory.join(LOG)
    }
}
