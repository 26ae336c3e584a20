pub fn r#match<r#T>(
    __arg0: Type<r#T>,
    __captured: ::idempotent_runtime::axum::__private::Captured<Query<String>>,
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
    async fn r#match<r#T>(
        #[allow(unused_variables)]
        r#type: Type<r#T>,
        #[allow(unused_variables)]
        Query(r#async): Query<String>,
    ) -> r#try::Reply {
        r#type.reply()
    }
    const __POLICY: __idempotent::Policy = {
        #[allow(unused_qualifications)]
        const __SHARED: __idempotent::Policy = r#mod::POLICY;
        const __ALTERED: __idempotent::Policy = __SHARED
            .key(__idempotent::KeySource::Arguments)
            .operation(__idempotent::Operation::Named("match"));
        __ALTERED.assert_format_fits();
        __ALTERED.validated()
    };
    let __replay = __idempotent::need_replay::<r#try::Reply>();
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(mut __call, __arg1) => {
                #[allow(
                    unused_variables,
                    clippy::needless_borrow,
                    clippy::needless_borrows_for_generic_args,
                    clippy::explicit_auto_deref,
                    clippy::pattern_type_mismatch
                )]
                {
                    {
                        let r#type = &__arg0;
                        __idempotent::scope(&mut __call, &r#type);
                    }
                    {
                        let Query(r#async) = &__arg1;
                        __idempotent::key(&mut __call, &format!("{async}"));
                    }
                }
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            r#match::<r#T>(__arg0, __arg1).await,
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
