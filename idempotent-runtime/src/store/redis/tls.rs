//! Encrypted connections.

use rustls::crypto::{CryptoProvider, ring};

/// rustls panics where several providers are compiled in, or none, and nobody chose.
pub(super) fn choose_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error means that somebody else chose meanwhile.
        let _ = ring::default_provider().install_default();
    }
}
