//! Encrypted connections.

use rustls::crypto::{CryptoProvider, ring};

/// Chooses a provider if nobody has. rustls panics without a choice if several providers are compiled in, or none.
pub(super) fn choose_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error means that somebody else has chosen meanwhile.
        let _ = ring::default_provider().install_default();
    }
}

#[cfg(test)]
mod tests {
    use crate::store::RedisStore;

    /// rustls panics without a provider, in the task that connects.
    #[tokio::test]
    async fn a_server_that_speaks_no_tls_is_an_error_and_no_panic() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept() {
                drop(connection);
            }
        });
        for url in [
            format!("rediss://{address}"),
            format!("rediss://:secret@{address}"),
        ] {
            RedisStore::connect(&url).await.unwrap_err();
            RedisStore::connect_cluster([url]).await.unwrap_err();
        }
    }
}
