//! Claims, and taking them back.

use super::parts::{LOST, released};
use super::row::{Change, Phase, Row};
use crate::clock::Timestamp;
use crate::identity::AttemptId;
use crate::store::{Claim, Claimed, Extra, Fence, Takeover, Won};

/// Takes the row for the attempt that claims it, or says why it can't.
///
/// It checks expiry, then the fingerprint, then the state, then the lease. The attempt that holds the row wins again,
/// whatever its lease, and gets the same answer; its lease starts anew. The attempt that gave the row back is refused.
pub fn claim(row: Option<&Row>, claim: &Claim, now: Timestamp) -> (Change, Claimed) {
    if row.is_some_and(|row| gave_back(row, claim.attempt)) {
        return (Change::Keep, Claimed::Withdrawn);
    }
    let Some((row, record)) = row.and_then(|row| Some((row, row.to_record(now)?))) else {
        return won(anew(claim, now));
    };
    let Phase::Running {
        keep,
        taken_from,
        provisional,
        ..
    } = &row.phase
    else {
        return (Change::Keep, Claimed::Found(record));
    };
    if row.fingerprint != claim.fingerprint {
        return (Change::Keep, Claimed::Found(record));
    }
    let lease_until = now.saturating_add(claim.lease);
    if row.attempt == claim.attempt {
        return won(Row {
            phase: Phase::Running {
                lease_until,
                keep: *keep,
                taken_from: *taken_from,
                provisional: provisional.clone(),
            },
            ..row.clone()
        });
    }
    if !row.is_abandoned(now) || !takes_over(row, claim.takeover) {
        return (Change::Keep, Claimed::Found(record));
    }
    let abandoned = row.abandoned.saturating_add(1);
    won(Row {
        attempt: claim.attempt,
        abandoned,
        phase: Phase::Running {
            lease_until,
            keep: claim.keep_after(abandoned),
            taken_from: Some(row.attempt),
            provisional: provisional.clone(),
        },
        ..row.clone()
    })
}

fn takes_over(row: &Row, takeover: Takeover) -> bool {
    match takeover {
        Takeover::Never => false,
        Takeover::Abandoned => true,
        Takeover::From(seen) => seen == row.attempt,
        Takeover::UpTo(most) => row.abandoned.saturating_add(1) < most,
    }
}

/// Whether this attempt gave the row back.
fn gave_back(row: &Row, attempt: AttemptId) -> bool {
    row.attempt == attempt && matches!(row.phase, Phase::Released { .. })
}

/// The first row of a generation.
fn anew(claim: &Claim, now: Timestamp) -> Row {
    Row {
        fingerprint: claim.fingerprint,
        attempt: claim.attempt,
        label: claim.label.clone(),
        claimed_at: Some(now),
        generation: claim.attempt,
        abandoned: 0,
        phase: Phase::Running {
            lease_until: now.saturating_add(claim.lease),
            keep: claim.keep_after(0),
            taken_from: None,
            provisional: None,
        },
        extra: Extra::default(),
    }
}

fn won(row: Row) -> (Change, Claimed) {
    let (taken_from, provisional) = match &row.phase {
        Phase::Running {
            taken_from,
            provisional,
            ..
        } => (*taken_from, provisional.clone()),
        _ => (None, None),
    };
    let won = Won {
        generation: row.generation,
        abandoned: row.abandoned,
        taken_from,
        provisional,
    };
    (Change::Put(row), Claimed::Won(won))
}

/// Takes a claim back under which nothing ran, whether it took effect or not.
///
/// A row that the claim made is released. A row that it took over is abandoned again, and its attempt doesn't count as
/// abandoned. If the claim hasn't taken effect, this leaves the mark of its attempt, which refuses the claim if it
/// arrives later.
pub fn withdraw(row: Option<&Row>, claim: &Claim, now: Timestamp) -> (Change, Fence) {
    let Some(row) = row.filter(|row| !row.is_absent(now) || row.attempt == claim.attempt) else {
        let mark = released(&anew(claim, now), now);
        return (Change::Put(mark), Fence::Held);
    };
    if row.attempt != claim.attempt {
        return LOST;
    }
    match &row.phase {
        Phase::Running {
            taken_from: None, ..
        } => (Change::Put(released(row, now)), Fence::Held),
        // Withdrawn already, or abandoned: whoever comes next takes it over.
        Phase::Running { .. } if row.is_abandoned(now) => (Change::Keep, Fence::Held),
        Phase::Running {
            taken_from,
            provisional,
            ..
        } => {
            let abandoned = row.abandoned.saturating_sub(1);
            let row = Row {
                abandoned,
                phase: Phase::Running {
                    lease_until: now,
                    keep: claim.keep_after(abandoned),
                    taken_from: *taken_from,
                    provisional: provisional.clone(),
                },
                ..row.clone()
            };
            (Change::Put(row), Fence::Held)
        }
        Phase::Released { .. } => (Change::Keep, Fence::Held),
        Phase::Done { .. } => LOST,
    }
}
