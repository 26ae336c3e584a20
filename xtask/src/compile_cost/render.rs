//! The handlers as text, in each of the three crates.

mod body;
mod wrapped;

use std::fmt::Write as _;

use super::endpoints::{Endpoint, Operation, Resource};

/// How the handlers of a crate are made idempotent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// Not at all.
    Bare,
    /// By the attribute.
    Annotated,
    /// By a function of the application's own.
    ByHand,
}

impl Wrapping {
    /// In the order of every table's figures.
    pub const ALL: [Self; 3] = [Self::Bare, Self::Annotated, Self::ByHand];

    /// The name of the crate.
    pub const fn package(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Annotated => "annotated",
            Self::ByHand => "by-hand",
        }
    }
}

/// A handler's parts.
struct Parts {
    name: String,
    /// All but the last: pattern and type.
    front: Vec<[String; 2]>,
    last: [String; 2],
    returns: String,
    /// Whose keys they are, as an expression for each part.
    scope: &'static [&'static str],
    body: String,
}

/// The module of all these handlers and their router.
pub fn render(endpoints: &[Endpoint], wrapping: Wrapping) -> String {
    let mut text = imports(wrapping).to_owned();
    text.push_str(&router(endpoints));
    let mut described = None;
    for endpoint in endpoints {
        if described != Some(&endpoint.resource.name) {
            text.push_str(&types(&endpoint.resource));
            described = Some(&endpoint.resource.name);
        }
        text.push_str(&wrapped::handler(endpoint, &parts(endpoint), wrapping));
    }
    text
}

fn imports(wrapping: Wrapping) -> &'static str {
    match wrapping {
        Wrapping::Bare => include_str!("render/bare.txt"),
        Wrapping::Annotated => include_str!("render/annotated.txt"),
        Wrapping::ByHand => include_str!("render/by_hand.txt"),
    }
}

fn router(endpoints: &[Endpoint]) -> String {
    let mut text = String::from("\npub fn router() -> Router<App> {\n    Router::new()\n");
    for endpoint in endpoints {
        let (path, name) = (route(endpoint), name(endpoint));
        // Writing to a string does not fail.
        let _ = writeln!(text, "        .route(\"{path}\", post({name}))");
    }
    text.push_str("}\n");
    text
}

fn route(endpoint: &Endpoint) -> String {
    let path = &endpoint.resource.path;
    match endpoint.operation {
        Operation::Create => format!("/{path}"),
        Operation::Update => format!("/{path}/{{id}}"),
        Operation::Step => format!("/{path}/{{id}}/steps/{{step}}"),
        Operation::Batch => format!("/{path}/{{id}}/lines"),
        Operation::Estimate => format!("/{path}/estimates"),
    }
}

fn name(endpoint: &Endpoint) -> String {
    let verb = match endpoint.operation {
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Step => "step",
        Operation::Batch => "batch",
        Operation::Estimate => "estimate",
    };
    format!("{verb}_{}", endpoint.resource.path)
}

/// What the resource's handlers take and answer.
fn types(resource: &Resource) -> String {
    let Resource { name, fields, .. } = resource;
    let fields = fields.iter().fold(String::new(), |fields, (name, ty)| {
        format!("{fields}    pub {name}: {ty},\n")
    });
    format!(
        "\n#[derive(Debug, Deserialize, Serialize)]\npub struct New{name} {{\n{fields}}}\n\
         \n#[derive(Debug, Deserialize, Serialize)]\npub struct Change{name} {{\n    pub reason: String,\n    pub to: New{name},\n}}\n\
         \n#[derive(Debug, Serialize)]\npub struct {name} {{\n    pub id: u64,\n    pub org: u64,\n    #[serde(flatten)]\n    pub is: New{name},\n}}\n"
    )
}

fn parts(endpoint: &Endpoint) -> Parts {
    let Endpoint {
        resource,
        operation,
        ..
    } = endpoint;
    let new = &resource.name;
    let json = |ty: String| ["Json(input)".to_owned(), format!("Json<{ty}>")];
    let pair = |[pattern, ty]: [&str; 2]| [pattern.to_owned(), ty.to_owned()];
    let (app, org, id) = (
        ["State(app)", "State<App>"],
        ["org", "OrgId"],
        ["Path(id)", "Path<u64>"],
    );
    let (front, last, returns, scope): (&[[&str; 2]], _, _, &[&str]) = match operation {
        Operation::Create => (
            &[app, org],
            json(format!("New{new}")),
            format!("Result<(StatusCode, Json<{new}>), ApiError>"),
            &["org.0"],
        ),
        Operation::Update => (
            &[app, id, org],
            json(format!("Change{new}")),
            format!("Result<Json<{new}>, ApiError>"),
            &["org.0", "id"],
        ),
        Operation::Step => (
            &[app, org],
            pair(["Path((id, step))", "Path<(u64, u32)>"]),
            "Result<StatusCode, ApiError>".to_owned(),
            &["org.0"],
        ),
        Operation::Batch => (
            &[app, org, id, ["Query(choice)", "Query<Choice>"]],
            json(format!("Vec<New{new}>")),
            format!("Result<(StatusCode, Json<Vec<{new}>>), ApiError>"),
            &["org.0"],
        ),
        Operation::Estimate => (&[], json(format!("New{new}")), format!("Json<{new}>"), &[]),
    };
    Parts {
        name: name(endpoint),
        front: front.iter().copied().map(pair).collect(),
        last,
        returns,
        scope,
        body: body::body(resource, *operation),
    }
}
