//! The applications of `docs/adopting.md`, as its steps leave them, and what each answers.
//!
//! A step in the guide is a diff. Applied to the application before it, it gives the application after it, which is a file in
//! `axum_shop/` or `actix_shop/`. `UPDATE_EXPECT=1 cargo test -p idempotent-guides` writes these files anew.

#![allow(clippy::unwrap_used)]

// The applications are a user's, and have a `main` that a test doesn't call.
#[allow(
    dead_code,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub
)]
mod actix_shop;
#[allow(
    dead_code,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub
)]
mod axum_shop;

use expect_test::expect_file;

const GUIDE: &str = include_str!("../../../../docs/adopting.md");

/// The diffs of a chapter of the guide, in their order.
fn steps(chapter: &str) -> Vec<&'static str> {
    let (_, chapter) = GUIDE
        .split_once(&format!("\n## {chapter}\n"))
        .expect("the guide has this chapter");
    let chapter = chapter.split("\n## ").next().unwrap();
    let diffs = chapter.split("\n```diff\n").skip(1);
    diffs.map(|it| it.split("\n```").next().unwrap()).collect()
}

/// The text after a diff: each hunk of it replaces what it says was there, which must be there once.
fn apply(diff: &str, text: &str) -> String {
    let mut text = text.to_owned();
    for hunk in diff.split("@@\n").filter(|it| !it.is_empty()) {
        let side = |other: char| -> String {
            let lines = hunk.lines().filter(|line| !line.starts_with(other));
            let lines = lines.map(|line| line.get(1..).unwrap_or_default());
            lines.flat_map(|line| [line, "\n"]).collect()
        };
        let (before, after) = (side('+'), side('-'));
        assert_eq!(
            text.matches(&before).count(),
            1,
            "not there, or not once:\n{before}"
        );
        text = text.replacen(&before, &after, 1);
    }
    text
}

#[test]
fn the_steps_on_axum_lead_from_one_application_to_the_next() {
    let steps = steps("An axum application");
    let mut text = include_str!("axum_shop/step_0.rs").to_owned();
    let files = [
        expect_file!["./axum_shop/step_1.rs"],
        expect_file!["./axum_shop/step_2.rs"],
        expect_file!["./axum_shop/step_3.rs"],
        expect_file!["./axum_shop/step_4.rs"],
    ];
    assert_eq!(steps.len(), files.len());
    for (step, file) in steps.into_iter().zip(files) {
        text = apply(step, &text);
        file.assert_eq(&text);
    }
}

#[test]
fn the_steps_on_actix_web_lead_from_one_application_to_the_next() {
    let steps = steps("An actix-web application");
    let mut text = include_str!("actix_shop/step_0.rs").to_owned();
    let files = [
        expect_file!["./actix_shop/step_1.rs"],
        expect_file!["./actix_shop/step_2.rs"],
        expect_file!["./actix_shop/step_3.rs"],
        expect_file!["./actix_shop/step_4.rs"],
    ];
    assert_eq!(steps.len(), files.len());
    for (step, file) in steps.into_iter().zip(files) {
        text = apply(step, &text);
        file.assert_eq(&text);
    }
}
