//! How the server finds the rows of each statement.

use std::collections::BTreeSet;

use idempotent_runtime::store::mysql::Protocol;
use idempotent_runtime::store::{List, Renewal, Resolution, Store, Which};
use sqlx::Row as _;

use super::proxy::{Command, Proxy};
use super::*;

const ROWS: u64 = 5_000;

/// The most rows of an index that a page or a sweep's look may read, and a little more for the ends of a range.
const PAGE: u64 = 1_000 + 10;

/// How many statements there are, whatever their values: five of a claim, four more of a withdrawal, six of single
/// rows, one of many renewals, three of a sweep, three of listings.
const STATEMENTS: usize = 21;

/// Rows of all kinds, of which many have expired or lapsed.
async fn filled() -> Table {
    let table = Table::new();
    table.open().await;
    let values: Vec<_> = (100..100 + ROWS)
        .map(|number| {
            let rest = match number % 6 {
                0 => "0, 100, NULL, NULL, NULL, NULL, 50",
                3 => "0, 100, NULL, NULL, NULL, NULL, NULL",
                1 | 4 => "1, NULL, 200, NULL, NULL, NULL, NULL",
                _ => "2, NULL, 8000000000000 + RAND() * 1000, 200, '', 'body', NULL",
            };
            format!(
                "(x'{number:016x}{:048}', REPEAT('f', 32), REPEAT('a', 16), {rest})",
                0
            )
        })
        .collect();
    for values in values.chunks(500) {
        let insert = "INSERT INTO {table} (record, fingerprint, attempt, state, lease_until, \
                      expires_at, status, headers, body, keep_abandoned) VALUES ";
        table.sql(&format!("{insert}{}", values.join(", "))).await;
    }
    table.sql("ANALYZE TABLE {table}").await;
    table
}

/// Sends every kind of step once.
async fn send_all(store: &MySqlStore) {
    let (one, two) = (claim(1), claim(2));
    win(store, &one).await;
    let lease = Duration::from_secs(9);
    let _ = store.renew(one.record, one.attempt, lease).await.unwrap();
    let renewals = [&one, &two].map(|it| Renewal::new(it.record, it.attempt, lease));
    for renewed in store.renew_all(renewals.into()).await {
        let _ = renewed.unwrap();
    }
    let _ = store
        .publish(one.record, one.attempt, outcome("soon"))
        .await
        .unwrap();
    complete(store, &one, completion("done")).await;
    store.load(one.record).await.unwrap();
    let _ = store.forget(one.record, one.attempt).await.unwrap();
    let resolved = store.resolve(two.record, two.attempt, one.attempt, Resolution::Release);
    let _ = resolved.await.unwrap();
    let _ = store.release(two.record, two.attempt).await.unwrap();
    let _ = store.withdraw(two).await.unwrap();
    for which in [
        Which::All,
        Which::Abandoned,
        Which::ExpiringWithin(Duration::from_hours(10_000_000)),
    ] {
        let mut list = List::new(which).limit(List::LARGEST_PAGE);
        // From the first page on to the second, which begins where it ended.
        let next = store.list(list.clone()).await.unwrap().next;
        list = list.after(next.unwrap());
        store.list(list).await.unwrap();
    }
    assert_eq!(store.sweep(3_000).await.unwrap(), 1_667 + 833);
}

/// The statement without its values, and lists of them as one.
fn shape(statement: &str) -> String {
    let mut shape = String::new();
    for (number, piece) in statement.split("x'").enumerate() {
        let piece = match number {
            0 => piece,
            _ => piece.split_once('\'').unwrap().1,
        };
        if number > 0 {
            shape.push('?');
        }
        let is_value = |it: &char| it.is_ascii_digit() || *it == '-';
        shape.extend(piece.chars().filter(|it| !is_value(it)));
    }
    while shape.contains("?, ?") {
        shape = shape.replace("?, ?", "?");
    }
    shape
}

