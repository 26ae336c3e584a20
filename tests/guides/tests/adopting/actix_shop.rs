//! The application on actix-web.

mod step_0;
mod step_1;
mod step_2;
mod step_3;
mod step_4;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::{App, Error, test, web};
use idempotent_runtime::{Idempotency, MemoryStore};

struct Answer {
    status: StatusCode,
    replayed: bool,
    body: String,
}

/// Orders something, as a tenant, with or without a key.
async fn order<B: MessageBody>(
    app: &impl Service<Request, Response = ServiceResponse<B>, Error = Error>,
    tenant: &str,
    key: Option<&str>,
    item: &str,
) -> Answer {
    let mut request = test::TestRequest::post()
        .uri("/orders")
        .insert_header(("authorization", tenant));
    if let Some(key) = key {
        request = request.insert_header(("idempotency-key", key));
    }
    let request = request.set_json(serde_json::json!({ "item": item }));
    let response = test::call_service(app, request.to_request()).await;
    let status = response.status();
    let replayed = response.headers().contains_key("idempotency-replayed");
    let body = test::read_body(response).await;
    Answer {
        status,
        replayed,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

fn handle() -> Idempotency {
    Idempotency::new(MemoryStore::new())
}

/// A retry with a key gets the first answer, whatever that was; another tenant's key is another key.
async fn keys_are_kept<B: MessageBody>(
    app: &impl Service<Request, Response = ServiceResponse<B>, Error = Error>,
    orders: impl Fn() -> usize,
) {
    let before = orders();
    let first = order(app, "acme", Some("k1"), "lamp").await;
    let retry = order(app, "acme", Some("k1"), "lamp").await;
    assert_eq!((first.status, first.replayed), (StatusCode::CREATED, false));
    assert_eq!((retry.status, retry.replayed), (StatusCode::CREATED, true));
    assert_eq!(retry.body, first.body);
    order(app, "globex", Some("k1"), "lamp").await;
    assert_eq!(orders(), before + 2);

    let refused = order(app, "acme", Some("k2"), "unicorn").await;
    let again = order(app, "acme", Some("k2"), "unicorn").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!((again.status, again.replayed), (StatusCode::CONFLICT, true));
}

#[actix_web::test]
async fn before_any_handler_is_annotated_nothing_has_changed() {
    let shop = web::Data::new(step_0::Shop::default());
    let app = App::new().app_data(shop.clone()).configure(step_0::routes);
    let app = test::init_service(app).await;
    for _ in 0..2 {
        order(&app, "acme", Some("k1"), "lamp").await;
    }
    assert_eq!(shop.orders.lock().unwrap().len(), 2);

    let shop = web::Data::new(step_1::Shop::default());
    let app = App::new().app_data(handle()).app_data(shop.clone());
    let app = test::init_service(app.configure(step_1::routes)).await;
    for _ in 0..2 {
        order(&app, "acme", Some("k1"), "lamp").await;
    }
    assert_eq!(shop.orders.lock().unwrap().len(), 2);
}

#[actix_web::test]
async fn under_unprotected_keys_are_kept_and_nobody_needs_one() {
    let shop = web::Data::new(step_2::Shop::default());
    let app = App::new().app_data(handle()).app_data(shop.clone());
    let app = test::init_service(app.configure(step_2::routes)).await;
    for _ in 0..2 {
        let answer = order(&app, "acme", None, "lamp").await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
    assert_eq!(shop.orders.lock().unwrap().len(), 2);
    keys_are_kept(&app, || shop.orders.lock().unwrap().len()).await;
}

#[actix_web::test]
async fn under_reject_who_sends_no_key_is_refused() {
    let shop = web::Data::new(step_4::Shop::default());
    let app = App::new().app_data(handle()).app_data(shop.clone());
    let app = test::init_service(app.configure(step_4::routes)).await;
    let answer = order(&app, "acme", None, "lamp").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("idempotency_key_missing"));
    assert_eq!(shop.orders.lock().unwrap().len(), 0);
    keys_are_kept(&app, || shop.orders.lock().unwrap().len()).await;
}
