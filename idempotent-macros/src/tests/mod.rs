//! What users see: the messages, and the generated code.

mod goldens;
mod mistakes_in_functions;
mod mistakes_in_options;
mod mistakes_in_scope_keys;
mod survival;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::grammar::spec::Door;
use crate::options::Options;
use crate::validate;

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap()
}

/// Each mistake as "underlined text: message".
fn mistakes(options: &str, item: &str) -> Vec<String> {
    let mut errors = Errors::new();
    let options = Options::parse(Door::Axum, tokens(options), &mut errors);
    match validate::web(&options, tokens(item), errors) {
        Ok(_) => Vec::new(),
        Err(error) => told(error),
    }
}

fn told(error: syn::Error) -> Vec<String> {
    error
        .into_iter()
        .map(|error| {
            let underlined = error.span().source_text();
            let underlined = underlined.filter(|text| !text.is_empty());
            format!(
                "{}: {error}",
                underlined.as_deref().unwrap_or("<attribute>")
            )
        })
        .collect()
}

/// An expansion without what keeps a function quiet beside whose mistakes it stands.
fn without_its_silence(expanded: &TokenStream) -> String {
    let quietly = tokens("#[allow(dead_code, unused_mut, unused_variables)]").to_string();
    let expanded = expanded.to_string();
    match expanded.strip_prefix(&quietly) {
        Some(rest) => rest.trim_start().to_owned(),
        None => expanded,
    }
}

const HANDLER: &str = "async fn create_task(State(app): State<App>, org: OrgId, Json(task): Json<NewTask>) -> Json<Task> { todo!() }";

/// The one mistake in these options, on a handler with the arguments `app`, `org` and `task`.
#[track_caller]
fn mistake(options: &str) -> String {
    only(mistakes(options, HANDLER))
}

#[track_caller]
fn only(mut mistakes: Vec<String>) -> String {
    let first = mistakes.pop().expect("no mistake was found");
    assert!(mistakes.is_empty(), "{mistakes:#?} beside {first}");
    first
}
