//! `store`: where records are kept.

use crate::grammar::spec::Spec;

pub(super) const OPTION: Spec = Spec {
    name: "store",
    example: "store = app.idempotency",
    not_yet: Some("leave it out, and install an `Idempotency` as a layer of the router"),
    rows: &[],
};
