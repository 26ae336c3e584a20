//! An MCP server whose tools can be called again after a lost answer.
//!
//! Agents retry. A model that gets no result calls the tool once more, and a post is published twice. Here every tool that
//! changes something takes an idempotency key and carries `#[idempotent]`, so the second call gets the first one's result.
//!
//! [`server`] is the MCP server, for any transport; [`http::app`] serves it over streamable HTTP.

mod app;
mod artifacts;
pub mod http;
mod json;
mod keyed;
mod organization;
mod refusal;
mod tools;
mod work;

pub use self::app::{App, OpenError};
pub use self::organization::Organization;
pub use self::refusal::advice;
pub use self::tools::Tools;
pub use self::work::{Held, Work};

/// The MCP server.
///
/// `caller` is who speaks where the transport is one caller's own, as stdio is. Over HTTP it is `None`: each request says
/// whose it is.
pub fn server(app: &App, caller: Option<Organization>) -> Tools {
    Tools::new(app.clone(), caller)
}
