fn named(
    __captured: ::idempotent_runtime::axum::__private::Captured<
        ::idempotent_runtime::axum::__private::NoArgument,
    >,
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
    async fn named() -> Response {
        respond().await
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::Probe::<Response>::NEW.kind().buffered::<Response>();
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(__call, _) => {
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(named()).await,
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

fn unnamed(
    __captured: ::idempotent_runtime::axum::__private::Captured<
        ::idempotent_runtime::axum::__private::NoArgument,
    >,
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
    async fn unnamed() -> Result<impl IntoResponse, ApiError> {
        respond().await
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::need_result(
        __idempotent::any_response(),
        __idempotent::Probe::<ApiError>::NEW.kind().buffered::<ApiError>(),
    );
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(__call, _) => {
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(unnamed()).await,
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

fn without_a_name(
    __captured: ::idempotent_runtime::axum::__private::Captured<
        ::idempotent_runtime::axum::__private::NoArgument,
    >,
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
    async fn without_a_name() -> impl IntoResponse {
        respond().await
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new()
        .abandoned(__idempotent::Abandoned::RerunUpTo(3u32))
        .validated();
    let __replay = __idempotent::any_response();
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(__call, _) => {
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(without_a_name()).await,
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
