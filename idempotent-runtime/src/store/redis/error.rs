//! What can go wrong. Each cause is printed once, and none contains a password.

use std::error::Error;
use std::fmt;

use ::redis::{ErrorKind, RedisError};

use super::connection::Failed;
use crate::store::StoreError;

/// A [`RedisStore`](super::RedisStore) could not be set up.
///
/// It prints what could not be done; its [`source`](Error::source) says why. It never contains a URL or a password.
#[derive(Debug)]
pub struct RedisStoreError {
    what: What,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug)]
enum What {
    Url,
    Connect(String),
}

impl RedisStoreError {
    /// The client's errors about URLs quote nothing but the name of a protocol.
    pub(super) fn url(error: RedisError) -> Self {
        Self {
            what: What::Url,
            source: Some(Failure(error).into()),
        }
    }

    pub(super) fn connect(place: String, error: RedisError) -> Self {
        Self {
            what: What::Connect(place),
            source: Some(cause(error)),
        }
    }

    pub(super) fn check(place: String, error: StoreError) -> Self {
        Self {
            what: What::Connect(place),
            source: Some(error.into()),
        }
    }
}

impl fmt::Display for RedisStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Url => f.write_str(
                "not the URL of a Redis server: write `redis://user:password@host:port`, or `rediss://` with the \
                 feature `tls`, and `%40` for an `@` in the password",
            ),
            What::Connect(place) => {
                write!(f, "the idempotency store at {place} could not be reached")
            }
        }
    }
}

impl Error for RedisStoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The error for a step that failed.
pub(super) fn to_store_error(failed: Failed) -> StoreError {
    match failed {
        Failed::NotSent(error) => StoreError::not_sent(cause(error)),
        failed if is_wrong_type(&failed) => StoreError::corrupt(cause(failed.into_error())),
        Failed::Sent(error) | Failed::SentAgain(error) if is_too_large(&error) => {
            StoreError::too_large(cause(error))
        }
        Failed::Sent(error) if error.code().is_some_and(is_refused_unrun) => {
            StoreError::not_sent(cause(error))
        }
        Failed::Sent(error) | Failed::SentAgain(error) => StoreError::unknown(cause(error)),
    }
}

/// Whether the server refuses a script with this code before it has written anything.
///
/// `OOM` is one of these codes, since Redis refuses a script's first write or none. A missing permission isn't, since
/// only the second write of a script may lack it.
fn is_refused_unrun(code: &str) -> bool {
    const CODES: [&str; 14] = [
        "OOM",
        "READONLY",
        "MISCONF",
        "NOREPLICAS",
        "NOAUTH",
        "MOVED",
        "ASK",
        "CROSSSLOT",
        "BUSY",
        "NOSCRIPT",
        code::LOADING,
        code::CLUSTER_DOWN,
        code::MASTER_DOWN,
        code::TRY_AGAIN,
    ];
    CODES.contains(&code)
}

/// Whether a value is beyond `proto-max-bulk-len`. Redis has no code of its own for that, and closes the connection.
pub(super) fn is_too_large(error: &RedisError) -> bool {
    error.code() == Some("ERR")
        && error.detail().is_some_and(|detail| {
            detail.contains("invalid bulk length")
                || detail.contains("string exceeds maximum allowed size")
        })
}

/// Whether a key holds something other than a record.
pub(super) fn is_wrong_type(failed: &Failed) -> bool {
    failed.error().code() == Some(code::WRONG_TYPE)
}

/// Whether the server answered with a refusal.
pub(super) fn is_refusal(failed: &Failed) -> bool {
    let error = failed.error();
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
        && !matches!(
            error.code(),
            Some(code::LOADING | code::CLUSTER_DOWN | code::MASTER_DOWN | code::TRY_AGAIN)
        )
}

fn cause(error: RedisError) -> Box<dyn Error + Send + Sync> {
    let help = if error.is_timeout() {
        Some("Redis did not answer in time")
    } else if error.kind() == ErrorKind::AuthenticationFailed {
        Some("Redis doesn't accept this user and password")
    } else {
        error.code().and_then(help)
    };
    match help {
        Some(help) => Box::new(Helped {
            help,
            source: Failure(error),
        }),
        None => Box::new(Failure(error)),
    }
}

/// How the server's errors begin.
mod code {
    pub(super) const WRONG_TYPE: &str = "WRONGTYPE";
    pub(super) const LOADING: &str = "LOADING";
    pub(super) const CLUSTER_DOWN: &str = "CLUSTERDOWN";
    pub(super) const MASTER_DOWN: &str = "MASTERDOWN";
    pub(super) const TRY_AGAIN: &str = "TRYAGAIN";
}

