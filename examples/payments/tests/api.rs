//! What clients of the API get, over a real socket.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::net::SocketAddr;

use payments::app::{App, app};
use payments::server;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const ACME: &str = "acme-demo-key";
const GLOBEX: &str = "globex-demo-key";

#[tokio::test]
async fn a_retry_gets_the_same_answer_and_one_payment_is_made() {
    let shop = Shop::open().await;
    let first = shop.pay(ACME, "order-1", 4200, "tok_visa").await;
    assert_eq!((first.status, first.replayed()), (201, false));
    assert_eq!(
        first.headers[LOCATION],
        format!("/payments/{}", first.text("id"))
    );

    let retry = shop.pay(ACME, "order-1", 4200, "tok_visa").await;
    assert_eq!((retry.status, retry.replayed()), (201, true));
    assert_eq!(retry.body, first.body);
    for name in [LOCATION, CONTENT_TYPE] {
        assert_eq!(retry.headers[&name], first.headers[&name]);
    }
    assert_eq!(shop.payments().await, 1);
    assert_eq!(shop.app.provider.charged(), 1);
}

#[tokio::test]
async fn records_in_memory_are_replayed_too() {
    let shop = Shop::on(Some("memory:")).await;
    let first = shop.pay(ACME, "order-1", 4200, "tok_visa").await;
    let retry = shop.pay(ACME, "order-1", 4200, "tok_visa").await;
    assert_eq!((first.replayed(), retry.replayed()), (false, true));
    assert_eq!(retry.body, first.body);
    assert_eq!(shop.payments().await, 1);
}

#[tokio::test]
async fn of_twenty_at_once_one_charges_the_card() {
    let shop = Shop::open().await;
    let mut clients = JoinSet::new();
    for _ in 0..20 {
        let request = shop.payment(ACME, 4200, "tok_visa");
        clients.spawn(answer(request.header("Idempotency-Key", "order-1")));
    }
    let answers = clients.join_all().await;
    let ran = |answer: &&Answer| answer.status == 201 && !answer.replayed();
    assert_eq!(answers.iter().filter(ran).count(), 1);
    for answer in answers.iter().filter(|answer| !ran(answer)) {
        match answer.status {
            201 => assert!(answer.replayed()),
            _ => assert_eq!(answer.text("code"), "idempotency_pending"),
        }
    }
    assert_eq!(shop.payments().await, 1);
    assert_eq!(shop.app.provider.charged(), 1);
}

#[tokio::test]
async fn another_organizations_key_is_another_key() {
    let shop = Shop::open().await;
    let acme = shop.pay(ACME, "order-1", 4200, "tok_visa").await;
    let globex = shop.pay(GLOBEX, "order-1", 4200, "tok_visa").await;
    assert_eq!((globex.status, globex.replayed()), (201, false));
    assert_ne!(globex.text("id"), acme.text("id"));
    assert_eq!(shop.payments().await, 2);
}

#[tokio::test]
async fn a_changed_amount_is_refused() {
    let shop = Shop::open().await;
    shop.pay(ACME, "order-1", 4200, "tok_visa").await;
    let changed = shop.pay(ACME, "order-1", 9900, "tok_visa").await;
    assert_eq!(changed.status, 422);
    assert_eq!(changed.text("code"), "idempotency_mismatch");
    assert_eq!(shop.payments().await, 1);
}

#[tokio::test]
async fn a_missing_key_is_refused() {
    let shop = Shop::open().await;
    let answer = answer(shop.payment(ACME, 4200, "tok_visa")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.text("code"), "idempotency_key_missing");
    assert_eq!(shop.app.provider.asked(), 0);
}

#[tokio::test]
async fn a_declined_card_stays_declined_without_asking_again() {
    let shop = Shop::open().await;
    let first = shop.pay(ACME, "order-1", 4200, "tok_declined").await;
    assert_eq!((first.status, first.replayed()), (402, false));
    assert_eq!(first.text("code"), "card_declined");

    let retry = shop.pay(ACME, "order-1", 4200, "tok_declined").await;
    assert_eq!((retry.status, retry.replayed()), (402, true));
    assert_eq!(retry.body, first.body);
    assert_eq!(shop.app.provider.asked(), 1);
    assert_eq!(shop.payments().await, 0);
}

#[tokio::test]
async fn a_busy_provider_gives_the_key_back() {
    let shop = Shop::open().await;
    for asked in 1..=2 {
        let busy = shop.pay(ACME, "order-1", 4200, "tok_busy").await;
        assert_eq!((busy.status, busy.replayed()), (503, false));
        assert_eq!(shop.app.provider.asked(), asked);
    }
    // Nothing was done under this key, so it is free for any request.
    let other_card = shop.pay(ACME, "order-1", 4200, "tok_visa").await;
    assert_eq!((other_card.status, other_card.replayed()), (201, false));
}

