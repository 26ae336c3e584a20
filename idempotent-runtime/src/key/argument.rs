//! Which values an expression may give as a key.

/// A value that an expression may give as the key: text, an integer or a UUID, or an option of one, whose `None` means
/// that no key came.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an idempotency key",
    label = "not text, an integer or a `Uuid`",
    note = "a key is text, an integer or a `Uuid`, or an `Option` of one; for a part of an argument write an expression, such as `key = event.id`"
)]
pub trait KeyArgument {
    /// The key's text, if there is one.
    fn key_text(&self) -> Option<String>;
}

impl KeyArgument for str {
    fn key_text(&self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl<K: KeyArgument> KeyArgument for Option<K> {
    fn key_text(&self) -> Option<String> {
        self.as_ref().and_then(KeyArgument::key_text)
    }
}

impl<K: KeyArgument + ?Sized> KeyArgument for &K {
    fn key_text(&self) -> Option<String> {
        (**self).key_text()
    }
}

macro_rules! key_argument_by_display {
    ($($ty:ty),* $(,)?) => {$(
        impl KeyArgument for $ty {
            fn key_text(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )*};
}

key_argument_by_display! {
    String, Box<str>, std::sync::Arc<str>, std::borrow::Cow<'_, str>, uuid::Uuid,
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize,
}
