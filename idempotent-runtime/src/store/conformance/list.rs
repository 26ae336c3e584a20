//! The list of the suite's tests.

/// Makes a module of tests: one of each function of the [conformance](crate::store::conformance) suite, against the
/// harness that the expression gives. Needs the feature `test-util`.
///
/// The first argument names the module, so that several stores may be tested side by side.
#[macro_export]
macro_rules! store_conformance {
    ($store:ident, $harness:expr) => {
        $crate::store_conformance! { @modules $store, $harness;
            claims {
                an_absent_record_is_won,
                a_running_record_is_found,
                a_repeated_claim_is_won_again,
                a_repeated_claim_renews_the_lease,
                a_repeated_claim_after_a_takeover_names_the_same_attempt,
                a_repeated_claim_is_won_again_though_the_lease_ran_out,
                a_repeated_claim_finds_what_the_attempt_completed,
                an_abandoned_record_is_told_to_a_claim_that_may_not_take_it,
                an_abandoned_record_is_taken_over,
                a_takeover_from_a_named_attempt_needs_that_attempt,
                a_record_that_was_taken_over_can_be_taken_over_again,
                a_done_record_is_found,
                a_released_record_is_won_anew,
                a_forgotten_record_is_won_anew,
                another_fingerprint_is_told_before_anything_else,
                another_fingerprint_wins_a_record_that_counts_as_absent,
                records_do_not_meet,
                keys_of_two_namespaces_do_not_meet,
                every_byte_of_a_record_id_counts,
                every_byte_of_a_fingerprint_counts,
            }
            fences {
                nobody_holds_an_absent_record,
                an_attempt_whose_record_was_taken_over_is_refused,
                an_attempt_whose_record_was_released_and_claimed_again_is_refused,
                an_attempt_whose_record_was_forgotten_is_refused,
                an_attempt_whose_record_was_resolved_is_refused,
                an_attempt_whose_record_expired_and_was_claimed_again_is_refused,
                an_attempt_whose_record_was_swept_is_refused,
                a_stranger_is_refused,
                every_byte_of_an_attempt_id_counts,
                a_done_record_takes_nothing_but_the_same_completion,
                a_released_record_takes_nothing_but_the_same_release,
                a_repeated_completion_is_held_and_changes_nothing,
                a_repeated_release_is_held,
                a_released_record_is_not_loaded,
                an_attempt_may_settle_after_its_lease_as_long_as_nobody_took_over,
                only_an_abandoned_record_is_resolved,
                a_resolution_needs_the_attempt_that_was_seen,
                a_record_is_resolved_with_an_outcome,
                a_record_is_resolved_by_giving_it_back,
                a_repeated_resolution_is_held,
                a_record_is_forgotten_whatever_its_state,
                a_record_is_not_forgotten_for_another_attempt,
            }
            times {
                a_lease_ends_at_its_very_millisecond,
                a_renewal_counts_from_now,
                a_renewal_revives_an_abandoned_record,
                a_renewal_of_zero_abandons_at_once,
                a_publication_does_not_prolong_the_lease,
                a_step_of_the_wall_clock_ends_no_lease,
                an_outcome_expires_at_its_very_millisecond,
                the_window_is_counted_from_completion,
                the_window_of_a_resolution_is_counted_from_it,
                an_outcome_kept_for_ever_does_not_expire,
                a_running_record_does_not_expire,
            }
            outcomes {
                an_empty_outcome_is_kept_as_it_is,
                a_mebibyte_is_kept_as_it_is,
                every_byte_is_kept_as_it_is,
                repeated_headers_keep_their_order,
                every_status_is_kept,
                every_disposition_is_kept,
                an_outcome_that_was_not_kept_is_told_from_an_empty_one,
                a_provisional_outcome_is_seen_while_the_attempt_runs,
                the_last_publication_counts,
                a_provisional_outcome_survives_a_takeover,
                a_provisional_outcome_survives_a_renewal,
                a_provisional_outcome_ends_with_completion,
                a_provisional_outcome_ends_with_release,
                an_outcome_that_the_store_cannot_hold_is_refused_and_the_record_goes_on,
            }
            sweeping {
                expired_and_released_records_are_swept,
                running_abandoned_and_kept_records_are_not_swept,
                a_sweep_removes_at_most_its_limit,
                a_sweep_of_nothing_removes_nothing,
                a_record_that_was_claimed_again_is_not_swept,
                a_big_sweep_lets_claims_through,
                a_sweep_spares_records_that_are_claimed_meanwhile,
            }
            concurrency {
                one_of_many_claims_wins,
                one_of_many_takes_over,
                one_of_many_claims_wins_what_was_given_back,
                one_of_many_claims_wins_what_expired,
                many_claims_of_one_attempt_are_all_its_own,
                many_records_at_once_do_not_meet,
                one_of_completion_and_takeover_counts,
                steps_whose_callers_left_harm_nobody,
            }
            withdrawals {
                a_record_that_a_withdrawn_claim_made_is_free,
                a_record_that_a_withdrawn_claim_took_over_is_abandoned_again,
                a_claim_that_comes_after_its_withdrawal_is_refused,
                a_claim_that_comes_after_its_release_is_refused,
                a_withdrawal_changes_no_record_of_another_attempt,
                a_withdrawal_changes_no_record_that_is_done,
                a_withdrawal_leaves_its_mark_where_a_record_counts_as_absent,
                the_mark_of_an_attempt_stays_for_two_minutes,
            }
            hanging {
                a_step_that_was_never_polled_does_nothing,
                a_step_whose_caller_hangs_does_not_hold_up_its_repetition,
                a_step_whose_caller_left_does_not_hold_up_its_repetition,
                a_claim_whose_caller_left_is_withdrawn_at_once,
                a_hung_step_does_not_hold_up_its_own_repetition,
            }
            generations {
                a_record_keeps_the_label_of_the_claim_that_made_it,
                every_label_is_kept_as_it_is,
                a_takeover_goes_on_with_the_generation_and_counts_who_abandoned_it,
                a_record_that_is_won_anew_begins_another_generation,
                a_resolved_record_stays_of_its_generation,
                a_record_says_when_its_generation_began,
                a_takeover_needs_fewer_abandoned_attempts_than_it_names,
            }
            lapsing {
                an_abandoned_record_lapses_at_its_very_millisecond,
                a_record_that_is_kept_until_it_is_settled_does_not_lapse,
                a_lapsed_record_is_swept,
                an_attempt_may_settle_a_lapsed_record_that_nobody_took,
                an_attempt_whose_lapsed_record_was_taken_is_refused,
                a_renewal_postpones_the_lapse,
                a_takeover_says_how_long_its_record_is_kept,
                a_record_lapses_whose_takeover_was_withdrawn,
            }
            renewals {
                renewals_are_answered_in_their_order,
                a_record_that_is_renewed_twice_at_once_is_answered_twice,
                no_renewals_have_no_answers,
                many_renewals_are_all_answered,
            }
            listing {
                every_listing_shows_the_records_in_its_state,
                a_record_that_counts_as_absent_is_not_listed,
                a_listing_can_be_narrowed_by_namespace_and_operation,
                a_listed_record_shows_what_the_record_says,
                a_listing_goes_on_from_page_to_page,
                a_record_that_stays_is_listed_whatever_becomes_of_others,
                a_cursor_that_the_store_did_not_make_is_refused,
            }
        }
    };
    (@modules $store:ident, $harness:expr; $($module:ident { $($test:ident,)* })*) => {
        mod $store {
            $(mod $module {
                #[allow(unused_imports)]
                use super::super::*;

                $(#[test]
                fn $test() {
                    $crate::store::conformance::run(async {
                        $crate::store::conformance::$module::$test(&$harness).await;
                    });
                })*
            })*
        }
    };
}

