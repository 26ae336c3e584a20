//! An HTTP client that keeps what a test looks at, and a bare connection for what a client would not send.

use std::net::SocketAddr;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Server;

/// A client of one server.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    /// A client of this server.
    pub fn new(server: &Server) -> Self {
        Self::at(server.addr())
    }

    /// A client of the server at this address.
    pub fn at(addr: SocketAddr) -> Self {
        // No proxy of the environment stands between a test and its server.
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            http,
            base: format!("http://{addr}"),
        }
    }

    /// Starts a request.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request(self.http.request(method, format!("{}{path}", self.base)))
    }

    /// Starts a POST.
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// A POST with a key and a small JSON body.
    pub async fn post_key(&self, path: &str, key: &str) -> Reply {
        self.post(path)
            .key(key)
            .json(r#"{"amount":10}"#)
            .send()
            .await
    }
}

/// A request that is being put together.
#[derive(Debug)]
#[must_use = "a request is sent by `send`"]
pub struct Request(reqwest::RequestBuilder);

impl Request {
    /// Adds `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Adds a header line; its value may hold any byte that HTTP allows.
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        Self(
            self.0
                .header(name, HeaderValue::from_bytes(value.as_ref()).unwrap()),
        )
    }

    /// Sets a JSON body.
    pub fn json(self, body: impl Into<String>) -> Self {
        self.body("application/json", body.into())
    }

    /// Sets a body.
    pub fn body(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header("content-type", content_type).body(body))
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self) -> Reply {
        self.send_or_break().await.unwrap()
    }

    /// The same; `None` if the connection ends before the answer does.
    pub async fn send_or_break(self) -> Option<Reply> {
        let response = self.0.send().await.ok()?;
        let (status, headers) = (response.status(), response.headers().clone());
        Some(Reply {
            status,
            headers,
            body: response.bytes().await.ok()?,
        })
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// A header's value as text, if it is there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().unwrap();
        assert!(values.next().is_none(), "{name} came twice");
        Some(value)
    }

    /// Whether it is marked as coming from a record.
    pub fn is_replay(&self) -> bool {
        self.header("idempotency-replayed") == Some("true")
    }

    /// The status, and the `code` of a problem, which must be whole and well-formed.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        for member in ["type", "title", "detail", "code"] {
            assert!(
                problem[member]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{member} in {problem}"
            );
        }
        assert_eq!(problem["status"], self.status.as_u16());
        (
            self.status.as_u16(),
            problem["code"].as_str().unwrap().to_owned(),
        )
    }

    /// The answer without what differs from one sending of the same outcome to the next.
    pub fn recorded(mut self) -> Self {
        self.headers.remove("date");
        self.headers.remove("idempotency-replayed");
        self
    }
}

/// A TCP connection on which a test writes bytes of its own.
#[derive(Debug)]
pub struct RawConnection(TcpStream);

impl RawConnection {
    /// Connects.
    pub async fn open(addr: SocketAddr) -> Self {
        Self(TcpStream::connect(addr).await.unwrap())
    }

    /// Writes a POST with these header lines and this body, and waits for nothing.
    pub async fn post(&mut self, path: &str, header_lines: &[&str], body: &str) {
        let lines: String = header_lines
            .iter()
            .flat_map(|line| [*line, "\r\n"])
            .collect();
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{lines}content-length: {length}\r\n\r\n{body}"
        );
        self.0.write_all(request.as_bytes()).await.unwrap();
    }

    /// Writes bytes as they are.
    pub async fn write(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// Closes the socket.
    pub async fn hang_up(mut self) {
        self.0.shutdown().await.unwrap();
    }

    /// Reads all that comes until the server closes.
    pub async fn read_to_end(mut self) -> String {
        let mut answer = Vec::new();
        self.0.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }
}
