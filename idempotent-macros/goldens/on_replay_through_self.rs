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
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::need_replay::<Json<Self>>();
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
                    __idempotent::scope(&mut __call, &Self::tenant(org));
                }
                let create = async move |
                    #[allow(unused_variables)]
                    org: OrgId,
                | -> Json<Self> { Json(Self::of(org).await) };
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
                            let org = &__arg0;
                            __idempotent::enter(
                                    __call,
                                    |saved| async move {
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
                                        Self::judge(org, saved).await
                                    },
                                )
                                .await
                        };
                        match __entry {
                            __idempotent::Result::Ok(__entered) => {
                                __idempotent::protect(__entered, __replay, create(__arg0))
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
