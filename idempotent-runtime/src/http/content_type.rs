//! What a body is by its `Content-Type`.

/// Whether it is a form by name.
pub(crate) fn is_form(content_type: Option<&str>) -> bool {
    essence(content_type).eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Whether it is a form in several parts.
pub(crate) fn is_multipart_form(content_type: Option<&str>) -> bool {
    let start = content_type.and_then(|it| it.get(.."multipart/form-data".len()));
    start.is_some_and(|start| start.eq_ignore_ascii_case("multipart/form-data"))
}

/// Whether it is a stream of server-sent events.
pub(crate) fn is_event_stream(content_type: Option<&str>) -> bool {
    essence(content_type).eq_ignore_ascii_case("text/event-stream")
}

/// Whether a body of this type may be one with fields. One without a type may.
pub(crate) fn may_hold_fields(content_type: Option<&str>) -> bool {
    if content_type.is_none() || is_form(content_type) {
        return true;
    }
    let essence = essence(content_type);
    let json = essence
        .len()
        .checked_sub("+json".len())
        .and_then(|start| essence.get(start..));
    essence.eq_ignore_ascii_case("application/json")
        || json.is_some_and(|suffix| suffix.eq_ignore_ascii_case("+json"))
}

/// The type without its parameters.
fn essence(content_type: Option<&str>) -> &str {
    content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_forms_hold_fields() {
        for held in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/vnd.api+json",
            "application/x-www-form-urlencoded",
        ] {
            assert!(may_hold_fields(Some(held)), "{held}");
        }
        assert!(may_hold_fields(None));
        for not in [
            "text/plain",
            "+",
            "application/jsonl",
            "multipart/form-data",
            "",
        ] {
            assert!(!may_hold_fields(Some(not)), "{not}");
        }
    }

    #[test]
    fn a_multipart_form_is_known_by_its_type() {
        assert!(is_multipart_form(Some("Multipart/Form-Data; boundary=x")));
        assert!(!is_multipart_form(Some("multipart/mixed")));
        assert!(!is_multipart_form(None));
    }
}
