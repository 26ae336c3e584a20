fn pay(
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
    async fn pay() -> StatusCode {
        StatusCode::OK
    }
    {
        #[deprecated = "a failure of unknown effect, such as 500, gives the key back, and its retry runs the handler again, which `abandoned = refuse` forbids after a crash: write the statuses that mean \"nothing was done\", `release = [401, 408, 425, 429, 503]`, or `#[allow(deprecated)]` below the attribute if this is meant"]
        #[allow(non_upper_case_globals)]
        const failures_released_under_refuse: () = ();
        failures_released_under_refuse
    };
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new()
        .release(__idempotent::Release::Failures)
        .abandoned(__idempotent::Abandoned::Refuse)
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
                            __idempotent::need_send(pay()).await,
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
