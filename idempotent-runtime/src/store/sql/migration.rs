//! Migrations of a server's tables.

/// One step towards the schema of this release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    version: i64,
    name: &'static str,
    statements: Vec<String>,
    sql: String,
}

impl Migration {
    pub(in crate::store) fn new(version: i64, name: &'static str, statements: Vec<String>) -> Self {
        Self {
            version,
            name,
            sql: statements.concat(),
            statements,
        }
    }

    /// Its place in the order, from 1 on.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// All of its statements, each ended by a semicolon. See [`runs_in_transaction`](Self::runs_in_transaction).
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Whether it can run in one transaction.
    ///
    /// On PostgreSQL, a migration that builds an index while others write can't. Send each of its
    /// [statements](Self::statements) by itself, as `psql -f` does; a migration runner may need a mark such as
    /// `-- no-transaction`. You can repeat such a migration after it failed. If nobody uses the table yet, you can remove
    /// the word `CONCURRENTLY` and run it in a transaction as well.
    ///
    /// MySQL and MariaDB commit every change of a schema at once, in a transaction or not. You can repeat their
    /// migrations after they were interrupted.
    pub fn runs_in_transaction(&self) -> bool {
        self.statements.len() == 1
    }

    /// What to send at once: the whole text of a migration that runs in a transaction, and each statement of any other.
    pub fn statements(&self) -> &[String] {
        &self.statements
    }
}
