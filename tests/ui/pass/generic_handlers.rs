//! Type and const parameters, where clauses, and futures that are `Send` for some types only.
#![deny(warnings)]

use std::rc::Rc;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

trait Charge: Clone + 'static {
    fn charge(&self) -> impl Future<Output = u32>;
}

#[derive(Clone)]
struct Real;

impl Charge for Real {
    async fn charge(&self) -> u32 {
        1
    }
}

#[allow(dead_code)]
#[derive(Clone)]
struct Local(Rc<()>);

impl Charge for Local {
    async fn charge(&self) -> u32 {
        let held = Rc::clone(&self.0);
        std::future::ready(()).await;
        drop(held);
        1
    }
}

#[idempotent(scope = global)]
async fn pay<C, const FEE: u32>(State(provider): State<C>, body: String) -> String
where
    C: Charge,
{
    format!("{body} {}", provider.charge().await + FEE)
}

fn main() {
    let _: Router<Real> = Router::new().route("/", post(pay::<Real, 3>));
}
