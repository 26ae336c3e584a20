//! How a store gets its connections.

use sqlx::mysql::{MySqlConnectOptions, MySqlPool};
use sqlx::{ConnectOptions as _, Connection as _, MySql};

use super::error::MySqlStoreError;
use super::migrations::Sessions;
use super::options::MySqlStoreOptions;
use super::store::MySqlStore;
use crate::store::sql::connections::Connections;
use crate::store::sql::options::{connect, parse_url};

impl MySqlStoreOptions {
    /// Connects to the server at this URL, `mysql://user:password@host:port/database`. It creates nothing there: call
    /// [`migrate`](MySqlStore::migrate).
    ///
    /// # Errors
    ///
    /// [`MySqlStoreError`] if the URL isn't that of a MySQL or MariaDB server, the server refuses or can't be reached
    /// within five seconds, or a name is invalid. No error contains the URL, the user or the password.
    pub async fn connect(self, url: &str) -> Result<MySqlStore, MySqlStoreError> {
        let names = self.names()?;
        // The store depends on no setting of its sessions, so none needs to be sent when a connection is opened.
        let options = parse_url::<MySql>(url)?
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .set_names(false)
            .disable_statement_logging();
        let connection = connect::<MySql>(&options, &place(&options)).await?;
        // The server notices if this fails.
        let _ = connection.close().await;
        let connections = Connections::own(options.clone(), self.settings.max_connections);
        let sessions = Sessions::Own(Box::new(options));
        Ok(MySqlStore::with_options(self, names, connections, sessions))
    }

    /// Uses the application's own connection pool.
    ///
    /// A step that gets no connection within the pool's `acquire_timeout` fails as
    /// [not sent](crate::store::StoreError::is_not_sent). So handlers and extractors must not exhaust the pool: see
    /// [`MySqlStore::new`], and prefer [`connect`](Self::connect).
    ///
    /// The pool's sessions may have any time zone, character set, `sql_mode` and isolation level, but they must commit by
    /// themselves (`autocommit = 1`). If the pool logs its statements, the log gets claims with the hashes of their keys
    /// and requests; with [`Protocol::Simple`](super::Protocol::Simple) it gets response bodies too.
    ///
    /// # Errors
    ///
    /// [`MySqlStoreError`] if a name is invalid.
    pub fn with_pool(self, pool: MySqlPool) -> Result<MySqlStore, MySqlStoreError> {
        let names = self.names()?;
        let connections = Connections::applications(pool.clone());
        let sessions = Sessions::Applications(pool);
        Ok(MySqlStore::with_options(self, names, connections, sessions))
    }
}

/// Where the server is, without the user.
fn place(options: &MySqlConnectOptions) -> String {
    let server = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    match options.get_database() {
        Some(database) => format!("{server}/{database}"),
        None => server,
    }
}
