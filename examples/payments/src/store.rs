//! Where the records of idempotent calls live: the one choice that depends on how the application is deployed.

use std::path::Path;
use std::sync::Arc;

use idempotent_runtime::store::mysql::MySqlStoreError;
use idempotent_runtime::store::postgres::PostgresStoreError;
use idempotent_runtime::store::{RedisStoreError, SqliteStoreError, Store};
use idempotent_runtime::{MemoryStore, MySqlStore, PostgresStore, RedisStore, SqliteStore};

/// Opens the store at this URL and brings its tables up to date. Several URLs of Redis, separated by commas, are the nodes
/// of a cluster.
///
/// # Errors
///
/// If the URL is none of a store's, or the store cannot be opened. No error shows what the URL holds but its host.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreUrlError> {
    // The scheme alone is ever looked at or shown: behind it there may be a password.
    let (scheme, path) = url.split_once(':').ok_or(StoreUrlError::Unknown)?;
    Ok(match scheme {
        "memory" if path.is_empty() => Arc::new(MemoryStore::new()),
        "sqlite" if !path.is_empty() => file(Path::new(path)).await?,
        "postgres" | "postgresql" => {
            let store = PostgresStore::connect(url).await?;
            store.migrate().await?;
            Arc::new(store)
        }
        "mysql" | "mariadb" => {
            let store = MySqlStore::connect(url).await?;
            store.migrate().await?;
            Arc::new(store)
        }
        "redis" | "rediss" if url.contains(',') => {
            Arc::new(RedisStore::connect_cluster(url.split(',')).await?)
        }
        "redis" | "rediss" => Arc::new(RedisStore::connect(url).await?),
        _ => return Err(StoreUrlError::Unknown),
    })
}

/// Opens the store in this file, which is made if need be.
///
/// # Errors
///
/// If the file cannot be opened or written.
pub async fn file(path: &Path) -> Result<Arc<dyn Store>, StoreUrlError> {
    Ok(Arc::new(SqliteStore::open(path).await?))
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreUrlError {
    /// It is no URL, or none of a store's.
    #[error(
        "the store's URL (--store or DATABASE_URL) begins with none of sqlite:, postgres://, mysql://, mariadb://, \
         redis://, rediss:// or memory:"
    )]
    Unknown,
    /// The file could not be opened.
    #[error(transparent)]
    Sqlite(#[from] SqliteStoreError),
    /// PostgreSQL could not be used.
    #[error(transparent)]
    Postgres(#[from] PostgresStoreError),
    /// MySQL or MariaDB could not be used.
    #[error(transparent)]
    MySql(#[from] MySqlStoreError),
    /// Redis could not be used.
    #[error(transparent)]
    Redis(#[from] RedisStoreError),
}
