//! What an endpoint is called: the part of a record's identity that says which work a key is for.

use std::borrow::Cow;

use crate::digest::Secret;
use crate::fingerprint::Fingerprint;
use crate::identity::{Origin, RecordId};
use crate::policy::Operation;
use crate::scope::Scope;

/// The name of an operation, as it is hashed into a record's id and as its label shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OperationName<'a> {
    /// Empty for an operation with a name of its own. No method is empty, so neither can be taken for the other.
    method: Cow<'a, str>,
    name: Cow<'a, str>,
}

impl OperationName<'static> {
    /// An operation with a name of its own.
    pub(crate) fn named(name: &'static str) -> Self {
        Self {
            method: Cow::Borrowed(""),
            name: Cow::Borrowed(name),
        }
    }
}

impl OperationName<'_> {
    #[cfg(feature = "web")]
    /// The same, apart from the request.
    pub(crate) fn into_owned(self) -> OperationName<'static> {
        OperationName {
            method: Cow::Owned(self.method.into_owned()),
            name: Cow::Owned(self.name.into_owned()),
        }
    }
}

impl<'a> OperationName<'a> {
    /// The operation of a request by this method to this path, for which the router found this template.
    pub(crate) fn of(
        operation: Operation,
        method: &'a str,
        template: Option<&'a str>,
        path: &'a str,
    ) -> Self {
        match (operation, template) {
            (Operation::Named(name), _) => OperationName::named(name),
            (Operation::Route, Some(template)) => Self {
                method: Cow::Borrowed(method),
                name: without_names(template),
            },
            (Operation::Route, None) | (Operation::Path, _) => Self {
                method: Cow::Borrowed(method),
                name: Cow::Borrowed(path),
            },
        }
    }

    /// The two parts that are hashed.
    fn parts(&self) -> [&[u8]; 2] {
        [self.method.as_bytes(), self.name.as_bytes()]
    }

    /// The id of the record for this key. Under `mismatch = separate` every request is an operation of its own: then it is
    /// told apart by its fingerprint.
    pub(crate) fn record(
        &self,
        secret: Option<&Secret>,
        namespace: &str,
        origin: Origin,
        scope: &Scope,
        key: &str,
        separate: Option<&Fingerprint>,
    ) -> RecordId {
        let [method, name] = self.parts();
        let separate = separate.map(|it| it.as_bytes().as_slice());
        let operation: Vec<&[u8]> = [Some(method), Some(name), separate]
            .into_iter()
            .flatten()
            .collect();
        RecordId::new(secret, namespace, origin, scope, &operation, key)
    }

    /// The name in clear text, such as `POST /orders/{}`.
    pub(crate) fn text(&self) -> String {
        if self.method.is_empty() {
            return self.name.to_string();
        }
        format!("{} {}", self.method, self.name)
    }
}

/// A route template without its parameters' names, which are the handler's business: `/orders/{org}` and
/// `/orders/{org_id}` match the same requests.
///
/// `{name}` becomes `{}`, and `{*rest}`, which matches any number of segments, becomes `{*}`. A parameter's pattern stays,
/// since it decides what is matched: `{id:\d{4}}` becomes `{:\d{4}}`. `{{` and `}}` are braces of the path itself and stay.
fn without_names(template: &str) -> Cow<'_, str> {
    if !template.contains('{') {
        return Cow::Borrowed(template);
    }
    let mut blanked = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, from_brace) = rest.split_at(open);
        blanked.push_str(before);
        if let Some(behind) = from_brace.strip_prefix("{{") {
            blanked.push_str("{{");
            rest = behind;
            continue;
        }
        let Some(close) = closing(from_brace) else {
            // No router takes such a template.
            rest = from_brace;
            break;
        };
        let parameter = &from_brace[1..close];
        blanked.push('{');
        if parameter.starts_with('*') {
            blanked.push('*');
        } else if let Some(pattern) = parameter.find(':') {
            blanked.push_str(&parameter[pattern..]);
        }
        blanked.push('}');
        rest = &from_brace[close + 1..];
    }
    blanked.push_str(rest);
    Cow::Owned(blanked)
}

/// Where the brace closes that opens the text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' => {
                open = open.saturating_sub(1);
                if open == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameters_name_does_not_count() {
        for (template, expected) in [
            ("/orders", "/orders"),
            ("/orders/{org}/tasks", "/orders/{}/tasks"),
            ("/orders/{org_id}/tasks", "/orders/{}/tasks"),
            ("/{a}/{b}", "/{}/{}"),
            ("/files/{*rest}", "/files/{*}"),
            ("/files/{rest}", "/files/{}"),
            ("/files/{name}.json", "/files/{}.json"),
            ("/größe/{größe}/é", "/größe/{}/é"),
        ] {
            assert_eq!(without_names(template), expected, "{template}");
        }
    }

    #[test]
    fn a_parameters_pattern_counts() {
        for (template, expected) in [
            (r"/orders/{id:\d+}", r"/orders/{:\d+}"),
            (r"/orders/{number:\d{4}}/{org}", r"/orders/{:\d{4}}/{}"),
            ("/files/{tail}*", "/files/{}*"),
            ("/files/{tail:.*}", "/files/{:.*}"),
        ] {
            assert_eq!(without_names(template), expected, "{template}");
        }
    }

    #[test]
    fn escaped_braces_are_part_of_the_path() {
        for (template, expected) in [
            ("/{{org}}/tasks", "/{{org}}/tasks"),
            ("/{{{org}}}", "/{{{}}}"),
            ("/{{}}/{id}", "/{{}}/{}"),
            ("/a}}b/{id}", "/a}}b/{}"),
        ] {
            assert_eq!(without_names(template), expected, "{template}");
        }
        assert_ne!(without_names("/{{a}}"), without_names("/{{b}}"));
    }

    #[test]
    fn what_is_no_template_stays_as_it_is() {
        assert_eq!(without_names("/orders/{org"), "/orders/{org");
    }

    #[test]
    fn it_is_named_by_what_the_policy_says() {
        let name = |operation, template| {
            let name = OperationName::of(operation, "POST", template, "/orders/7");
            name.text()
        };
        let template = Some("/orders/{id}");
        assert_eq!(name(Operation::Route, template), "POST /orders/{}");
        assert_eq!(name(Operation::Route, None), "POST /orders/7");
        assert_eq!(name(Operation::Path, template), "POST /orders/7");
        assert_eq!(name(Operation::Named("orders"), template), "orders");
    }
}
