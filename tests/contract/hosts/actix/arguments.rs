//! Arguments of handlers whose patterns are the same on every framework.

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest, ResponseError as _, web};
use bytes::{Bytes, BytesMut};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _, TryStreamExt as _};
use serde::de::DeserializeOwned;

use super::Answer;

/// The application's state.
#[derive(Clone)]
pub(crate) struct State<T>(pub(crate) T);

impl<T: Clone + 'static> FromRequest for State<T> {
    type Error = Error;
    type Future = std::future::Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(request.app_data::<Self>().unwrap().clone()))
    }
}

/// The parameters of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Path<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let path = web::Path::<T>::from_request(request, payload);
        path.map_ok(|path| Self(path.into_inner())).boxed_local()
    }
}

/// A body of JSON.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = web::Json::<T>::from_request(request, payload);
        json.map_ok(|json| Self(json.into_inner())).boxed_local()
    }
}

/// The contents of a form's fields, one after the other.
pub(crate) struct Multipart(actix_multipart::Multipart);

impl Multipart {
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Answer> {
        #[allow(clippy::needless_pass_by_value)]
        fn rejected(error: actix_multipart::MultipartError) -> Answer {
            Answer::new(error.status_code().as_u16(), error.to_string())
        }
        let Some(mut field) = self.0.try_next().await.map_err(rejected)? else {
            return Ok(None);
        };
        let mut content = BytesMut::new();
        while let Some(piece) = field.try_next().await.map_err(rejected)? {
            content.extend_from_slice(&piece);
        }
        Ok(Some(content.freeze()))
    }
}

impl FromRequest for Multipart {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = actix_multipart::Multipart::from_request(request, payload);
        form.map_ok(Self).boxed_local()
    }
}
