//! Connections to the file.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::error::{NoRuntime, NotWal, SqliteStoreError, code, primary_code};
use super::options::{SqliteStoreOptions, Synchronous};
use super::schema;

/// The pause before trying again when another process is just creating the file.
const PAUSE: Duration = Duration::from_millis(5);

/// Opens connections to a file that exists.
#[derive(Debug)]
pub(super) struct Connector(SqliteConnectOptions);

impl Connector {
    /// A connection as the store needs it.
    ///
    /// WAL mode is not asked for again: it is a property of the file.
    pub(super) async fn connect(&self) -> Result<SqliteConnection, sqlx::Error> {
        self.0.connect().await
    }
}

/// Creates the file if it doesn't exist, brings it up to date, and connects.
pub(super) async fn establish(
    options: &SqliteStoreOptions,
) -> Result<(Connector, SqliteConnection), SqliteStoreError> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(SqliteStoreError::new(&options.path, NoRuntime));
    }
    // An absolute path stays the same file when the process changes its directory, and SQLite takes it for a path
    // whatever it looks like.
    let path = std::path::absolute(&options.path)
        .map_err(|error| SqliteStoreError::new(&options.path, error))?;
    let connect = connect_options(options, &path);
    let database = |error| SqliteStoreError::database(&path, error);

    let mut connection = connect
        .clone()
        .create_if_missing(true)
        .connect()
        .await
        .map_err(database)?;
    let mode = enter_wal(&mut connection, options.busy_timeout)
        .await
        .map_err(database)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(SqliteStoreError::new(&path, NotWal(mode)));
    }
    schema::migrate(&mut connection, options.clock.now())
        .await
        .map_err(|error| SqliteStoreError::migration(&path, error))?;
    Ok((Connector(connect), connection))
}

fn connect_options(options: &SqliteStoreOptions, path: &Path) -> SqliteConnectOptions {
    // sqlx gives the milliseconds to SQLite as an i32.
    let longest = Duration::from_millis(i32::MAX.unsigned_abs().into());
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(match options.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
        })
        .busy_timeout(options.busy_timeout.min(longest))
        .disable_statement_logging()
}

/// Puts the file in WAL mode and says which mode it is in.
///
/// SQLite doesn't wait for the lock that this takes, so this tries again if another process holds it.
async fn enter_wal(
    connection: &mut SqliteConnection,
    patience: Duration,
) -> Result<String, sqlx::Error> {
    let mut waited = Duration::ZERO;
    loop {
        let mode = sqlx::query_scalar("PRAGMA journal_mode = WAL")
            .fetch_one(&mut *connection)
            .await;
        match mode {
            Err(error) if primary_code(&error) == Some(code::BUSY) && waited < patience => {
                pause().await;
                waited += PAUSE;
            }
            mode => return mode,
        }
    }
}

/// A pause of real time, whatever a test made of the runtime's: another process is waited for.
async fn pause() {
    // The closure does not panic, and a runtime that shuts down drops this future anyway.
    let _ = tokio::task::spawn_blocking(|| std::thread::sleep(PAUSE)).await;
}

/// Closes a connection and waits until the file is released.
pub(super) async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "a connection of the idempotency store had ended already"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_file_that_another_is_creating_is_come_back_to() {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(directory.path().join("records.db"))
            .create_if_missing(true)
            // SQLite itself is not to wait.
            .busy_timeout(Duration::ZERO);
        let mut other = options.connect().await.unwrap();
        let creating = other.begin_with("BEGIN IMMEDIATE").await.unwrap();

        let mut connection = options.connect().await.unwrap();
        let begun = Instant::now();
        let error = enter_wal(&mut connection, 3 * PAUSE).await.unwrap_err();
        assert_eq!(primary_code(&error), Some(code::BUSY));
        assert!(begun.elapsed() >= 3 * PAUSE);

        creating.commit().await.unwrap();
        let mode = enter_wal(&mut connection, Duration::ZERO).await.unwrap();
        assert_eq!(mode, "wal");
    }
}
