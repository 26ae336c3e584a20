//! Whose key it is.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;

use crate::digest::Fields;

pub use idempotent_macros::ScopeKey;

/// A value that tells one key owner from another: an organization's id, a user's, an account number.
///
/// Text is taken as it is, an integer or UUID in its usual written form; so a scope may change its type from `u64` to
/// `String`, or from `String` to `Uuid` where the strings are lower-case and hyphenated, and keep its records.
///
/// A newtype derives it:
///
/// ```
/// use idempotent_runtime::ScopeKey;
///
/// #[derive(ScopeKey)]
/// struct OrgId(uuid::Uuid);
/// ```
///
/// Two owners must never write the same part. That is why floats, options and maps do not implement it: they have no
/// one written form, or one that stands for nobody.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a scope",
    label = "not a `ScopeKey`",
    note = "a scope says whose key it is: text, an integer, a `Uuid`, or a type of your own around one of these, with `#[derive(idempotent_runtime::ScopeKey)]`",
    note = "for a part of an argument write an expression, such as `scope = user.org_id`"
)]
pub trait ScopeKey {
    /// Writes this owner's part.
    fn scope_key(&self, part: &mut ScopePart<'_>);
}

/// Where a [`ScopeKey`] writes its bytes.
///
/// What is written in several pieces is one part. To keep two values apart, write what separates them too.
#[derive(Debug)]
pub struct ScopePart<'a> {
    bytes: &'a mut Vec<u8>,
}

impl ScopePart<'_> {
    /// Adds bytes to this part.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.bytes.extend_from_slice(bytes.as_ref());
    }
}

/// The parts of a scope, each kept apart from the next by its length. None at all is the global scope.
#[derive(Clone, Default)]
pub struct Scope {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Scope {
    /// The scope that all callers share.
    pub fn global() -> Self {
        Self::default()
    }

    /// Adds a part.
    pub fn push(&mut self, key: impl ScopeKey) {
        key.scope_key(&mut ScopePart {
            bytes: &mut self.bytes,
        });
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn hash_into(&self, fields: &mut Fields) {
        fields.push(&(self.ends.len() as u64).to_be_bytes());
        let mut start = 0;
        for &end in &self.ends {
            fields.push(&self.bytes[start..end]);
            start = end;
        }
    }
}

/// One part.
impl<K: ScopeKey> From<K> for Scope {
    fn from(key: K) -> Self {
        let mut scope = Self::global();
        scope.push(key);
        scope
    }
}

macro_rules! scope_from_tuples {
    ($(($($part:ident $index:tt),+)),* $(,)?) => {$(
        impl<$($part: ScopeKey),+> From<($($part,)+)> for Scope {
            fn from(parts: ($($part,)+)) -> Self {
                let mut scope = Self::global();
                $(scope.push(parts.$index);)+
                scope
            }
        }
    )*};
}

scope_from_tuples! {
    (A 0),
    (A 0, B 1),
    (A 0, B 1, C 2),
    (A 0, B 1, C 2, D 3),
}

/// Scopes name people; their text stays out of logs.
impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("parts", &self.ends.len())
            .finish_non_exhaustive()
    }
}

impl ScopeKey for str {
    fn scope_key(&self, part: &mut ScopePart<'_>) {
        part.write(self);
    }
}

impl ScopeKey for uuid::Uuid {
    fn scope_key(&self, part: &mut ScopePart<'_>) {
        part.write(
            self.hyphenated()
                .encode_lower(&mut uuid::Uuid::encode_buffer()),
        );
    }
}

macro_rules! scope_key_by_deref {
    ($($(#[$attr:meta])* [$($generics:tt)*] $ty:ty),* $(,)?) => {$(
        $(#[$attr])*
        impl<$($generics)*> ScopeKey for $ty {
            fn scope_key(&self, part: &mut ScopePart<'_>) {
                (**self).scope_key(part);
            }
        }
    )*};
}

scope_key_by_deref! {
    [] String,
    [T: ScopeKey + ?Sized] &T,
    #[diagnostic::do_not_recommend] [T: ScopeKey + ?Sized] &mut T,
    #[diagnostic::do_not_recommend] [T: ScopeKey + ?Sized] Box<T>,
    #[diagnostic::do_not_recommend] [T: ScopeKey + ?Sized] Rc<T>,
    #[diagnostic::do_not_recommend] [T: ScopeKey + ?Sized] Arc<T>,
    #[diagnostic::do_not_recommend] [T: ScopeKey + ToOwned + ?Sized] Cow<'_, T>,
}

macro_rules! scope_key_for_integers {
    ($($ty:ty),* $(,)?) => {$(
        impl ScopeKey for $ty {
            fn scope_key(&self, part: &mut ScopePart<'_>) {
                part.write(itoa::Buffer::new().format(*self));
            }
        }

        #[diagnostic::do_not_recommend]
        impl ScopeKey for NonZero<$ty> {
            fn scope_key(&self, part: &mut ScopePart<'_>) {
                self.get().scope_key(part);
            }
        }
    )*};
}

scope_key_for_integers!(
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize
);

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(scope: &Scope) -> [u8; 32] {
        let mut fields = Fields::new(None, "test");
        scope.hash_into(&mut fields);
        fields.finish()
    }

    fn scope(parts: &[&dyn ScopeKey]) -> [u8; 32] {
        let mut scope = Scope::global();
        for part in parts {
            scope.push(*part);
        }
        digest(&scope)
    }

    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(scope(&[&"ab", &"c"]), scope(&[&"a", &"bc"]));
        assert_ne!(scope(&[&"ab"]), scope(&[&"ab", &""]));
        assert_ne!(scope(&[]), scope(&[&""]));
    }

    #[test]
    fn the_written_form_counts_and_not_the_type() {
        assert_eq!(scope(&[&17_u64]), scope(&[&"17"]));
        assert_eq!(scope(&[&-1_i8]), scope(&[&String::from("-1")]));
        let uuid = uuid::Uuid::from_u128(0xabc);
        assert_eq!(
            scope(&[&uuid]),
            scope(&[&Arc::<str>::from(uuid.to_string())])
        );
    }

    #[test]
    fn a_scope_is_not_printed() {
        let mut scope = Scope::global();
        scope.push("acme");
        assert_eq!(format!("{scope:?}"), "Scope { parts: 1, .. }");
    }
}
