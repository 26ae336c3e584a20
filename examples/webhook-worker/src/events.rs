//! What webhooks say.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The body of a webhook.
#[derive(Debug, Deserialize)]
pub(crate) struct Payload {
    /// What happened, such as `order.paid`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// To what.
    #[serde(default)]
    pub(crate) data: Value,
}

/// An order that was paid, and has to be shipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose order it is: the shop whose secret signed the webhook.
    pub shop: String,
    /// The sender's id of the event, the same in every delivery of it.
    pub id: String,
    /// What to ship.
    pub parcel: Parcel,
}

/// What to ship.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Parcel {
    /// The order.
    pub order: String,
    /// Its weight, in grams.
    pub grams: u32,
}
