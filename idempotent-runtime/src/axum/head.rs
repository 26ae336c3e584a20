//! A request's head for the HTTP core.

use std::borrow::Cow;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts as _, MatchedPath, OriginalUri, RawPathParams};
use futures_util::FutureExt as _;
use http::Uri;
use http::request::Parts;

use crate::http::{Head, Line, PathParameter};
use crate::policy::{KeySource, Policy};

/// The head of a request that axum routed.
pub(super) struct AxumHead<'p> {
    parts: &'p Parts,
    /// Where a policy asks for one of them.
    path_parameters: Option<Result<RawPathParams, RawPathParamsRejection>>,
}

impl<'p> AxumHead<'p> {
    pub(super) fn new(parts: &'p mut Parts, policy: &Policy) -> Self {
        let asks = |place: &KeySource| matches!(place, KeySource::Path(_));
        let path_parameters = policy.key.places().iter().any(asks).then(|| {
            // It waits for nothing, and is async as all extractors are.
            let extracted = RawPathParams::from_request_parts(parts, &()).now_or_never();
            extracted.unwrap_or_else(|| unreachable!("the parameters are in the request"))
        });
        Self {
            parts,
            path_parameters,
        }
    }

    /// The head once no key is looked for in it any more.
    pub(super) fn without_path_parameters(parts: &'p Parts) -> Self {
        Self {
            parts,
            path_parameters: None,
        }
    }

    pub(super) fn parts(&self) -> &Parts {
        self.parts
    }

    /// The URI as the client sent it.
    fn uri(&self) -> &Uri {
        let original = self.parts.extensions.get::<OriginalUri>();
        original.map_or(&self.parts.uri, |original| &original.0)
    }
}

impl Head for AxumHead<'_> {
    fn method(&self) -> &str {
        self.parts.method.as_str()
    }

    fn path(&self) -> &str {
        self.uri().path()
    }

    fn query(&self) -> Option<&str> {
        self.uri().query()
    }

    fn template(&self) -> Option<&str> {
        let route = self.parts.extensions.get::<MatchedPath>();
        route.map(MatchedPath::as_str)
    }

    fn header(&self, name: &str) -> Line<'_> {
        let mut lines = self.parts.headers.get_all(name).iter();
        match (lines.next(), lines.next()) {
            (None, _) => Line::None,
            (Some(line), None) => Line::One(line.as_bytes()),
            (Some(_), Some(_)) => Line::Several,
        }
    }

    fn path_parameter(&self, name: &str) -> PathParameter<'_> {
        match &self.path_parameters {
            Some(Ok(parameters)) => parameters
                .iter()
                .find(|(parameter, _)| *parameter == name)
                .map_or(PathParameter::None, |(_, value)| {
                    PathParameter::Text(Cow::Borrowed(value))
                }),
            Some(Err(RawPathParamsRejection::InvalidUtf8InPathParam(_))) => PathParameter::NotText,
            Some(Err(_)) | None => PathParameter::None,
        }
    }
}
