//! What every step does to a record. This is the only place that decides it.
//!
//! The functions are pure. They take the current row, if there is one, and the store's time, and return what becomes
//! of the row and the answer. A store runs them under whatever makes the step atomic: a lock, a transaction, or a
//! compare-and-swap. If a compare-and-swap finds that the row has changed, the store reads and decides again. Nothing
//! may change the row between the read and the write.
//!
//! The time is that of the store's clock. Read it once nobody else can change the row, so times are in the order of
//! the steps. [`Row`] can be serialized, for stores that keep it as it is.
//!
//! ```
//! use std::collections::HashMap;
//! use std::sync::Mutex;
//! use std::time::Duration;
//!
//! use idempotent_runtime::clock::{Clock, SystemClock, Timestamp};
//! use idempotent_runtime::fingerprint::Fingerprint;
//! use idempotent_runtime::identity::{AttemptId, RecordId};
//! use idempotent_runtime::store::transition::{self, Change, Row};
//! use idempotent_runtime::store::{Claim, Claimed, Fence};
//!
//! #[derive(Default)]
//! struct Rows(Mutex<HashMap<RecordId, Row>>);
//!
//! impl Rows {
//!     /// Every step of the store goes through this: here, a lock makes it atomic.
//!     fn step<A>(&self, record: RecordId, decide: impl FnOnce(Option<&Row>, Timestamp) -> (Change, A)) -> A {
//!         let mut rows = self.0.lock().unwrap();
//!         let (change, answer) = decide(rows.get(&record), SystemClock.now());
//!         match change {
//!             Change::Keep => {}
//!             Change::Put(row) => drop(rows.insert(record, row)),
//!             Change::Remove => drop(rows.remove(&record)),
//!         }
//!         answer
//!     }
//! }
//!
//! let rows = Rows::default();
//! let claim = Claim::new(
//!     RecordId::from_bytes([1; 32]),
//!     Fingerprint::from_bytes([2; 32]),
//!     AttemptId::random(),
//!     Duration::from_secs(30),
//! );
//! let claimed = rows.step(claim.record, |row, now| transition::claim(row, &claim, now));
//! assert!(matches!(claimed, Claimed::Won { .. }));
//!
//! let stranger = AttemptId::random();
//! let fence = rows.step(claim.record, |row, now| transition::release(row, stranger, now));
//! assert_eq!(fence, Fence::Lost);
//! ```
//!
//! # What every step does
//!
//! Attempt A holds, made or left the row, and B is another attempt. Each cell has the answer and, after a comma, what
//! is written. If nothing is written, the row stays as it was. A *lapsed* row was abandoned so long ago that it counts
//! as absent. A row that is lapsed, expired or released counts as absent and may have been swept; the column "absent"
//! then applies.
//!
//! | step | absent | running | abandoned | lapsed | done | expired | released |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | claim, A again | won, running A | won, running A | won, running A | won, running A | found | won, running A | refused |
//! | claim, B | won, running B | found | found | won, running B | found | won, running B | won, running B |
//! | claim, B takes over | won, running B | found | taken over, running B | won, running B | found | won, running B | won, running B |
//! | claim, B takes over from A | won, running B | found | taken over, running B | won, running B | found | won, running B | won, running B |
//! | claim, B takes over from B | won, running B | found | found | won, running B | found | won, running B | won, running B |
//! | claim, B takes over the first | won, running B | found | taken over, running B | won, running B | found | won, running B | won, running B |
//! | claim, B takes over none after the first | won, running B | found | found | won, running B | found | won, running B | won, running B |
//! | claim, mismatch by A | won, running A | found | found | won, running A | found | won, running A | refused |
//! | claim, mismatch by B | won, running B | found | found | won, running B | found | won, running B | won, running B |
//! | withdraw, A | held, released A | held, released A | held, released A | held, released A | lost | lost | held |
//! | withdraw, B | held, released B | lost | lost | held, released B | lost | held, released B | held, released B |
//! | renew, A | lost | held, running A | held, running A | held, running A | lost | lost | lost |
//! | renew, B | lost | lost | lost | lost | lost | lost | lost |
//! | publish, A | lost | held, running A | held, running A | held, running A | lost | lost | lost |
//! | publish, B | lost | lost | lost | lost | lost | lost | lost |
//! | complete, A | lost | held, done A | held, done A | held, done A | held | held | lost |
//! | complete, B | lost | lost | lost | lost | lost | lost | lost |
//! | release, A | lost | held, released A | held, released A | held, released A | lost | lost | held |
//! | release, B | lost | lost | lost | lost | lost | lost | lost |
//! | forget, A | lost | held, removed | held, removed | held, removed | held, removed | held, removed | held, removed |
//! | forget, B | lost | lost | lost | lost | lost | lost | lost |
//! | resolve A by B, release | lost | lost | held, released B | held, released B | lost | lost | lost |
//! | resolve A by B, complete | lost | lost | held, done B | held, done B | lost | lost | lost |
//! | resolve B by A, again | lost | lost | lost | lost | held | held | held |

mod attempt;
mod claim;
mod form;
mod operator;
mod parts;
mod row;
#[cfg(test)]
mod serialized;
#[cfg(test)]
mod tests;

pub use self::attempt::{complete, publish, release, renew};
pub use self::claim::{claim, withdraw};
pub use self::operator::{forget, listed, load, resolve};
pub use self::parts::RELEASED_STAYS;
pub use self::row::{Change, Phase, Row};
