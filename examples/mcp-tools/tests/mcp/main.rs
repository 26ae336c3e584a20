//! The server as an MCP client sees it: rmcp's, over stdio and over streamable HTTP.

#![allow(clippy::unwrap_used)]

mod clients;
mod contract;
mod held;
mod sessions;
