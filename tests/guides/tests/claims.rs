//! What `docs/adopting.md` says of limits, keys in bodies and handles that are disabled.

#![allow(clippy::unwrap_used)]

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::{Request, StatusCode};
use axum::routing::post;
use idempotent_runtime::policy::Policy;
use idempotent_runtime::{Idempotency, MemoryStore};
use tower::ServiceExt as _;
use tower_http::limit::RequestBodyLimitLayer;

const LARGEST: usize = 4 * 1024 * 1024;
const UPLOAD: Policy = Policy::new().max_body(LARGEST);
/// More than the limit by default, and less than [`LARGEST`].
const LARGE: usize = 3 * 1024 * 1024;

mod of_axum {
    use axum::extract::Multipart;
    use axum::response::Response;
    use idempotent_runtime::axum::idempotent;

    use super::*;

    #[idempotent(scope = global)]
    async fn short(body: Bytes) -> String {
        body.len().to_string()
    }

    #[idempotent(scope = global, policy = UPLOAD)]
    async fn long(body: Bytes) -> String {
        body.len().to_string()
    }

    #[idempotent(scope = global, key = body("key"))]
    async fn form(_form: Multipart) -> StatusCode {
        StatusCode::CREATED
    }

    async fn send(routes: Router, request: axum::http::request::Builder, body: Body) -> Response {
        let app = routes.layer(Idempotency::new(MemoryStore::new()));
        app.oneshot(request.body(body).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_limit_that_was_switched_off_is_said_again_in_the_policy() {
        for (path, status) in [
            ("/short", StatusCode::PAYLOAD_TOO_LARGE),
            ("/long", StatusCode::OK),
        ] {
            let routes = Router::new()
                .route("/short", post(short))
                .route("/long", post(long))
                .layer(DefaultBodyLimit::disable())
                .layer(RequestBodyLimitLayer::new(LARGEST));
            let request = Request::post(path).header("idempotency-key", "k1");
            let answer = send(routes, request, Body::from(vec![0; LARGE])).await;
            assert_eq!(answer.status(), status, "{path}");
        }
    }

    #[tokio::test]
    async fn a_multipart_form_is_not_searched_for_a_key() {
        let routes = Router::new().route("/", post(form));
        let request = Request::post("/").header("content-type", "multipart/form-data; boundary=x");
        let part = "--x\r\ncontent-disposition: form-data; name=\"key\"\r\n\r\nk1\r\n--x--\r\n";
        let answer = send(routes, request, Body::from(part)).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn under_a_handle_that_is_disabled_nobody_needs_a_key() {
        let app = Router::new()
            .route("/", post(short))
            .layer(Idempotency::disabled());
        let request = Request::post("/").body(Body::empty()).unwrap();
        assert_eq!(app.oneshot(request).await.unwrap().status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn without_a_handle_the_answer_is_500() {
        let app: Router = Router::new().route("/", post(short));
        let request = Request::post("/").body(Body::empty()).unwrap();
        let answer = app.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}

mod of_actix {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::web::PayloadConfig;
    use actix_web::{App, web};
    use idempotent_runtime::actix::idempotent;

    use super::{Idempotency, LARGE, LARGEST, MemoryStore, UPLOAD};

    #[idempotent(scope = global)]
    async fn short(body: web::Bytes) -> String {
        body.len().to_string()
    }

    #[idempotent(scope = global, policy = UPLOAD)]
    async fn long(body: web::Bytes) -> String {
        body.len().to_string()
    }

    #[actix_web::test]
    async fn the_policy_and_the_extractor_each_have_a_limit() {
        let raised = PayloadConfig::new(LARGEST);
        for (path, config, status) in [
            ("/short", raised.clone(), 413),
            ("/long", PayloadConfig::default(), 413),
            ("/long", raised, 200),
        ] {
            let app = App::new()
                .app_data(config)
                .app_data(Idempotency::new(MemoryStore::new()))
                .route("/short", web::post().to(short))
                .route("/long", web::post().to(long));
            let app = init_service(app).await;
            let request = TestRequest::post()
                .uri(path)
                .insert_header(("idempotency-key", "k1"))
                .set_payload(vec![0; LARGE]);
            let answer = call_service(&app, request.to_request()).await;
            assert_eq!(answer.status().as_u16(), status, "{path}");
        }
    }
}
