//! Handlers and arguments that are named like what generated code is made of.
#![deny(warnings)]

use axum::extract::Extension;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::Policy;
use idempotent_runtime::axum::{OnReplay, idempotent};

macro_rules! handlers {
    ($($name:ident)*) => {
        $(
            #[idempotent(scope = $name)]
            async fn $name($name: String) -> Result<String, StatusCode> {
                Ok($name)
            }
        )*

        fn handlers() -> Router {
            Router::new()$(.route(concat!("/", stringify!($name)), post($name)))*
        }

        mod through_self {
            use super::*;

            struct Tasks;

            impl Tasks {
                $(
                    #[idempotent(scope = $name, on_replay = |saved| async move {
                        drop((saved, $name));
                        OnReplay::Replay
                    })]
                    async fn $name($name: String) -> Result<String, StatusCode> {
                        let Self = Self;
                        Ok($name)
                    }
                )*
            }

            pub fn handlers() -> Router {
                Router::new()$(.route(concat!("/", stringify!($name)), post(Tasks::$name)))*
            }
        }
    };
}

handlers! {
    run scope key call enter protect need_send need_replay need_result millis policy validated handler outcome
    __call __replay __entry __response __arg0 __arg1 __saved __decision
    axum idempotent global_ part self_ this future response reply value
}

const POLICY: Policy = Policy::new();

#[idempotent(policy = POLICY, scope = (__call, __captured), key = __replay, on_replay = |__saved| async move {
    drop((__saved, __call, __replay, __entry));
    OnReplay::Replay
})]
async fn all(
    Extension(__call): Extension<u8>,
    Extension(__captured): Extension<u16>,
    Extension(__replay): Extension<u32>,
    __arg1: Method,
    __arg0: Uri,
    Extension(__entry): Extension<u64>,
    Json(__response): Json<String>,
) -> Json<String> {
    Json(format!(
        "{__call} {__captured} {__replay} {__arg1} {__arg0} {__entry} {__response}"
    ))
}

#[idempotent(scope = idempotent.len())]
async fn __idempotent(idempotent: String) -> String {
    let (key, scope, ttl) = (&idempotent, &idempotent, &idempotent);
    format!("{key}{scope}{ttl}")
}

mod items {
    use super::*;

    pub struct Run;
    pub struct Call;
    pub struct Captured;
    pub struct Response;

    #[idempotent(scope = body, key = header("X-Key"), ttl = "1h", release = never)]
    pub async fn create(body: String) -> String
    where
        (Run, Call, Captured, Response): Sized,
    {
        body
    }
}

#[idempotent(scope = org)]
async fn parameters<F, L, M>(
    Extension(org): Extension<F>,
    Extension(value): Extension<L>,
    Extension(_): Extension<M>,
) -> String
where
    F: idempotent_runtime::ScopeKey + Clone + Send + Sync + 'static,
    L: ToString + Clone + Send + Sync + 'static,
    M: Clone + Send + Sync + 'static,
{
    value.to_string()
}

fn main() {
    let _: Router = handlers()
        .merge(through_self::handlers())
        .route("/a", post(all))
        .route("/b", post(__idempotent))
        .route("/c", post(parameters::<u8, u16, u32>))
        .route("/d", post(items::create));
}
