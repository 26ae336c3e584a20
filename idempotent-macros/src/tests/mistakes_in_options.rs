//! Each mistake in the options: one message, under the offending token, saying what to write instead.

use expect_test::expect;

use super::{HANDLER, mistake, mistakes};

/// Every option's mistakes, one line of options each, in one readable list.
#[test]
fn each_mistake_is_told_once() {
    let cases = include_str!("mistakes_in_options.txt");
    let told: Vec<String> = cases
        .lines()
        .filter(|line| !line.is_empty())
        .map(|options| match options.strip_prefix('#') {
            Some(title) => format!("##{title}\n\n"),
            None => format!(
                "{options}\n    {}\n\n",
                mistake(options).replace('\n', "\n    ")
            ),
        })
        .collect();
    expect_test::expect_file!["../../goldens/mistakes_in_options.txt"].assert_eq(&told.concat());
}

#[test]
fn all_mistakes_are_told_at_once() {
    let told = mistakes(
        "key = header(\"no spaces\"), ttll = \"24h\", missing = ignore, lease = \"0s\" scope = orgg, release = [99, 429]",
        "fn create_task(org: OrgId) {}",
    );
    expect![[r#"
        [
            "ttll: there is no option `ttll`\nhelp: did you mean `ttl`?",
            "scope: a comma is missing before `scope`\nhelp: write `, scope = …`",
            "\"no spaces\": a header's name cannot hold ' '\nhelp: write letters, digits and hyphens, such as `header(\"Idempotency-Key\")`",
            "ignore: `missing` doesn't accept `ignore`\nhelp: write `reject` or `unprotected`",
            "99: a handler answers with a status from 200 to 599\nhelp: write a number from 200 to 599",
            "\"0s\": `lease` cannot be zero\nhelp: write for example `lease = \"30s\"`",
            "fn: an idempotent handler must be async\nhelp: write `async fn create_task`",
            "orgg: `orgg` is not an argument of `create_task`\nhelp: did you mean `org`? The argument of `create_task` is `org`",
        ]
    "#]].assert_debug_eq(&told);
}

#[test]
fn what_can_be_written_is_accepted() {
    for options in [
        "scope = org",
        "scope = org,",
        "scope = &org",
        "scope = org.0",
        "scope = (org, task.id)",
        "scope = (\"v2\", org)",
        "scope = tenant_of(&app, &org)",
        "scope = format!(\"{org}\")",
        "scope = global",
        "scope = global, key = header(\"X-Idempotency-Key\")",
        "scope = global, key = body(\"request_id\")",
        "scope = global, key = body(\"/meta/request~1id\")",
        "scope = global, key = query(\"key\")",
        "scope = global, key = path(\"id\")",
        "scope = global, key = task.id",
        "scope = global, key = task",
        "scope = global, key = app.key_of(&task)",
        "scope = global, key = [header(\"A\"), body(\"b\"), query(\"c\"), path(\"d\"), task.id, app.key]",
        "scope = global, key = [header(\"A\")], key_format = quoted",
        "scope = global, key = [header(\"A\"), header(\"B\")], key_format = quoted",
        "scope = global, key = [query(\"a\"), path(\"a\"), header(\"a\"), body(\"a\"),]",
        "scope = global, ttl = \"24h\"",
        "scope = global, ttl = \"7d 12h\"",
        "scope = global, ttl = forever",
        "scope = global, key_format = any(1..=255)",
        "scope = global, key_format = ascii(16..=128)",
        "scope = global, key_format = uuid",
        "scope = global, key_format = quoted",
        "scope = global, key_format = quoted, key = header(\"K\")",
        "scope = global, operation = route",
        "scope = global, operation = path",
        "scope = global, operation = \"create a task\"",
        "scope = global, fingerprint = body",
        "scope = global, fingerprint = none",
        "scope = global, fingerprint = json",
        "scope = global, fingerprint = fields(\"/amount\", \"/amounts\", \"/items/0/a~1b\",)",
        "scope = global, fingerprint = except(\"/\")",
        "scope = global, missing = reject",
        "scope = global, missing = unprotected",
        "scope = global, mismatch = reject",
        "scope = global, mismatch = reject(409)",
        "scope = global, mismatch = separate",
        "scope = global, mismatch = separate, fingerprint = none",
        "scope = global, pending = reject",
        "scope = global, pending = wait(\"15m\")",
        "scope = global, pending = wait(\"1h\"), deadline = \"1h\"",
        "scope = global, pending = wait(\"1h\"), policy = PAYMENTS",
        "scope = global, pending = provisional(\"5s\")",
        "scope = global, on_replay = rebuild",
        "scope = global, on_replay = Self::rebuild",
        "scope = global, on_replay = replays::rebuild::<Task>",
        "scope = global, on_replay = |saved| async move { app.find(&task)?; saved.await }",
        "scope = global, on_replay = async |saved| saved.replay()",
        "scope = global, on_replay = move |_| async { return forget() }",
        "scope = global, on_replay = async move |saved: Saved| -> axum::OnReplay { saved.into() }",
        "scope = global, pending = reject(425)",
        "scope = global, release = [429, 502..=504]",
        "scope = global, release = failures",
        "scope = global, release = never",
        "scope = global, abandoned = rerun",
        "scope = global, abandoned = rerun(1)",
        "scope = global, abandoned = rerun(65535)",
        "scope = global, abandoned = refuse",
        "scope = global, lease = \"15m\"",
        "scope = global, deadline = \"30s\"",
        "scope = global, lease = \"20m\", deadline = \"20m\"",
        "scope = global, policy = PAYMENTS, lease = \"20m\"",
        "scope = global, policy = crate::policies::PAYMENTS, deadline = \"1s\"",
        "scope = global, response = typed",
        "scope = global, response = buffer",
        "scope = global, crate = crate::vendored::idempotent_runtime",
    ] {
        assert_eq!(mistakes(options, HANDLER), [""; 0], "{options}");
    }
}
