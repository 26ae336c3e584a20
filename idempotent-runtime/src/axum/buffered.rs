//! Finds out what a buffered response's type says about itself, under `response = buffer`.
//!
//! A type that implements [`Replay`] says what it means for the work. Under `response = buffer` any response is taken, so
//! this asks whether a type implements it without demanding it. Methods are looked for on the [`Probe`] first, and then
//! on what it dereferences to: the first whose bounds hold is called.

// What is found by calling a method is its own type alone.
#![allow(clippy::unused_self)]

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use axum::response::IntoResponse;

use super::replay::Replay;
use super::witness::{AnyResponse, Replayable, need_replay};

/// Asks of a type what it can say.
pub struct Probe<T>(OfResult<T>);

/// What is asked next: of a `Result`, whether its error can.
pub struct OfResult<T>(OfAny<T>);

/// What is asked last.
pub struct OfAny<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    /// The probe for a type.
    pub const NEW: Self = Self(OfResult(OfAny(PhantomData)));
}

impl<T> Deref for Probe<T> {
    type Target = OfResult<T>;

    fn deref(&self) -> &OfResult<T> {
        &self.0
    }
}

impl<T> Deref for OfResult<T> {
    type Target = OfAny<T>;

    fn deref(&self) -> &OfAny<T> {
        &self.0
    }
}

impl<T: Replay> Probe<T> {
    /// The type says what it means.
    pub fn kind(&self) -> Says {
        Says
    }
}

impl<T: IntoResponse, E: Replay> OfResult<Result<T, E>> {
    /// The error says what it means, and the success is any response.
    pub fn kind(&self) -> ErrorSays {
        ErrorSays
    }
}

impl<T> OfAny<T> {
    /// The type says nothing: its status does.
    pub fn kind(&self) -> SaysNothing {
        SaysNothing
    }
}

/// A type that says what it means.
#[derive(Clone, Copy, Debug)]
pub struct Says;

/// A `Result` whose error says what it means.
#[derive(Clone, Copy, Debug)]
pub struct ErrorSays;

/// A type that says nothing.
#[derive(Clone, Copy, Debug)]
pub struct SaysNothing;

impl Says {
    /// The witness for the type.
    pub fn buffered<T: Replay>(self) -> Replayable<T> {
        need_replay()
    }
}

impl ErrorSays {
    /// The witness for the `Result`.
    pub fn buffered<R: Either>(self) -> Replayable<R> {
        Replayable::new(R::into_response, R::error_says)
    }
}

/// A `Result` whose error says what it means.
pub trait Either: IntoResponse {
    /// What the error says, if it is one.
    fn error_says(&self) -> Option<crate::outcome::Disposition>;
}

impl<T: IntoResponse, E: Replay> Either for Result<T, E> {
    fn error_says(&self) -> Option<crate::outcome::Disposition> {
        self.as_ref().err().and_then(Replay::disposition)
    }
}

impl SaysNothing {
    /// The witness for the type, if it is a response at all.
    pub fn buffered<T: AnyResponse>(self) -> Replayable<T> {
        any_response()
    }
}

/// The witness for a type that cannot be written.
pub fn any_response<T: IntoResponse>() -> Replayable<T> {
    Replayable::new(T::into_response, |_| None)
}

impl<T> fmt::Debug for Probe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

impl<T> fmt::Debug for OfResult<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfResult")
    }
}

impl<T> fmt::Debug for OfAny<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfAny")
    }
}
