fn create(
    __captured: ::idempotent_runtime::axum::__private::Captured<OrgId>,
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
    async fn create(#[allow(unused_variables)] org: OrgId) -> StatusCode {
        StatusCode::OK
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::need_replay::<StatusCode>();
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
                    let org = &__arg0;
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
                            __idempotent::enter(
                                    __call,
                                    __idempotent::deciding(replays::rebuild),
                                )
                                .await
                        };
                        match __entry {
                            __idempotent::Result::Ok(__entered) => {
                                __idempotent::protect(
                                        __entered,
                                        __replay,
                                        __idempotent::need_send(create(__arg0)),
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
