//! The servers that `cargo xtask test` starts for all tests, by the variables that it sets.

use std::env;

/// The variable with the URL of PostgreSQL.
pub const POSTGRES: &str = "IDEMPOTENT_TEST_POSTGRES";
/// The variable with the URL of PgBouncer, before that PostgreSQL.
pub const PGBOUNCER: &str = "IDEMPOTENT_TEST_PGBOUNCER";
/// The variable with the URL of MariaDB or MySQL.
pub const MYSQL: &str = "IDEMPOTENT_TEST_MYSQL";
/// The variable with the URL of Redis.
pub const REDIS: &str = "IDEMPOTENT_TEST_REDIS";
/// The variable with the URLs of a Redis Cluster's nodes, separated by commas.
pub const REDIS_CLUSTER: &str = "IDEMPOTENT_TEST_REDIS_CLUSTER";

/// The URL of a PostgreSQL that all tests share. Its account may create databases; a test takes one of its own.
///
/// # Panics
///
/// Where there is none, with the command that starts it.
pub fn postgres_url() -> String {
    url(POSTGRES, env::var(POSTGRES).ok())
}

/// The URL of a PgBouncer in transaction mode, before the PostgreSQL of [`postgres_url`] and for each of its databases.
///
/// # Panics
///
/// Where there is none, with the command that starts it.
pub fn pgbouncer_url() -> String {
    url(PGBOUNCER, env::var(PGBOUNCER).ok())
}

/// The URL of a MariaDB or MySQL that all tests share. Its account may create databases; a test takes one of its own.
///
/// # Panics
///
/// Where there is none, with the command that starts it.
pub fn mysql_url() -> String {
    url(MYSQL, env::var(MYSQL).ok())
}

/// The URL of a Redis that all tests share.
///
/// # Panics
///
/// Where there is none, with the command that starts it.
pub fn redis_url() -> String {
    url(REDIS, env::var(REDIS).ok())
}

/// The URLs of the nodes of a Redis Cluster that all tests share.
///
/// # Panics
///
/// Where there is none, with the command that starts it.
pub fn redis_cluster_urls() -> Vec<String> {
    let urls = url(REDIS_CLUSTER, env::var(REDIS_CLUSTER).ok());
    urls.split(',').map(str::to_owned).collect()
}

fn url(variable: &str, value: Option<String>) -> String {
    value.filter(|value| !value.is_empty()).unwrap_or_else(|| {
        panic!(
            "{variable} is not set, so this test has no server: run the tests by `cargo xtask test`, \
             or leave out what needs servers: `cargo xtask test --embedded`"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(
        expected = "IDEMPOTENT_TEST_REDIS is not set, so this test has no server: run the tests by `cargo xtask test`, or leave out what needs servers: `cargo xtask test --embedded`"
    )]
    fn a_missing_variable_names_the_command() {
        url(REDIS, None);
    }

    #[test]
    #[should_panic(expected = "cargo xtask test")]
    fn an_empty_variable_is_a_missing_one() {
        url(REDIS, Some(String::new()));
    }

    #[test]
    fn a_variable_is_taken_as_it_is() {
        assert_eq!(url(REDIS, Some("redis://x".to_owned())), "redis://x");
    }
}
