//! Servers start, stop, are killed, and leave nothing behind.

#![allow(clippy::unwrap_used, missing_docs)]

mod client;

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use idempotent_test_servers::{MariaDb, PgBouncer, Postgres, Redis, RedisCluster, Server};

use client::{mariadb, psql, redis_cli};

/// Tells the ignored test below that it is to be the process that is killed.
const VICTIM: &str = "IDEMPOTENT_TEST_VICTIM";

fn is_there(pid: u32) -> bool {
    PathBuf::from(format!("/proc/{pid}")).exists()
}

#[test]
fn postgres_keeps_its_data_when_stopped_and_when_killed_on_a_server() {
    let mut server = Postgres::new().setting("work_mem", "7MB").start().unwrap();
    let url = server.url().to_owned();
    assert_eq!(
        psql(
            &server,
            "SHOW work_mem; SHOW fsync; SHOW synchronous_commit"
        ),
        "7MB\non\non"
    );
    psql(&server, "CREATE TABLE kept AS SELECT 41 AS n");
    server.stop();
    assert_eq!(server.pid(), None);
    server.start().unwrap();
    psql(&server, "UPDATE kept SET n = n + 1");
    server.kill();
    server.start().unwrap();
    assert_eq!(psql(&server, "SELECT n FROM kept"), "42");
    assert_eq!(server.url(), url);
}

#[test]
fn pgbouncer_serves_each_database_on_a_server() {
    let postgres = Postgres::new().fast().start().unwrap();
    let mut bouncer = PgBouncer::new(&postgres).start().unwrap();
    psql(&bouncer, "CREATE DATABASE other");
    let other = bouncer.url().replace("/postgres", "/other");
    assert_eq!(
        client::psql_at(&other, "SELECT current_database()"),
        "other"
    );
    bouncer.kill();
    bouncer.start().unwrap();
    assert_eq!(psql(&bouncer, "SHOW fsync"), "off");
}

#[test]
fn mariadb_keeps_its_data_when_stopped_and_when_killed_on_a_server() {
    let mut server = MariaDb::new()
        .setting("max-connections", "77")
        .start()
        .unwrap();
    assert_eq!(mariadb(&server, "SELECT @@max_connections"), "77");
    mariadb(
        &server,
        "CREATE TABLE kept (n INT); INSERT INTO kept VALUES (41)",
    );
    server.stop();
    server.start().unwrap();
    mariadb(&server, "UPDATE kept SET n = n + 1");
    server.kill();
    server.start().unwrap();
    assert_eq!(mariadb(&server, "SELECT n FROM kept"), "42");
}

#[test]
fn redis_keeps_what_its_settings_say_on_a_server() {
    let mut server = Redis::new()
        .setting("appendonly", "yes")
        .setting("appendfsync", "always")
        .start()
        .unwrap();
    redis_cli(&server, &["SET", "kept", "41"]);
    server.stop();
    server.start().unwrap();
    redis_cli(&server, &["INCR", "kept"]);
    server.kill();
    server.start().unwrap();
    assert_eq!(redis_cli(&server, &["GET", "kept"]), "42");
}

#[test]
fn a_redis_cluster_recovers_a_node_on_a_server() {
    let mut cluster = RedisCluster::new().start().unwrap();
    assert_eq!(cluster.urls().len(), 3);
    cluster.nodes_mut()[1].kill();
    cluster.nodes_mut()[1].start().unwrap();
    cluster.wait_until_ok().unwrap();
    let info = redis_cli(&cluster.nodes()[2], &["CLUSTER", "INFO"]);
    assert!(info.contains("cluster_slots_ok:16384"), "{info}");
}

#[test]
fn a_dropped_server_is_gone_with_its_files_on_a_server() {
    let server = Redis::new().start().unwrap();
    let other = Redis::new().start().unwrap();
    assert_ne!(server.port(), other.port());
    assert_ne!(server.password(), other.password());
    let (pid, log) = (server.pid().unwrap(), server.log());
    assert!(is_there(pid) && log.exists());
    drop(server);
    assert!(!is_there(pid) && !log.exists());
    assert_eq!(redis_cli(&other, &["PING"]), "PONG");
}

#[test]
fn a_server_that_ended_by_itself_starts_again_on_a_server() {
    let mut server = Redis::new().start().unwrap();
    let connection = connect(server.port());
    redis_cli(&server, &["SHUTDOWN", "NOSAVE"]);
    until_closed(connection);
    server.start().unwrap();
    assert_eq!(redis_cli(&server, &["PING"]), "PONG");
}

#[test]
fn a_server_that_refuses_its_settings_shows_its_log_on_a_server() {
    let error = Redis::new()
        .setting("appendfsync", "sometimes")
        .start()
        .unwrap_err();
    assert!(error.to_string().contains("appendfsync"), "{error}");
}

#[test]
fn servers_outlive_the_thread_that_started_them_on_a_server() {
    let start = || Redis::new().start().unwrap();
    let server = std::thread::spawn(start).join().unwrap();
    assert_eq!(redis_cli(&server, &["PING"]), "PONG");
}

#[test]
fn servers_die_with_a_killed_parent_on_a_server() {
    // Nobody removes what the victim leaves behind but us. The servers' accounts must get through.
    let files = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(files.path(), Permissions::from_mode(0o755)).unwrap();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim_on_a_server", "--ignored", "--nocapture"])
        .env(VICTIM, "yes")
        .env("TMPDIR", files.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let ports = lines
        .map_while(Result::ok)
        .find_map(|line| ports_in(&line))
        .unwrap();
    let connections = [served_by_postgres(ports[0]), connect(ports[1])];
    victim.kill().unwrap();
    victim.wait().unwrap();
    connections.into_iter().for_each(until_closed);
}

#[test]
#[ignore = "it is the process that another test kills"]
fn victim_on_a_server() {
    if std::env::var_os(VICTIM).is_none() {
        return;
    }
    let servers = [
        Postgres::new().start().unwrap(),
        Redis::new().start().unwrap(),
    ];
    let ports = servers.each_ref().map(Server::port);
    println!("\nports {} {}", ports[0], ports[1]);
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

fn ports_in(line: &str) -> Option<Vec<u16>> {
    let ports = line.strip_prefix("ports ")?.split(' ');
    ports.map(|port| port.parse().ok()).collect()
}

fn connect(port: u16) -> TcpStream {
    let connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let limit = Duration::from_secs(30);
    connection.set_read_timeout(Some(limit)).unwrap();
    connection
}

/// A connection that has a process of PostgreSQL's. One that comes while it shuts down may be held for a minute.
fn served_by_postgres(port: u16) -> TcpStream {
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    let mut connection = connect(port);
    connection.write_all(&SSL_REQUEST).unwrap();
    let mut answer = [0];
    connection.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"N");
    connection
}

/// Returns when the other side has ended the connection.
fn until_closed(mut connection: TcpStream) {
    match connection.read(&mut [0]) {
        Ok(0) => {}
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        other => panic!("the server still has the connection: {other:?}"),
    }
}
