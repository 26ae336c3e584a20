//! Claiming a record, and taking the claim back.
//!
//! Both have the same parameters: `$1` record, `$2` fingerprint, `$3` attempt, `$4` lease, `$5` takeover, `$6` from whom,
//! `$7` up to how many, `$8` how long an abandoned record is kept, `$9` namespace, `$10` operation, `$11` time.

use super::{Protocol, abandoned, all_shown, columns, is_free, now, shown, stays};

/// Whether this very attempt gave the row back.
fn is_refused(row: &str) -> String {
    format!("({row}.state = 1 AND {row}.attempt = $3)")
}

/// Whether the claim may have the row: what `transition::claim` decides. Never null.
fn is_won(row: &str, now: &str) -> String {
    let (free, refused, abandoned) = (is_free(row, now), is_refused(row), abandoned(row));
    format!(
        "(NOT {refused} AND ({free} OR ({row}.state = 0 AND {row}.fingerprint = $2 AND ({row}.attempt = $3 OR \
         ({row}.lease_until <= {now} AND ($5 = 1 OR ($5 = 2 AND {row}.attempt = $6) \
         OR ($5 = 3 AND {abandoned} + 1 < $7)))))))"
    )
}

/// How long the record is kept if so many attempts were abandoned before this one: what `Claim::keep_after` says.
fn keep_after(abandoned: &str) -> String {
    format!("CASE WHEN $5 = 3 AND {abandoned} + 1 >= $7 THEN NULL ELSE $8 END")
}

/// A record that stands in the way is read and nothing else: no lock, no write. Otherwise the upsert decides, on the
/// row as it is by then. Where somebody else was faster, neither part gives a row: look again.
pub(super) fn claim(table: &str, protocol: Protocol) -> String {
    let by_then = "excluded.claimed_at";
    let (stands_aside, won) = (is_won("found", "clock.now"), is_won("r", by_then));
    let columns = columns();
    format!(
        "WITH clock AS MATERIALIZED (SELECT {server} AS now), \
         found AS MATERIALIZED (SELECT {columns} FROM {table} WHERE record = $1), \
         won AS ( \
           INSERT INTO {table} AS r (record, fingerprint, attempt, state, lease_until, namespace, operation, \
             claimed_at, generation, keep_abandoned) \
           SELECT $1, $2, $3, 0, clock.now + $4, $9, $10, clock.now, $3, {keep} FROM clock \
           WHERE NOT EXISTS (SELECT FROM found WHERE NOT {stands_aside}) \
           ON CONFLICT (record) DO UPDATE SET {taken} \
           WHERE {won} \
           RETURNING {columns} \
         ) \
         SELECT clock.now, {shown_won} FROM clock, won \
         UNION ALL \
         SELECT clock.now, {shown_found} FROM clock, found \
         WHERE NOT EXISTS (SELECT FROM won) AND NOT {stands_aside}",
        server = now(11),
        keep = keep_after("0"),
        taken = taken(&is_free("r", by_then)),
        shown_won = all_shown("won", protocol),
        shown_found = all_shown("found", protocol),
    )
}

/// What a claim makes of a row that it won: a new generation if the row counts as absent, the same row if it was its own
/// already, a takeover otherwise.
fn taken(free: &str) -> String {
    let abandoned = abandoned("r");
    let keep = keep_after(&format!("{abandoned} + 1"));
    let of_generation = |column: &str| {
        format!("{column} = CASE WHEN {free} THEN excluded.{column} ELSE r.{column} END")
    };
    [
        "fingerprint = excluded.fingerprint, attempt = excluded.attempt, state = 0, \
         lease_until = excluded.lease_until, expires_at = NULL"
            .to_owned(),
        format!("taken_from = CASE WHEN {free} THEN NULL WHEN r.attempt = $3 THEN r.taken_from ELSE r.attempt END"),
        of_generation("status"),
        of_generation("headers"),
        of_generation("body"),
        of_generation("namespace"),
        of_generation("operation"),
        of_generation("claimed_at"),
        format!(
            "generation = CASE WHEN {free} THEN $3 WHEN r.taken_from IS NULL THEN r.attempt \
             ELSE coalesce(r.generation, r.taken_from) END"
        ),
        format!(
            "abandoned = CASE WHEN {free} THEN 0 WHEN r.attempt = $3 THEN {abandoned} \
             ELSE {abandoned} + 1 END"
        ),
        format!(
            "keep_abandoned = CASE WHEN {free} THEN excluded.keep_abandoned \
             WHEN r.attempt = $3 THEN r.keep_abandoned ELSE {keep} END"
        ),
        // A process of an earlier release leaves what an earlier generation had.
        format!(
            "extra = CASE WHEN {free} OR (r.taken_from IS NULL AND r.generation IS DISTINCT FROM r.attempt) \
             THEN NULL ELSE r.extra END"
        ),
    ]
    .join(", ")
}