/// What the server would do: the kind of access, the index, and how many rows it expects.
async fn explain(table: &Table, statement: &str) -> Option<(String, String, u64)> {
    let look = if statement.contains("@idempotent_look = 2") {
        2
    } else {
        1
    };
    let explain = format!("SET @idempotent_look = {look}; EXPLAIN {statement}");
    let mut rows = table.sql(&explain).await;
    // MySQL also tells into which table something is put.
    rows.retain(|row| row.get::<String, _>("select_type") != "INSERT");
    let [row] = &rows[..] else {
        panic!("more than one table: {statement}");
    };
    row.get::<Option<String>, _>("table")?;
    let key: Option<String> = row.get("key");
    let rows: String = row
        .try_get::<String, _>("rows")
        .unwrap_or_else(|_| row.get_unchecked::<u64, _>("rows").to_string());
    let extra: Option<String> = row.get("Extra");
    assert!(
        !extra.unwrap_or_default().contains("filesort"),
        "{statement}"
    );
    Some((
        row.get("type"),
        key.unwrap_or_default(),
        rows.parse().unwrap(),
    ))
}

/// How many rows of tables and indices the server reads for this statement.
async fn read(table: &Table, statement: &str) -> u64 {
    let mut connection = connect().await;
    table.sql_on(&mut connection, "FLUSH STATUS").await;
    table.sql_on(&mut connection, statement).await;
    let counted = "SHOW SESSION STATUS LIKE 'Handler\\_read\\_%'";
    let counters = table.sql_on(&mut connection, counted).await;
    let counts = counters
        .iter()
        .map(|row| row.get::<String, _>(1).parse::<u64>().unwrap());
    counts.sum()
}

#[tokio::test]
async fn every_statement_finds_its_rows_by_an_index_and_no_more_than_a_page() {
    let (table, proxy) = (filled().await, Proxy::start().await);
    let store = table
        .options()
        .protocol(Protocol::Simple)
        .connect(&proxy.url)
        .await
        .unwrap();
    // The sweep takes away what the plans are about, so they are looked at in a table that stays.
    let stays = filled().await;
    send_all(&store).await;
    let texts = proxy
        .take()
        .into_iter()
        .filter_map(|command| match command {
            Command::Query(text) if text.contains(&table.name) => Some(text),
            _ => None,
        });
    let mut seen = BTreeSet::new();
    for statement in texts.flat_map(|text| text.split("; ").map(str::to_owned).collect::<Vec<_>>())
    {
        let statement = statement.replace(&table.name, &stays.name);
        if seen.insert(shape(&statement)) {
            assert_is_found(&stays, &statement).await;
        }
    }
    assert_eq!(seen.len(), STATEMENTS, "{seen:#?}");
}

async fn assert_is_found(table: &Table, statement: &str) {
    // The inner question is what looks.
    let statement = match statement.strip_prefix("SELECT IF(@@autocommit, (") {
        Some(look) => {
            look.split_once(") INTO")
                .unwrap()
                .0
                .rsplit_once("), ")
                .unwrap()
                .0
        }
        None => statement,
    };
    let Some((access, key, rows)) = explain(table, statement).await else {
        // An insertion of one row finds none, nor does a statement for a row that is not there.
        return;
    };
    assert!(
        ["const", "range", "ref"].contains(&access.as_str()),
        "{statement}: {access}"
    );
    if statement.contains("ORDER BY") {
        let by_expiry =
            statement.contains("expires_at IS NULL") || statement.contains("ORDER BY expires_at");
        let index = if by_expiry {
            format!("{}_expiry", table.name)
        } else {
            "PRIMARY".to_owned()
        };
        assert_eq!(key, index, "{statement}");
        let read = read(table, statement).await;
        assert!(read <= PAGE, "{statement}: {read}");
        return;
    }
    assert_eq!(key, "PRIMARY", "{statement}");
    let most = if statement.contains(" IN (") { 500 } else { 1 };
    assert!(rows <= most, "{statement}: {rows}");
}
