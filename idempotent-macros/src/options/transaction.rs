//! `transaction`: the handler's own transaction, in which the outcome is recorded.

use crate::grammar::spec::Spec;

pub(super) const OPTION: Spec = Spec {
    name: "transaction",
    example: "transaction = tx",
    not_yet: Some("leave it out, and write `abandoned = refuse` where a second run would do harm"),
    rows: &[],
};
