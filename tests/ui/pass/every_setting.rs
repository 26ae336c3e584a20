//! Every value of every option that takes words, numbers or texts.
#![deny(warnings)]

use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

macro_rules! settings {
    ($($name:ident: $option:ident = $value:tt $(($($in:tt)*))?;)*) => {
        $(
            #[idempotent(scope = global, $option = $value $(($($in)*))?)]
            async fn $name(body: String) -> String {
                body
            }
        )*

        fn main() {
            let _: Router = Router::new()$(.route(concat!("/", stringify!($name)), post($name)))*;
        }
    };
}

settings! {
    operation_route: operation = route;
    operation_path: operation = path;
    operation_name: operation = "charge a card";

    fingerprint_body: fingerprint = body;
    fingerprint_json: fingerprint = json;
    fingerprint_none: fingerprint = none;
    fingerprint_field: fingerprint = fields("/amount");
    fingerprint_fields: fingerprint = fields("/amount", "/items/0/sku", "/a~1b",);
    fingerprint_except: fingerprint = except("/sent_at");
    fingerprint_except_several: fingerprint = except("/sent_at", "/meta/trace~0id");

    missing_reject: missing = reject;
    missing_unprotected: missing = unprotected;

    mismatch_reject: mismatch = reject;
    mismatch_status: mismatch = reject(409);
    mismatch_first_status: mismatch = reject(400);
    mismatch_last_status: mismatch = reject(499);
    mismatch_separate: mismatch = separate;

    pending_reject: pending = reject;
    pending_status: pending = reject(425);
    pending_wait: pending = wait("5s");
    pending_wait_for_the_whole_attempt: pending = wait("15m");
    pending_provisional: pending = provisional("250ms");

    release_status: release = [429];
    release_statuses: release = [401, 408, 425, 429, 503];
    release_range: release = [500..=599];
    release_all: release = [200..=599,];
    release_both: release = [429, 502..=504, 500..=500];
    release_failures: release = failures;
    release_never: release = never;

    abandoned_rerun: abandoned = rerun;
    abandoned_refuse: abandoned = refuse;

    response_typed: response = typed;
    response_buffer: response = buffer;
}
