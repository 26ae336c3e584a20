fn pay(
    __captured: ::idempotent_runtime::axum::__private::Captured<
        ::idempotent_runtime::axum::__private::NoArgument,
    >,
) -> ::idempotent_runtime::axum::__private::Run<
    impl ::core::future::Future<Output = ::idempotent_runtime::axum::__private::Response>,
> {
    use ::idempotent_runtime::axum::__private as __idempotent;
    async fn pay() -> Result<Response, ApiError> {
        Ok(export())
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new()
        .abandoned(__idempotent::Abandoned::RerunUpTo(3u32))
        .validated();
    let __replay = __idempotent::Probe::<Result<Response, ApiError>>::NEW
        .kind()
        .buffered::<Result<Response, ApiError>>();
    let (__detach, __received) = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(
        __detach,
        async move {
            match __received.await {
                __idempotent::Received::Run(__call, _) => {
                    __idempotent::protect(
                            __call,
                            __replay,
                            __idempotent::need_send(pay()),
                        )
                        .await
                }
                __idempotent::Received::Answered(__response) => __response,
            }
        },
    )
}

fn pay(
    __captured: ::idempotent_runtime::axum::__private::Captured<
        ::idempotent_runtime::axum::__private::NoArgument,
    >,
) -> ::idempotent_runtime::axum::__private::Run<
    impl ::core::future::Future<Output = ::idempotent_runtime::axum::__private::Response>,
> {
    use ::idempotent_runtime::axum::__private as __idempotent;
    async fn pay() -> Result<impl IntoResponse, ApiError> {
        Ok(export())
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::need_result(
        __idempotent::any_response(),
        __idempotent::Probe::<ApiError>::NEW.kind().buffered::<ApiError>(),
    );
    let (__detach, __received) = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(
        __detach,
        async move {
            match __received.await {
                __idempotent::Received::Run(__call, _) => {
                    __idempotent::protect(
                            __call,
                            __replay,
                            __idempotent::need_send(pay()),
                        )
                        .await
                }
                __idempotent::Received::Answered(__response) => __response,
            }
        },
    )
}

fn pay(
    __captured: ::idempotent_runtime::axum::__private::Captured<
        ::idempotent_runtime::axum::__private::NoArgument,
    >,
) -> ::idempotent_runtime::axum::__private::Run<
    impl ::core::future::Future<Output = ::idempotent_runtime::axum::__private::Response>,
> {
    use ::idempotent_runtime::axum::__private as __idempotent;
    async fn pay() -> impl IntoResponse {
        export()
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::any_response();
    let (__detach, __received) = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(
        __detach,
        async move {
            match __received.await {
                __idempotent::Received::Run(__call, _) => {
                    __idempotent::protect(
                            __call,
                            __replay,
                            __idempotent::need_send(pay()),
                        )
                        .await
                }
                __idempotent::Received::Answered(__response) => __response,
            }
        },
    )
}
