//! Any store of this project, by where it is.

use std::sync::Arc;

use idempotent_runtime::store::Store;
use idempotent_runtime::{PostgresStore, SqliteStore};

/// The store at this URL, with its tables, or in the file of this name.
pub async fn open_store(place: &str) -> Arc<dyn Store> {
    match place.split_once("://").map(|(scheme, _)| scheme) {
        None => Arc::new(SqliteStore::open(place).await.unwrap()),
        Some("postgres") => {
            let store = PostgresStore::connect(place).await.unwrap();
            store.migrate().await.unwrap();
            Arc::new(store)
        }
        Some(other) => panic!("there is no store for {other}"),
    }
}
