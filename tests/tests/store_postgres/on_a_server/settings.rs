//! What the server's settings, its URL and its tables say.

use idempotent_runtime::Idempotency;
use idempotent_runtime::store::{Claimed, Durability, Label, List, Store, Which};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::{Postgres, claim, told};

#[tokio::test]
async fn what_is_missing_is_named_with_its_remedy() {
    for harness in [Postgres::plain(), Postgres::by_days()] {
        let store = harness.options().connect(&harness.url).await.unwrap();
        let error = store.claim(claim()).await.unwrap_err();
        assert!(error.is_not_sent());
        assert!(
            told(&error).contains("PostgresStore::migrate"),
            "{}",
            told(&error)
        );
    }
}

#[tokio::test]
async fn a_row_that_nobody_wrote_is_corrupt() {
    let harness = Postgres::plain();
    let store = harness.store().await;
    for damage in [
        "state = 9",
        "attempt = '\\x00'",
        "status = 70000",
        "headers = '\\x00'",
    ] {
        let claim = claim();
        let won = store.claim(claim.clone()).await.unwrap();
        assert!(matches!(won, Claimed::Won(_)));
        harness
            .run(&format!("UPDATE {} SET {damage}", harness.table))
            .await;
        let error = store.load(claim.record).await.unwrap_err();
        assert!(error.is_corrupt(), "{damage}: {}", told(&error));
        harness.run(&format!("DELETE FROM {}", harness.table)).await;
    }
}

#[tokio::test]
async fn a_password_is_told_to_nobody() {
    let harness = Postgres::plain();
    let mut url = reqwest::Url::parse(&harness.url).unwrap();
    url.set_username("nobody-of-that-name").unwrap();
    url.set_password(Some("s3cr3t-&-more")).unwrap();
    let refused = harness.options().connect(url.as_str()).await.unwrap_err();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(1)).unwrap();
    let unreachable = harness.options().connect(url.as_str()).await.unwrap_err();
    let no_url = "postgres://app:s3cr3t-&-more@[::1:99999999/x";
    let unparsable = harness.options().connect(no_url).await.unwrap_err();
    for error in [refused, unreachable, unparsable] {
        let printed = format!("{} {error:?}", told(&error));
        assert!(!printed.contains("s3cr3t"), "{printed}");
    }
    let printed = format!("{:?}", harness.store().await);
    assert!(printed.contains(&harness.table), "{printed}");
    assert!(!printed.contains("127.0.0.1"), "{printed}");
}

#[tokio::test]
async fn the_settings_of_the_server_say_what_is_survived() {
    let harness = Postgres::plain();
    let weak: PgConnectOptions = harness.url.parse().unwrap();
    let weak = weak.options([("synchronous_commit", "off")]);
    let pool = PgPoolOptions::new().connect_with(weak).await.unwrap();
    let store = harness.options().with_pool(pool).unwrap();
    let survives = store.survives().await.unwrap();
    assert!(!survives.holds(Durability::Power));
    store.migrate().await.unwrap();
    let refused = Idempotency::builder(store)
        .require(Durability::Power)
        .build()
        .await;
    let told = refused.unwrap_err().to_string();
    assert!(
        told.contains("synchronous_commit") || told.contains("fsync"),
        "{told}"
    );
}

#[tokio::test]
async fn the_url_of_another_server_is_refused() {
    let harness = Postgres::plain();
    for scheme in ["mysql", "redis", "http"] {
        let url = format!("{scheme}://app@127.0.0.1:1/app");
        let error = harness.options().connect(&url).await.unwrap_err();
        assert!(told(&error).contains("postgres://"), "{}", told(&error));
    }
}

/// A label is text in the encoding of the database. Where that lacks a character, nothing runs, and the error says why.
#[tokio::test]
async fn a_label_that_the_databases_encoding_lacks_is_refused_with_its_remedy() {
    let harness = Postgres::plain();
    let database = format!("latin_{}", harness.table);
    harness
        .run(&format!(
            "CREATE DATABASE {database} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
        ))
        .await;
    let mut url = reqwest::Url::parse(&harness.url).unwrap();
    url.set_path(&database);
    let store = harness.options().connect(url.as_str()).await.unwrap();
    store.migrate().await.unwrap();
    let kept = claim().label(Label::new("caf\u{e9}", "POST /payments"));
    let claimed = store.claim(kept.clone()).await.unwrap();
    assert!(matches!(claimed, Claimed::Won(_)), "{claimed:?}");
    let page = store.list(List::new(Which::All)).await.unwrap();
    assert_eq!(page.records[0].label, kept.label);
    let refused = claim().label(Label::new("\u{20ac}", "POST /payments"));
    let error = store.claim(refused).await.unwrap_err();
    assert!(error.is_not_sent(), "{}", told(&error));
    assert!(told(&error).contains("UTF-8"), "{}", told(&error));
    drop(store);
    harness
        .run(&format!("DROP DATABASE {database} WITH (FORCE)"))
        .await;
}
