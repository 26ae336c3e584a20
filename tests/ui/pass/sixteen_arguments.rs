//! As many arguments as axum takes.
#![deny(warnings)]

use axum::Router;
use axum::http::Method;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = p.as_str())]
#[allow(clippy::too_many_arguments, clippy::many_single_char_names)]
async fn sixteen(
    a: Method,
    b: Method,
    c: Method,
    d: Method,
    e: Method,
    f: Method,
    g: Method,
    h: Method,
    i: Method,
    j: Method,
    k: Method,
    l: Method,
    m: Method,
    n: Method,
    o: Method,
    p: String,
) -> String {
    format!("{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}{m}{n}{o}{p}")
}

fn main() {
    let _: Router = Router::new().route("/", post(sixteen));
}
