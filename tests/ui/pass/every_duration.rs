//! Every way of writing a time.
#![deny(warnings)]

use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

macro_rules! ttl {
    ($($name:ident $ttl:tt),*) => {
        $(
            #[idempotent(scope = global, ttl = $ttl)]
            async fn $name() {}
        )*

        fn ttls() -> Router {
            Router::new()$(.route(concat!("/", stringify!($name)), post($name)))*
        }
    };
}

ttl! {
    forever forever, milliseconds "1ms", seconds "30s", minutes "15m", minutes_in_full "15 minutes", hours "24h",
    days "7d", weeks "2w", mixed "7d 12h", close "1h30m", all "1d 2h 3m 4s 5ms"
}

#[idempotent(scope = global, lease = "1s", deadline = "1s")]
async fn the_shortest_that_is_useful() {}

#[idempotent(scope = global, lease = "1500ms", deadline = "2h 30m")]
async fn lease_and_deadline() {}

#[idempotent(scope = global, lease = "15m")]
async fn as_long_as_the_deadline() {}

#[idempotent(scope = global, pending = wait("500 ms"), deadline = "1m")]
async fn wait() {}

fn main() {
    let _: Router = ttls()
        .route("/a", post(the_shortest_that_is_useful))
        .route("/b", post(lease_and_deadline))
        .route("/c", post(as_long_as_the_deadline))
        .route("/d", post(wait));
}
