//! The parts of a multipart form.
//!
//! Clients choose a new boundary for every request, so the bytes of two equal forms differ.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;

use super::Part;

/// A body that cannot be read as the form that its `Content-Type` says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl From<multer::Error> for Malformed {
    fn from(_: multer::Error) -> Self {
        Self
    }
}

/// The parts of a form, in their order; `None` if the body holds something beside them.
pub(crate) async fn parts_of(
    content_type: &str,
    body: Bytes,
) -> Result<Option<Vec<Part>>, Malformed> {
    let boundary = multer::parse_boundary(content_type)?;
    let is_all_form = is_all_form(&body, &boundary);
    let body = stream::once(std::future::ready(Ok::<_, Infallible>(body)));
    let mut form = Multipart::new(body, boundary);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await? {
        let mut part = Part {
            name: field.name().map(str::to_owned),
            file_name: field.file_name().map(str::to_owned),
            content_type: field.content_type().map(ToString::to_string),
            content: Bytes::new(),
        };
        part.content = field.bytes().await?;
        parts.push(part);
    }
    Ok(is_all_form.then_some(parts))
}

/// Whether nothing stands before the first part or behind the last: a form's reader passes over it, and another reader
/// of the same bytes might not.
fn is_all_form(body: &[u8], boundary: &str) -> bool {
    let delimiter = format!("--{boundary}");
    let close = format!("--{boundary}--");
    let body = body.strip_prefix(b"\r\n").unwrap_or(body);
    let end = body
        .windows(close.len())
        .position(|window| window == close.as_bytes());
    body.starts_with(delimiter.as_bytes())
        && end.is_some_and(|end| body[end + close.len()..].trim_ascii().is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn form(boundary: &str) -> (String, Bytes) {
        let body = [
            "--BOUNDARY",
            "Content-Disposition: form-data; name=\"note\"",
            "",
            "hello",
            "--BOUNDARY",
            "Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"",
            "Content-Type: text/csv",
            "",
            "a,b\r\nc",
            "--BOUNDARY--",
            "",
        ]
        .join("\r\n");
        (
            format!("multipart/form-data; boundary={boundary}"),
            body.replace("BOUNDARY", boundary).into(),
        )
    }

    async fn parts(boundary: &str) -> Option<Vec<Part>> {
        let (content_type, body) = form(boundary);
        parts_of(&content_type, body).await.unwrap()
    }

    #[tokio::test]
    async fn parts_do_not_depend_on_their_boundary() {
        let one = parts("one").await.unwrap();
        assert_eq!(one, parts("another-boundary").await.unwrap());
        assert_eq!(
            one[1],
            Part {
                name: Some("file".to_owned()),
                file_name: Some("a.csv".to_owned()),
                content_type: Some("text/csv".to_owned()),
                content: "a,b\r\nc".into(),
            }
        );
    }

    #[tokio::test]
    async fn what_stands_before_or_behind_a_form_makes_it_none() {
        let (content_type, body) = form("one");
        for changed in [
            [b"preamble\r\n".as_slice(), &body].concat(),
            [&*body, b"epilogue amount=1000"].concat(),
        ] {
            assert_eq!(parts_of(&content_type, changed.into()).await, Ok(None));
        }
        assert!(
            parts_of(
                &content_type,
                [b"\r\n".as_slice(), &body, b"\r\n"].concat().into()
            )
            .await
            .is_ok_and(|parts| parts.is_some())
        );
    }

    #[tokio::test]
    async fn what_is_no_whole_form_has_no_parts() {
        let (content_type, body) = form("one");
        for (content_type, body) in [
            ("multipart/form-data", body.clone()),
            ("application/json", body.clone()),
            (content_type.as_str(), body.slice(..body.len() - 10)),
        ] {
            assert_eq!(parts_of(content_type, body).await, Err(Malformed));
        }
    }
}
