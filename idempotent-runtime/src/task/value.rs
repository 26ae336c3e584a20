//! Between a function's value and the outcome that a record keeps.

// What is found by calling a method is its own type alone.
#![allow(clippy::unused_self)]

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::outcome::{Headers, Outcome};

/// The status of a recorded value.
pub(super) const VALUE: u16 = 200;
/// The status of a recorded error: of unknown effect, unless its attribute says otherwise.
pub(super) const ERROR: u16 = 500;

/// A value that a record can keep.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded and given to a duplicate",
    label = "not a value that can be written and read back",
    note = "a recorded value implements `serde::Serialize` and `serde::de::DeserializeOwned`: derive both for a type of your own",
    note = "a borrowed value can't be read back: return an owned one"
)]
pub trait Recorded: Sized {
    /// Writes it.
    fn write(&self) -> Result<Vec<u8>, serde_json::Error>;
    /// Reads it back.
    fn read(bytes: &[u8]) -> Result<Self, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Recorded for T {
    fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

/// How a function's value is recorded, if it is.
pub struct Form<T> {
    write: Option<Write<T>>,
    read: Option<Read<T>>,
}

type Write<T> = fn(&T) -> Result<Vec<u8>, serde_json::Error>;
type Read<T> = fn(&[u8]) -> Result<T, serde_json::Error>;

impl<T> Form<T> {
    /// What a record keeps of it.
    pub(super) fn keep(&self, value: &T, status: u16) -> Kept {
        let Some(write) = self.write else {
            return Kept::Never;
        };
        match write(value) {
            Ok(body) => Kept::Outcome(Outcome::new(status, json(), Bytes::from(body))),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a value could not be written, so it is not kept; duplicates are refused"
                );
                Kept::Unwritable
            }
        }
    }

    /// The value that was recorded; `None` where it can't be read as this type.
    pub(super) fn value(&self, outcome: &Outcome) -> Option<T> {
        let read = self.read?;
        read(outcome.body())
            .inspect_err(|error| {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    "a recorded value can't be read as the type that the function returns now"
                );
            })
            .ok()
    }
}

fn json() -> Headers {
    // Two short texts.
    Headers::pack([("content-type", b"application/json".as_slice())]).unwrap_or_default()
}

/// The form of a value, which must be one.
pub fn need_recorded<T: Recorded>() -> Form<T> {
    Form {
        write: Some(T::write),
        read: Some(T::read),
    }
}

/// Asks of an error whether it can be recorded. Methods are looked for on this first, and then on what it dereferences to.
pub struct ErrorProbe<E>(AnyError<E>);

/// What is asked last.
pub struct AnyError<E>(PhantomData<fn() -> E>);

impl<E> ErrorProbe<E> {
    /// The probe for a type.
    pub const NEW: Self = Self(AnyError(PhantomData));
}

impl<E> Deref for ErrorProbe<E> {
    type Target = AnyError<E>;

    fn deref(&self) -> &AnyError<E> {
        &self.0
    }
}

impl<E: Recorded> ErrorProbe<E> {
    /// The error is recorded.
    pub fn form(&self) -> Form<E> {
        need_recorded()
    }
}

impl<E> AnyError<E> {
    /// The error gives the key back.
    pub fn form(&self) -> Form<E> {
        Form {
            write: None,
            read: None,
        }
    }
}

macro_rules! opaque_debug {
    ($($ty:ident),*) => {$(
        impl<T> fmt::Debug for $ty<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($ty))
            }
        }
    )*};
}

opaque_debug!(Form, ErrorProbe, AnyError);

/// What a function returns, as a record sees it.
pub trait Returns<R> {
    /// Its status, and what is kept of it.
    fn keep(&self, returned: &R) -> (u16, Kept);
    /// What was recorded.
    fn returned(&self, outcome: &Outcome) -> Option<R>;
}

/// What is kept of a returned value.
#[derive(Debug)]
pub enum Kept {
    /// This.
    Outcome(Outcome),
    /// Nothing, though it is recorded that it was done.
    Unwritable,
    /// Nothing, because its type can't be recorded: the key is given back.
    Never,
}

impl<T> Returns<T> for Form<T> {
    fn keep(&self, returned: &T) -> (u16, Kept) {
        (VALUE, Self::keep(self, returned, VALUE))
    }

    fn returned(&self, outcome: &Outcome) -> Option<T> {
        self.value(outcome)
    }
}

/// The form of a `Result`, each side of which has one.
#[derive(Debug)]
pub struct Sides<T, E> {
    ok: Form<T>,
    err: Form<E>,
}

/// The form of a `Result`.
pub fn need_result<T, E>(ok: Form<T>, err: Form<E>) -> Sides<T, E> {
    Sides { ok, err }
}

impl<T, E> Returns<Result<T, E>> for Sides<T, E> {
    fn keep(&self, returned: &Result<T, E>) -> (u16, Kept) {
        match returned {
            Ok(value) => (VALUE, self.ok.keep(value, VALUE)),
            Err(error) => (ERROR, self.err.keep(error, ERROR)),
        }
    }

    fn returned(&self, outcome: &Outcome) -> Option<Result<T, E>> {
        if outcome.status() == VALUE {
            self.ok.value(outcome).map(Ok)
        } else {
            self.err.value(outcome).map(Err)
        }
    }
}
