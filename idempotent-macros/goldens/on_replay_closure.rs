fn create(
    __arg0: State<App>,
    __arg1: OrgId,
    __captured: ::idempotent_runtime::axum::__private::Captured<Json<NewTask>>,
) -> ::idempotent_runtime::axum::__private::Run<
    impl ::core::future::Future<
        Output = ::idempotent_runtime::axum::__private::Deciding<
            impl ::core::future::Future<
                Output = ::idempotent_runtime::axum::__private::Response,
            >,
        >,
    >,
> {
    use ::idempotent_runtime::axum::__private as __idempotent;
    async fn create(
        #[allow(unused_variables)]
        State(mut app): State<App>,
        #[allow(unused_variables)]
        org: OrgId,
        #[allow(unused_variables)]
        Json(task): Json<NewTask>,
    ) -> Json<Task> {
        app.create(task).await
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
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
                __idempotent::decide(
                    __call,
                    move |__call| async move {
                        #[allow(
                            unused_variables,
                            clippy::needless_borrow,
                            clippy::needless_borrows_for_generic_args,
                            clippy::explicit_auto_deref,
                            clippy::pattern_type_mismatch
                        )]
                        let __entry = {
                            let State(app) = &__arg0;
                            let org = &__arg1;
                            let Json(task) = &__arg2;
                            __idempotent::enter(
                                    __call,
                                    |saved| __idempotent::need_send(async move {
                                        #[allow(
                                            unreachable_code,
                                            unused_qualifications,
                                            clippy::diverging_sub_expression,
                                            clippy::empty_loop
                                        )]
                                        if false {
                                            let __decision: __idempotent::OnReplay = loop {};
                                            return __decision;
                                        }
                                        match app.find(org, task.id).await {
                                            Ok(Some(_)) => saved.replay(),
                                            _ => return OnReplay::answer(StatusCode::NOT_FOUND),
                                        }
                                    }),
                                )
                                .await
                        };
                        match __entry {
                            __idempotent::Result::Ok(__entered) => {
                                __idempotent::protect(
                                        __entered,
                                        __replay,
                                        __idempotent::need_send(create(__arg0, __arg1, __arg2)),
                                    )
                                    .await
                            }
                            __idempotent::Result::Err(__response) => __response,
                        }
                    },
                )
            }
            __idempotent::Received::Answered(__response) => {
                __idempotent::decided(__response)
            }
        }
    })
}