#[tokio::test]
async fn an_unknown_api_key_leaves_the_key_free() {
    let shop = Shop::open().await;
    let stranger = shop.pay("stolen", "order-1", 4200, "tok_visa").await;
    assert_eq!(stranger.status, 401);
    assert_eq!(stranger.text("code"), "unknown_api_key");

    let acme = shop.pay(ACME, "order-1", 4200, "tok_visa").await;
    assert_eq!((acme.status, acme.replayed()), (201, false));
}

#[tokio::test]
async fn a_body_that_is_no_payment_leaves_the_key_free() {
    let shop = Shop::open().await;
    let nothing = shop.pay(ACME, "order-1", 0, "tok_visa").await;
    assert_eq!((nothing.status, nothing.replayed()), (422, false));
    let acme = shop.pay(ACME, "order-1", 4200, "tok_visa").await;
    assert_eq!((acme.status, acme.replayed()), (201, false));
}

#[tokio::test]
async fn a_payment_is_shown_to_its_organization_alone_and_needs_no_key() {
    let shop = Shop::open().await;
    let made = shop.pay(ACME, "order-1", 4200, "tok_visa").await;
    let path = made.headers[LOCATION].to_str().unwrap();

    let shown = answer(shop.http.get(shop.url(path)).bearer_auth(ACME)).await;
    assert_eq!((shown.status, &shown.body), (200, &made.body));
    let hidden = answer(shop.http.get(shop.url(path)).bearer_auth(GLOBEX)).await;
    assert_eq!(hidden.status, 404);

    let list = answer(shop.http.get(shop.url("/payments")).bearer_auth(ACME)).await;
    assert_eq!(list.json()[0]["id"], made.text("id"));
    let list = answer(shop.http.get(shop.url("/payments")).bearer_auth(GLOBEX)).await;
    assert_eq!(list.json(), json!([]));
}

#[tokio::test]
async fn money_goes_back_once() {
    let shop = Shop::open().await;
    let payment = shop.pay(ACME, "order-1", 4200, "tok_visa").await;
    let id = payment.text("id");

    let first = shop.refund(ACME, "refund-1", &id).await;
    assert_eq!((first.status, first.replayed()), (201, false));
    let retry = shop.refund(ACME, "refund-1", &id).await;
    assert_eq!((retry.status, retry.replayed()), (201, true));
    assert_eq!(retry.body, first.body);

    let again = shop.refund(ACME, "refund-2", &id).await;
    assert_eq!(
        (again.status, again.text("code").as_str()),
        (409, "already_refunded")
    );
    let stranger = shop.refund(GLOBEX, "refund-1", &id).await;
    assert_eq!(
        (stranger.status, stranger.text("code").as_str()),
        (404, "payment_not_found")
    );
    assert_eq!(shop.app.provider.refunded(), 1);
}

/// The application on a port of its own, and a client of it.
struct Shop {
    app: App,
    addr: SocketAddr,
    http: Client,
    _data: TempDir,
}

impl Shop {
    async fn open() -> Self {
        Self::on(None).await
    }

    async fn on(store: Option<&str>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let (state, idempotency) = server::open(data.path(), store).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let router = app(state.clone(), idempotency);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            app: state,
            addr,
            http: Client::builder().no_proxy().build().unwrap(),
            _data: data,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    fn payment(&self, api_key: &str, amount: u32, source: &str) -> RequestBuilder {
        self.http
            .post(self.url("/payments"))
            .bearer_auth(api_key)
            .json(&json!({ "amount": amount, "currency": "EUR", "source": source }))
    }

    async fn pay(&self, api_key: &str, key: &str, amount: u32, source: &str) -> Answer {
        let request = self.payment(api_key, amount, source);
        answer(request.header("Idempotency-Key", key)).await
    }

    async fn refund(&self, api_key: &str, key: &str, payment: &str) -> Answer {
        let request = self
            .http
            .post(self.url(&format!("/payments/{payment}/refunds")))
            .bearer_auth(api_key);
        answer(request.header("Idempotency-Key", key)).await
    }

    /// How many rows the business table has.
    async fn payments(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM payments")
            .fetch_one(&self.app.database)
            .await
            .unwrap()
    }
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn replayed(&self) -> bool {
        self.headers.contains_key("idempotency-replayed")
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap().to_owned()
    }
}

async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}
