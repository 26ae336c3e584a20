//! The contract of all stores, in each layout and by each protocol.

use idempotent_runtime::store_conformance;

use crate::support::Postgres;

store_conformance!(postgres, Postgres::plain());
store_conformance!(postgres_by_days, Postgres::by_days());
store_conformance!(postgres_behind_pgbouncer, Postgres::behind_pgbouncer());
store_conformance!(postgres_under_odd_settings, Postgres::under_odd_settings());
