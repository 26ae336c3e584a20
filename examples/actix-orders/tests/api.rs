//! What clients of the API get, over a real socket.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::net::{SocketAddr, TcpListener};

use actix_orders::app::AppState;
use actix_orders::server;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

const ACME: &str = "acme-demo-key";
const GLOBEX: &str = "globex-demo-key";

#[tokio::test]
async fn a_retry_gets_the_same_answer_and_one_order_is_placed() {
    let shop = TestServer::start().await;
    let first = shop.order(ACME, "order-1", "mug", 4).await;
    assert_eq!((first.status, first.replayed()), (201, false));
    assert_eq!(
        first.headers[LOCATION],
        format!("/orders/{}", first.text("/id"))
    );

    let retry = shop.order(ACME, "order-1", "mug", 4).await;
    assert_eq!((retry.status, retry.replayed()), (201, true));
    assert_eq!(retry.body, first.body);
    for name in [LOCATION, CONTENT_TYPE] {
        assert_eq!(retry.headers[&name], first.headers[&name]);
    }
    assert_eq!(shop.orders().await, 1);
    assert_eq!(shop.state.warehouse.reserved(), 1);
}

#[tokio::test]
async fn of_twenty_at_once_one_reserves_goods() {
    let shop = TestServer::start().await;
    let mut clients = JoinSet::new();
    for _ in 0..20 {
        let request = shop.request(ACME, "mug", 4);
        clients.spawn(answer(request.header("Idempotency-Key", "order-1")));
    }
    let answers = clients.join_all().await;
    let ran = |answer: &&Answer| answer.status == 201 && !answer.replayed();
    assert_eq!(answers.iter().filter(ran).count(), 1);
    for answer in answers.iter().filter(|answer| !ran(answer)) {
        match answer.status {
            201 => assert!(answer.replayed()),
            _ => assert_eq!(answer.code(), "idempotency_pending"),
        }
    }
    assert_eq!(shop.orders().await, 1);
    assert_eq!(shop.state.warehouse.reserved(), 1);
}

#[tokio::test]
async fn another_shops_key_is_another_key() {
    let shop = TestServer::start().await;
    let acme = shop.order(ACME, "order-1", "mug", 4).await;
    let globex = shop.order(GLOBEX, "order-1", "mug", 4).await;
    assert_eq!((globex.status, globex.replayed()), (201, false));
    assert_ne!(globex.text("/id"), acme.text("/id"));
    assert_eq!(shop.orders().await, 2);
}

/// The refusal has the form of every other error of the application, and the status that the framework gives it.
#[tokio::test]
async fn a_changed_quantity_is_refused_in_the_applications_own_words() {
    let shop = TestServer::start().await;
    shop.order(ACME, "order-1", "mug", 4).await;
    let changed = shop.order(ACME, "order-1", "mug", 9).await;
    assert_eq!(changed.status, 422);
    assert_eq!(changed.headers[CONTENT_TYPE], "application/json");
    assert_eq!(changed.code(), "idempotency_mismatch");
    assert_eq!(changed.text("/error/key"), "order-1");
    assert_eq!(shop.orders().await, 1);
}

#[tokio::test]
async fn a_retry_during_the_first_attempt_is_told_when_to_come_back() {
    let shop = TestServer::start().await;
    let first = shop
        .request(ACME, "crate", 4)
        .header("Idempotency-Key", "order-1");
    let first = tokio::spawn(answer(first));
    while shop.state.warehouse.asked() == 0 {
        tokio::task::yield_now().await;
    }
    let retry = shop.order(ACME, "order-1", "crate", 4).await;
    assert_eq!(retry.status, 409);
    assert_eq!(retry.code(), "idempotency_pending");
    assert!(retry.headers.contains_key(RETRY_AFTER));
    assert_eq!(first.await.unwrap().status, 201);
    assert_eq!(shop.state.warehouse.asked(), 1);
}

#[tokio::test]
async fn a_missing_key_is_refused() {
    let shop = TestServer::start().await;
    let answer = answer(shop.request(ACME, "mug", 4)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.code(), "idempotency_key_missing");
    assert_eq!(answer.json().pointer("/error/key"), None);
    assert_eq!(shop.state.warehouse.asked(), 0);
}

#[tokio::test]
async fn a_sold_out_article_stays_so_for_its_key() {
    let shop = TestServer::start().await;
    let first = shop.order(ACME, "order-1", "unicorn", 1).await;
    assert_eq!((first.status, first.replayed()), (409, false));
    assert_eq!(first.code(), "sold_out");

    let retry = shop.order(ACME, "order-1", "unicorn", 1).await;
    assert_eq!((retry.status, retry.replayed()), (409, true));
    assert_eq!(retry.body, first.body);
    assert_eq!(shop.state.warehouse.asked(), 1);
    assert_eq!(shop.orders().await, 0);
}