pub(super) fn claim_by_function(function: &str, protocol: Protocol) -> String {
    format!(
        "SELECT {now}, {shown} FROM {function}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) r",
        now = shown("r", "now", protocol),
        shown = all_shown("r", protocol),
    )
}

/// Where the claim has not taken effect, its mark is left, which refuses it if it comes. What it made is released, what
/// it took over is abandoned again. No row is changed where the fence is lost.
pub(super) fn withdraw(table: &str) -> String {
    let by_then = "excluded.claimed_at";
    // Its own takeover, and whether that is still held.
    let over = "(r.attempt = $3 AND r.state = 0 AND r.taken_from IS NOT NULL)";
    let left = "greatest(r.abandoned - 1, 0)";
    let of_mark = |column: &str| {
        format!("{column} = CASE WHEN r.attempt = $3 THEN r.{column} ELSE excluded.{column} END")
    };
    let of_takeover = |column: &str| format!("{column} = CASE WHEN {over} THEN r.{column} END");
    let set = [
        format!("state = CASE WHEN {over} THEN 0 ELSE 1 END"),
        format!("lease_until = CASE WHEN {over} THEN least(r.lease_until, {by_then}) END"),
        format!(
            "expires_at = CASE WHEN {over} THEN NULL \
             WHEN r.attempt = $3 AND r.state = 1 THEN r.expires_at ELSE excluded.expires_at END"
        ),
        format!(
            "abandoned = CASE WHEN {over} AND r.lease_until > {by_then} THEN {left} \
             WHEN r.attempt = $3 THEN r.abandoned ELSE 0 END"
        ),
        format!(
            "keep_abandoned = CASE WHEN {over} AND r.lease_until > {by_then} THEN {keep} \
             WHEN {over} THEN r.keep_abandoned END",
            keep = keep_after(left),
        ),
        "extra = CASE WHEN r.attempt = $3 THEN r.extra END".to_owned(),
    ];
    let set = set
        .into_iter()
        .chain(["taken_from", "status", "headers", "body"].map(of_takeover))
        .chain(
            [
                "fingerprint",
                "attempt",
                "namespace",
                "operation",
                "claimed_at",
                "generation",
            ]
            .map(of_mark),
        )
        .collect::<Vec<_>>()
        .join(", ");
    format!(
        "WITH clock AS MATERIALIZED (SELECT {server} AS now) \
         INSERT INTO {table} AS r (record, fingerprint, attempt, state, expires_at, namespace, operation, \
           claimed_at, generation) \
         SELECT $1, $2, $3, 1, clock.now + {stays}, $9, $10, clock.now, $3 FROM clock \
         ON CONFLICT (record) DO UPDATE SET {set} \
         WHERE (r.attempt = $3 AND r.state IN (0, 1)) OR (r.attempt <> $3 AND {free})",
        server = now(11),
        stays = stays(),
        free = is_free("r", by_then),
    )
}

/// Gives one row where the fence held, and none where it was lost.
pub(super) fn withdraw_by_function(function: &str) -> String {
    format!(
        "SELECT FROM {function}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS held WHERE held"
    )
}
