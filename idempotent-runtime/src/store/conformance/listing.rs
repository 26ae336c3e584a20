//! What a listing shows.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::panic::Location;

use super::*;
use crate::clock::Timestamp;
use crate::store::{Cursor, InvalidCursor, List, Listed, ListedState, Which};

/// The most pages that a listing of a few records may have, however few records the store looks at for each.
const PAGES: usize = 10_000;

/// Reads all pages of a listing, which must end, and gives the records that were listed.
#[track_caller]
fn all_pages(
    store: &dyn Store,
    list: List,
) -> impl Future<Output = BTreeMap<RecordId, Listed>> + Send {
    let at = Location::caller();
    async move {
        let mut listed = BTreeMap::new();
        let mut asked = list;
        for _ in 0..PAGES {
            let page = answer_at(at, store.list(asked.clone()).await);
            let within = page.records.len() <= asked.limit;
            must_at(
                at,
                "a page holds at most as many records as it may",
                &within,
                &true,
            );
            listed.extend(page.records.into_iter().map(|it| (it.record, it)));
            let Some(next) = page.next else {
                return listed;
            };
            // As it travels through a URL.
            asked = asked.after(next.to_string().parse().unwrap());
        }
        panic!("the store broke a promise: a listing ends\n       at: {at}");
    }
}

/// Lists these records, and no others.
#[track_caller]
fn lists(store: &dyn Store, list: List, expected: &[&Claim]) -> impl Future<Output = ()> + Send {
    let at = Location::caller();
    let promise =
        format!("a listing shows the records that were asked for, and no others: {list:?}");
    let expected: BTreeSet<_> = expected.iter().map(|claim| claim.record).collect();
    let listed = all_pages(store, list);
    async move {
        let listed: BTreeSet<_> = listed.await.into_keys().collect();
        must_at(at, &promise, &listed, &expected);
    }
}

async fn complete_with(store: &dyn Store, claim: &Claim, disposition: Disposition, ttl: Ttl) {
    win(store, claim).await;
    let completion = Completion::new(disposition, Some(outcome("done")), ttl);
    held(store.complete(claim.record, claim.attempt, completion)).await;
}

pub async fn every_listing_shows_the_records_in_its_state(harness: &impl Harness) {
    const MINUTE: Duration = Duration::from_mins(1);
    let store = harness.open().await;
    let [abandoned, running, completed, failed, retriable] = std::array::from_fn(|_| new_claim());
    win(&*store, &abandoned).await;
    harness.advance(WINDOW);
    win(&*store, &running).await;
    let ttl = Ttl::After(WINDOW);
    complete_with(&*store, &completed, Disposition::Completed, ttl).await;
    complete_with(&*store, &failed, Disposition::FailedFinal, Ttl::Forever).await;
    let ttl = Ttl::After(WINDOW.saturating_mul(2));
    complete_with(&*store, &retriable, Disposition::FailedRetriable, ttl).await;

    let all = [&abandoned, &running, &completed, &failed, &retriable];
    for (which, expected) in [
        (Which::All, &all[..]),
        (Which::Abandoned, &[&abandoned]),
        (
            Which::RunningLongerThan(WINDOW.saturating_sub(MINUTE)),
            &[&abandoned],
        ),
        (Which::RunningLongerThan(WINDOW.saturating_add(MINUTE)), &[]),
        (Which::Done, &[&completed, &failed, &retriable]),
        (Which::DoneWith(Disposition::Completed), &[&completed]),
        (Which::DoneWith(Disposition::FailedFinal), &[&failed]),
        (Which::DoneWith(Disposition::FailedRetriable), &[&retriable]),
        (Which::ExpiringWithin(WINDOW.saturating_sub(MINUTE)), &[]),
        (Which::ExpiringWithin(WINDOW), &[&completed]),
        (
            Which::ExpiringWithin(WINDOW.saturating_mul(2)),
            &[&completed, &retriable],
        ),
    ] {
        lists(&*store, List::new(which), expected).await;
    }
    // An attempt that runs for long is listed, abandoned or not.
    harness.advance(SHORT_OF_LEASE);
    held(store.renew(abandoned.record, abandoned.attempt, LEASE)).await;
    lists(&*store, List::new(Which::Abandoned), &[]).await;
    let slow = List::new(Which::RunningLongerThan(WINDOW));
    lists(&*store, slow, &[&abandoned]).await;
    harness.advance(MILLISECOND);
    lists(&*store, List::new(Which::Abandoned), &[&running]).await;
}

pub async fn a_record_that_counts_as_absent_is_not_listed(harness: &impl Harness) {
    let store = harness.open().await;
    let [expired, released, withdrawn, forgotten] = std::array::from_fn(|_| new_claim());
    let lapsed = new_claim().keep_abandoned(MILLISECOND);
    win(&*store, &lapsed).await;
    let ttl = Ttl::After(LEASE);
    complete_with(&*store, &expired, Disposition::Completed, ttl).await;
    harness.advance(LEASE);
    harness.advance(MILLISECOND);
    win(&*store, &released).await;
    release(&*store, &released).await;
    held(store.withdraw(withdrawn)).await;
    win(&*store, &forgotten).await;
    held(store.forget(forgotten.record, forgotten.attempt)).await;
    for which in [
        Which::All,
        Which::Abandoned,
        Which::RunningLongerThan(Duration::ZERO),
        Which::Done,
        Which::DoneWith(Disposition::Completed),
        Which::ExpiringWithin(AGES),
    ] {
        lists(&*store, List::new(which), &[]).await;
    }
}

