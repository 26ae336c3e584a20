fn many(
    __arg0: A1,
    __arg1: A2,
    __arg2: A3,
    __arg3: A4,
    __arg4: A5,
    __arg5: A6,
    __arg6: A7,
    __arg7: A8,
    __arg8: A9,
    __arg9: A10,
    __arg10: A11,
    __arg11: A12,
    __arg12: A13,
    __arg13: A14,
    __arg14: A15,
    __captured: ::idempotent_runtime::axum::__private::Captured<A16>,
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
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::need_replay::<()>();
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(mut __call, __arg15) => {
                #[allow(
                    unused_variables,
                    clippy::needless_borrow,
                    clippy::needless_borrows_for_generic_args,
                    clippy::explicit_auto_deref,
                    clippy::pattern_type_mismatch
                )]
                {
                    {
                        let a1 = &__arg0;
                        __idempotent::scope(&mut __call, &a1);
                    }
                    {
                        let a16 = &__arg15;
                        __idempotent::scope(&mut __call, &a16);
                    }
                }
                let many = async move |
                    #[allow(unused_variables)]
                    a1: A1,
                    a2: A2,
                    a3: A3,
                    a4: A4,
                    a5: A5,
                    a6: A6,
                    a7: A7,
                    a8: A8,
                    a9: A9,
                    a10: A10,
                    a11: A11,
                    a12: A12,
                    a13: A13,
                    a14: A14,
                    a15: A15,
                    #[allow(unused_variables)]
                    a16: A16,
                | -> () {};
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            many(
                                    __arg0,
                                    __arg1,
                                    __arg2,
                                    __arg3,
                                    __arg4,
                                    __arg5,
                                    __arg6,
                                    __arg7,
                                    __arg8,
                                    __arg9,
                                    __arg10,
                                    __arg11,
                                    __arg12,
                                    __arg13,
                                    __arg14,
                                    __arg15,
                                )
                                .await,
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
