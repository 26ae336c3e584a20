//! Stores whose listings are wrong.

use super::steps::Steps;
use super::*;
use crate::store::{Cursor, List, MemoryStore, Page, Which};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Lists whatever there is.
    AnyState,
    /// Lists whatever it belongs to.
    AnyLabel,
    /// Compares labels by their beginnings.
    LabelsByPrefix,
    /// Lists an abandoned record once more, beyond the limit.
    OneTooMany,
    /// Says on every page that it is the last one.
    OnePage,
    /// Says of no page that it is the last one.
    NeverEnds,
    /// Takes a cursor that it can't read for none.
    AnyCursor,
    /// Its cursor counts records, though others come and go.
    CountsRecords,
    /// Does not look at how a record began.
    WithoutGenerations,
}

impl Flaw {
    pub(super) fn list(self, store: &MemoryStore, list: List) -> StoreFuture<'_, Page> {
        Box::pin(async move {
            let mut asked = list.clone();
            match self {
                Self::AnyState => asked.which = Which::All,
                Self::AnyLabel => (asked.namespace, asked.operation) = (None, None),
                Self::LabelsByPrefix => return by_prefix(store, list).await,
                Self::OneTooMany => asked.limit += 1,
                Self::AnyCursor => asked.after = list.after.filter(|it| it.record().is_some()),
                Self::CountsRecords => return by_count(store, list).await,
                _ => {}
            }
            let mut page = store.list(asked).await?;
            match self {
                Self::OnePage => page.next = None,
                Self::NeverEnds => {
                    page.next = page.next.or(Some(Cursor::behind(new_record())));
                }
                Self::WithoutGenerations => {
                    for listed in &mut page.records {
                        listed.generation = listed.attempt;
                        listed.abandoned = 0;
                    }
                }
                _ => {}
            }
            Ok(page)
        })
    }
}

async fn by_prefix(store: &MemoryStore, list: List) -> Result<Page, StoreError> {
    let mut asked = list.clone();
    (asked.namespace, asked.operation) = (None, None);
    let mut page = store.list(asked).await?;
    let begins = |wanted: &Option<String>, is: &str| {
        wanted.as_ref().is_none_or(|wanted| is.starts_with(wanted))
    };
    page.records.retain(|listed| {
        begins(&list.namespace, listed.label.namespace())
            && begins(&list.operation, listed.label.operation())
    });
    Ok(page)
}

async fn by_count(store: &MemoryStore, list: List) -> Result<Page, StoreError> {
    let seen = match &list.after {
        Some(cursor) => usize::from(cursor.as_bytes()[0]),
        None => 0,
    };
    let mut asked = list.clone().limit(List::LARGEST_PAGE);
    asked.after = None;
    let records = store.list(asked).await?.records;
    let behind = seen + list.limit;
    let next = (behind < records.len())
        .then(|| Cursor::from_bytes([u8::try_from(behind).unwrap_or(u8::MAX)]));
    let page = records.into_iter().skip(seen).take(list.limit).collect();
    Ok(Page::new(page, next))
}

fn flawed(flaw: Flaw) -> Steps {
    Steps::new(steps::Flaw::Lists(flaw))
}

found! {
    listings_of_whatever_there_is: flawed(Flaw::AnyState) => [
        listing::every_listing_shows_the_records_in_its_state,
    ];
    listings_whatever_the_label: flawed(Flaw::AnyLabel) => [
        listing::a_listing_can_be_narrowed_by_namespace_and_operation,
    ];
    listings_by_the_beginning_of_a_label: flawed(Flaw::LabelsByPrefix) => [
        listing::a_listing_can_be_narrowed_by_namespace_and_operation,
    ];
    pages_beyond_their_limit: flawed(Flaw::OneTooMany) => [
        listing::a_listing_goes_on_from_page_to_page,
    ];
    listings_of_one_page: flawed(Flaw::OnePage) => [
        listing::a_listing_goes_on_from_page_to_page,
        listing::a_record_that_stays_is_listed_whatever_becomes_of_others,
    ];
    listings_without_end: flawed(Flaw::NeverEnds) => [
        listing::a_listing_goes_on_from_page_to_page,
    ];
    cursors_that_nobody_checks: flawed(Flaw::AnyCursor) => [
        listing::a_cursor_that_the_store_did_not_make_is_refused,
    ];
    cursors_that_count: flawed(Flaw::CountsRecords) => [
        listing::a_record_that_stays_is_listed_whatever_becomes_of_others,
    ];
    listings_that_do_not_know_how_it_began: flawed(Flaw::WithoutGenerations) => [
        listing::a_listed_record_shows_what_the_record_says,
    ];
}
