fn update(
    __arg0: State<App>,
    __arg1: Path<(u32, u32)>,
    __captured: ::idempotent_runtime::axum::__private::Captured<Json<Task>>,
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
    async fn update(
        #[allow(unused_variables)]
        State(App { mut db, ref tenant, .. }): State<App>,
        #[allow(unused_variables)]
        Path((id, _version)): Path<(u32, u32)>,
        #[allow(unused_variables)]
        Json(mut task): Json<Task>,
    ) -> StatusCode {
        db.update(id, &mut task).await
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new()
        .key(__idempotent::KeySource::Arguments)
        .validated();
    let __replay = __idempotent::need_replay::<StatusCode>();
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(mut __call, __arg2) => {
                #[allow(
                    unused_variables,
                    clippy::needless_borrow,
                    clippy::needless_borrows_for_generic_args,
                    clippy::explicit_auto_deref,
                    clippy::pattern_type_mismatch
                )]
                {
                    {
                        let State(App { db: _, tenant, .. }) = &__arg0;
                        __idempotent::scope(&mut __call, &tenant);
                    }
                    {
                        let Path((id, _)) = &__arg1;
                        __idempotent::scope(&mut __call, &id);
                    }
                    {
                        let Json(task) = &__arg2;
                        __idempotent::key(&mut __call, &&task.request_id);
                    }
                }
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(update(__arg0, __arg1, __arg2)).await,
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
