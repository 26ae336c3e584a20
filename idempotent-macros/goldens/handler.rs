/// Creates a task.
#[must_use]
#[allow(clippy::double_must_use)]
pub fn create_task(
    __arg0: State<App>,
    __arg1: OrgId,
    __captured: ::idempotent_runtime::axum::__private::Captured<Json<NewTask>>,
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
    #[tracing::instrument(skip_all)]
    async fn create_task(
        State(app): State<App>,
        #[allow(unused_variables)]
        org: OrgId,
        Json(task): Json<NewTask>,
    ) -> Json<Task> {
        Json(app.create(task).await)
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new()
        .key(__idempotent::KeySource::Header("x-idempotency-key"))
        .ttl(__idempotent::Ttl::after(__idempotent::millis(86400000u64)))
        .validated();
    let __replay = __idempotent::need_replay::<Json<Task>>();
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
                    let org = &__arg1;
                    __idempotent::scope(&mut __call, &org);
                }
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(create_task(__arg0, __arg1, __arg2))
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
