fn pay(
    __captured: ::idempotent_runtime::axum::__private::Captured<OrgId>,
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
    async fn pay(#[allow(unused_variables)] org: OrgId) -> StatusCode {
        StatusCode::OK
    }
    const __POLICY: __idempotent::Policy = {
        #[allow(unused_qualifications)]
        const __SHARED: __idempotent::Policy = policies::PAYMENTS;
        const __ALTERED: __idempotent::Policy = __SHARED
            .lease(__idempotent::millis(10000u64));
        __ALTERED.assert_lease_fits();
        __ALTERED.assert_key_is_sent();
        __ALTERED.validated()
    };
    let __replay = __idempotent::need_replay::<StatusCode>();
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(mut __call, __arg0) => {
                #[allow(
                    unused_variables,
                    clippy::needless_borrow,
                    clippy::needless_borrows_for_generic_args,
                    clippy::explicit_auto_deref,
                    clippy::pattern_type_mismatch
                )]
                {
                    let org = &__arg0;
                    __idempotent::scope(&mut __call, &org);
                }
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(pay(__arg0)).await,
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
