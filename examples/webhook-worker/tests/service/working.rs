//! What becomes of jobs that are delivered twice, to two workers, or to one that dies.

mod on_a_server {
    use idempotent_runtime::Code;
    use tokio::task::JoinSet;
    use tokio::time::timeout;
    use tokio_util::sync::CancellationToken;
    use webhook_worker::queue::Delays;
    use webhook_worker::shipping::{JobError, Shipment};
    use webhook_worker::worker::{Worked, Worker};

    use crate::support::{Next, PATIENCE, Service, event};

    /// Works until a job is done. There must be one.
    async fn done(worker: &Worker) -> Shipment {
        let done = async {
            loop {
                if let Worked::Done(shipment) = worker.work_once().await.unwrap().unwrap() {
                    return shipment;
                }
            }
        };
        timeout(PATIENCE, done).await.unwrap()
    }

    fn rejection(worked: Option<Worked>) -> Code {
        match worked {
            Some(
                Worked::GivenBack(JobError::Rejected(rejection))
                | Worked::SetAside(JobError::Rejected(rejection)),
            ) => rejection.code(),
            other => panic!("not refused: {other:?}"),
        }
    }

    #[tokio::test]
    async fn an_event_that_comes_again_after_its_job_is_done_ships_nothing() {
        let service = Service::start().await;
        let (sender, worker) = (service.receiver().await, service.worker().await);
        sender.paid("acme", "evt-1", "order-1").await;
        let first = done(&worker).await;
        assert!(worker.work_once().await.unwrap().is_none());

        // The sender saw no answer and repeats the webhook, and the queue has forgotten the job.
        sender.paid("acme", "evt-1", "order-1").await;
        assert_eq!(done(&worker).await, first);
        assert_eq!(service.carrier.keys().len(), 1);
        assert_eq!((service.shipments().await, service.jobs().await), (1, 0));
        service.end().await;
    }

    #[tokio::test]
    async fn a_job_that_is_delivered_to_two_workers_ships_once() {
        let service = Service::start().await;
        let (one, other) = (service.worker().await, service.worker().await);
        service
            .queue
            .push(&event("evt-1", "order-1"))
            .await
            .unwrap();

        let go = service.carrier.wait();
        let working = tokio::spawn(async move { one.work_once().await });
        service.carrier.asked().await;
        // It is delivered again while the first worker is at it.
        let worked = other.work_once().await.unwrap();
        assert_eq!(rejection(worked), Code::Pending);

        go.send(()).unwrap();
        let Some(Worked::Done(first)) = working.await.unwrap().unwrap() else {
            panic!("the first worker had the record");
        };
        // The job is the other's, so it is that one who removes it.
        assert_eq!(service.jobs().await, 1);
        assert_eq!(done(&other).await, first);
        assert_eq!(service.carrier.keys().len(), 1);
        assert_eq!((service.shipments().await, service.jobs().await), (1, 0));
        service.end().await;
    }

    #[tokio::test]
    async fn a_worker_that_is_dropped_in_the_middle_leaves_its_job_to_another() {
        let service = Service::start().await;
        let (one, other) = (service.worker().await, service.worker().await);
        service
            .queue
            .push(&event("evt-1", "order-1"))
            .await
            .unwrap();

        let _never = service.carrier.wait();
        let working = tokio::spawn(async move { one.work_once().await });
        service.carrier.asked().await;
        working.abort();
        assert!(working.await.unwrap_err().is_cancelled());

        done(&other).await;
        // The carrier is asked under the same key, so it would ship nothing new if it had shipped already.
        let keys = service.carrier.keys();
        assert_eq!((keys.len(), &keys[0]), (2, &keys[1]));
        assert_eq!((service.shipments().await, service.jobs().await), (1, 0));
        service.end().await;
    }

