//! What `#[derive(ScopeKey)]` refuses.

use super::tokens;
use crate::derive_scope_key::mistakes;

#[test]
fn each_mistake_is_told_once() {
    let told: Vec<String> = [
        "struct Nobody;",
        "struct Nobody {}",
        "struct Two(Uuid, Uuid);",
        "struct Three { org: Uuid, user: Uuid, device: Uuid }",
        "enum Owner { Org(Uuid), User(Uuid) }",
        "union Owner { org: u64 }",
        "#[scope_key(runtime = x)] struct OrgId(Uuid);",
        "#[scope_key(crate = \"x\")] struct OrgId(Uuid);",
        "#[scope_key(crate = x, crate = y)] struct OrgId(Uuid);",
        "#[scope_key] struct OrgId(Uuid);",
        "struct OrgId(#[scope_key(skip)] Uuid);",
    ]
    .into_iter()
    .map(|item| {
        let told = super::only(mistakes(tokens(item)).map_or_else(super::told, |()| Vec::new()));
        format!("{item}\n    {}\n\n", told.replace('\n', "\n    "))
    })
    .collect();
    expect_test::expect_file!["../../goldens/mistakes_in_scope_keys.txt"].assert_eq(&told.concat());
}
