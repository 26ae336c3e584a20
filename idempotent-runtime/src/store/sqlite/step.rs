//! Steps on their way through the writer, while their callers wait.

use tokio::sync::oneshot;

use super::error::BatchFailure;
use super::pages::Start;
use crate::clock::Timestamp;
use crate::identity::RecordId;
use crate::store::transition::{Change, Row};
use crate::store::{List, Page, StoreError};

/// Where the caller of a step waits.
pub(super) type Reply<A> = oneshot::Sender<Result<A, StoreError>>;

/// Whether a step may change its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// A step whose type of answer is hidden, so a batch can hold all types.
pub(super) trait Step: Send {
    fn record(&self) -> RecordId;

    fn access(&self) -> Access;

    /// Decides what becomes of the row and keeps the answer until it is known to be written.
    fn decide(&mut self, row: Result<Option<&Row>, StoreError>, now: Timestamp) -> Change;

    /// Tells the caller. A caller that left needs no answer.
    fn answer(self: Box<Self>, failure: Option<StoreError>);
}

/// What a message to the writer asks for.
pub(super) enum Message {
    Step(Box<dyn Step>),
    List(Listing),
    Sweep(Sweep),
    /// Finish what was asked for before, accept nothing more, and close the file.
    Close(oneshot::Sender<()>),
}

/// Reads a page of a listing.
pub(super) struct Listing {
    pub(super) list: List,
    pub(super) start: Start,
    pub(super) page: Page,
    pub(super) reply: Reply<Page>,
}

impl Listing {
    pub(super) fn answer(self, failure: Option<&BatchFailure>) {
        let answer = failure.map_or(Ok(self.page), |failure| Err(failure.to_store_error()));
        // The caller may have left.
        let _ = self.reply.send(answer);
    }
}

/// Removes rows that may go.
pub(super) struct Sweep {
    pub(super) limit: usize,
    pub(super) swept: usize,
    pub(super) reply: Reply<usize>,
}

impl Sweep {
    pub(super) fn answer(self, failure: Option<&BatchFailure>) {
        let answer = failure.map_or(Ok(self.swept), |failure| Err(failure.to_store_error()));
        // The caller may have left.
        let _ = self.reply.send(answer);
    }
}

/// A step that `decide` decides.
pub(super) struct Pending<A, F> {
    record: RecordId,
    access: Access,
    decide: Option<F>,
    answer: Option<Result<A, StoreError>>,
    reply: Reply<A>,
}

impl<A, F> Pending<A, F>
where
    A: Send + 'static,
    F: FnOnce(Option<&Row>, Timestamp) -> (Change, A) + Send + 'static,
{
    /// The message that asks for a step, and where its answer will arrive.
    pub(super) fn message(
        record: RecordId,
        access: Access,
        decide: F,
    ) -> (Message, oneshot::Receiver<Result<A, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        let step = Self {
            record,
            access,
            decide: Some(decide),
            answer: None,
            reply,
        };
        (Message::Step(Box::new(step)), answer)
    }
}

impl<A, F> Step for Pending<A, F>
where
    A: Send + 'static,
    F: FnOnce(Option<&Row>, Timestamp) -> (Change, A) + Send + 'static,
{
    fn record(&self) -> RecordId {
        self.record
    }

    fn access(&self) -> Access {
        self.access
    }

    fn decide(&mut self, row: Result<Option<&Row>, StoreError>, now: Timestamp) -> Change {
        let Some(decide) = self.decide.take() else {
            return Change::Keep;
        };
        match row {
            Ok(row) => {
                let (change, answer) = decide(row, now);
                self.answer = Some(Ok(answer));
                change
            }
            Err(error) => {
                self.answer = Some(Err(error));
                Change::Keep
            }
        }
    }

    fn answer(self: Box<Self>, failure: Option<StoreError>) {
        if let Some(answer) = failure.map(Err).or(self.answer) {
            let _ = self.reply.send(answer);
        }
    }
}
