fn named(
    __captured: ::idempotent_runtime::axum::__private::Captured<
        ::idempotent_runtime::axum::__private::NoArgument,
    >,
) -> ::idempotent_runtime::axum::__private::Run<
    impl ::core::future::Future<Output = ::idempotent_runtime::axum::__private::Response>,
> {
    use ::idempotent_runtime::axum::__private as __idempotent;
    async fn named() -> Response {
        respond().await
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::buffered::<Response>();
    __idempotent::run(
        __captured,
        &__POLICY,
        move |__call, _| async move {
            __idempotent::protect(__call, __replay, __idempotent::need_send(named()))
                .await
        },
    )
}

fn unnamed(
    __captured: ::idempotent_runtime::axum::__private::Captured<
        ::idempotent_runtime::axum::__private::NoArgument,
    >,
) -> ::idempotent_runtime::axum::__private::Run<
    impl ::core::future::Future<Output = ::idempotent_runtime::axum::__private::Response>,
> {
    use ::idempotent_runtime::axum::__private as __idempotent;
    async fn unnamed() -> Result<impl IntoResponse, ApiError> {
        respond().await
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new().validated();
    let __replay = __idempotent::any_response();
    __idempotent::run(
        __captured,
        &__POLICY,
        move |__call, _| async move {
            __idempotent::protect(__call, __replay, __idempotent::need_send(unnamed()))
                .await
        },
    )
}
