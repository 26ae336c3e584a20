//! The HTTP contract, seen from outside. Whatever framework it runs on is `crate::host`.

mod bad_input;
mod concurrency;
mod disconnect;
mod faults;
mod heartbeat;
mod http_contract;
mod policies_attempt;
mod policies_bodies;
mod policies_conflict;
mod policies_envelope;
mod policies_fingerprint;
mod policies_generation;
mod policies_identity;
mod policies_keys;
mod policies_on_replay;
mod policies_release;
mod policies_waiting;
