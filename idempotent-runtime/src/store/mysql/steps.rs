//! The steps of the store: what each sends, and what its caller is told.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::arguments::{Argument, Statement};
use super::error::{NoAutocommit, after_a_try};
use super::rows;
use super::statements::Statements;
use super::survives::{self, Settings};
use super::wire::Wire;
use crate::identity::RecordId;
use crate::store::columns::{claimed, millis};
use crate::store::sql::arguments::{held, of_claim, of_renewal};
use crate::store::sql::lane::Lane;
use crate::store::sql::steps::{KeptChanging, LOOKS, fence};
use crate::store::transition::{self, Change};
use crate::store::{Claim, Claimed, Fence, Record, Renewal, StoreError, Survives};

/// The most leases that one statement renews: so few that it takes only milliseconds.
const RENEWED_AT_ONCE: usize = 100;

/// What all clones share.
pub(super) struct Shared {
    pub(super) wire: Wire,
    pub(super) statements: Statements,
}

impl Shared {
    pub(super) fn new(wire: Wire, statements: Statements) -> Self {
        Self { wire, statements }
    }

    /// The first value of every statement.
    fn time(&self) -> Argument {
        Argument::Int(self.wire.given_time())
    }

    /// The values of a statement, after the time.
    pub(super) fn values(&self, values: impl IntoIterator<Item = Argument>) -> Vec<Argument> {
        std::iter::once(self.time()).chain(values).collect()
    }

    /// The values of claims and withdrawals.
    fn claim_values(&self, claim: &Claim) -> Vec<Argument> {
        let mut values = Vec::with_capacity(12);
        values.push(self.time());
        values.extend(of_claim(claim));
        values.push(Argument::Int(claim.keep_after(0).map(millis)));
        values.push(Argument::text(claim.label.namespace()));
        values.push(Argument::text(claim.label.operation()));
        values
    }

    /// A claim is several statements in one text. Nothing is locked between two of them, and the last one shows the
    /// result.
    pub(super) async fn claim(&self, claim: Claim) -> Result<Claimed, StoreError> {
        let mut values = self.claim_values(&claim);
        for look in 0..LOOKS {
            values[0] = self.time();
            let answer = self
                .wire
                .ask_as_text(Lane::Claims, &self.statements.claim, &values)
                .await
                .map_err(|error| after_a_try(error, look > 0))?;
            let Some(row) = answer.rows.last() else {
                continue;
            };
            let (now, row) = rows::read(row)?;
            // Only a lease that has just begun counts: if the row lapsed after the look, it was not taken.
            if row.attempt == claim.attempt && row.is_removable(now) && !claim.lease.is_zero() {
                continue;
            }
            if let Some(claimed) = claimed(Some(&row), &claim, now) {
                return Ok(claimed);
            }
        }
        self.kept_changing(Lane::Claims).await
    }

    /// Like a claim. If the row at the end isn't one that a withdrawal leaves as it is, others came between.
    pub(super) async fn withdraw(&self, claim: Claim) -> Result<Fence, StoreError> {
        let mut values = self.claim_values(&claim);
        for look in 0..LOOKS {
            values[0] = self.time();
            let answer = self
                .wire
                .ask_as_text(Lane::Attempts, &self.statements.withdraw, &values)
                .await
                .map_err(|error| after_a_try(error, look > 0))?;
            let Some(row) = answer.rows.last() else {
                continue;
            };
            let (now, row) = rows::read(row)?;
            if let (Change::Keep, fence) = transition::withdraw(Some(&row), &claim, now) {
                return Ok(fence);
            }
        }
        self.kept_changing(Lane::Attempts).await
    }

    /// If the session doesn't commit by itself, a claim writes nothing and finds nothing.
    async fn kept_changing<T>(&self, lane: Lane) -> Result<T, StoreError> {
        let question = Statement::new("SELECT @@autocommit".to_owned());
        match self.wire.number(lane, &question).await? {
            0 => Err(StoreError::not_sent(NoAutocommit)),
            _ => Err(StoreError::unknown(KeptChanging)),
        }
    }

