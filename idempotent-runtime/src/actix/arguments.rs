//! A handler's arguments before its last.

use actix_web::{Error, FromRequest, HttpRequest};

use super::payload::SharedPayload;

/// Arguments that are extracted one after the other.
pub trait Arguments: Sized {
    #[doc(hidden)]
    #[allow(async_fn_in_trait, reason = "nothing on actix is `Send`")]
    async fn extract(request: &HttpRequest, payload: &Payloads) -> Result<Self, Error>;
}

/// Where each argument gets a payload of its own.
pub struct Payloads(pub(super) SharedPayload);

impl std::fmt::Debug for Payloads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payloads").finish_non_exhaustive()
    }
}

/// Extracts one argument.
pub(super) async fn extract<T: FromRequest>(
    request: &HttpRequest,
    mut payload: actix_web::dev::Payload,
) -> Result<T, Error> {
    T::from_request(request, &mut payload)
        .await
        .map_err(Into::into)
}

macro_rules! arguments {
    ($($argument:ident)*) => {
        impl<$($argument: FromRequest),*> Arguments for ($($argument,)*) {
            #[allow(unused_variables, clippy::unused_unit, reason = "there may be no argument")]
            async fn extract(request: &HttpRequest, payload: &Payloads) -> Result<Self, Error> {
                Ok(($(extract::<$argument>(request, payload.0.replayed()).await?,)*))
            }
        }
    };
}

arguments!();
arguments!(A);
arguments!(A B);
arguments!(A B C);
arguments!(A B C D);
arguments!(A B C D E);
arguments!(A B C D E F);
arguments!(A B C D E F G);
arguments!(A B C D E F G H);
arguments!(A B C D E F G H I);
arguments!(A B C D E F G H I J);
arguments!(A B C D E F G H I J K);
arguments!(A B C D E F G H I J K L);
arguments!(A B C D E F G H I J K L M);
arguments!(A B C D E F G H I J K L M N);
arguments!(A B C D E F G H I J K L M N O);
