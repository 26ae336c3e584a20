//! Whatever is wrong, the item is still there: nothing else in the file breaks, and an editor completes what is typed.

use super::{HANDLER, tokens, without_its_silence};
use crate::derive_scope_key::derive;
use crate::expand::protect;
use crate::grammar::spec::Door;

/// The text of an expansion, in which something is wrong.
#[track_caller]
fn mistaken(options: &str, item: &str) -> String {
    let expanded = protect(Door::Axum, tokens(options), &tokens(item));
    let expanded = without_its_silence(&expanded);
    assert!(expanded.contains("compile_error"), "{options}\n{expanded}");
    expanded
}

#[track_caller]
fn assert_untouched(options: &str, item: &str) {
    let expanded = mistaken(options, item);
    let item = tokens(item).to_string();
    assert!(expanded.starts_with(&item), "{options}\n{expanded}");
}

#[test]
fn whatever_is_wrong_with_the_options() {
    for options in include_str!("mistakes_in_options.txt").lines() {
        if !options.is_empty() && !options.starts_with('#') {
            assert_untouched(options, HANDLER);
        }
    }
}

#[test]
fn whatever_is_wrong_with_the_item() {
    for item in include_str!("mistakes_in_functions.txt").lines() {
        if !item.is_empty() {
            // Its name and its last token, the body: its form may have been corrected.
            let expanded = mistaken("scope = global", item);
            let last = tokens(item).into_iter().last().unwrap().to_string();
            assert!(expanded.contains(&last), "{item}\n{expanded}");
            let function = item.contains("fn f(");
            assert!(!function || expanded.contains("fn f"), "{item}\n{expanded}");
        }
    }
}

#[test]
fn while_a_body_is_typed() {
    for body in [
        "body.",
        "body. ; org.",
        "let x = body.",
        "if body. { org }",
        "match body. { }",
        "create(body, )",
        "let",
        "tracing::info!(body. )",
    ] {
        let item = format!("async fn create(org: String, body: String) -> String {{ {body} }}");
        assert_untouched("scope = ogr", &item);
        // Nothing is wrong with the attribute: the compiler judges the body, where it stands.
        let expanded = protect(Door::Axum, tokens("scope = org"), &tokens(&item)).to_string();
        assert!(!expanded.contains("compile_error"), "{expanded}");
        let typed = tokens(body).to_string();
        assert!(expanded.contains(&typed), "{expanded}");
    }
}

#[test]
fn while_the_attribute_is_typed() {
    for options in [
        "",
        "s",
        "sc",
        "scope",
        "scope =",
        "scope = ",
        "scope = or",
        "scope = org.",
        "scope = (org, bo)",
        "scope = org, k",
        "scope = org, key",
        "scope = org, key =",
        "scope = org, key = hea",
        "scope = org, key = header",
        "scope = org, key = header()",
        "scope = org, key = [header(\"A\"), ]  bo",
        "scope = org ttl = \"24h\"",
        "scope = org, ttl = \"24h\" \"1h\"",
        "scope = org, , ttl = \"24h\"",
        "scope = org, on_replay = |saved|",
        "scope = org, on_replay = |saved| async move { saved. }",
        "scope = org, policy = policies::",
        "scope = org, crate = crate::",
        ", scope = org",
        "= org",
        "#",
    ] {
        assert_untouched(options, "async fn create(org: String) { org. }");
    }
}

/// Reported mistakes in its form are corrected, so that its router doesn't report them again.
#[test]
fn in_the_form_that_a_router_takes() {
    for (item, fallback) in [
        (
            "pub fn f(org: Org) -> u8 { 5 }",
            "pub async fn f(org: Org) -> u8 { 5 }",
        ),
        ("const fn f() {}", "async fn f() {}"),
        ("async unsafe fn f() {}", "async fn f() {}"),
        ("extern \"C\" fn f() {}", "async fn f() {}"),
        ("async fn f(a: A, _: ...) {}", "async fn f(a: A,) {}"),
        (
            "fn f() -> impl Future<Output = u8> { async { 5 } }",
            "fn f() -> impl Future<Output = u8> { async { 5 } }",
        ),
        (
            "#[doc = \"x\"] fn f() -> impl IntoResponse {}",
            "#[doc = \"x\"] async fn f() -> impl IntoResponse {}",
        ),
    ] {
        let expanded = mistaken("scope = global", item);
        let fallback = tokens(fallback).to_string();
        assert!(expanded.starts_with(&fallback), "{fallback}\n{expanded}");
    }
}

#[test]
fn of_a_type_its_scope_key() {
    for item in [
        "struct Nobody;",
        "enum Owner<T> { Org(T), User(u64) }",
        "struct OrgId(#[scope_key(skip)] Uuid);",
    ] {
        let expanded = derive(tokens(item)).to_string();
        assert!(expanded.contains("compile_error"), "{expanded}");
        assert!(expanded.contains("ScopeKey for"), "{expanded}");
    }
    // The path to the trait is unknown.
    let item = "#[scope_key(krate = x)] struct OrgId(Uuid);";
    let expanded = derive(tokens(item)).to_string();
    assert!(!expanded.contains("ScopeKey for"), "{expanded}");
}
