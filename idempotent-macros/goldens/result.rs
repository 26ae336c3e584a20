fn pay(
    __arg0: User,
    __captured: ::idempotent_runtime::axum::__private::Captured<Bytes>,
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
    async fn pay(
        #[allow(unused_variables)]
        user: User,
        body: Bytes,
    ) -> Result<(StatusCode, Json<Receipt>), ApiError> {
        receipt(user, body).await
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::need_result(
        __idempotent::need_tuple(
            (__idempotent::PartProbe::<StatusCode>::NEW.part().witness::<StatusCode>(),),
            __idempotent::need_replay::<Json<Receipt>>(),
        ),
        __idempotent::need_replay::<ApiError>(),
    );
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
                        let user = &__arg0;
                        __idempotent::scope(&mut __call, &user.org);
                    }
                    {
                        let user = &__arg0;
                        __idempotent::scope(&mut __call, &user.id);
                    }
                }
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(pay(__arg0, __arg1)).await,
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
