//! What is not installed is named, with its package.

#![allow(clippy::unwrap_used, missing_docs)]

use idempotent_test_servers::{MariaDb, Postgres, Redis, RedisCluster, Search};

#[test]
fn each_server_names_its_package() {
    let directory = tempfile::tempdir().unwrap();
    let search = Search::only([directory.path()]);
    let errors = [
        Postgres::new().search(search.clone()).start().unwrap_err(),
        MariaDb::new().search(search.clone()).start().unwrap_err(),
        Redis::new().search(search.clone()).start().unwrap_err(),
        RedisCluster::new().search(search).start().unwrap_err(),
    ];
    let messages = errors.map(|error| error.to_string());
    let expected = [
        "`postgres` is not installed: `apt-get install postgresql` brings it",
        "`mariadbd` is not installed: `apt-get install mariadb-server-core` brings it",
        "`redis-server` is not installed: `apt-get install redis-server` brings it",
        "`redis-server` is not installed: `apt-get install redis-server` brings it",
    ];
    assert_eq!(messages, expected);
}
