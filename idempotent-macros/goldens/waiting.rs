fn wait(
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
    async fn wait() -> StatusCode {
        StatusCode::OK
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new()
        .fingerprint(__idempotent::FingerprintOf::Json)
        .mismatch(__idempotent::Mismatch::Separate)
        .pending(__idempotent::Pending::Wait(__idempotent::millis(5000u64)))
        .validated();
    let __replay = __idempotent::need_replay::<StatusCode>();
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(__call, _) => {
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(wait()).await,
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

fn provisional(
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
    async fn provisional() -> StatusCode {
        StatusCode::OK
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new()
        .fingerprint(__idempotent::FingerprintOf::Fields(&["/amount", "/items/0"]))
        .pending(__idempotent::Pending::Provisional(__idempotent::millis(250u64)))
        .validated();
    let __replay = __idempotent::need_replay::<StatusCode>();
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(__call, _) => {
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(provisional()).await,
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

fn except(
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
    async fn except() -> StatusCode {
        StatusCode::OK
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new()
        .fingerprint(__idempotent::FingerprintOf::Except(&["/sent_at"]))
        .validated();
    let __replay = __idempotent::need_replay::<StatusCode>();
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(__call, _) => {
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(except()).await,
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
