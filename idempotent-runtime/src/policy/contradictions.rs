//! What no setting of a policy can know of the others.

use super::{KeyFormat, KeySource, Pending, Policy};

impl Policy {
    /// Checks that the policy can hold: every setting for itself, since they may have been written without their
    /// setters, and what no one of them can know of the others. The attribute calls it on every policy.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if a setting is none, if the lease or a wait is longer than the deadline, if
    /// `quoted` is asked of a key that does not come in a header, or if a list of keys is empty or holds a list.
    #[track_caller]
    pub const fn validated(self) -> Self {
        let checked = self
            .operation(self.operation)
            .fingerprint(self.fingerprint)
            .mismatch(self.mismatch)
            .pending(self.pending)
            .abandoned(self.abandoned)
            .lease(self.lease)
            .deadline(self.deadline);
        checked.ttl.assert_valid();
        checked.key_format.assert_valid();
        checked.key.assert_valid();
        checked.assert_lease_fits();
        checked.assert_wait_fits();
        checked.assert_format_fits();
        checked
    }

    /// For generated code, which blames the option that does not fit a shared policy.
    #[doc(hidden)]
    #[track_caller]
    pub const fn assert_lease_fits(self) {
        assert!(
            self.lease.as_nanos() <= self.deadline.as_nanos(),
            "the lease is longer than the deadline, at which an attempt is over: write a shorter `lease` or a longer `deadline`"
        );
    }

    /// For generated code, likewise.
    #[doc(hidden)]
    #[track_caller]
    pub const fn assert_wait_fits(self) {
        if let Pending::Wait(time) | Pending::Provisional(time) = self.pending {
            assert!(
                time.as_nanos() <= self.deadline.as_nanos(),
                "a retry would wait for longer than the deadline, at which an attempt is over: write a shorter time or a longer `deadline`"
            );
        }
    }

    /// For generated code, likewise.
    #[doc(hidden)]
    #[track_caller]
    pub const fn assert_format_fits(self) {
        assert!(
            !matches!(self.key_format, KeyFormat::Quoted) || self.key.is_in_headers(),
            "`quoted` is a format of headers, and this key does not come in one: write another `key_format`, or `key = header(\"Idempotency-Key\")`"
        );
    }

    /// For generated code whose attribute names no argument as the key.
    #[doc(hidden)]
    #[track_caller]
    pub const fn assert_key_is_sent(self) {
        let mut index = 0;
        let places = self.key.places();
        while index < places.len() {
            assert!(
                !matches!(places[index], KeySource::Arguments),
                "this policy takes the key from the arguments, and the attribute names none: write `key = …`, such as `key = event.id`"
            );
            index += 1;
        }
    }
}
