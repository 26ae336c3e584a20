//! The routes of an application, and what is around them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::{self, PayloadConfig, ServiceConfig};
use actix_web::{Error, FromRequest, Handler, Responder};
use futures_util::FutureExt as _;
use idempotent_runtime::Idempotency;
use idempotent_tests::Watch;
use tokio::sync::Notify;

use super::{Answer, State};

/// Larger than any body of the suite's: what bounds bodies is the door.
const PAYLOADS: usize = 64 << 20;

type Add = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// The routes of an application, and what is around them.
pub(crate) struct Routes<S> {
    add: Vec<Add>,
    state: S,
    around: Around,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    pub(crate) fn new(state: S) -> Self {
        Self {
            add: Vec::new(),
            state,
            around: Around::default(),
        }
    }

    fn with(mut self, add: impl Fn(&mut ServiceConfig) + Send + Sync + 'static) -> Self {
        self.add.push(Arc::new(add));
        self
    }

    fn route<H, A>(self, path: &str, route: fn() -> actix_web::Route, handler: H) -> Self
    where
        H: Handler<A, Output: Responder> + Send + Sync,
        A: FromRequest + 'static,
    {
        // What matches any number of segments has a pattern.
        let path = match path.split_once("{*") {
            Some((before, name)) => format!("{before}{{{}", name.replace('}', ":.*}")),
            None => path.to_owned(),
        };
        self.with(move |config| {
            config.route(&path, route().to(handler.clone()));
        })
    }

    pub(crate) fn post<H, A>(self, path: &str, handler: H) -> Self
    where
        H: Handler<A, Output: Responder> + Send + Sync,
        A: FromRequest + 'static,
    {
        self.route(path, web::post, handler)
    }

    pub(crate) fn put<H, A>(self, path: &str, handler: H) -> Self
    where
        H: Handler<A, Output: Responder> + Send + Sync,
        A: FromRequest + 'static,
    {
        self.route(path, web::put, handler)
    }

    pub(crate) fn any<H, A>(self, path: &str, handler: H) -> Self
    where
        H: Handler<A, Output: Responder> + Send + Sync,
        A: FromRequest + 'static,
    {
        self.route(path, web::route, handler)
    }

    /// Answers what no route matches.
    pub(crate) fn fallback<H, A>(self, handler: H) -> Self
    where
        H: Handler<A, Output: Responder> + Send + Sync,
        A: FromRequest + 'static,
    {
        self.with(move |config| {
            config.default_service(web::to(handler.clone()));
        })
    }

    /// Routes below a path.
    pub(crate) fn nest(self, path: &str, routes: impl FnOnce(Self) -> Self) -> Self {
        let inner = routes(Self::new(self.state.clone())).add;
        let path = path.to_owned();
        self.with(move |config| {
            let scope = web::scope(&path).configure(|config| add_all(&inner, config));
            config.service(scope);
        })
    }

    /// Answers panics with a 500.
    pub(crate) fn catch_panics(mut self) -> Self {
        self.around.catch_panics = true;
        self
    }

    /// Installs the handle.
    pub(crate) fn protect(self, idempotency: Idempotency) -> Self {
        self.with(move |config| {
            config.app_data(idempotency.clone());
        })
    }

    /// Gives requests up with a 504, one for each notification: as a timeout does, but when a test says so.
    pub(crate) fn give_up_when(mut self, told: Arc<Notify>) -> Self {
        self.around.give_up = Some(told);
        self
    }

    /// Reports every client that leaves before its answer.
    pub(super) fn watched_by(mut self, watch: Watch) -> Self {
        self.around.watch = Some(watch);
        self
    }

    pub(super) fn configure(&self, config: &mut ServiceConfig) {
        config.app_data(PayloadConfig::new(PAYLOADS));
        config.app_data(State(self.state.clone()));
        add_all(&self.add, config);
    }

    pub(super) fn around(&self) -> Around {
        self.around.clone()
    }
}

fn add_all(add: &[Add], config: &mut ServiceConfig) {
    for add in add {
        add(config);
    }
}

/// What is around all routes.
#[derive(Clone, Default)]
pub(super) struct Around {
    catch_panics: bool,
    give_up: Option<Arc<Notify>>,
    watch: Option<Watch>,
}

impl Around {
    pub(super) async fn serve(
        self,
        request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let departure = self.watch.as_ref().map(Watch::begin);
        let served = async {
            match AssertUnwindSafe(next.call(request)).catch_unwind().await {
                Ok(served) => served,
                Err(_) if self.catch_panics => Err(Answer::new(500, "Service panicked").into()),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        };
        let response = match &self.give_up {
            None => served.await,
            Some(told) => tokio::select! {
                response = served => response,
                () = told.notified() => Err(Answer::new(504, "").into()),
            },
        };
        if let Some(departure) = departure {
            departure.did_not_happen();
        }
        response
    }
}
