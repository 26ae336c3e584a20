//! A request's payload, which every extractor of a handler gets from its beginning.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::dev;
use actix_web::error::PayloadError;
use bytes::{Bytes, BytesMut};
use futures_util::future::{FutureExt as _, LocalBoxFuture, Shared};
use futures_util::stream::{self, StreamExt as _};

use crate::refusal::Code;

/// A payload that is read when it is first asked for, and then kept.
#[derive(Clone)]
pub(super) struct SharedPayload {
    unread: Rc<RefCell<Option<dev::Payload>>>,
    read: Shared<LocalBoxFuture<'static, Result<Bytes, Unreadable>>>,
}

/// Why a payload could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    TooLarge,
    Broken,
}

impl SharedPayload {
    pub(super) fn new(payload: dev::Payload, limit: usize) -> Self {
        let unread = Rc::new(RefCell::new(Some(payload)));
        let taken = Rc::clone(&unread);
        let read = async move {
            let payload = taken.borrow_mut().take();
            match payload {
                Some(payload) => read(payload, limit).await,
                None => Err(Unreadable::Broken),
            }
        };
        Self {
            unread,
            read: read.boxed_local().shared(),
        }
    }

    /// Reads it to its end.
    pub(super) async fn read(&self) -> Result<Bytes, Code> {
        self.read.clone().await.map_err(|error| match error {
            Unreadable::TooLarge => Code::BodyTooLarge,
            Unreadable::Broken => Code::BodyUnreadable,
        })
    }

    /// The payload as it came, if nobody has read it; else one like it.
    pub(super) fn into_payload(self) -> dev::Payload {
        let unread = self.unread.borrow_mut().take();
        unread.unwrap_or_else(|| self.replayed())
    }

    /// A payload of the same bytes. It reads nothing before it is read itself.
    pub(super) fn replayed(&self) -> dev::Payload {
        let read = self.read.clone();
        let bytes = read.map(|read| {
            read.map_err(|error| match error {
                Unreadable::TooLarge => PayloadError::Overflow,
                Unreadable::Broken => PayloadError::Incomplete(None),
            })
        });
        dev::Payload::from(Box::pin(stream::once(bytes)) as Stream)
    }
}

type Stream = std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, PayloadError>>>>;

/// A payload of bytes that were read.
pub(super) fn payload_of(bytes: Bytes) -> dev::Payload {
    dev::Payload::from(bytes)
}

async fn read(mut payload: dev::Payload, limit: usize) -> Result<Bytes, Unreadable> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| Unreadable::Broken)?;
        if first.len().max(all.len()).saturating_add(piece.len()) > limit {
            return Err(Unreadable::TooLarge);
        }
        if first.is_empty() {
            first = piece;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&piece);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}
