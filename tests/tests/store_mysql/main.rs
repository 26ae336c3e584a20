//! What the store on MySQL and MariaDB promises beyond the contract of all stores.

#![allow(clippy::unwrap_used)]

mod on_a_server;

use std::error::Error;

use idempotent_runtime::MySqlStore;
use idempotent_runtime::store::MySqlStoreOptions;

fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .collect()
}

/// Neither form of an error shows who asked.
fn assert_keeps_secrets(error: &(dyn Error + 'static)) {
    let told = format!("{} {error:?} {error:#?}", chain(error).join(": "));
    for secret in ["hush-hush", "somebody"] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[tokio::test]
async fn a_url_that_is_none_is_not_shown() {
    for url in [
        "",
        "somebody:hush-hush@db",
        "postgres://somebody:hush-hush@db/app",
        "mysql://somebody:hush-hush@db:port/app",
        "mysql://somebody:hush-hush@/app",
        "mysql://somebody@db/app?ssl-mode=hush-hush",
        "mysql://somebody:hush-hush@db:70000/app",
    ] {
        let error = MySqlStore::connect(url).await.unwrap_err();
        assert!(
            error.to_string().starts_with("not the URL of a MySQL"),
            "{error}"
        );
        assert_keeps_secrets(&error);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_who_asks() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("mysql://somebody:hush-hush@127.0.0.1:{port}/app");
    let error = MySqlStore::connect(&url).await.unwrap_err();
    let told = chain(&error);
    assert_eq!(
        told[0],
        format!("the idempotency store at 127.0.0.1:{port}/app could not be reached")
    );
    assert!(told[1].contains("refused"), "{told:?}");
    assert_eq!(told.len(), 2, "{told:?}");
    assert_keeps_secrets(&error);
}

#[tokio::test]
async fn a_name_that_could_leave_its_quotes_is_refused() {
    for options in [
        MySqlStoreOptions::new().table("a`; DROP TABLE b; --"),
        MySqlStoreOptions::new().schema("a.b"),
    ] {
        let error = options.migrations().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the idempotency store can't use a table of this name"
        );
        assert!(options.connect("mysql://127.0.0.1:1/app").await.is_err());
    }
}

#[test]
fn migrations_name_the_table_that_was_asked_for() {
    let migrations = MySqlStoreOptions::new()
        .schema("billing")
        .table("keys_seen")
        .migrations()
        .unwrap();
    for migration in migrations {
        let sql = migration.sql();
        assert!(sql.contains("`billing`.`keys_seen`"), "{sql}");
        assert!(sql.contains("`billing`.`keys_seen_migrations`"), "{sql}");
        assert!(!sql.contains('{'), "{sql}");
    }
}
