//! Modules and macros that are named like those of the standard library and of the runtime.
#![deny(warnings)]
#![allow(unused_macros, dead_code)]

macro_rules! panic {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! assert {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! assert_eq {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! matches {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! unreachable {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! vec {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! concat {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! stringify {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}

mod handlers {
    mod std {}
    mod core {}
    mod alloc {}
    mod axum {}
    mod idempotent_runtime {}
    mod __private {}
    mod __idempotent {}
    mod policy {}
    mod scope {}

    #[::idempotent_runtime::axum::idempotent(
        scope = (org, org.len()),
        key = [header("X-Key"), body("/id")],
        ttl = "1h",
        on_replay = |saved| async move {
            if saved.body().is_empty() {
                ::idempotent_runtime::axum::OnReplay::Forget
            } else {
                ::idempotent_runtime::axum::OnReplay::Replay
            }
        }
    )]
    pub async fn create(org: String) -> Result<String, ::axum::http::StatusCode> {
        Ok(org)
    }

    #[derive(::idempotent_runtime::ScopeKey)]
    pub struct Org(String);
}

fn main() {
    let _: axum::Router = axum::Router::new().route("/", axum::routing::post(handlers::create));
}
