//! What a handler does: the same text in all three crates.

use std::fmt::Write as _;

use crate::compile_cost::endpoints::{Operation, Resource, Work};

pub(super) fn body(resource: &Resource, operation: Operation) -> String {
    let Resource { name, path, .. } = resource;
    match operation {
        Operation::Create => format!(
            "{}    let id = app.insert(\"{path}\", &input).await?;\n{}\
             \x20   Ok((StatusCode::CREATED, Json({name} {{ id, org: org.0, is: input }})))\n",
            checks(resource, "input"),
            tell(resource, "id"),
        ),
        Operation::Update => format!(
            "    if input.reason.is_empty() {{\n        return Err(ApiError::Invalid(\"reason\"));\n    }}\n{}\
             \x20   let was = app.find(\"{path}\", id).await?;\n    let now = app.insert(\"{path}\", &input.to).await?;\n{}\
             \x20   let id = was[\"id\"].as_u64().unwrap_or(now);\n    Ok(Json({name} {{ id, org: org.0, is: input.to }}))\n",
            checks(resource, "input.to"),
            tell(resource, "now"),
        ),
        Operation::Step => format!(
            "    app.find(\"{path}\", id).await?;\n{}    app.insert(\"{path}-step\", &(id, step, org.0)).await?;\n    Ok(StatusCode::NO_CONTENT)\n",
            tell(resource, "step"),
        ),
        Operation::Batch => batch(resource),
        Operation::Estimate => format!(
            "    let id = input.title.len() as u64;\n    Json({name} {{ id, org: 0, is: input }})\n"
        ),
    }
}

fn batch(resource: &Resource) -> String {
    let Resource { name, path, .. } = resource;
    format!(
        "    app.find(\"{path}\", id).await?;\n    let mut made = Vec::new();\n\
         \x20   for line in input.into_iter().take(choice.limit.unwrap_or(100)) {{\n\
         {}        let id = match choice.dry_run {{\n            Some(true) => 0,\n            _ => app.insert(\"{path}-line\", &line).await?,\n        }};\n\
         \x20       made.push({name} {{ id, org: org.0, is: line }});\n    }}\n{}\
         \x20   Ok((StatusCode::CREATED, Json(made)))\n",
        indented(&checks(resource, "line")),
        tell(resource, "made.len()"),
    )
}

/// Refusals of fields, where there is more than little to do.
fn checks(resource: &Resource, value: &str) -> String {
    let fields = resource
        .fields
        .iter()
        .filter(|_| resource.work != Work::Little);
    fields.fold(String::new(), |mut text, (field, ty)| {
        let wrong = match *ty {
            "String" => format!("{value}.{field}.is_empty()"),
            "Vec<String>" => format!("{value}.{field}.iter().any(String::is_empty)"),
            "Option<String>" => format!("{value}.{field}.as_deref().is_some_and(str::is_empty)"),
            "u64" | "u32" => format!("{value}.{field} == 0"),
            _ => return text,
        };
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "    if {wrong} {{\n        return Err(ApiError::Invalid(\"{field}\"));\n    }}\n"
        );
        text
    })
}

/// Words to others, where there is much to do.
fn tell(resource: &Resource, what: &str) -> String {
    if resource.work != Work::Much {
        return String::new();
    }
    let path = &resource.path;
    format!(
        "    for word in [\"made\", \"sent\"] {{\n        app.notify(org.0, &format!(\"{path} {{word}}: {{}}\", {what})).await?;\n    }}\n\
         \x20   if let Err(ApiError::Invalid(field)) = app.notify(org.0, \"{path}\").await {{\n        return Err(ApiError::Invalid(field));\n    }}\n"
    )
}

fn indented(text: &str) -> String {
    text.lines()
        .fold(String::new(), |text, line| text + "    " + line + "\n")
}
