//! The servers' own clients.

use std::process::Command;

use idempotent_test_servers::Server;

/// What PostgreSQL answers, values only.
pub(crate) fn psql(server: &Server, sql: &str) -> String {
    psql_at(server.url(), sql)
}

/// What the PostgreSQL at this URL answers, values only.
pub(crate) fn psql_at(url: &str, sql: &str) -> String {
    answer(Command::new("psql").args([url, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]))
}

/// What MariaDB answers, values only.
pub(crate) fn mariadb(server: &Server, sql: &str) -> String {
    let port = format!("--port={}", server.port());
    answer(
        Command::new("mariadb")
            .args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", &port])
            .args(["--user=tester", "--batch", "--skip-column-names"])
            .args(["--execute", sql, "idempotent"])
            .env("MYSQL_PWD", server.password()),
    )
}

/// What Redis answers.
pub(crate) fn redis_cli(server: &Server, command: &[&str]) -> String {
    answer(
        Command::new("redis-cli")
            .args(["-p", &server.port().to_string()])
            .args(command)
            .env("REDISCLI_AUTH", server.password()),
    )
}

fn answer(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}
