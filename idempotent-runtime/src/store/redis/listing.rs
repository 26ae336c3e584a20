//! Going through records with SCAN.
//!
//! An index by namespace would be one more key, in another slot of a cluster, and two more writes for each record.
//! SCAN costs claims nothing, and returns every key that exists throughout at least once.

use ::redis::{Value, cmd, from_redis_value};
use futures_util::future::join_all;

use super::connection::Failed;
use super::error::{is_wrong_type, to_store_error};
use super::{Shared, connection, reply};
use crate::clock::Timestamp;
use crate::identity::RecordId;
use crate::store::transition;
use crate::store::{Cursor, InvalidCursor, List, Listed, Page, StoreError};

/// How often one page asks for more keys.
const LOOKS: usize = 16;

/// The fewest keys to look at in one go.
const FEWEST: usize = 16;

pub(super) async fn page(shared: &Shared, list: List) -> Result<Page, StoreError> {
    let limit = list.limit.clamp(1, List::LARGEST_PAGE);
    let mut at = match &list.after {
        None => Position::default(),
        Some(cursor) => {
            Position::read(cursor).ok_or_else(|| StoreError::not_sent(InvalidCursor))?
        }
    };
    let nodes = nodes(shared).await?;
    // The node has left the cluster. Another one has its records, and may have been visited already.
    if at.begun && !nodes.contains(&at.node) {
        at = Position::default();
    }
    if !at.begun {
        at.begin(nodes.first().cloned().unwrap_or_default());
    }
    let now = now(shared, &at.node).await?;
    let mut records = Vec::new();
    let left = std::mem::take(&mut at.left);
    put(shared, &list, now, left, limit, &mut records, &mut at.left).await?;
    for _ in 0..LOOKS {
        if records.len() >= limit || at.ended {
            break;
        }
        let found = scan(shared, &mut at, limit - records.len()).await?;
        put(shared, &list, now, found, limit, &mut records, &mut at.left).await?;
        if at.cursor == 0 {
            at.next_node(&nodes);
        }
    }
    let next = (!at.ended || !at.left.is_empty()).then(|| at.write());
    Ok(Page::new(records, next))
}

/// The primaries, in a stable order. A single server has no address.
async fn nodes(shared: &Shared) -> Result<Vec<String>, StoreError> {
    let connection::Connection::Cluster(_) = &shared.connection else {
        return Ok(vec![String::new()]);
    };
    // Any command will do, since only the addresses matter.
    let answers = shared.connection.ask_primaries(&cmd("TIME")).await;
    let mut nodes: Vec<_> = answers
        .map_err(to_store_error)?
        .into_iter()
        .map(|(address, _)| address)
        .collect();
    nodes.sort();
    Ok(nodes)
}

async fn now(shared: &Shared, node: &str) -> Result<Timestamp, StoreError> {
    if let Some(clock) = &shared.clock {
        return Ok(clock.now());
    }
    let time = shared.connection.ask_node(node, &cmd("TIME")).await;
    let (seconds, micros): (i64, i64) = read(time.map_err(to_store_error)?)?;
    Ok(Timestamp::from_millis(seconds * 1000 + micros / 1000))
}

/// The records under the next keys of a node. Moves the position behind them.
async fn scan(
    shared: &Shared,
    at: &mut Position,
    wanted: usize,
) -> Result<Vec<RecordId>, StoreError> {
    let prefix = format!("{}:", shared.prefix);
    let mut scan = cmd("SCAN");
    scan.arg(at.cursor)
        .arg("MATCH")
        .arg(format!("{}*", literally(&prefix)))
        .arg("COUNT")
        .arg(wanted.max(FEWEST));
    let answer = shared.connection.ask_node(&at.node, &scan).await;
    let (cursor, keys): (u64, Vec<Vec<u8>>) = read(answer.map_err(to_store_error)?)?;
    at.cursor = cursor;
    Ok(keys
        .iter()
        // Other keys may begin with the prefix as well.
        .filter_map(|key| {
            let id = key.strip_prefix(prefix.as_bytes())?;
            std::str::from_utf8(id).ok()?.parse().ok()
        })
        .collect())
}

/// Reads these records and puts those that are listed on the page. Those that don't fit are left for the next page.
async fn put(
    shared: &Shared,
    list: &List,
    now: Timestamp,
    found: Vec<RecordId>,
    limit: usize,
    records: &mut Vec<Listed>,
    left: &mut Vec<RecordId>,
) -> Result<(), StoreError> {
    // Over one connection, all at once: the server answers them in one go.
    let rows = join_all(found.into_iter().map(async |record| {
        let mut read = cmd("HMGET");
        read.arg(shared.key(record)).arg(&reply::LISTED);
        let answer = shared.connection.ask(connection::Lane::Claims, &read).await;
        (record, answer)
    }));
    for (record, answer) in rows.await {
        let Some(listed) = listed(list, now, record, answer)? else {
            continue;
        };
        if records.len() < limit {
            records.push(listed);
        } else {
            left.push(record);
        }
    }
    Ok(())
}

