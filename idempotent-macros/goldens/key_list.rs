fn receive(
    __arg0: OrgId,
    __captured: ::idempotent_runtime::axum::__private::Captured<Json<Event>>,
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
    async fn receive(
        #[allow(unused_variables)]
        org: OrgId,
        #[allow(unused_variables)]
        Json(event): Json<Event>,
    ) -> StatusCode {
        accept(event).await
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new()
        .key(
            __idempotent::KeySource::FirstOf(
                &[
                    __idempotent::KeySource::Header("idempotency-key"),
                    __idempotent::KeySource::Body("idempotency_key"),
                    __idempotent::KeySource::Arguments,
                    __idempotent::KeySource::Arguments,
                ],
            ),
        )
        .validated();
    let __replay = __idempotent::need_replay::<StatusCode>();
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
                        let org = &__arg0;
                        __idempotent::scope(&mut __call, &org);
                    }
                    {
                        let Json(event) = &__arg1;
                        __idempotent::key(&mut __call, &event.id);
                    }
                    {
                        let Json(event) = &__arg1;
                        __idempotent::key(&mut __call, &event.meta.key);
                    }
                }
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(receive(__arg0, __arg1)).await,
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