fn help(code: &str) -> Option<&'static str> {
    Some(match code {
        code::WRONG_TYPE => {
            "something else is stored under a record's key: give the store its own prefix"
        }
        code::LOADING => "Redis is starting and still loading its data",
        code::CLUSTER_DOWN => "the cluster doesn't serve this record's slot",
        code::MASTER_DOWN => "this is a replica that has lost its primary",
        "OOM" => {
            "Redis has used up its `maxmemory`: running attempts can finish, but new ones can't begin"
        }
        "READONLY" => "this is a replica: connect to the primary",
        "MISCONF" => "Redis can't write to its disk, and accepts no writes until it can",
        "NOREPLICAS" => "Redis has fewer replicas than `min-replicas-to-write` asks for",
        "NOAUTH" => "Redis asks for a password: write `redis://user:password@host:port`",
        "NOPERM" => {
            "the user lacks permissions that the store needs: see the ACL in the documentation of `RedisStore`"
        }
        "MOVED" | "ASK" | "CROSSSLOT" => {
            "this is a node of a cluster: use `RedisStore::connect_cluster`"
        }
        "BUSY" => "another script keeps Redis busy",
        _ => return None,
    })
}

/// A failure whose remedy is known.
#[derive(Debug, thiserror::Error)]
#[error("{help}")]
struct Helped {
    help: &'static str,
    source: Failure,
}

/// A client error. The client prints the cause with the error and gives it as the source too. This prints it once.
#[derive(Debug)]
struct Failure(RedisError);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.code(), self.0.detail()) {
            (Some(code), Some(detail)) => write!(f, "{code} {detail}"),
            (Some(code), None) => f.write_str(code),
            _ => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()?.source()
    }
}

#[cfg(test)]
mod tests {
    use ::redis::{ServerErrorKind, make_extension_error};

    use super::*;

    fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
        std::iter::successors(Some(error), |error| (*error).source())
            .map(ToString::to_string)
            .collect()
    }

    fn server(code: &str) -> RedisError {
        make_extension_error(code.to_owned(), Some("it says why".to_owned()))
    }

    fn sent(code: &str) -> StoreError {
        to_store_error(Failed::Sent(server(code)))
    }

    #[test]
    fn a_cause_is_printed_once() {
        let error = RedisError::from(std::io::Error::other("the network is gone"));
        assert_eq!(
            chain(&to_store_error(Failed::NotSent(error))),
            [
                "the idempotency store could not be reached",
                "the network is gone"
            ]
        );
    }

    #[test]
    fn a_servers_refusal_is_told_with_what_helps() {
        assert_eq!(
            chain(&sent("OOM")),
            [
                "the idempotency store could not be reached",
                "Redis has used up its `maxmemory`: running attempts can finish, but new ones can't begin",
                "OOM it says why",
            ]
        );
        assert_eq!(
            chain(&sent("NEW")),
            ["the idempotency store did not answer", "NEW it says why"]
        );
    }

    #[test]
    fn only_a_foreign_value_is_corrupt() {
        assert!(sent("WRONGTYPE").is_corrupt());
        for kind in [
            ServerErrorKind::BusyLoading,
            ServerErrorKind::ReadOnly,
            ServerErrorKind::ClusterDown,
            ServerErrorKind::MasterDown,
        ] {
            let error = RedisError::from((ErrorKind::Server(kind), "no"));
            let error = to_store_error(Failed::Sent(error));
            assert!(error.is_not_sent(), "{kind:?}");
            assert_eq!(chain(&error).len(), 3, "{kind:?}");
        }
    }

    #[test]
    fn a_step_that_the_server_refused_to_run_did_nothing() {
        for code in ["OOM", "MISCONF", "NOAUTH", "NOREPLICAS", "READONLY"] {
            assert!(sent(code).is_not_sent(), "{code}");
        }
        // These may come from the middle of a script.
        for code in ["ERR", "NOPERM"] {
            assert!(sent(code).is_unknown(), "{code}");
        }
    }

    #[test]
    fn a_step_that_the_clusters_client_repeated_may_have_been_done_before() {
        for code in ["OOM", "CLUSTERDOWN", "LOADING"] {
            let error = to_store_error(Failed::SentAgain(server(code)));
            assert!(error.is_unknown(), "{code}");
        }
    }

    #[test]
    fn a_value_beyond_the_servers_limit_is_too_large() {
        for detail in [
            "Protocol error: invalid bulk length",
            "string exceeds maximum allowed size (proto-max-bulk-len)",
        ] {
            let error = make_extension_error("ERR".to_owned(), Some(detail.to_owned()));
            assert!(
                to_store_error(Failed::Sent(error)).is_too_large(),
                "{detail}"
            );
        }
    }

    #[test]
    fn a_server_that_does_not_answer_is_told_as_such() {
        let error = RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
        assert_eq!(
            chain(&to_store_error(Failed::Sent(error))),
            [
                "the idempotency store did not answer",
                "Redis did not answer in time",
                "timed out",
            ]
        );
    }
}