pub async fn a_listing_can_be_narrowed_by_namespace_and_operation(harness: &impl Harness) {
    let store = harness.open().await;
    let labelled = |namespace, operation| new_claim().label(Label::new(namespace, operation));
    let orders = labelled("billing", "POST /orders");
    let refunds = labelled("billing", "POST /refunds");
    let others = labelled("shop", "POST /orders");
    let spelt = labelled("Billing", "POST /orders ");
    let unlabelled = labelled("", "");
    let all = [&orders, &refunds, &others, &spelt, &unlabelled];
    for claim in all {
        win(&*store, claim).await;
    }
    let list = || List::new(Which::All);
    lists(&*store, list(), &all).await;
    lists(&*store, list().namespace("billing"), &[&orders, &refunds]).await;
    lists(
        &*store,
        list().operation("POST /orders"),
        &[&orders, &others],
    )
    .await;
    let both = list().namespace("billing").operation("POST /orders");
    lists(&*store, both, &[&orders]).await;
    lists(&*store, list().namespace("").operation(""), &[&unlabelled]).await;
    lists(&*store, list().namespace("bill"), &[]).await;
    lists(&*store, list().operation("POST%"), &[]).await;
}

pub async fn a_listed_record_shows_what_the_record_says(harness: &impl Harness) {
    const PROMISE: &str = "a record is listed as it is read";
    let store = harness.open().await;
    let first = new_claim().label(Label::new("billing", "POST /orders"));
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    win_from(&*store, &second).await;
    let listed = |listed: BTreeMap<RecordId, Listed>| listed.get(&first.record).cloned();

    let shown = listed(all_pages(&*store, List::new(Which::All)).await);
    let read = answer(store.load(first.record)).await.unwrap();
    let lease_until = lease_until(shown.as_ref());
    let expected = Listed {
        label: read.label.clone(),
        claimed_at: read.claimed_at,
        generation: first.attempt,
        abandoned: 1,
        ..Listed::new(
            first.record,
            second.attempt,
            ListedState::Running {
                lease_until,
                abandoned: false,
            },
        )
    };
    must(PROMISE, &shown, &Some(expected.clone()));
    must(
        "a lease is listed with its end",
        &(Some(lease_until) > read.claimed_at),
        &true,
    );

    let completion = Completion {
        ttl: Ttl::Forever,
        ..completion("done")
    };
    held(store.complete(first.record, second.attempt, completion)).await;
    let shown = listed(all_pages(&*store, List::new(Which::Done)).await);
    let expected = Listed {
        state: ListedState::Done {
            disposition: Disposition::Completed,
            expires_at: None,
        },
        ..expected
    };
    must(PROMISE, &shown, &Some(expected));
}

fn lease_until(listed: Option<&Listed>) -> Timestamp {
    match listed.map(|listed| listed.state) {
        Some(ListedState::Running { lease_until, .. }) => lease_until,
        _ => Timestamp::from_millis(0),
    }
}

pub async fn a_listing_goes_on_from_page_to_page(harness: &impl Harness) {
    let store = harness.open().await;
    let claims: Vec<_> = (0..25).map(|_| new_claim()).collect();
    for claim in &claims {
        win(&*store, claim).await;
        complete(&*store, claim, "done").await;
    }
    let all: Vec<_> = claims.iter().collect();
    for limit in [1, 7, 25, 26, List::LARGEST_PAGE] {
        for which in [Which::All, Which::Done, Which::ExpiringWithin(AGES)] {
            lists(&*store, List::new(which).limit(limit), &all).await;
        }
    }
}

pub async fn a_record_that_stays_is_listed_whatever_becomes_of_others(harness: &impl Harness) {
    let store = harness.open().await;
    let (mut staying, mut going) = (Vec::new(), Vec::new());
    for number in 0..60 {
        let claim = new_claim();
        win(&*store, &claim).await;
        let kept = if number % 2 == 0 {
            &mut staying
        } else {
            &mut going
        };
        kept.push(claim);
    }
    let mut listed = BTreeSet::new();
    let mut list = List::new(Which::All).limit(3);
    for page in 0..PAGES {
        let read = answer(store.list(list.clone())).await;
        listed.extend(read.records.into_iter().map(|it| it.record));
        let Some(next) = read.next else { break };
        list = list.after(next);
        if let Some(claim) = going.pop() {
            held(store.forget(claim.record, claim.attempt)).await;
            win(&*store, &new_claim()).await;
        }
        // These stay, and change.
        let claim = &staying[page % staying.len()];
        let _ = answer(store.renew(claim.record, claim.attempt, LEASE)).await;
        if page % 2 == 0 {
            complete(&*store, claim, "done").await;
        }
    }
    let missed: Vec<_> = staying
        .iter()
        .filter(|it| !listed.contains(&it.record))
        .collect();
    let promise =
        "a record that is there all the while is listed at least once (how many were missed)";
    must(promise, &missed.len(), &0);
}

pub async fn a_cursor_that_the_store_did_not_make_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    win(&*store, &new_claim()).await;
    for bytes in [b"?".to_vec(), vec![0xff; 1_000]] {
        let list = List::new(Which::All).after(Cursor::from_bytes(bytes));
        let refused = store.list(list).await.err();
        let is_invalid = refused.is_some_and(|error| {
            let is_told = matches!(error.source(), Some(source) if source.is::<InvalidCursor>());
            error.is_not_sent() && is_told
        });
        let promise = "a cursor that the store did not make is refused as not sent, with `InvalidCursor` as the source";
        must(promise, &is_invalid, &true);
    }
}
