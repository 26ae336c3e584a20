fn create<'a, O: Owner, const N: usize>(
    __arg0: O,
    __arg1: Extension<Task<O, N>>,
    __captured: ::idempotent_runtime::axum::__private::Captured<impl Body>,
) -> ::idempotent_runtime::axum::__private::Run<
    impl ::core::future::Future<
        Output = ::idempotent_runtime::axum::__private::Handing<
            impl ::core::future::Future<
                Output = ::idempotent_runtime::axum::__private::Reply,
            >,
        >,
    >,
>
where
    O: Clone,
{
    use ::idempotent_runtime::axum::__private as __idempotent;
    async fn create<'a, O: Owner, const N: usize>(
        #[allow(unused_variables)]
        owner: O,
        Extension(task): Extension<Task<O, N>>,
        body: impl Body,
    ) -> Json<Task<O, N>>
    where
        O: Clone,
    {
        task.create().await
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::need_replay::<Json<Task<O, N>>>();
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
                    let owner = &__arg0;
                    __idempotent::scope(&mut __call, &owner);
                }
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            create::<O, N>(__arg0, __arg1, __arg2).await,
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
