//! How large a value may be.

use std::collections::HashMap;

use ::redis::{cmd, from_redis_value};

use super::connection::{Connection, Lane};
use crate::outcome::Outcome;
use crate::store::{Fence, StoreError, StoreFuture};

/// The longest value that any Redis can hold.
const LARGEST: usize = 512 * 1024 * 1024;

/// The smallest possible `proto-max-bulk-len`.
const LEAST: usize = 1024 * 1024;

/// The size of an outcome's largest part, each of which is a value of its own.
pub(super) fn largest_value(outcome: Option<&Outcome>) -> usize {
    outcome.map_or(0, |it| it.body().len().max(it.headers().as_bytes().len()))
}

/// Carries out a step that writes values of up to this size, if the server can hold them.
///
/// A server that gets a larger value than it allows says so and closes the connection, and its message may be lost. So
/// it is asked for its limit afterwards.
pub(super) async fn within(
    connection: &Connection,
    size: usize,
    step: StoreFuture<'_, Fence>,
) -> Result<Fence, StoreError> {
    if size > LARGEST {
        return Err(StoreError::too_large(TooLarge { limit: LARGEST }));
    }
    let answer = step.await;
    if size > LEAST
        && answer.as_ref().is_err_and(StoreError::is_unknown)
        && let Some(limit) = limit(connection).await
        && size > limit
    {
        return Err(StoreError::too_large(TooLarge { limit }));
    }
    answer
}

/// The server's limit, if it can be read. In a cluster, all nodes are assumed to have the same one.
async fn limit(connection: &Connection) -> Option<usize> {
    let ask = cmd("CONFIG")
        .arg("GET")
        .arg("proto-max-bulk-len")
        .to_owned();
    let answer = connection.ask(Lane::Attempts, &ask).await.ok()?;
    let settings: HashMap<String, usize> = from_redis_value(answer).ok()?;
    settings.into_values().next()
}

#[derive(Debug, thiserror::Error)]
#[error("Redis accepts values of at most {limit} bytes (`proto-max-bulk-len`)")]
struct TooLarge {
    limit: usize,
}
