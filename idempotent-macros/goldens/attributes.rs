/// Creates a task.
#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
#[deprecated]
#[expect(unused_variables)]
pub(crate) fn create(
    __captured: ::idempotent_runtime::axum::__private::Captured<String>,
) -> ::idempotent_runtime::axum::__private::Run<
    impl ::core::future::Future<
        Output = ::idempotent_runtime::axum::__private::Handing<
            impl ::core::future::Future<
                Output = ::idempotent_runtime::axum::__private::Reply,
            >,
        >,
    >,
> {
    use ::idempotent_runtime::axum::__private as __idempotent;
    #[cfg_attr(unix, tracing::instrument)]
    #[inline]
    #[axum::debug_handler]
    async fn create(task: String) -> StatusCode {
        StatusCode::OK
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::need_replay::<StatusCode>();
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(__call, __arg0) => {
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(create(__arg0)).await,
                        )
                    },
                )
            }
            __idempotent::Received::Answered(__response) => {
                __idempotent::answered(__response)
            }
        }
    })
}
