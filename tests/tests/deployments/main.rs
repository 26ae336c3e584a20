//! The stores as they are deployed: several processes on one, and one that goes away and comes back.

#![allow(clippy::unwrap_used, missing_docs)]

mod hung_connection;
mod outage;
mod refusal;
mod two_processes;

use std::time::Duration;

/// Longer than any of these tests takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(3);

async fn bounded(test: impl Future<Output = ()>) {
    let ended = tokio::time::timeout(PATIENCE, test).await;
    ended.expect("the test hangs");
}

mod on_a_server {
    use idempotent_test_servers::{
        MariaDb, Postgres, Redis, Server, mysql_url, postgres_url, redis_cluster_urls, redis_url,
    };

    use crate::bounded;
    use crate::hung_connection::{records_the_outcome_over_another, recovers_when_all_fall_silent};
    use crate::outage::loses_nothing;
    use crate::refusal::is_told_at_once_and_leaves_nothing;
    use crate::two_processes::run_each_key_once;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_processes_on_one_postgres_run_each_key_once() {
        run_each_key_once(postgres_url()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_processes_on_one_mariadb_run_each_key_once() {
        run_each_key_once(mysql_url()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_processes_on_one_redis_run_each_key_once() {
        run_each_key_once(redis_url()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_processes_on_one_redis_cluster_run_each_key_once() {
        run_each_key_once(redis_cluster_urls().join(",")).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_connection_to_postgres_that_hangs_at_the_completion_costs_no_second_run() {
        bounded(records_the_outcome_over_another(postgres_url())).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn claims_succeed_again_when_all_connections_to_postgres_fell_silent() {
        bounded(recovers_when_all_fall_silent(postgres_url())).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_connection_to_mariadb_that_hangs_at_the_completion_costs_no_second_run() {
        bounded(records_the_outcome_over_another(mysql_url())).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn claims_succeed_again_when_all_connections_to_mariadb_fell_silent() {
        bounded(recovers_when_all_fall_silent(mysql_url())).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_connection_to_redis_that_hangs_at_the_completion_costs_no_second_run() {
        bounded(records_the_outcome_over_another(redis_url())).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn claims_succeed_again_when_all_connections_to_redis_fell_silent() {
        bounded(recovers_when_all_fall_silent(redis_url())).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_postgres_that_stops_and_starts_under_load_loses_nothing() {
        bounded(loses_nothing(|| Postgres::new().start(), Server::stop)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_postgres_that_is_killed_under_load_loses_nothing() {
        bounded(loses_nothing(|| Postgres::new().start(), Server::kill)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_mariadb_that_stops_and_starts_under_load_loses_nothing() {
        bounded(loses_nothing(|| MariaDb::new().start(), Server::stop)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_mariadb_that_is_killed_under_load_loses_nothing() {
        bounded(loses_nothing(|| MariaDb::new().start(), Server::kill)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_redis_that_stops_and_starts_under_load_loses_nothing() {
        bounded(loses_nothing(|| durable_redis().start(), Server::stop)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_redis_that_is_killed_under_load_loses_nothing() {
        bounded(loses_nothing(|| durable_redis().start(), Server::kill)).await;
    }

    #[tokio::test]
    async fn thousands_of_calls_to_a_postgres_that_is_down_cost_little_and_say_little() {
        bounded(is_told_at_once_and_leaves_nothing(|| {
            Postgres::new().fast().start()
        }))
        .await;
    }

    #[tokio::test]
    async fn thousands_of_calls_to_a_mariadb_that_is_down_cost_little_and_say_little() {
        bounded(is_told_at_once_and_leaves_nothing(|| {
            MariaDb::new().fast().start()
        }))
        .await;
    }

    #[tokio::test]
    async fn thousands_of_calls_to_a_redis_that_is_down_cost_little_and_say_little() {
        bounded(is_told_at_once_and_leaves_nothing(|| Redis::new().start())).await;
    }

    /// One that has on its disk what it acknowledged.
    fn durable_redis() -> Redis {
        Redis::new()
            .setting("appendonly", "yes")
            .setting("appendfsync", "always")
    }
}
