//! Which connections the store takes, and what they must be allowed to do.

use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{List, RedisStore, RedisStoreOptions, Store, Which};
use idempotent_test_servers::{Redis, redis_cluster_urls, redis_url};
use idempotent_tests::OwnRecords;
use redis::aio::ConnectionManager;
use redis::cluster::ClusterClient;
use redis::{Client, cmd};

use crate::support::{Bench, chain, complete, connection, new_claim, release, win};

async fn use_it(store: &RedisStore) {
    for _ in 0..20 {
        let claim = new_claim();
        win(store, &claim).await;
        complete(store, &claim, Ttl::hours(1)).await;
        let released = new_claim();
        win(store, &released).await;
        release(store, &released).await;
    }
}

fn options(records: &OwnRecords) -> RedisStoreOptions {
    RedisStoreOptions::new().prefix(records.name())
}

#[tokio::test]
async fn connections_that_the_application_has_will_do() {
    let records = OwnRecords::at(redis_url());
    let client = Client::open(records.url()).unwrap();
    let manager = ConnectionManager::new(client).await.unwrap();
    use_it(&options(&records).with_connection(manager)).await;
    let multiplexed = connection(records.url()).await;
    use_it(&options(&records).with_connection(multiplexed)).await;

    let records = OwnRecords::at(redis_cluster_urls().join(","));
    let client = ClusterClient::new(redis_cluster_urls()).unwrap();
    let cluster = client.get_async_connection().await.unwrap();
    use_it(&options(&records).with_cluster_connection(cluster.clone())).await;
    use_it(&options(&records).with_connection(cluster)).await;
}

#[tokio::test]
async fn either_protocol_will_do() {
    let records = OwnRecords::at(redis_url());
    for protocol in ["resp2", "resp3"] {
        let url = format!("{}?protocol={protocol}", records.url());
        let store = options(&records).connect(&url).await.unwrap();
        use_it(&store).await;
        let claim = new_claim();
        win(&store, &claim).await;
        assert!(store.load(claim.record).await.unwrap().is_some());
        let survives = store.survives().await.unwrap();
        assert!(survives.most().is_some(), "{survives:?}");
    }
}

#[tokio::test]
async fn one_node_of_a_cluster_is_told_from_a_server() {
    let mut told = Vec::new();
    for url in redis_cluster_urls() {
        match RedisStore::connect(&url).await {
            Ok(_) => {}
            Err(error) => told = chain(&error),
        }
    }
    assert!(
        told.iter().any(|told| told.contains("connect_cluster")),
        "{told:?}"
    );
}

#[tokio::test]
async fn the_documented_permissions_are_enough() {
    let server = Redis::new().start().unwrap();
    let bench = Bench::on(server.url().to_owned()).await;
    let documented = include_str!("../../../../idempotent-runtime/src/store/redis/store.md");
    let rules = documented
        .lines()
        .find_map(|line| line.strip_prefix("ACL SETUSER idempotency "))
        .unwrap();
    let rules = rules.replace("…", "secret");
    let mut set = cmd("ACL");
    set.arg("SETUSER").arg("idempotency");
    for rule in rules.split_whitespace() {
        set.arg(rule);
    }
    let () = bench.ask(&set).await;

    let url = format!("redis://idempotency:secret@127.0.0.1:{}", server.port());
    let store = RedisStore::connect(&url).await.unwrap();
    use_it(&store).await;
    let survives = store.survives().await.unwrap();
    assert!(survives.most().is_some(), "{survives:?}");
    let claim = new_claim();
    win(&store, &claim).await;
    let _ = store
        .renew(claim.record, claim.attempt, claim.lease)
        .await
        .unwrap();
    let _ = store.forget(claim.record, claim.attempt).await.unwrap();
    let _ = store.withdraw(new_claim()).await.unwrap();
    let page = store.list(List::new(Which::All)).await.unwrap();
    assert!(!page.records.is_empty() || page.next.is_some());

    let elsewhere = RedisStoreOptions::new()
        .prefix("elsewhere")
        .connect(&url)
        .await;
    let told = chain(&elsewhere.unwrap_err());
    assert!(told[2].contains("see the ACL"), "{told:?}");
    assert!(told[3].starts_with("NOPERM "), "{told:?}");
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_repeated() {
    let right = redis_url();
    let place = right.rsplit_once('@').unwrap().1;
    let wrong = RedisStore::connect(&format!("redis://:s3cret-w0rd@{place}")).await;
    let wrong = wrong.unwrap_err();
    let told = chain(&wrong).join(": ");
    assert!(
        told.contains("doesn't accept this user and password"),
        "{told}"
    );
    assert!(
        !format!("{told}{wrong:?}").contains("s3cret-w0rd"),
        "{told}"
    );

    let none = RedisStore::connect(&format!("redis://{place}"))
        .await
        .unwrap_err();
    let told = chain(&none).join(": ");
    assert!(told.contains("Redis asks for a password"), "{told}");

    let cluster = redis_cluster_urls();
    let place = cluster[0].rsplit_once('@').unwrap().1;
    let wrong = RedisStore::connect_cluster([format!("redis://:s3cret-w0rd@{place}")]).await;
    let wrong = wrong.unwrap_err();
    let told = format!("{}{wrong:?}", chain(&wrong).join(": "));
    assert!(!told.contains("s3cret-w0rd"), "{told}");
}

#[tokio::test]
async fn a_store_shows_its_place_and_no_password() {
    let bench = Bench::new().await;
    let shown = format!("{:?}", bench.store);
    let url = redis_url();
    let (credentials, place) = url.rsplit_once('@').unwrap();
    let encoded = credentials.rsplit_once(':').unwrap().1;
    let client = Client::open(url.as_str()).unwrap();
    let password = client.get_connection_info().redis_settings().password();
    assert!(shown.contains(place), "{shown}");
    for secret in [encoded, password.unwrap()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
