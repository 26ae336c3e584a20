//! What stands before a body in a tuple.
//!
//! A tuple's type is asked for its parts one by one. What implements [`IntoResponseParts`] can be a part, and so can a status,
//! which doesn't. No trait can say both of all types at once, because axum could implement the one for the other; so methods
//! are looked for on a [`PartProbe`] first, and then on what it dereferences to.

// What is found by calling a method is its own type alone.
#![allow(clippy::unused_self)]

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use axum::Extension;
use axum::response::{AppendHeaders, IntoResponse, IntoResponseParts, Response};
use http::{HeaderMap, StatusCode};

use crate::axum::witness::Part;

/// A part of a response that comes before its body in a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand before a body that is replayed",
    label = "not a `ReplayPart`",
    note = "a status, headers, an `Extension`, cookies, and whatever else implements `IntoResponseParts` can"
)]
pub trait ReplayPart {
    /// Puts it on the response of what comes behind it.
    fn apply(self, response: Response) -> Response;
}

macro_rules! parts {
    ($([$($generics:tt)*] $ty:ty),* $(,)?) => {$(
        impl<$($generics)*> ReplayPart for $ty
        where
            (Self, Response): IntoResponse,
        {
            fn apply(self, response: Response) -> Response {
                (self, response).into_response()
            }
        }
    )*};
}

parts! {
    [] StatusCode,
    [] HeaderMap,
    [K, V, const N: usize] [(K, V); N],
    [I] AppendHeaders<I>,
    [T] Extension<T>,
}

/// Asks of a type how it can be a part.
pub struct PartProbe<P>(OfKnownPart<P>);

/// What is asked next: whether axum takes it as a part.
pub struct OfKnownPart<P>(OfAnyPart<P>);

/// What is asked last.
pub struct OfAnyPart<P>(PhantomData<fn() -> P>);

impl<P> PartProbe<P> {
    /// The probe for a type.
    pub const NEW: Self = Self(OfKnownPart(OfAnyPart(PhantomData)));
}

impl<P> Deref for PartProbe<P> {
    type Target = OfKnownPart<P>;

    fn deref(&self) -> &OfKnownPart<P> {
        &self.0
    }
}

impl<P> Deref for OfKnownPart<P> {
    type Target = OfAnyPart<P>;

    fn deref(&self) -> &OfAnyPart<P> {
        &self.0
    }
}

impl<P: ReplayPart> PartProbe<P> {
    /// The witness for a part that is known here.
    pub fn part(&self) -> KnownPart {
        KnownPart
    }
}

impl<P: IntoResponseParts> OfKnownPart<P> {
    /// The witness for a part that axum takes.
    pub fn part(&self) -> TakenPart {
        TakenPart
    }
}

impl<P> OfAnyPart<P> {
    /// It is none.
    pub fn part(&self) -> KnownPart {
        KnownPart
    }
}

/// A part that is known here, or should be.
#[derive(Clone, Copy, Debug)]
pub struct KnownPart;

/// A part that axum takes.
#[derive(Clone, Copy, Debug)]
pub struct TakenPart;

impl KnownPart {
    /// The witness.
    pub fn witness<P: ReplayPart>(self) -> Part<P> {
        Part::new(P::apply)
    }
}

impl TakenPart {
    /// The witness.
    pub fn witness<P: IntoResponseParts>(self) -> Part<P> {
        Part::new(|part, response| (part, response).into_response())
    }
}

macro_rules! opaque_debug {
    ($($ty:ident),*) => {$(
        impl<P> fmt::Debug for $ty<P> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($ty))
            }
        }
    )*};
}

opaque_debug!(PartProbe, OfKnownPart, OfAnyPart);
