fn create(
    __captured: crate::vendored::axum::__private::Captured<Org>,
) -> crate::vendored::axum::__private::Run<
    impl ::core::future::Future<
        Output = crate::vendored::axum::__private::Handing<
            impl ::core::future::Future<Output = crate::vendored::axum::__private::Reply>,
        >,
    >,
> {
    use crate::vendored::axum::__private as __idempotent;
    async fn create(
        #[allow(unused_variables)]
        org: Org,
    ) -> Result<StatusCode, ApiError> {
        pay(org).await
    }
    const __POLICY: __idempotent::Policy = {
        #[allow(unused_qualifications)]
        const __SHARED: __idempotent::Policy = policies::PAYMENTS;
        const __ALTERED: __idempotent::Policy = __SHARED
            .key(
                __idempotent::KeySource::FirstOf(
                    &[
                        __idempotent::KeySource::Header("x-key"),
                        __idempotent::KeySource::Arguments,
                    ],
                ),
            )
            .key_format(__idempotent::KeyFormat::any(1u16, 64u16))
            .fingerprint(__idempotent::FingerprintOf::Fields(&["/amount", "/currency"]))
            .release(
                __idempotent::Release::Statuses(
                    &[
                        __idempotent::StatusRange::new(429u16, 429u16),
                        __idempotent::StatusRange::new(502u16, 504u16),
                    ],
                ),
            );
        __ALTERED.assert_format_fits();
        __ALTERED.validated()
    };
    let __replay = __idempotent::need_result(
        __idempotent::need_replay::<StatusCode>(),
        __idempotent::need_replay::<ApiError>(),
    );
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
                    {
                        let org = &__arg0;
                        __idempotent::scope(&mut __call, &org);
                    }
                    {
                        __idempotent::scope(&mut __call, &7);
                    }
                    {
                        let org = &__arg0;
                        __idempotent::key(&mut __call, &org.id);
                    }
                }
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
