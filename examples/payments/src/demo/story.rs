//! The steps of the demo: what is sent, and what must come of it.

use payments::database;
use sqlx::SqlitePool;
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::DemoError;
use super::client::{Answer, Client, Order};
use super::expectations::{AnsweredBy, expect, expect_code, expect_replay_of, unmet};
use super::process::ServerProcess;
use super::report::{Report, Row};

const ACME: &str = "acme-demo-key";
const GLOBEX: &str = "globex-demo-key";
const FIRST: Order = Order {
    api_key: ACME,
    key: Some("order-1"),
    amount: 4200,
    source: "tok_visa",
};

/// A server, a client of it, and what the database holds. Dropping it kills the server.
#[derive(Debug)]
pub(super) struct Story<'r> {
    report: &'r mut Report,
    store: Option<&'r str>,
    run: Uuid,
    server: ServerProcess,
    client: Client,
    /// The business database, opened beside the server.
    database: SqlitePool,
    /// Goes last: the server has its files in it.
    data: TempDir,
}

impl<'r> Story<'r> {
    pub(super) async fn begin(
        report: &'r mut Report,
        store: Option<&'r str>,
    ) -> Result<Self, DemoError> {
        let (data, run) = (tempfile::tempdir()?, Uuid::new_v4());
        let server = ServerProcess::start(data.path(), store).await?;
        Ok(Self {
            report,
            store,
            run,
            client: Client::new(server.addr(), run)?,
            database: database::open(&data.path().join("payments.db")).await?,
            server,
            data,
        })
    }

    pub(super) async fn first_call_and_retry(&mut self) -> Result<(), DemoError> {
        let request = "acme, order-1, 42.00";
        let first = self.client.send(&FIRST).await?;
        expect(request, 201, AnsweredBy::Call, &first)?;
        self.told(request, &first, 1, "the first call does the work")
            .await?;

        let request = "the same again";
        let retry = self.client.send(&FIRST).await?;
        expect_replay_of(&first, request, &retry)?;
        self.told(request, &retry, 1, "a retry gets the same bytes")
            .await
    }

    pub(super) async fn another_organization(&mut self) -> Result<(), DemoError> {
        let request = "globex, order-1, 42.00";
        let order = Order {
            api_key: GLOBEX,
            ..FIRST
        };
        let answer = self.client.send(&order).await?;
        expect(request, 201, AnsweredBy::Call, &answer)?;
        self.told(request, &answer, 2, "each organization has its own keys")
            .await
    }

    pub(super) async fn changed_amount(&mut self) -> Result<(), DemoError> {
        let request = "acme, order-1, 99.00";
        let order = Order {
            amount: 9900,
            ..FIRST
        };
        let answer = self.client.send(&order).await?;
        expect_code(request, 422, "idempotency_mismatch", &answer)?;
        self.told(request, &answer, 2, "a key stands for one request")
            .await
    }

    pub(super) async fn twenty_at_once(&mut self) -> Result<(), DemoError> {
        let request = "acme, order-2, 20 times";
        let order = Order {
            key: Some("order-2"),
            amount: 2000,
            source: "tok_slow",
            ..FIRST
        };
        let mut clients = JoinSet::new();
        for _ in 0..20 {
            let (client, order) = (self.client.clone(), order.clone());
            clients.spawn(async move { client.send_until_settled(&order).await });
        }
        let settled: Vec<(Answer, usize)> = clients
            .join_all()
            .await
            .into_iter()
            .collect::<Result<_, _>>()?;

        let (first, retries): (Vec<_>, Vec<_>) = settled
            .iter()
            .partition(|(answer, _)| !answer.is_replayed());
        let [(first, _)] = first[..] else {
            return Err(unmet(request, "one answer that ran", &first.len()));
        };
        expect(request, 201, AnsweredBy::Call, first)?;
        for (retry, _) in &retries {
            expect_replay_of(first, request, retry)?;
        }
        let pending = settled.iter().any(|(_, pending)| *pending > 0);
        let row = Row {
            status: settled_status(pending).to_owned(),
            replayed: format!("{} of {}", retries.len(), settled.len()),
            shows: "one runs, the others get its answer",
            ..Row::new(request, first)
        };
        self.tell(row, 3).await
    }

