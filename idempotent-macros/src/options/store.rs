//! `store`: the handle that protects a task.

use crate::grammar::spec::{Door, Row, Spec};

pub(super) const OPTION: Spec = Spec {
    name: "store",
    example: "store = app.idempotency",
    not_yet: None,
    rows: &[Row {
        doors: Door::TASK,
        about: "the handle",
        values: "an expression over arguments and `self` that gives an `Idempotency`, such as `self.idempotency`",
        default: "none: you must say it",
    }],
};
