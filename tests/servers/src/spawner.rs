//! One thread that starts every server and lives as long as the process.
//!
//! Linux sends a child's parent-death signal when the *thread* that started the child ends. A test has its own thread,
//! which ends before the process does, and must not take along a server that others use.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};
use std::thread;

type Started = io::Result<Child>;
type Order = (Command, Sender<Started>);

/// Starts the command on the thread that never ends.
pub(crate) fn spawn(command: Command) -> Started {
    static ORDERS: OnceLock<Sender<Order>> = OnceLock::new();
    let (answer, started) = mpsc::channel();
    let sent = ORDERS.get_or_init(run).send((command, answer));
    let gone = || io::Error::other("the thread that starts servers is gone");
    sent.map_err(|_| gone())?;
    started.recv().map_err(|_| gone())?
}

fn run() -> Sender<Order> {
    let (orders, incoming) = mpsc::channel::<Order>();
    thread::spawn(move || {
        for (mut command, answer) in incoming {
            // Nobody waits for the answer any more: the child is dropped and ends with this process.
            let _ = answer.send(command.spawn());
        }
    });
    orders
}
