//! What the server's settings are said to survive.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use idempotent_runtime::store::{Durability, Store, Survives};
use idempotent_test_servers::Redis;
use redis::cmd;

use crate::support::{Bench, durable};

async fn set(bench: &Bench, name: &str, value: &str) -> Survives {
    let () = bench
        .ask(cmd("CONFIG").arg("SET").arg(name).arg(value))
        .await;
    bench.store.survives().await.unwrap()
}

#[tokio::test]
async fn every_setting_that_matters_is_looked_at() {
    let server = durable();
    let bench = Bench::on(server.url().to_owned()).await;
    let safest = bench.store.survives().await.unwrap();
    assert_eq!(safest.most(), Some(Durability::Power), "{safest:?}");

    let process = Some(Durability::Process);
    let most = async |name, value| set(&bench, name, value).await.most();
    assert_eq!(most("appendfsync", "everysec").await, process);
    assert_eq!(most("appendfsync", "always").await, Some(Durability::Power));
    assert_eq!(most("no-appendfsync-on-rewrite", "yes").await, process);
    assert_eq!(most("appendonly", "no").await, process);
    assert_eq!(most("maxmemory", "100mb").await, process);
    for policy in ["allkeys-lru", "volatile-ttl"] {
        assert_eq!(most("maxmemory-policy", policy).await, None);
    }
    let evicting = set(&bench, "maxmemory", "100mb").await;
    assert!(
        evicting.because().contains("`maxmemory-policy noeviction`"),
        "{evicting:?}"
    );
}

#[tokio::test]
async fn settings_that_may_not_be_read_are_not_trusted() {
    let server = durable();
    let bench = Bench::on(server.url().to_owned()).await;
    let () = bench
        .ask(cmd("ACL").arg("SETUSER").arg("default").arg("-config"))
        .await;
    let survives = bench.store.survives().await.unwrap();
    assert_eq!(survives.most(), None);
    assert!(survives.because().contains("`+config|get`"), "{survives:?}");
}

#[tokio::test]
async fn a_command_that_a_provider_took_away_is_no_outage() {
    // The setting has two values, which only a file can hold, and the server's account must read it.
    let file = tempfile::NamedTempFile::new_in("/tmp").unwrap();
    std::fs::write(&file, "rename-command CONFIG \"\"\n").unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let included = file.path().to_str().unwrap();
    let server = Redis::new().setting("include", included).start().unwrap();
    let bench = Bench::on(server.url().to_owned()).await;
    let survives = bench.store.survives().await.unwrap();
    assert_eq!(survives.most(), None);
}

#[tokio::test]
async fn a_server_that_is_not_there_says_nothing() {
    let mut server = Redis::new().start().unwrap();
    let bench = Bench::on(server.url().to_owned()).await;
    server.kill();
    assert!(bench.store.survives().await.unwrap_err().is_unavailable());
}
