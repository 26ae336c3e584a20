fn pay(
    __captured: crate::vendored::axum::__private::Captured<
        crate::vendored::axum::__private::NoArgument,
    >,
) -> crate::vendored::axum::__private::Run<
    impl ::core::future::Future<
        Output = crate::vendored::axum::__private::Handing<
            impl ::core::future::Future<Output = crate::vendored::axum::__private::Reply>,
        >,
    >,
> {
    use crate::vendored::axum::__private as __idempotent;
    async fn pay() -> StatusCode {
        StatusCode::OK
    }
    const __POLICY: __idempotent::Policy = __idempotent::Policy::new()
        .key(__idempotent::KeySource::Body("/meta/id"))
        .key_format(__idempotent::KeyFormat::ascii(16u16, 128u16))
        .ttl(__idempotent::Ttl::Forever)
        .operation(__idempotent::Operation::Named("pay"))
        .fingerprint(__idempotent::FingerprintOf::None)
        .missing(__idempotent::Missing::Unprotected)
        .mismatch(__idempotent::Mismatch::Reject(409u16))
        .pending(__idempotent::Pending::Reject(425u16))
        .release(
            __idempotent::Release::Statuses(
                &[
                    __idempotent::StatusRange::new(429u16, 429u16),
                    __idempotent::StatusRange::new(502u16, 504u16),
                ],
            ),
        )
        .abandoned(__idempotent::Abandoned::Refuse)
        .lease(__idempotent::millis(10000u64))
        .deadline(__idempotent::millis(90000u64))
        .validated();
    let __replay = __idempotent::need_replay::<StatusCode>();
    let __received = __idempotent::receive(__captured, &__POLICY);
    __idempotent::run(async move {
        match __received.await {
            __idempotent::Received::Run(__call, _) => {
                __idempotent::hand_over(
                    __call,
                    async move {
                        __idempotent::reply(
                            __replay,
                            __idempotent::need_send(pay()).await,
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
