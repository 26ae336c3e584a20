//! Where the servers' programs are, and which package brings them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A program that a server needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// Its names, the preferred one first.
    names: &'static [&'static str],
    /// Debian's package that brings it.
    package: &'static str,
}

impl Program {
    pub(crate) const SETPRIV: Self = Self::new(&["setpriv"], "util-linux");
    pub(crate) const POSTGRES: Self = Self::new(&["postgres"], "postgresql");
    pub(crate) const INITDB: Self = Self::new(&["initdb"], "postgresql");
    pub(crate) const PG_ISREADY: Self = Self::new(&["pg_isready"], "postgresql-client");
    pub(crate) const PGBOUNCER: Self = Self::new(&["pgbouncer"], "pgbouncer");
    pub(crate) const MARIADBD: Self = Self::new(&["mariadbd", "mysqld"], "mariadb-server-core");
    pub(crate) const MARIADB_INSTALL_DB: Self = Self::new(
        &["mariadb-install-db", "mysql_install_db"],
        "mariadb-server-core",
    );
    pub(crate) const MARIADB_ADMIN: Self =
        Self::new(&["mariadb-admin", "mysqladmin"], "mariadb-client");
    pub(crate) const REDIS_SERVER: Self = Self::new(&["redis-server"], "redis-server");
    pub(crate) const REDIS_CLI: Self = Self::new(&["redis-cli"], "redis-tools");

    /// Every program that some server needs. MySQL does without `mariadb-install-db`, which is why it is not here.
    const ALL: [Self; 9] = [
        Self::SETPRIV,
        Self::POSTGRES,
        Self::INITDB,
        Self::PG_ISREADY,
        Self::PGBOUNCER,
        Self::MARIADBD,
        Self::MARIADB_ADMIN,
        Self::REDIS_SERVER,
        Self::REDIS_CLI,
    ];

    const fn new(names: &'static [&'static str], package: &'static str) -> Self {
        Self { names, package }
    }

    /// The name that it is asked for by.
    pub fn name(&self) -> &'static str {
        self.names[0]
    }

    /// Debian's package that brings it.
    pub fn package(&self) -> &'static str {
        self.package
    }
}

/// The directories in which programs are looked for.
#[derive(Debug, Clone)]
pub struct Search {
    directories: Vec<PathBuf>,
}

impl Search {
    /// `PATH`, and the places where Debian puts servers: the newest PostgreSQL, and what only root has on its `PATH`.
    pub fn system() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut directories: Vec<_> = std::env::split_paths(&path).collect();
        directories.extend(newest_postgres(Path::new("/usr/lib/postgresql")));
        directories.extend(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from));
        Self { directories }
    }

    /// These directories and no others.
    pub fn only(directories: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self {
            directories: directories.into_iter().map(Into::into).collect(),
        }
    }

    /// The programs of all servers that are not there.
    pub fn missing(&self) -> Vec<Program> {
        let missing = |program: &Program| self.find(*program).is_err();
        let mut programs: Vec<_> = Program::ALL.into_iter().filter(missing).collect();
        if programs.contains(&Program::MARIADBD) {
            programs.push(Program::MARIADB_INSTALL_DB);
        }
        programs
    }

    pub(crate) fn find(&self, program: Program) -> Result<PathBuf, Error> {
        let named = |name| self.directories.iter().map(move |dir| dir.join(name));
        let mut places = program.names.iter().flat_map(named);
        places.find(|place| place.is_file()).ok_or(Error::Missing {
            program: program.name(),
            package: program.package,
        })
    }

    /// The same search, but what lies beside this program comes first: versions of one suite must not be mixed.
    pub(crate) fn beside(&self, program: &Path) -> Self {
        let real = fs::canonicalize(program).unwrap_or_else(|_| program.to_owned());
        let home = real.parent().map(Path::to_owned);
        Self {
            directories: home
                .into_iter()
                .chain(self.directories.iter().cloned())
                .collect(),
        }
    }
}

impl Default for Search {
    fn default() -> Self {
        Self::system()
    }
}

fn newest_postgres(versions: &Path) -> Option<PathBuf> {
    let version = |name: &OsStr| name.to_str()?.parse::<u32>().ok();
    let installed = fs::read_dir(versions).ok()?.flatten();
    installed
        .filter_map(|entry| Some((version(&entry.file_name())?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("postgres").is_file())
        .max_by_key(|(version, _)| *version)
        .map(|(_, bin)| bin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(directory: &Path, names: &[&str]) {
        fs::create_dir_all(directory).unwrap();
        for name in names {
            fs::write(directory.join(name), "").unwrap();
        }
    }

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        let empty = tempfile::tempdir().unwrap();
        let search = Search::only([empty.path()]);
        let error = search.find(Program::MARIADBD).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`mariadbd` is not installed: `apt-get install mariadb-server-core` brings it"
        );
    }

    #[test]
    fn what_is_missing_is_listed() {
        let directory = tempfile::tempdir().unwrap();
        install(
            directory.path(),
            &["setpriv", "postgres", "initdb", "pg_isready"],
        );
        install(directory.path(), &["mysqld", "mysqladmin", "redis-cli"]);
        let missing = Search::only([directory.path()]).missing();
        assert_eq!(missing, [Program::PGBOUNCER, Program::REDIS_SERVER]);
    }

    #[test]
    fn the_newest_postgres_is_taken_by_number() {
        let versions = tempfile::tempdir().unwrap();
        for version in ["9", "15", "16"] {
            install(&versions.path().join(version).join("bin"), &["initdb"]);
        }
        for version in ["9", "15"] {
            install(&versions.path().join(version).join("bin"), &["postgres"]);
        }
        let newest = newest_postgres(versions.path()).unwrap();
        assert_eq!(newest, versions.path().join("15/bin"));
    }

    #[test]
    fn programs_of_one_suite_are_taken_together() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        install(old.path(), &["initdb"]);
        install(new.path(), &["postgres", "initdb"]);
        let search = Search::only([old.path(), new.path()]);
        let postgres = search.find(Program::POSTGRES).unwrap();
        let initdb = search.beside(&postgres).find(Program::INITDB).unwrap();
        assert_eq!(initdb, new.path().canonicalize().unwrap().join("initdb"));
    }
}
