//! The tools.

use idempotent_runtime::Idempotency;
use idempotent_runtime::task::{Attempt, idempotent};
use rmcp::handler::server::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::artifacts::Artifact;
use crate::json::Json;
use crate::keyed::{Keyed, Meta};
use crate::organization::Organization;
use crate::refusal::ToolError;

/// The MCP server: a studio that drafts and publishes content.
#[derive(Clone, Debug)]
pub struct Tools {
    app: App,
    idempotency: Idempotency,
    /// Who calls, where the transport is one caller's own.
    pub(crate) caller: Option<Organization>,
    router: ToolRouter<Self>,
}

// `#[idempotent]` stands above `#[tool]`: an attribute that is left between a doc comment and its function makes `#[tool]`
// lose the description.
#[tool_router]
impl Tools {
    pub(crate) fn new(app: App, caller: Option<Organization>) -> Self {
        Self {
            idempotency: app.idempotency.clone(),
            app,
            caller,
            router: Self::tool_router(),
        }
    }

    /// Drafts a post about a topic.
    /// To retry, call again with the same `idempotency_key` and arguments: you get the same draft.
    #[idempotent(
        key = [request.idempotency_key, request.meta.idempotency_key, meta.idempotency_key],
        key_format = ascii(16..=128),
        scope = organization,
        operation = "draft_post",
        fingerprint = request.input,
        pending = wait("20s"),
        store = self.idempotency
    )]
    #[tool(annotations(destructive_hint = false, idempotent_hint = true))]
    async fn draft_post(
        &self,
        organization: Organization,
        meta: Meta,
        Parameters(request): Parameters<Keyed<Draft>>,
        attempt: Attempt,
    ) -> Result<Json<Artifact>, ToolError> {
        self.app.work.done().await;
        // An attempt that takes over from an interrupted one makes the same id, so the draft exists once.
        let id = attempt.derive("draft");
        let title = format!("About {}", request.input.topic);
        let artifact = self.app.artifacts.add(&organization, id, title).await?;
        Ok(Json(artifact))
    }

    /// Publishes an artifact on a channel, where people see it at once. This can't be undone.
    /// To retry, call again with the same `idempotency_key` and arguments: it is published once.
    #[idempotent(
        key = [request.idempotency_key, request.meta.idempotency_key, meta.idempotency_key],
        key_format = ascii(16..=128),
        scope = organization,
        operation = "publish_artifact",
        fingerprint = request.input,
        // Nobody knows whether an interrupted call had published it.
        abandoned = refuse,
        store = self.idempotency
    )]
    #[tool(annotations(destructive_hint = true, idempotent_hint = true))]
    async fn publish_artifact(
        &self,
        organization: Organization,
        meta: Meta,
        Parameters(request): Parameters<Keyed<Publication>>,
    ) -> Result<Json<Artifact>, ToolError> {
        let Publication {
            artifact_id,
            channel,
        } = &request.input;
        self.app.work.done().await;
        let artifacts = &self.app.artifacts;
        let published = artifacts
            .publish(&organization, artifact_id, channel)
            .await?;
        let published = published.ok_or_else(|| ToolError::NoArtifact(artifact_id.clone()))?;
        Ok(Json(published))
    }

    /// Starts a pipeline that makes an artifact from an intent.
    /// To retry, or to see how a run is doing, call again with the same `idempotency_key`: no second run is started.
    #[idempotent(
        key = [request.idempotency_key, request.meta.idempotency_key, meta.idempotency_key],
        key_format = ascii(16..=128),
        scope = organization,
        operation = "start_pipeline",
        // The key alone says which run is meant.
        fingerprint = none,
        ttl = forever,
        pending = provisional("5s"),
        store = self.idempotency
    )]
    #[tool(annotations(destructive_hint = false, idempotent_hint = true))]
    async fn start_pipeline(
        &self,
        organization: Organization,
        meta: Meta,
        Parameters(request): Parameters<Keyed<Intent>>,
        attempt: Attempt,
    ) -> Result<Json<PipelineRun>, ToolError> {
        let mut run = PipelineRun {
            run_id: format!("run_{}", attempt.derive("run")),
            status: Status::Running,
            artifact_id: None,
        };
        // Duplicates get this as long as the run goes on.
        attempt.publish(&Json(run.clone())).await?;
        self.app.work.done().await;
        let id = attempt.derive("artifact");
        let artifacts = &self.app.artifacts;
        let artifact = artifacts
            .add(&organization, id, request.input.intent)
            .await?;
        run.artifact_id = Some(artifact.id);
        run.status = Status::Completed;
        Ok(Json(run))
    }

    /// Lists the artifacts of your organization. It changes nothing and takes no key.
    #[tool(annotations(read_only_hint = true))]
    async fn list_artifacts(&self, organization: Organization) -> Result<Json<Listing>, ToolError> {
        let artifacts = self.app.artifacts.list(&organization).await?;
        Ok(Json(Listing { artifacts }))
    }
}

#[tool_handler(
    router = self.router,
    name = "studio",
    instructions = "Drafts and publishes content. Every tool that changes something takes an `idempotency_key`. Make up a new key \
                    for each thing you intend to do, and reuse that key, with the same arguments, whenever you retry it."
)]
impl ServerHandler for Tools {}

/// What `draft_post` takes beside the key.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Draft {
    /// What the post is about.
    topic: String,
}

/// What `publish_artifact` takes beside the key.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Publication {
    /// Which artifact.
    artifact_id: String,
    /// Where, for example `blog`.
    channel: String,
}

/// What `start_pipeline` takes beside the key.
#[derive(Debug, Deserialize, JsonSchema)]
struct Intent {
    /// What the artifact is for, in your own words.
    intent: String,
}

/// A pipeline's run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct PipelineRun {
    run_id: String,
    status: Status,
    /// What the run made, once it has completed.
    artifact_id: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Running,
    Completed,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Listing {
    artifacts: Vec<Artifact>,
}
