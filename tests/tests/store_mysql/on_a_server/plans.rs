//! How the server finds the rows of each statement.

use idempotent_runtime::store::mysql::Protocol;
use idempotent_runtime::store::{Resolution, Store};
use sqlx::Row as _;

use super::proxy::{Command, Proxy};
use super::*;

const ROWS: u64 = 5_000;

/// Rows of all kinds, of which many have expired.
async fn filled() -> Table {
    let table = Table::new();
    table.open().await;
    let values: Vec<_> = (100..100 + ROWS)
        .map(|number| {
            let rest = match number % 3 {
                0 => "0, 100, NULL, NULL, NULL, NULL",
                1 => "1, NULL, 200, NULL, NULL, NULL",
                _ => "2, NULL, 300, 200, '', 'body'",
            };
            format!(
                "(x'{number:016x}{:048}', REPEAT('f', 32), REPEAT('a', 16), {rest})",
                0
            )
        })
        .collect();
    for values in values.chunks(500) {
        let insert = "INSERT INTO {table} (record, fingerprint, attempt, state, lease_until, \
                      expires_at, status, headers, body) VALUES ";
        table.sql(&format!("{insert}{}", values.join(", "))).await;
    }
    table.sql("ANALYZE TABLE {table}").await;
    table
}

/// Sends every kind of step once.
async fn send_all(store: &MySqlStore) {
    let (one, two) = (claim(1), claim(2));
    win(store, &one).await;
    let _ = store
        .renew(one.record, one.attempt, Duration::from_secs(9))
        .await
        .unwrap();
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
    assert_eq!(store.sweep(100).await.unwrap(), 100);
}

/// What the server would do: the kind of access, the index, and how many rows it expects.
async fn explain(table: &Table, statement: &str) -> Option<(String, String, u64)> {
    let explain = format!("SET @idempotent_look = 1; EXPLAIN {statement}");
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
    Some((
        row.get("type"),
        key.unwrap_or_default(),
        rows.parse().unwrap(),
    ))
}

#[tokio::test]
async fn every_statement_finds_its_row_by_the_primary_key_alone() {
    let (table, proxy) = (filled().await, Proxy::start().await);
    let store = table
        .options()
        .protocol(Protocol::Simple)
        .connect(&proxy.url)
        .await
        .unwrap();
    send_all(&store).await;
    let texts = proxy
        .take()
        .into_iter()
        .filter_map(|command| match command {
            Command::Query(text) if text.contains(&table.name) => Some(text),
            _ => None,
        });
    let mut seen = 0;
    for statement in texts.flat_map(|text| text.split("; ").map(str::to_owned).collect::<Vec<_>>())
    {
        // The inner question is what looks.
        let statement = match statement.strip_prefix("SELECT IF(@@autocommit, (") {
            Some(look) => look.split_once("), 2) INTO").unwrap().0,
            None => &statement,
        };
        seen += 1;
        let Some((access, key, rows)) = explain(&table, statement).await else {
            // An insertion of one row finds none, nor does a statement for a row that is not there.
            continue;
        };
        if statement.contains("ORDER BY expires_at") {
            assert_eq!(key, format!("{}_expiry", table.name), "{statement}");
            continue;
        }
        assert_eq!(key, "PRIMARY", "{statement}");
        assert!(
            ["const", "range"].contains(&access.as_str()),
            "{statement}: {access}"
        );
        let most = if statement.starts_with("DELETE r") {
            100
        } else {
            1
        };
        assert!(rows <= most, "{statement}: {rows}");
    }
    assert_eq!(seen, 4 + 9, "a step was not seen");
}
