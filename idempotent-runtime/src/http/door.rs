//! What a framework has to do for the HTTP core.

use bytes::Bytes;

use super::Answer;
use crate::outcome::Disposition;
use crate::refusal::Code;

/// A framework, as far as the core asks it for anything. It decides nothing.
pub trait Door: Sized + 'static {
    /// The framework's response.
    type Response: 'static;

    /// The application's envelope for refusals, and what it is given of one request.
    type Envelope: 'static;

    /// A response that is being read.
    type Reading: Future<Output = Read<Self::Response>> + Unpin;

    /// Makes a response.
    fn write(answer: &Answer<'_>) -> Self::Response;

    /// Makes a response of a refusal in the application's envelope.
    fn write_refusal(envelope: &Self::Envelope, code: Code, key: Option<&str>) -> Self::Response;

    /// Reads a response's body to its end, up to so many bytes. Whatever was read stays in the response. A body may be the
    /// handler's, so nothing of it is polled before the future is.
    fn read(response: Self::Response, at_most: usize) -> Self::Reading;

    /// The response without its body.
    fn without_body(response: Self::Response) -> Self::Response;

    fn status(response: &Self::Response) -> u16;

    fn set_status(response: &mut Self::Response, status: u16);

    /// Shows every header, whose name is in lower case, in its order.
    fn each_header<'r>(response: &'r Self::Response, show: &mut dyn FnMut(&'r str, &'r [u8]));

    /// Sets a header in place of those of its name. The name is in lower case, and valid, as the value is.
    fn set_header(response: &mut Self::Response, name: &str, value: &str);

    fn has_header(response: &Self::Response, name: &str) -> bool;
}

/// A handler's answer: its response, and what its type says of it.
#[derive(Debug)]
pub struct Reply<R> {
    pub(crate) response: R,
    pub(crate) declared: Option<Disposition>,
}

impl<R> Reply<R> {
    /// A reply whose status says what it means.
    pub(crate) fn undeclared(response: R) -> Self {
        Self {
            response,
            declared: None,
        }
    }
}

/// A response that was read.
#[derive(Debug)]
pub struct Read<R> {
    /// With all of its body.
    pub(crate) response: R,
    pub(crate) body: Whole,
}

/// A response's body, as far as it was read.
#[derive(Debug)]
pub enum Whole {
    Kept(Bytes),
    TooLarge,
    /// It broke off.
    Broken(Box<dyn std::error::Error>),
}
