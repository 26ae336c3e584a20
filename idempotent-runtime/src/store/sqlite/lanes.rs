//! The queue before the writer, in two lanes.
//!
//! A queue of claims that is longer than a batch must not hold up the steps of running attempts: if a renewal comes
//! late, a lease ends. So each batch takes these first, leaves some room for claims, and handles what it took in the
//! order in which it was queued.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::step::Message;
use crate::store::sql::lane::Lane;

/// The most messages in one transaction.
pub(super) const BATCH: usize = 256;

/// The most of them that are steps of attempts while claims wait.
const OF_ATTEMPTS: usize = BATCH / 4 * 3;

/// The length of a lane. Senders to a full lane wait until a batch is taken from it.
const QUEUED: usize = 4 * BATCH;

/// A message, and its place in the order of all.
type Queued = (u64, Message);

/// Where messages are queued.
#[derive(Clone)]
pub(super) struct Sender {
    claims: mpsc::Sender<Queued>,
    attempts: mpsc::Sender<Queued>,
    next: Arc<AtomicU64>,
}

/// Where the writer takes them.
pub(super) struct Lanes {
    claims: mpsc::Receiver<Queued>,
    attempts: mpsc::Receiver<Queued>,
}

/// The writer takes nothing more.
pub(super) struct Closed;

pub(super) fn lanes() -> (Sender, Lanes) {
    let (to_claims, claims) = mpsc::channel(QUEUED);
    let (to_attempts, attempts) = mpsc::channel(QUEUED);
    let sender = Sender {
        claims: to_claims,
        attempts: to_attempts,
        next: Arc::default(),
    };
    (sender, Lanes { claims, attempts })
}

impl Sender {
    /// Queues a message. Dropped before that, it is not queued.
    pub(super) async fn send(&self, lane: Lane, message: Message) -> Result<(), Closed> {
        let lane = match lane {
            Lane::Claims => &self.claims,
            Lane::Attempts => &self.attempts,
        };
        let place = lane.reserve().await.map_err(|_| Closed)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        place.send((number, message));
        Ok(())
    }
}

impl Lanes {
    /// Waits for messages, and takes a batch of them. There are none once the last sender is gone, or the lanes are closed
    /// and empty.
    pub(super) async fn take(&mut self) -> Vec<Message> {
        let mut batch = Vec::with_capacity(BATCH);
        tokio::select! {
            biased;
            Some(first) = self.attempts.recv() => batch.push(first),
            Some(first) = self.claims.recv() => batch.push(first),
            else => return Vec::new(),
        }
        fill(&mut batch, &mut self.attempts, OF_ATTEMPTS);
        fill(&mut batch, &mut self.claims, BATCH);
        fill(&mut batch, &mut self.attempts, BATCH);
        batch.sort_unstable_by_key(|(number, _)| *number);
        batch.into_iter().map(|(_, message)| message).collect()
    }

    /// Accepts nothing more than what is already queued.
    pub(super) fn close(&mut self) {
        self.claims.close();
        self.attempts.close();
    }
}

fn fill(batch: &mut Vec<Queued>, lane: &mut mpsc::Receiver<Queued>, most: usize) {
    while batch.len() < most
        && let Ok(queued) = lane.try_recv()
    {
        batch.push(queued);
    }
}