    /// A step that changes a row if the attempt holds it.
    pub(super) async fn fenced(
        &self,
        statement: fn(&Statements) -> &Statement,
        mut values: Vec<Argument>,
    ) -> Result<Fence, StoreError> {
        values.insert(0, self.time());
        let statement = statement(&self.statements);
        let answer = self.wire.ask(Lane::Attempts, statement, &values).await?;
        Ok(fence(answer.affected))
    }

    pub(super) async fn renew(&self, renewal: Renewal) -> Result<Fence, StoreError> {
        let mut values = held(renewal.record, renewal.attempt);
        values.push(Argument::int(millis(renewal.lease)));
        self.fenced(|it| &it.renew, values).await
    }

    /// Renews in one statement. If it found fewer rows than it should renew, each is sent by itself, which renews
    /// those that are held once more.
    pub(super) async fn renew_all(&self, renewals: Vec<Renewal>) -> Vec<Result<Fence, StoreError>> {
        let mut answers = Vec::with_capacity(renewals.len());
        for some in renewals.chunks(RENEWED_AT_ONCE) {
            answers.extend(self.renew_some(some).await);
        }
        answers
    }

    async fn renew_some(&self, renewals: &[Renewal]) -> Vec<Result<Fence, StoreError>> {
        // In the order of the primary key, in which others lock rows too. If two are for one record, each is sent by
        // itself.
        let mut sorted: Vec<_> = renewals.iter().collect();
        sorted.sort_by_key(|it| it.record);
        let arguments = sorted.into_iter().flat_map(of_renewal);
        let values = self.values(arguments);
        let statement = self.statements.many.renew(renewals.len());
        // As text, because every number of renewals has a statement of its own.
        let renewed = match self
            .wire
            .ask_as_text(Lane::Attempts, &statement, &values)
            .await
        {
            Ok(answer) => answer.affected,
            Err(error) => return failed_alike(error, renewals.len()),
        };
        if usize::try_from(renewed) == Ok(renewals.len()) {
            return renewals.iter().map(|_| Ok(Fence::Held)).collect();
        }
        let mut answers = Vec::with_capacity(renewals.len());
        for renewal in renewals {
            let answer = self.renew(*renewal).await;
            answers.push(answer.map_err(|error| after_a_try(error, true)));
        }
        answers
    }

    pub(super) async fn load(&self, record: RecordId) -> Result<Option<Record>, StoreError> {
        let values = self.values([Argument::bytes(record.as_bytes())]);
        let answer = self
            .wire
            .ask(Lane::Claims, &self.statements.load, &values)
            .await?;
        let row = answer.rows.last().map(rows::read).transpose()?;
        Ok(row.and_then(|(now, row)| transition::load(Some(&row), now)))
    }

    pub(super) async fn survives(&self) -> Result<Survives, StoreError> {
        let question = Statement::new(survives::SETTINGS.to_owned());
        let answer = self.wire.ask_as_text(Lane::Claims, &question, &[]).await?;
        let settings = Settings::read(&answer.rows).map_err(StoreError::corrupt)?;
        Ok(survives::judge(&settings))
    }
}

/// The same error for all steps that were sent together.
fn failed_alike(error: StoreError, length: usize) -> Vec<Result<Fence, StoreError>> {
    let kind = if error.is_not_sent() {
        StoreError::not_sent
    } else {
        StoreError::unknown
    };
    let error = Arc::new(error);
    (0..length)
        .map(|_| Err(kind(Together(Arc::clone(&error)))))
        .collect()
}

/// Why steps failed that were sent together.
#[derive(Debug)]
struct Together(Arc<StoreError>);

impl Together {
    fn cause(&self) -> &(dyn Error + 'static) {
        self.0.source().unwrap_or(&*self.0)
    }
}

impl fmt::Display for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.cause(), f)
    }
}

impl Error for Together {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().source()
    }
}
