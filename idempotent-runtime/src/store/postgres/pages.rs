//! Steps that look at many records: listings and sweeps.

use super::arguments::Argument;
use super::layout::Layout;
use super::rows;
use super::steps::Shared;
use crate::identity::RecordId;
use crate::store::columns::millis;
use crate::store::sql::lane::Lane;
use crate::store::sql::pages::page;
use crate::store::{List, Page, StoreError, Which};

/// The most rows that one statement sweeps: so few that a claim of one of them waits for milliseconds.
const SWEEP_AT_ONCE: usize = 500;

/// How many rows a page looks at, if it may not hold more.
const LOOKED_AT: usize = 500;

impl Shared {
    pub(super) async fn list(&self, list: List) -> Result<Page, StoreError> {
        let looked_at = list.limit.clamp(LOOKED_AT, List::LARGEST_PAGE);
        let limit = Argument::count(looked_at);
        let (statement, values) = if let Which::ExpiringWithin(time) = list.which {
            let (at, record) = match list.after_moment()? {
                Some((at, record)) => (at.as_millis(), Some(record)),
                None => (i64::MIN, None),
            };
            let values = vec![
                id(record),
                Argument::int(at),
                Argument::int(millis(time)),
                limit,
            ];
            (&self.statements.list_expiring, values)
        } else {
            let is_running = matches!(list.which, Which::Abandoned | Which::RunningLongerThan(_));
            let statement = if is_running {
                &self.statements.list_running
            } else {
                &self.statements.list
            };
            (statement, vec![id(list.after_record()?), limit])
        };
        let rows = self.wire.fetch(Lane::Claims, statement, values).await?;
        page(
            &list,
            rows.len() < looked_at,
            rows.iter().map(rows::read_listed),
        )
    }

    pub(super) async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        if self.layout == Layout::PartitionedByDay {
            self.days().rotate().await?;
            return Ok(0);
        }
        let mut swept = 0;
        for statement in [&self.statements.sweep, &self.statements.sweep_lapsed] {
            while swept < limit {
                let at_once = SWEEP_AT_ONCE.min(limit - swept);
                let values = vec![Argument::count(at_once)];
                let removed = self.wire.execute(Lane::Claims, statement, values).await?;
                let removed = usize::try_from(removed).unwrap_or(usize::MAX);
                swept += removed;
                if removed < at_once {
                    break;
                }
            }
        }
        Ok(swept)
    }
}

/// The id behind which a page begins; no bytes come before every id.
fn id(after: Option<RecordId>) -> Argument {
    Argument::bytes(after.as_ref().map_or(&[][..], |it| it.as_bytes()))
}
