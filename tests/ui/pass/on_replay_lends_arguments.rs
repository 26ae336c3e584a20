//! What `on_replay` may do with arguments: borrow them, wait with them, fail and return early.
#![deny(warnings)]

use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::{OnReplay, Saved, idempotent};
use serde::{Deserialize, Serialize};

#[derive(Clone)]
struct App {
    tasks: Vec<Task>,
    open: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Task {
    id: u64,
    title: String,
}

impl App {
    async fn find(&self, id: u64) -> Option<&Task> {
        std::future::ready(()).await;
        self.tasks.iter().find(|task| task.id == id)
    }
}

#[idempotent(scope = (org, app.tasks.len()), on_replay = |saved| async move {
    if !app.open {
        return OnReplay::answer((StatusCode::FORBIDDEN, "closed"));
    }
    let Ok(task) = saved.json::<Task>() else {
        return OnReplay::Replay;
    };
    match app.find(task.id).await {
        Some(now) if now.title == task.title && *org > 0 => OnReplay::Replay,
        Some(now) => OnReplay::answer(Json(now)),
        None => OnReplay::Forget,
    }
})]
async fn several(
    State(mut app): State<App>,
    Extension(org): Extension<u64>,
    Json(task): Json<Task>,
) -> Result<Json<Task>, (StatusCode, String)> {
    app.tasks.push(task.clone());
    Ok(Json(task))
}

#[idempotent(scope = org, on_replay = async |saved: Saved| -> OnReplay {
    let ended = async { saved.header("x-ended")?.first().copied() }.await;
    match ended {
        Some(b'1') => OnReplay::Forget,
        _ => OnReplay::answer(title.clone()),
    }
})]
async fn typed(Path((org, title)): Path<(u64, String)>) -> String {
    title
}

#[idempotent(scope = org, on_replay = |_| async { OnReplay::Forget })]
async fn ignoring(Extension(org): Extension<String>) -> String {
    org
}

#[idempotent(scope = global, on_replay = async |_saved| OnReplay::Replay)]
async fn without_braces() {}

#[idempotent(scope = global, on_replay = |mut saved| async move {
    for _ in 0..2 {
        saved = saved.clone();
    }
    let text = format!("{body} {saved:?} {}", body.len());
    OnReplay::answer(text)
})]
async fn named_in_a_macro(body: String) -> String {
    body
}

#[idempotent(scope = global, on_replay = decisions::always)]
async fn by_a_function(body: String) -> String {
    body
}

#[idempotent(scope = global, on_replay = decisions::of::<Task>)]
async fn by_a_generic_function(body: String) -> String {
    body
}

#[idempotent(scope = global, on_replay = App::decide)]
async fn by_a_method(body: String) -> String {
    body
}

#[idempotent(scope = global, on_replay = decisions::soon)]
async fn by_a_function_of_a_future(body: String) -> String {
    body
}

impl App {
    async fn decide(_: Saved) -> OnReplay {
        OnReplay::Replay
    }
}

mod decisions {
    use super::*;

    pub async fn always(saved: Saved) -> OnReplay {
        drop(saved);
        OnReplay::Replay
    }

    pub async fn of<T: for<'a> Deserialize<'a>>(saved: Saved) -> OnReplay {
        if saved.json::<T>().is_ok() {
            OnReplay::Replay
        } else {
            OnReplay::Forget
        }
    }

    pub fn soon(_: Saved) -> impl Future<Output = OnReplay> + Send {
        std::future::ready(OnReplay::Replay)
    }
}

fn main() {
    let _: Router<App> = Router::new()
        .route("/a", post(several))
        .route("/b", post(typed))
        .route("/c", post(ignoring))
        .route("/d", post(without_braces))
        .route("/e", post(named_in_a_macro))
        .route("/f", post(by_a_function))
        .route("/g", post(by_a_generic_function))
        .route("/h", post(by_a_method))
        .route("/i", post(by_a_function_of_a_future));
}
