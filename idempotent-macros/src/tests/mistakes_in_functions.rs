//! Each mistake in the annotated item.

use super::{mistakes, only, tokens, without_its_silence};
use crate::expand::protect;
use crate::grammar::spec::Door;

#[test]
fn each_mistake_is_told_once() {
    let told: Vec<String> = include_str!("mistakes_in_functions.txt")
        .lines()
        .filter(|line| !line.is_empty())
        .map(|item| {
            let mistake = only(mistakes("scope = global", item));
            format!("{item}\n    {}\n\n", mistake.replace('\n', "\n    "))
        })
        .collect();
    expect_test::expect_file!["../../goldens/mistakes_in_functions.txt"].assert_eq(&told.concat());
}

/// What a request sends, and what all requests share, doesn't say whose request it is.
#[test]
fn only_what_may_name_an_owner_is_suggested_as_a_scope() {
    for (arguments, suggested) in [
        (
            "org: OrgId, Path((team, id)): Path<(u32, u32)>",
            "`scope = org`, `scope = team` or `scope = id`",
        ),
        (
            "State(App { tenant, .. }): State<App>, Extension(user): Extension<User>, task: Json<Task>",
            "`scope = user`",
        ),
        (
            "Form(form): FormOf<X>, method: Method, uri: http::Uri, headers: HeaderMap, org: Option<Org>, user: User, request: Request",
            "`scope = user`",
        ),
    ] {
        let told = only(mistakes("", &format!("async fn f({arguments}) {{}}")));
        assert!(
            told.contains(&format!(
                "whose key it is: {suggested}; or `scope = global`"
            )),
            "{told}"
        );
    }
    for arguments in [
        "",
        "_: OrgId",
        "State(app): State<App>",
        "body: Bytes",
        "app: State<App>, body: axum::body::Body",
        "form: Multipart",
    ] {
        let told = only(mistakes("", &format!("async fn f({arguments}) {{}}")));
        assert!(told.contains("help: take whose request it is as an argument, such as `org: OrgId`, and write `scope = org`; or"), "{told}");
    }
}

#[test]
fn the_seventeenth_argument_is_one_too_many() {
    let arguments = |count: usize| {
        let arguments: Vec<_> = (1..=count).map(|index| format!("a{index}: A")).collect();
        format!("async fn f({}) {{}}", arguments.join(", "))
    };
    assert_eq!(mistakes("scope = a1", &arguments(16)), [""; 0]);
    let told = only(mistakes("scope = a1", &arguments(17)));
    assert!(told.starts_with("a17: A: an axum handler has at most sixteen arguments"));
}

#[test]
fn tracing_attributes_may_stand_below() {
    for attribute in [
        "tracing::instrument(skip_all)",
        "trace",
        "fastrace::trace(name = \"x\")",
        "axum::debug_handler",
        "allow(unused)",
        "doc = \"x\"",
    ] {
        let item = format!("#[{attribute}] async fn f() {{}}");
        assert_eq!(mistakes("scope = global", &item), [""; 0], "{attribute}");
    }
}

#[test]
fn any_response_can_be_buffered() {
    for returned in [
        "impl IntoResponse",
        "Result<impl IntoResponse, E>",
        "Response",
    ] {
        let item = format!("async fn f() -> {returned} {{}}");
        for options in ["scope = global", "scope = global, response = buffer"] {
            assert_eq!(mistakes(options, &item), [""; 0], "{options}");
        }
    }
}

#[test]
fn what_has_no_name_has_no_type_that_says_how_it_is_recorded() {
    for returned in ["impl IntoResponse", "Result<impl IntoResponse, E>"] {
        let item = format!("async fn f() -> {returned} {{}}");
        let told = only(mistakes("scope = global, response = typed", &item));
        assert!(told.starts_with("impl IntoResponse: "), "{told}");
    }
}

#[test]
fn a_mistake_leaves_the_item_as_it_was() {
    for (options, item) in [
        (
            "scop = org",
            "#[post(\"/\")] pub async fn f(org: Org) -> u8 { 5 }",
        ),
        ("scope = global", "struct Task;"),
        ("scope =", "async fn f(org: Org) { org. }"),
        ("scope = org.", "async fn f(org: Org) { org. }"),
    ] {
        let expanded = protect(Door::Axum, tokens(options), &tokens(item));
        let expanded = without_its_silence(&expanded);
        let item = tokens(item).to_string();
        assert!(expanded.starts_with(&item), "{expanded}");
        assert!(expanded.contains("compile_error"), "{expanded}");
    }
}

#[test]
fn a_half_typed_body_still_expands() {
    let body = "let x = app. ; task.";
    let item = format!("async fn f(app: App, task: Task) {{ {body} }}");
    let expanded = protect(Door::Axum, tokens("scope = app"), &tokens(&item)).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    assert!(expanded.contains(&tokens(body).to_string()), "{expanded}");
}

#[test]
fn mistakes_of_options_are_told_beside_an_item_that_is_no_function() {
    let told = mistakes("ttl = \"5\", scope = global", "struct Task;");
    assert_eq!(told.len(), 2, "{told:#?}");
}
