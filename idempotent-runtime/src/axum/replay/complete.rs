//! The types of axum whose bodies are complete.

use std::borrow::Cow;
use std::convert::Infallible;

use axum::extract::{multipart, rejection};
use axum::response::{
    AppendHeaders, ErrorResponse, Html, IntoResponse, NoContent, Redirect, Response,
};
use axum::{Form, Json};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::{Replay, ReplayPart};
use crate::outcome::Disposition;

macro_rules! complete_bodies {
    ($($(#[$attr:meta])* $ty:ty),* $(,)?) => {$(
        $(#[$attr])*
        impl Replay for $ty {}
    )*};
}

// A message that lists what can be replayed names a few types, not all; and of a tuple or an `Html` it says the whole,
// since each asks two things of what is in it.
complete_bodies! {
    StatusCode,
    String,
    Bytes,
    Response,
    #[diagnostic::do_not_recommend]
    (),
    #[diagnostic::do_not_recommend]
    NoContent,
    #[diagnostic::do_not_recommend]
    Redirect,
    #[diagnostic::do_not_recommend]
    HeaderMap,
    #[diagnostic::do_not_recommend]
    Infallible,
    #[diagnostic::do_not_recommend]
    &'static str,
    #[diagnostic::do_not_recommend]
    Box<str>,
    #[diagnostic::do_not_recommend]
    Cow<'static, str>,
    #[diagnostic::do_not_recommend]
    BytesMut,
    #[diagnostic::do_not_recommend]
    Vec<u8>,
    #[diagnostic::do_not_recommend]
    &'static [u8],
    #[diagnostic::do_not_recommend]
    Box<[u8]>,
    #[diagnostic::do_not_recommend]
    Cow<'static, [u8]>,
    #[diagnostic::do_not_recommend]
    rejection::JsonRejection,
    #[diagnostic::do_not_recommend]
    rejection::FormRejection,
    #[diagnostic::do_not_recommend]
    rejection::QueryRejection,
    #[diagnostic::do_not_recommend]
    rejection::PathRejection,
    #[diagnostic::do_not_recommend]
    rejection::BytesRejection,
    #[diagnostic::do_not_recommend]
    rejection::StringRejection,
    #[diagnostic::do_not_recommend]
    rejection::ExtensionRejection,
    #[diagnostic::do_not_recommend]
    rejection::RawFormRejection,
    #[diagnostic::do_not_recommend]
    rejection::RawPathParamsRejection,
    #[diagnostic::do_not_recommend]
    rejection::MatchedPathRejection,
    #[diagnostic::do_not_recommend]
    rejection::NestedPathRejection,
    #[diagnostic::do_not_recommend]
    rejection::FailedToBufferBody,
    #[diagnostic::do_not_recommend]
    rejection::LengthLimitError,
    #[diagnostic::do_not_recommend]
    rejection::UnknownBodyError,
    #[diagnostic::do_not_recommend]
    rejection::InvalidUtf8,
    #[diagnostic::do_not_recommend]
    rejection::JsonDataError,
    #[diagnostic::do_not_recommend]
    rejection::JsonSyntaxError,
    #[diagnostic::do_not_recommend]
    rejection::MissingJsonContentType,
    #[diagnostic::do_not_recommend]
    rejection::MissingExtension,
    #[diagnostic::do_not_recommend]
    rejection::MissingPathParams,
    #[diagnostic::do_not_recommend]
    rejection::InvalidFormContentType,
    #[diagnostic::do_not_recommend]
    rejection::FailedToDeserializeForm,
    #[diagnostic::do_not_recommend]
    rejection::FailedToDeserializeFormBody,
    #[diagnostic::do_not_recommend]
    rejection::FailedToDeserializeQueryString,
    #[diagnostic::do_not_recommend]
    rejection::FailedToDeserializePathParams,
    #[diagnostic::do_not_recommend]
    rejection::InvalidUtf8InPathParam,
    #[diagnostic::do_not_recommend]
    multipart::MultipartError,
    #[diagnostic::do_not_recommend]
    multipart::MultipartRejection,
}

#[diagnostic::do_not_recommend]
impl<const N: usize> Replay for [u8; N] {}
#[diagnostic::do_not_recommend]
impl<const N: usize> Replay for &'static [u8; N] {}
impl<T: Serialize> Replay for Json<T> {}
impl<T: Serialize> Replay for Form<T> {}

#[diagnostic::do_not_recommend]
impl<T> Replay for Html<T>
where
    T: Replay,
    Self: IntoResponse,
{
}

#[diagnostic::do_not_recommend]
impl<K, V, const N: usize> Replay for [(K, V); N] where Self: IntoResponse {}
#[diagnostic::do_not_recommend]
impl<I> Replay for AppendHeaders<I> where Self: IntoResponse {}

impl<T: Replay, E: Replay> Replay for Result<T, E> {
    fn disposition(&self) -> Option<Disposition> {
        match self {
            Ok(value) => value.disposition(),
            Err(error) => error.disposition(),
        }
    }
}

/// What `axum::response::Result<T>` is. The error may be any response, and says nothing but by its status.
#[diagnostic::do_not_recommend]
impl<T: Replay> Replay for Result<T, ErrorResponse> {
    fn disposition(&self) -> Option<Disposition> {
        self.as_ref().ok().and_then(Replay::disposition)
    }
}

macro_rules! parts_before_a_body {
    ($($part:ident),+) => {
        #[diagnostic::do_not_recommend]
        impl<$($part: ReplayPart,)+ R: Replay> Replay for ($($part,)+ R)
        where
            Self: IntoResponse,
        {
            fn disposition(&self) -> Option<Disposition> {
                let (.., body) = self;
                body.disposition()
            }
        }
    };
}

parts_before_a_body!(P1);
parts_before_a_body!(P1, P2);
parts_before_a_body!(P1, P2, P3);
parts_before_a_body!(P1, P2, P3, P4);
parts_before_a_body!(P1, P2, P3, P4, P5);
parts_before_a_body!(P1, P2, P3, P4, P5, P6);
parts_before_a_body!(P1, P2, P3, P4, P5, P6, P7);
parts_before_a_body!(P1, P2, P3, P4, P5, P6, P7, P8);