#[cfg(test)]
mod tests {
    /// A function that is missing from the list would never run.
    #[test]
    fn every_test_is_listed() {
        let list = include_str!("list.rs");
        let modules = [
            ("claims", include_str!("claims.rs")),
            ("fences", include_str!("fences.rs")),
            ("times", include_str!("times.rs")),
            ("outcomes", include_str!("outcomes.rs")),
            ("sweeping", include_str!("sweeping.rs")),
            ("concurrency", include_str!("concurrency.rs")),
            ("withdrawals", include_str!("withdrawals.rs")),
            ("hanging", include_str!("hanging.rs")),
            ("generations", include_str!("generations.rs")),
            ("lapsing", include_str!("lapsing.rs")),
            ("renewals", include_str!("renewals.rs")),
            ("listing", include_str!("listing.rs")),
        ];
        let declared = include_str!("mod.rs").lines();
        let declared = declared.filter(|line| line.starts_with("pub mod "));
        assert_eq!(declared.count(), modules.len(), "a module is not looked at");
        for (module, text) in modules {
            let of_module = list
                .split_once(&format!("            {module} {{\n"))
                .unwrap()
                .1;
            let of_module = of_module.split_once('}').unwrap().0;
            let tests = text.lines().filter_map(|line| {
                line.strip_prefix("pub async fn ")?
                    .split_once('(')
                    .map(|(name, _)| name)
            });
            for test in tests {
                let listed = of_module
                    .lines()
                    .any(|line| line.trim() == format!("{test},"));
                assert!(listed, "{module}::{test} is not listed");
            }
        }
    }
}
