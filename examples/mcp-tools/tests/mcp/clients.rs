//! Servers, and clients of them.

use std::sync::Arc;

use mcp_tools::{App, Work, http};
use reqwest::header::{ACCEPT, AUTHORIZATION};
use rmcp::model::{CallToolRequestParams, CallToolResult, ProtocolVersion, RequestMetaObject};
use rmcp::service::RunningService;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient, ServiceExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const ACME: &str = "acme-demo-key";
pub(crate) const GLOBEX: &str = "globex-demo-key";

/// A server that clients can connect to, with data of its own.
pub(crate) trait Host {
    async fn start() -> Self;
    /// A client with this API key.
    async fn client(&self, api_key: &str) -> Client;
}

/// Each client starts a server process; they share their data.
pub(crate) struct Stdio {
    data: TempDir,
}

impl Host for Stdio {
    async fn start() -> Self {
        Self {
            data: TempDir::new().unwrap(),
        }
    }

    async fn client(&self, api_key: &str) -> Client {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-tools"));
        command
            .env("STUDIO_API_KEY", api_key)
            .env("STUDIO_DATA", self.data.path())
            .kill_on_drop(true);
        let transport = TokioChildProcess::new(command).unwrap();
        Client(().serve(transport).await.unwrap())
    }
}

/// One server in this process, on a free port.
pub(crate) struct Http {
    pub(crate) url: Arc<str>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    _data: TempDir,
}

impl Http {
    pub(crate) async fn with(work: Work) -> Self {
        let data = TempDir::new().unwrap();
        let app = App::open(data.path(), work).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap()).into();
        let stop = CancellationToken::new();
        let router = http::app(app, stop.child_token());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            stop,
            serving,
            _data: data,
        }
    }

    pub(crate) fn transport(
        &self,
        api_key: &str,
    ) -> StreamableHttpClientTransport<reqwest::Client> {
        let config = StreamableHttpClientTransportConfig::with_uri(self.url.clone());
        StreamableHttpClientTransport::from_config(config.auth_header(api_key))
    }

    /// Sends a message without the help of a client.
    pub(crate) async fn send(
        &self,
        api_key: Option<&str>,
        session: Option<&str>,
        message: &Value,
    ) -> reqwest::Response {
        let mut request = reqwest::Client::new()
            .post(&*self.url)
            .header(ACCEPT, "application/json, text/event-stream")
            .json(message);
        if let Some(api_key) = api_key {
            request = request.header(AUTHORIZATION, format!("Bearer {api_key}"));
        }
        if let Some(session) = session {
            request = request.header("mcp-session-id", session);
        }
        request.send().await.unwrap()
    }
}

impl Host for Http {
    async fn start() -> Self {
        Self::with(Work::default()).await
    }

    async fn client(&self, api_key: &str) -> Client {
        Client(().serve(self.transport(api_key)).await.unwrap())
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.stop.cancel();
        self.serving.abort();
    }
}

/// The same server, asked as the protocol's revision of 2026-07-28 does: without sessions.
pub(crate) struct Sessionless(Http);

impl Host for Sessionless {
    async fn start() -> Self {
        Self(Http::start().await)
    }

    async fn client(&self, api_key: &str) -> Client {
        let lifecycle = ClientLifecycleMode::Discover {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        };
        let transport = self.0.transport(api_key);
        Client(().serve_with_lifecycle(transport, lifecycle).await.unwrap())
    }
}

/// A client's session.
pub(crate) struct Client(pub(crate) RunningService<RoleClient, ()>);

impl Client {
    pub(crate) async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        self.0.call_tool(request(tool, arguments)).await.unwrap()
    }

    /// Calls a tool with the key in the request's `_meta`.
    pub(crate) async fn call_with_meta(
        &self,
        tool: &'static str,
        arguments: Value,
        key: &str,
    ) -> CallToolResult {
        let mut request = request(tool, arguments);
        let Value::Object(meta) = json!({ "idempotency-key": key }) else {
            unreachable!("an object")
        };
        request.meta = Some(RequestMetaObject::from(meta));
        self.0.call_tool(request).await.unwrap()
    }

    /// The artifacts of the client's organization.
    pub(crate) async fn artifacts(&self) -> Vec<Value> {
        let listed = done(&self.call("list_artifacts", json!({})).await);
        listed["artifacts"].as_array().unwrap().clone()
    }

    pub(crate) async fn close(self) {
        self.0.cancel().await.unwrap();
    }
}

fn request(tool: &'static str, arguments: Value) -> CallToolRequestParams {
    let Value::Object(arguments) = arguments else {
        panic!("arguments are an object")
    };
    CallToolRequestParams::new(tool).with_arguments(arguments)
}

/// What a tool returned.
#[track_caller]
pub(crate) fn done(result: &CallToolResult) -> Value {
    assert_ne!(result.is_error, Some(true), "{result:?}");
    result.structured_content.clone().unwrap()
}

/// Why a tool refused: its code, and what it says to the model.
#[track_caller]
pub(crate) fn refused(result: &CallToolResult) -> (String, String) {
    assert_eq!(result.is_error, Some(true), "{result:?}");
    let code = &result.meta.as_ref().unwrap()["code"];
    let text = &result.content[0].as_text().unwrap().text;
    (code.as_str().unwrap().to_owned(), text.clone())
}
