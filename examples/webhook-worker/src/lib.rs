//! A service that receives webhooks and works them off from a queue in PostgreSQL, once each.
//!
//! A webhook is verified ([`signature`]), put into the queue and answered at once ([`app`]). Workers take jobs from the queue
//! ([`queue`], [`worker`]) and ship parcels ([`shipping`]). Every step may happen twice: a sender repeats a webhook, a queue
//! hands out a job again, a worker dies in the middle. The attribute on [`Shipping::ship`](shipping::Shipping::ship) makes
//! one parcel of it.

pub mod app;
pub mod carrier;
pub mod database;
pub mod events;
pub mod queue;
pub mod server;
pub mod shipping;
pub mod signature;
pub mod worker;
