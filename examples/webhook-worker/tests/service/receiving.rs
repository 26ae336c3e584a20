//! What senders of webhooks get, over a real socket.

mod on_a_server {
    use serde_json::json;

    use crate::support::Service;

    #[tokio::test]
    async fn a_webhook_becomes_a_job_at_once_and_its_repetition_does_not() {
        let service = Service::start().await;
        let sender = service.receiver().await;
        for _ in 0..2 {
            assert_eq!(sender.paid("acme", "evt-1", "order-1").await, 202);
        }
        assert_eq!(service.jobs().await, 1);
        let job = service.queue.take().await.unwrap().unwrap();
        assert_eq!(job.event, crate::support::event("evt-1", "order-1"));
        service.end().await;
    }

    #[tokio::test]
    async fn two_shops_may_use_one_id() {
        let service = Service::start().await;
        let sender = service.receiver().await;
        assert_eq!(sender.paid("acme", "evt-1", "order-1").await, 202);
        assert_eq!(sender.paid("globex", "evt-1", "order-1").await, 202);
        assert_eq!(service.jobs().await, 2);
        service.end().await;
    }

    #[tokio::test]
    async fn only_the_shop_itself_is_believed() {
        let service = Service::start().await;
        let sender = service.receiver().await;
        let body = json!({ "type": "order.paid", "data": { "order": "order-1", "grams": 1 } });
        assert_eq!(sender.send("acme", "globex", "evt-1", &body).await, 401);
        assert_eq!(sender.send("nobody", "acme", "evt-1", &body).await, 401);
        assert_eq!(sender.unsigned("acme").await, 401);
        assert_eq!(service.jobs().await, 0);
        service.end().await;
    }

    #[tokio::test]
    async fn other_events_are_taken_and_ignored() {
        let service = Service::start().await;
        let sender = service.receiver().await;
        let body = json!({ "type": "order.viewed" });
        assert_eq!(sender.send("acme", "acme", "evt-1", &body).await, 204);
        let body = json!({ "type": "order.paid", "data": { "order": 1 } });
        assert_eq!(sender.send("acme", "acme", "evt-2", &body).await, 422);
        assert_eq!(service.jobs().await, 0);
        service.end().await;
    }
}
