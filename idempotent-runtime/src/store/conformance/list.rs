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
        ];
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
