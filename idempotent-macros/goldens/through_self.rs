/// Creates a task.
#[rustfmt::skip]
pub fn create(
    __arg0: OrgId,
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
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::need_result(
        __idempotent::need_replay::<Json<Self>>(),
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
                    let org = &__arg0;
                    __idempotent::scope(&mut __call, &org);
                }
                let create = async move |
                    #[allow(unused_variables)]
                    org: OrgId,
                    #[allow(unused_mut)]
                    Json(mut task): Json<NewTask>,
                | -> Result<Json<Self>, ApiError> { Self::create_from(task).await };
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(__replay, create(__arg0, __arg1).await)
                    },
                )
            }
            __idempotent::Received::Answered(__response) => {
                __idempotent::answered(__response)
            }
        }
    })
}
