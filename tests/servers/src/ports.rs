//! Ports for servers.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::error::Error;

/// Below the ports that Linux gives to outgoing connections and to listeners that ask for any: those would take the port
/// of a server that is stopped for a while. The bus of a Redis Cluster, 10000 further up, stays below them too.
const FIRST: u16 = 10_000;
const COUNT: u16 = 12_000;
/// How far from a node's port Redis puts its bus.
const BUS: u16 = 10_000;
/// How often another port is tried where another process was faster.
const TRIES: usize = 5;

/// A port for one server. No two calls of this process get the same one until all have been used.
pub(crate) fn free() -> Result<u16, Error> {
    find(bindable)
}

/// A port for a node of a Redis Cluster, whose bus has its port too.
pub(crate) fn free_with_bus() -> Result<u16, Error> {
    find(|port| bindable(port) && bindable(port + BUS))
}

/// Starts something anew, on another port, while other processes take the port that it was to have.
pub(crate) fn retrying<T>(mut start: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..TRIES {
        match start() {
            Err(error) if error.is_port_taken() => {}
            settled => return settled,
        }
    }
    start()
}

fn find(serves: impl Fn(u16) -> bool) -> Result<u16, Error> {
    let mut candidates = (0..COUNT).map(|_| next());
    candidates.find(|port| serves(*port)).ok_or(Error::NoPort {
        from: FIRST,
        to: FIRST + COUNT - 1,
    })
}

fn next() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    // Processes begin at different places, so that they seldom meet.
    let begin = || {
        let mut random = [0; 2];
        // Without random bytes it begins at the first port, which is as good but for collisions.
        let _ = getrandom::fill(&mut random);
        AtomicU16::new(u16::from_ne_bytes(random))
    };
    FIRST + NEXT.get_or_init(begin).fetch_add(1, Ordering::Relaxed) % COUNT
}

fn bindable(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    fn ended(log: &str) -> Error {
        Error::Ended {
            server: "Redis",
            status: ExitStatus::from_raw(256),
            log: log.to_owned(),
        }
    }

    #[test]
    fn ports_differ_and_leave_room_for_a_bus() {
        let ports: Vec<_> = (0..50).map(|_| free_with_bus().unwrap()).collect();
        let different: std::collections::BTreeSet<_> = ports.iter().collect();
        assert_eq!(different.len(), ports.len());
        assert!(ports.iter().all(|port| port + BUS < 32_768));
    }

    #[test]
    fn a_taken_port_is_passed_over() {
        let port = free().unwrap();
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(!bindable(port));
    }

    #[test]
    fn a_lost_race_for_a_port_is_run_again() {
        let mut tries = 0;
        let started = retrying(|| {
            tries += 1;
            if tries < 3 {
                Err(ended("bind: Address already in use"))
            } else {
                Ok(tries)
            }
        });
        assert_eq!(started.unwrap(), 3);
    }

    #[test]
    fn other_failures_are_not_tried_again() {
        let mut tries = 0;
        let started: Result<(), _> = retrying(|| {
            tries += 1;
            Err(ended("unknown option"))
        });
        assert!(started.is_err());
        assert_eq!(tries, 1);
    }
}
