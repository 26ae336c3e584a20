//! Who sent a webhook, by its signature, in the form of [Standard Webhooks](https://www.standardwebhooks.com).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How far a webhook's time may be from ours.
const TOLERANCE: Duration = Duration::from_mins(5);

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// The headers that every webhook has.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'h> {
    /// The event's id.
    pub id: &'h str,
    timestamp: &'h str,
    signatures: &'h str,
}

impl<'h> Signed<'h> {
    /// Reads the headers. `None` if one is missing or not text.
    pub fn read(headers: &'h HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name)?.to_str().ok();
        Some(Self {
            id: text("webhook-id")?,
            timestamp: text("webhook-timestamp")?,
            signatures: text("webhook-signature")?,
        })
    }

    /// Whether somebody signed this body, under this id and not long ago, who knows the secret.
    pub fn is_valid(&self, secret: &str, body: &[u8], now: SystemTime) -> bool {
        let Some(mac) = mac(secret, self.id, self.timestamp, body) else {
            return false;
        };
        let sent = self.timestamp.parse().map(Duration::from_secs);
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        // There are several signatures while a secret is replaced.
        let mut signatures = self.signatures.split(' ');
        sent.is_ok_and(|sent| sent.abs_diff(now) <= TOLERANCE)
            && signatures.any(|signature| is_of(signature, &mac))
    }
}

/// Signs a body, as the sender does: the value of `webhook-signature`. `None` if the secret is malformed.
pub fn sign(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Option<String> {
    let mac = mac(secret, id, timestamp, body)?;
    let signature = BASE64.encode(mac.finalize().into_bytes());
    Some(format!("v1,{signature}"))
}

fn is_of(signature: &str, mac: &Hmac<Sha256>) -> bool {
    let signature = signature
        .strip_prefix("v1,")
        .and_then(|it| BASE64.decode(it).ok());
    // Takes the same time wherever they differ.
    signature.is_some_and(|it| mac.clone().verify_slice(&it).is_ok())
}

fn mac(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let secret = BASE64.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::new_from_slice(&secret).ok()?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SENT: u64 = 1_614_265_330;

    fn is_valid(signatures: &str, body: &[u8], now: u64) -> bool {
        let signed = Signed {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: "1614265330",
            signatures,
        };
        signed.is_valid(SECRET, body, UNIX_EPOCH + Duration::from_secs(now))
    }

    /// The example of the specification.
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_signature_of_the_specification_is_valid() {
        assert!(is_valid(SIGNATURE, BODY, SENT));
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signature = sign(SECRET, id, "1614265330", BODY);
        assert_eq!(signature.as_deref(), Some(SIGNATURE));
    }

    #[test]
    fn one_of_several_signatures_is_enough() {
        assert!(is_valid(&format!("v1,AAAA v2,x {SIGNATURE}"), BODY, SENT));
        assert!(!is_valid("v1,AAAA v2,x", BODY, SENT));
        assert!(!is_valid("", BODY, SENT));
    }

    #[test]
    fn another_body_is_not_signed() {
        assert!(!is_valid(SIGNATURE, br#"{"test": 2432232315}"#, SENT));
    }

    #[test]
    fn a_signature_from_another_time_is_refused() {
        assert!(is_valid(SIGNATURE, BODY, SENT + 300));
        assert!(is_valid(SIGNATURE, BODY, SENT - 300));
        assert!(!is_valid(SIGNATURE, BODY, SENT + 301));
        assert!(!is_valid(SIGNATURE, BODY, SENT - 301));
    }
}
