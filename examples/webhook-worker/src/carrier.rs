//! Who takes the parcels.

use std::fmt;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::events::Parcel;

/// How long an order takes that begins with `slow`.
const SLOW: Duration = Duration::from_secs(1);

/// A carrier with an API.
pub trait Carrier: fmt::Debug + Send + Sync {
    /// Hands a parcel over and returns its tracking number. Under a key that it knows, the carrier answers as before.
    fn ship<'a>(
        &'a self,
        parcel: &'a Parcel,
        key: &'a str,
    ) -> BoxFuture<'a, Result<String, CarrierError>>;
}

/// Why a carrier took no parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CarrierError {
    /// It may take it later.
    #[error("the carrier is busy, no parcel was shipped")]
    Busy,
}

/// A carrier for trying out. An order that begins with `slow` takes a second; one that begins with `busy` is never taken.
#[derive(Clone, Copy, Debug)]
pub struct SimulatedCarrier;

impl Carrier for SimulatedCarrier {
    fn ship<'a>(
        &'a self,
        parcel: &'a Parcel,
        key: &'a str,
    ) -> BoxFuture<'a, Result<String, CarrierError>> {
        async move {
            if parcel.order.starts_with("slow") {
                tokio::time::sleep(SLOW).await;
            }
            if parcel.order.starts_with("busy") {
                return Err(CarrierError::Busy);
            }
            Ok(format!("trk_{key}"))
        }
        .boxed()
    }
}