    #[tokio::test]
    async fn a_worker_that_dies_after_its_last_step_leaves_one_shipment() {
        let service = Service::start().await;
        let (one, other) = (service.worker().await, service.worker().await);
        service
            .queue
            .push(&event("evt-1", "order-1"))
            .await
            .unwrap();

        let _never = service.carrier.wait();
        let working = tokio::spawn(async move { one.work_once().await });
        service.carrier.asked().await;
        let tracking = format!("trk_{}", service.carrier.keys()[0]);
        // It gets as far as the row, and not to the record.
        sqlx::query("INSERT INTO shipments (tracking, shop, event) VALUES ($1, 'acme', 'evt-1')")
            .bind(&tracking)
            .execute(&service.database)
            .await
            .unwrap();
        working.abort();
        assert!(working.await.unwrap_err().is_cancelled());

        assert_eq!(done(&other).await, Shipment { tracking });
        assert_eq!((service.shipments().await, service.jobs().await), (1, 0));
        service.end().await;
    }

    #[tokio::test]
    async fn a_job_that_failed_is_given_back_and_done_later() {
        let service = Service::start().await;
        let worker = service.worker().await;
        service
            .queue
            .push(&event("evt-1", "order-1"))
            .await
            .unwrap();
        service.carrier.next(Next::Busy);
        let worked = worker.work_once().await.unwrap();
        assert!(
            matches!(worked, Some(Worked::GivenBack(JobError::Carrier(_)))),
            "{worked:?}"
        );
        assert_eq!((service.shipments().await, service.jobs().await), (0, 1));

        done(&worker).await;
        // Nothing was shipped under the first key, so this is another call.
        let keys = service.carrier.keys();
        assert_eq!(keys.len(), 2);
        assert_ne!(keys[0], keys[1]);
        assert_eq!((service.shipments().await, service.jobs().await), (1, 0));
        service.end().await;
    }

    #[tokio::test]
    async fn another_parcel_under_a_used_id_is_refused_and_set_aside() {
        let service = Service::start().await;
        let worker = service.worker().await;
        service
            .queue
            .push(&event("evt-1", "order-1"))
            .await
            .unwrap();
        done(&worker).await;

        service
            .queue
            .push(&event("evt-1", "order-2"))
            .await
            .unwrap();
        let worked = worker.work_once().await.unwrap();
        assert!(matches!(worked, Some(Worked::SetAside(_))), "{worked:?}");
        assert_eq!(rejection(worked), Code::Mismatch);
        let aside = "SELECT count(*) FROM jobs WHERE failure LIKE 'idempotency_mismatch%'";
        assert_eq!(service.count(aside).await, 1);
        // No worker gets it any more.
        assert!(worker.work_once().await.unwrap().is_none());
        assert_eq!(service.shipments().await, 1);
        service.end().await;
    }

    #[tokio::test]
    async fn a_job_that_panics_is_done_by_the_same_worker_later() {
        let service = Service::start().await;
        let worker = service.worker().await;
        service
            .queue
            .push(&event("evt-1", "order-1"))
            .await
            .unwrap();
        service.carrier.next(Next::Panic);
        let stopped = CancellationToken::new();
        let running = {
            let (worker, stopped) = (worker.clone(), stopped.clone());
            tokio::spawn(async move { worker.run(stopped).await })
        };
        let asked_twice = async {
            service.carrier.asked().await;
            service.carrier.asked().await;
        };
        timeout(PATIENCE, asked_twice).await.unwrap();
        // The job that has begun is finished first.
        stopped.cancel();
        timeout(PATIENCE, running).await.unwrap().unwrap();
        assert_eq!((service.shipments().await, service.jobs().await), (1, 0));
        service.end().await;
    }

    #[tokio::test]
    async fn four_workers_ship_each_of_many_events_once() {
        let service = Service::with(Delays::default()).await;
        let sender = service.receiver().await;
        for event in 0..20 {
            for _ in 0..2 {
                let (id, order) = (format!("evt-{event}"), format!("order-{event}"));
                assert_eq!(sender.paid("acme", &id, &order).await, 202);
            }
        }
        let mut workers = JoinSet::new();
        for _ in 0..4 {
            let worker = service.worker().await;
            workers.spawn(async move {
                while let Some(worked) = worker.work_once().await.unwrap() {
                    assert!(matches!(worked, Worked::Done(_)), "{worked:?}");
                }
            });
        }
        timeout(PATIENCE, workers.join_all()).await.unwrap();
        assert_eq!(service.carrier.keys().len(), 20);
        assert_eq!((service.shipments().await, service.jobs().await), (20, 0));
        service.end().await;
    }
}
