//! What errors and handles show.

use std::io::Write;
use std::sync::{Arc, Mutex};

use idempotent_runtime::store::{List, Store, Which};

use super::*;
use crate::{assert_keeps_secrets, chain};

/// The server's address and database with another account.
fn url_of(account: &str) -> String {
    let url = mysql_url();
    format!("mysql://{account}@{}", url.rsplit_once('@').unwrap().1)
}

#[tokio::test]
async fn a_wrong_password_is_not_shown_nor_whose_it_is() {
    let url = url_of("somebody:hush-hush");
    let error = MySqlStore::connect(&url).await.unwrap_err();
    assert!(chain(&error)[1].starts_with("the server denies access (error 1045)"));
    assert_keeps_secrets(&error);
}

#[tokio::test]
async fn an_account_without_privileges_is_told_so_without_its_name() {
    let table = Table::new();
    table.open().await;
    let user = format!("somebody_{}", &table.name[..12]);
    let (grant, revoke) = (
        format!(
            "CREATE USER '{user}'@'%' IDENTIFIED BY 'hush-hush'; GRANT SELECT ON {{table}} TO '{user}'@'%'"
        ),
        format!("DROP USER '{user}'@'%'"),
    );
    table.sql(&grant).await;
    let url = url_of(&format!("{user}:hush-hush"));
    let store = table.options().connect(&url).await.unwrap();
    let claimed = store.claim(claim(1)).await;
    let other = table.options().table("other").connect(&url).await.unwrap();
    let migrated = other.migrate().await;
    table.sql(&revoke).await;

    assert!(!format!("{store:?} {store:#?}").contains("hush-hush"));
    let error = claimed.unwrap_err();
    assert!(chain(&error)[1].starts_with("the server denies access (error 1142)"));
    assert_keeps_secrets(&error);
    assert_keeps_secrets(&migrated.unwrap_err());
}

#[tokio::test]
async fn an_account_needs_no_more_than_the_documentation_says() {
    let table = Table::new();
    table.open().await;
    let user = format!("least_{}", &table.name[..12]);
    table
        .sql(&format!(
            "CREATE USER '{user}'@'%' IDENTIFIED BY 'p'; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON {{table}} TO '{user}'@'%'; \
             GRANT SELECT ON {{table}}_migrations TO '{user}'@'%'"
        ))
        .await;
    let store = table.options().connect(&url_of(&format!("{user}:p"))).await;
    let store = store.unwrap();
    // Up to date already, so that nothing is written.
    store.migrate().await.unwrap();
    let claim = claim(1);
    win(&store, &claim).await;
    release(&store, &claim).await;
    store.sweep(10).await.unwrap();
    store.list(List::new(Which::All)).await.unwrap();
    store.survives().await.unwrap();
    table.sql(&format!("DROP USER '{user}'@'%'")).await;
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_accounts_nor_statements_nor_outcomes_are_logged() {
    let table = Table::new();
    table.open().await;
    let user = format!("somebody_{}", &table.name[..12]);
    table
        .sql(&format!(
            "CREATE USER '{user}'@'%' IDENTIFIED BY 'hush-hush'; \
             GRANT SELECT, INSERT, UPDATE ON {{table}} TO '{user}'@'%'"
        ))
        .await;

    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    {
        // The runtime has this thread alone.
        let _listening = tracing::subscriber::set_default(subscriber);
        tracing::info!("listening");
        let url = url_of(&format!("{user}:hush-hush"));
        let store = table.options().connect(&url).await.unwrap();
        let mut claim = claim(1);
        claim.record = RecordId::from_bytes([0xab; 32]);
        win(&store, &claim).await;
        complete(&store, &claim, completion("a secret outcome")).await;
        find(&store, &retry(&claim)).await;
        let refused = store.forget(claim.record, claim.attempt).await;
        assert!(refused.is_err());
        let _ = MySqlStore::connect(&url_of("somebody:hush-hush-hush")).await;
    }
    table.sql(&format!("DROP USER '{user}'@'%'")).await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("listening"));
    for secret in ["hush", "somebody", "abab", "secret", "INSERT"] {
        assert!(!log.contains(secret), "{log}");
    }
}
