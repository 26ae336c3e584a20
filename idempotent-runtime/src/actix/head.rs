//! A request's head for the HTTP core.

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;

use crate::http::{Head, Line, PathParameter};

/// The head of a request that actix-web routed.
pub(super) struct ActixHead<'r> {
    request: &'r HttpRequest,
    template: Option<String>,
}

impl<'r> ActixHead<'r> {
    pub(super) fn new(request: &'r HttpRequest) -> Self {
        Self {
            template: request.match_pattern(),
            request,
        }
    }
}

impl Head for ActixHead<'_> {
    fn method(&self) -> &str {
        self.request.method().as_str()
    }

    fn path(&self) -> &str {
        self.request.uri().path()
    }

    fn query(&self) -> Option<&str> {
        self.request.uri().query()
    }

    fn template(&self) -> Option<&str> {
        self.template.as_deref()
    }

    fn header(&self, name: &str) -> Line<'_> {
        let mut lines = self.request.headers().get_all(name);
        match (lines.next(), lines.next()) {
            (None, _) => Line::None,
            (Some(line), None) => Line::One(line.as_bytes()),
            (Some(_), Some(_)) => Line::Several,
        }
    }

    fn path_parameter(&self, name: &str) -> PathParameter<'_> {
        match self.request.match_info().get(name) {
            None => PathParameter::None,
            // The router has decoded everything but `%`, `/` and `+`.
            Some(value) => percent_decode_str(value)
                .decode_utf8()
                .map_or(PathParameter::NotText, PathParameter::Text),
        }
    }
}