#[tokio::test]
async fn a_busy_warehouse_gives_the_key_back() {
    let shop = TestServer::start().await;
    for asked in 1..=2 {
        let busy = shop.order(ACME, "order-1", "forklift", 1).await;
        assert_eq!((busy.status, busy.replayed()), (503, false));
        assert_eq!(shop.state.warehouse.asked(), asked);
    }
    // Nothing was done under this key, so it is free for any request.
    let other = shop.order(ACME, "order-1", "mug", 4).await;
    assert_eq!((other.status, other.replayed()), (201, false));
}

#[tokio::test]
async fn an_unknown_api_key_leaves_the_key_free() {
    let shop = TestServer::start().await;
    let stranger = shop.order("stolen", "order-1", "mug", 4).await;
    assert_eq!(stranger.status, 401);
    assert_eq!(stranger.code(), "unknown_api_key");

    let acme = shop.order(ACME, "order-1", "mug", 4).await;
    assert_eq!((acme.status, acme.replayed()), (201, false));
}

#[tokio::test]
async fn a_body_that_is_not_an_order_leaves_the_key_free() {
    let shop = TestServer::start().await;
    let nothing = shop.order(ACME, "order-1", "mug", 0).await;
    assert_eq!((nothing.status, nothing.replayed()), (422, false));
    assert_eq!(nothing.code(), "invalid_body");
    let acme = shop.order(ACME, "order-1", "mug", 4).await;
    assert_eq!((acme.status, acme.replayed()), (201, false));
}

#[tokio::test]
async fn an_order_is_shown_to_its_shop_alone_and_needs_no_key() {
    let shop = TestServer::start().await;
    let made = shop.order(ACME, "order-1", "mug", 4).await;
    let path = made.headers[LOCATION].to_str().unwrap();

    let shown = answer(shop.http.get(shop.url(path)).bearer_auth(ACME)).await;
    assert_eq!((shown.status, &shown.body), (200, &made.body));
    let hidden = answer(shop.http.get(shop.url(path)).bearer_auth(GLOBEX)).await;
    assert_eq!(hidden.status, 404);

    let list = answer(shop.http.get(shop.url("/orders")).bearer_auth(ACME)).await;
    assert_eq!(list.text("/0/id"), made.text("/id"));
    let list = answer(shop.http.get(shop.url("/orders")).bearer_auth(GLOBEX)).await;
    assert_eq!(list.json(), json!([]));
}

#[tokio::test]
async fn goods_are_put_back_once() {
    let shop = TestServer::start().await;
    let id = shop.order(ACME, "order-1", "mug", 4).await.text("/id");

    let first = shop.cancel(ACME, "cancel-1", &id).await;
    assert_eq!((first.status, first.replayed()), (201, false));
    assert_eq!(first.text("/status"), "cancelled");
    let retry = shop.cancel(ACME, "cancel-1", &id).await;
    assert_eq!((retry.status, retry.replayed()), (201, true));
    assert_eq!(retry.body, first.body);

    let again = shop.cancel(ACME, "cancel-2", &id).await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (409, "already_cancelled")
    );
    let stranger = shop.cancel(GLOBEX, "cancel-1", &id).await;
    assert_eq!(
        (stranger.status, stranger.code().as_str()),
        (404, "order_not_found")
    );
    assert_eq!(shop.state.warehouse.returned(), 1);
}

/// The application on a port of its own, and a client of it.
struct TestServer {
    state: AppState,
    addr: SocketAddr,
    http: Client,
    _data: TempDir,
}

impl TestServer {
    async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let (state, idempotency) = server::open(data.path()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let server = server::server(listener, state.clone(), &idempotency).unwrap();
        tokio::spawn(server);
        Self {
            state,
            addr,
            http: Client::builder().no_proxy().build().unwrap(),
            _data: data,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    fn request(&self, api_key: &str, sku: &str, quantity: u32) -> RequestBuilder {
        self.http
            .post(self.url("/orders"))
            .bearer_auth(api_key)
            .json(&json!({ "sku": sku, "quantity": quantity }))
    }

    async fn order(&self, api_key: &str, key: &str, sku: &str, quantity: u32) -> Answer {
        let request = self.request(api_key, sku, quantity);
        answer(request.header("Idempotency-Key", key)).await
    }

    async fn cancel(&self, api_key: &str, key: &str, order: &str) -> Answer {
        let request = self
            .http
            .post(self.url(&format!("/orders/{order}/cancellation")))
            .bearer_auth(api_key);
        answer(request.header("Idempotency-Key", key)).await
    }

    /// How many rows the application's own table has.
    async fn orders(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM orders")
            .fetch_one(&self.state.database)
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

    fn text(&self, pointer: &str) -> String {
        let body = self.json();
        body.pointer(pointer).unwrap().as_str().unwrap().to_owned()
    }

    fn code(&self) -> String {
        self.text("/error/code")
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
