//! Extractors whose value is a scope or a key.

use actix_web::web::{Header, Path, Query, ReqData};

use crate::key::KeyArgument;
use crate::scope::{ScopeKey, ScopePart};

macro_rules! by_deref {
    ($($ty:ident),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: ScopeKey> ScopeKey for $ty<T> {
            fn scope_key(&self, part: &mut ScopePart<'_>) {
                T::scope_key(self, part);
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: KeyArgument> KeyArgument for $ty<T> {
            fn key_text(&self) -> Option<String> {
                T::key_text(self)
            }
        }
    )*};
}

by_deref!(Header, Path, Query);

#[diagnostic::do_not_recommend]
impl<T: ScopeKey + Clone + 'static> ScopeKey for ReqData<T> {
    fn scope_key(&self, part: &mut ScopePart<'_>) {
        T::scope_key(self, part);
    }
}

#[diagnostic::do_not_recommend]
impl<T: KeyArgument + Clone + 'static> KeyArgument for ReqData<T> {
    fn key_text(&self) -> Option<String> {
        T::key_text(self)
    }
}