fn listed(
    list: &List,
    now: Timestamp,
    record: RecordId,
    answer: Result<Value, Failed>,
) -> Result<Option<Listed>, StoreError> {
    let row = match answer {
        Ok(answer) => reply::listed_row(answer),
        Err(failed) if is_wrong_type(&failed) => Err(to_store_error(failed)),
        Err(failed) => return Err(to_store_error(failed)),
    };
    match row {
        Ok(row) => Ok(row.and_then(|row| transition::listed(record, &row, list, now))),
        // A listing must get past this record. Steps on the record itself report that it is corrupt.
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%record, cause, "a listing leaves out a record that can't be read");
            Ok(None)
        }
    }
}

fn read<T: ::redis::FromRedisValue>(answer: Value) -> Result<T, StoreError> {
    from_redis_value(answer).map_err(StoreError::corrupt)
}

/// A pattern that only this text matches.
fn literally(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\' | '^' | '-') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// Where a page ended. A [`Cursor`] contains this.
#[derive(Debug, Default, PartialEq, Eq)]
struct Position {
    begun: bool,
    /// The address of the current node.
    node: String,
    /// SCAN's own cursor there.
    cursor: u64,
    /// Whether all nodes have been visited.
    ended: bool,
    /// Records that SCAN returned and that didn't fit on the page. SCAN returns as many as it likes.
    left: Vec<RecordId>,
}

impl Position {
    fn begin(&mut self, node: String) {
        self.begun = true;
        self.node = node;
        self.cursor = 0;
    }

    fn next_node(&mut self, nodes: &[String]) {
        match nodes.iter().find(|node| **node > self.node) {
            Some(node) => self.begin(node.clone()),
            None => self.ended = true,
        }
    }

    fn write(&self) -> Cursor {
        let mut bytes = vec![u8::from(self.ended)];
        bytes.extend(self.cursor.to_be_bytes());
        // An address is at most as long as a host name, and it is checked when it is read back.
        let length = u16::try_from(self.node.len()).unwrap_or(u16::MAX);
        bytes.extend(length.to_be_bytes());
        bytes.extend(&self.node.as_bytes()[..usize::from(length)]);
        for record in &self.left {
            bytes.extend(record.as_bytes());
        }
        Cursor::from_bytes(bytes)
    }

    fn read(cursor: &Cursor) -> Option<Self> {
        let (ended, rest) = cursor.as_bytes().split_first()?;
        let (cursor, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (node, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (left, odd) = rest.as_chunks::<32>();
        if *ended > 1 || !odd.is_empty() || left.len() > 2 * List::LARGEST_PAGE {
            return None;
        }
        Some(Self {
            begun: true,
            node: String::from_utf8(node.to_vec()).ok()?,
            cursor: u64::from_be_bytes(*cursor),
            ended: *ended == 1,
            left: left
                .iter()
                .map(|bytes| RecordId::from_bytes(*bytes))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back() {
        for position in [
            Position {
                begun: true,
                ..Position::default()
            },
            Position {
                begun: true,
                node: "10.0.0.1:7000".to_owned(),
                cursor: u64::MAX,
                ended: true,
                left: vec![RecordId::from_bytes([7; 32]), RecordId::from_bytes([8; 32])],
            },
        ] {
            assert_eq!(Position::read(&position.write()), Some(position));
        }
    }

    #[test]
    fn another_stores_cursor_is_refused() {
        let record = RecordId::from_bytes([0xab; 32]);
        for bytes in [
            &[][..],
            &[0; 10],
            &[0; 12],
            &[2; 11],
            record.as_bytes().as_slice(),
        ] {
            assert_eq!(
                Position::read(&Cursor::from_bytes(bytes)),
                None,
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn the_next_node_is_the_next_address() {
        let nodes = ["a:1".to_owned(), "b:1".to_owned()];
        let mut at = Position::default();
        at.begin(nodes[0].clone());
        at.cursor = 7;
        at.next_node(&nodes);
        assert_eq!((&*at.node, at.cursor, at.ended), ("b:1", 0, false));
        at.next_node(&nodes);
        assert!(at.ended);
    }

    #[test]
    fn a_pattern_matches_its_text_alone() {
        assert_eq!(literally("a*[b]?:"), r"a\*\[b\]\?:");
    }
}
