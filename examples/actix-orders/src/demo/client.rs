//! A shop that orders, as HTTP clients do.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::DemoError;
use super::expectations::describe;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// How often a client asks again while the first attempt is running, and how long it waits in between.
const RETRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// One request to place an order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) api_key: &'static str,
    pub(super) key: Option<&'static str>,
    pub(super) sku: &'static str,
    pub(super) quantity: u32,
}

impl Order {
    fn body(&self) -> String {
        json!({ "sku": self.sku, "quantity": self.quantity }).to_string()
    }
}

/// Sends orders to one server.
#[derive(Clone, Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    addr: SocketAddr,
}

impl Client {
    pub(super) fn new(addr: SocketAddr) -> Result<Self, DemoError> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { http, addr })
    }

    pub(super) async fn send(&self, order: &Order) -> Result<Answer, DemoError> {
        let mut request = self
            .http
            .post(format!("http://{}/orders", self.addr))
            .bearer_auth(order.api_key)
            .header(CONTENT_TYPE, "application/json")
            .body(order.body());
        if let Some(key) = order.key {
            request = request.header("Idempotency-Key", key);
        }
        let response = request.send().await?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await?,
        })
    }

    /// Sends an order until its first attempt has ended. Returns how often it was still running.
    pub(super) async fn send_until_settled(
        &self,
        order: &Order,
    ) -> Result<(Answer, usize), DemoError> {
        for pending in 0..RETRIES {
            let answer = self.send(order).await?;
            if answer.says() != "idempotency_pending" {
                return Ok((answer, pending));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok((self.send(order).await?, RETRIES))
    }

    /// Sends an order and reads no answer. Dropping the connection closes it.
    pub(super) async fn send_and_look_away(&self, order: &Order) -> Result<TcpStream, DemoError> {
        let body = order.body();
        let request = format!(
            "POST /orders HTTP/1.1\r\n\
             Host: {}\r\n\
             {AUTHORIZATION}: Bearer {}\r\n\
             Idempotency-Key: {}\r\n\
             {CONTENT_TYPE}: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.addr,
            order.api_key,
            order.key.unwrap_or_default(),
            body.len(),
        );
        let mut connection = TcpStream::connect(self.addr).await?;
        connection.write_all(request.as_bytes()).await?;
        Ok(connection)
    }
}

/// What a client got.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    pub(super) fn is_replayed(&self) -> bool {
        self.headers
            .get(REPLAYED)
            .is_some_and(|value| value == "true")
    }

    /// The order's id, or the error's code.
    pub(super) fn says(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let told = body.get("id").or_else(|| body.pointer("/error/code"));
        told.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Whether this is the same answer: status, headers and bytes, except for the date and the mark of a replay.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        let headers = |answer: &Self| {
            let mut headers = answer.headers.clone();
            headers.remove(DATE);
            headers.remove(REPLAYED);
            headers
        };
        self.status == other.status && self.body == other.body && headers(self) == headers(other)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = describe(self.status, self.is_replayed());
        write!(f, "{seen}: {}", self.body)
    }
}