    pub(super) async fn client_hangs_up(&mut self) -> Result<(), DemoError> {
        let request = "acme, order-3, hangs up";
        let order = Order {
            key: Some("order-3"),
            amount: 1900,
            source: "tok_slow",
            ..FIRST
        };
        let connection = self.client.send_and_look_away(&order).await?;
        self.server.logged("charging a card amount=1900").await?;
        drop(connection);
        self.report.add(Row {
            request: request.to_owned(),
            status: "none".to_owned(),
            // Three, unless this machine is so slow that the handler is done already.
            payments: self.count().await?,
            shows: "the handler goes on alone",
            ..Row::default()
        });

        let request = "the same again";
        let (retry, pending) = self.client.send_until_settled(&order).await?;
        expect(request, 201, AnsweredBy::Record, &retry)?;
        let log = self.server.logged("payment made amount=1900").await?;
        if !log.contains("organization=acme") {
            return Err(unmet(request, "a log line in the request's span", &log));
        }
        let row = Row {
            status: settled_status(pending > 0).to_owned(),
            shows: "a retry gets the answer nobody read",
            ..Row::new(request, &retry)
        };
        self.tell(row, 4).await
    }

    pub(super) async fn declined_card(&mut self) -> Result<(), DemoError> {
        let request = "acme, order-4, bad card";
        let order = Order {
            key: Some("order-4"),
            source: "tok_declined",
            ..FIRST
        };
        let first = self.client.send(&order).await?;
        expect_code(request, 402, "card_declined", &first)?;
        self.told(request, &first, 4, "a declined card is an outcome")
            .await?;

        let request = "the same again";
        let retry = self.client.send(&order).await?;
        expect_replay_of(&first, request, &retry)?;
        self.told(request, &retry, 4, "and replayed like any other")
            .await
    }

    pub(super) async fn missing_key(&mut self) -> Result<(), DemoError> {
        let request = "acme, no key";
        let order = Order { key: None, ..FIRST };
        let answer = self.client.send(&order).await?;
        expect_code(request, 400, "idempotency_key_missing", &answer)?;
        self.told(request, &answer, 4, "nothing is done without a key")
            .await
    }

    pub(super) async fn server_killed(mut self) -> Result<Self, DemoError> {
        let request = "acme, order-5, 50.00";
        let order = Order {
            key: Some("order-5"),
            amount: 5000,
            ..FIRST
        };
        let first = self.client.send(&order).await?;
        expect(request, 201, AnsweredBy::Call, &first)?;
        self.told(request, &first, 5, "then kill -9, and a new server")
            .await?;

        self.server.kill().await?;
        self.server = ServerProcess::start(self.data.path(), self.store).await?;
        self.client = Client::new(self.server.addr(), self.run)?;

        let request = "the same again";
        let retry = self.client.send(&order).await?;
        expect_replay_of(&first, request, &retry)?;
        self.told(request, &retry, 5, "outcomes survive the process")
            .await?;
        Ok(self)
    }

    /// Stops the server and removes its files. A story that ends early leaves both to `Drop`.
    pub(super) async fn end(self) -> Result<(), DemoError> {
        self.server.kill().await?;
        self.database.close().await;
        self.data.close()?;
        Ok(())
    }

    async fn told(
        &mut self,
        request: &str,
        answer: &Answer,
        payments: i64,
        shows: &'static str,
    ) -> Result<(), DemoError> {
        let row = Row {
            shows,
            ..Row::new(request, answer)
        };
        self.tell(row, payments).await
    }

    /// Adds a line to the table, with the number of payments as the database has it, which must be this.
    async fn tell(&mut self, row: Row, payments: i64) -> Result<(), DemoError> {
        let counted = self.count().await?;
        let request = row.request.clone();
        self.report.add(Row {
            payments: counted,
            ..row
        });
        if counted == payments {
            return Ok(());
        }
        let expected = format!("{payments} payments in the database");
        Err(unmet(&request, &expected, &counted))
    }

    async fn count(&self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("SELECT count(*) FROM payments")
            .fetch_one(&self.database)
            .await
    }
}

/// What a client sees that retries while the first attempt is running.
fn settled_status(was_pending: bool) -> &'static str {
    if was_pending { "409, 201" } else { "201" }
}
