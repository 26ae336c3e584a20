//! The steps of the demo: what is sent, and what must come of it.

use payments::database;
use sqlx::SqlitePool;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::DemoError;
use super::client::{Answer, Client, Order};
use super::expectations::{From, expect, expect_code, expect_replay_of, unmet};
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

/// A server, a client of it, and what the database holds. Ending the story stops the server.
#[derive(Debug)]
pub(super) struct Story<'r> {
    report: &'r mut Report,
    server: ServerProcess,
    client: Client,
    /// The business database, opened beside the server.
    database: SqlitePool,
    /// Goes last: the server has its files in it.
    data: TempDir,
}

impl<'r> Story<'r> {
    pub(super) async fn begin(report: &'r mut Report) -> Result<Self, DemoError> {
        let data = tempfile::tempdir()?;
        let server = ServerProcess::start(data.path()).await?;
        Ok(Self {
            report,
            client: Client::new(server.addr())?,
            database: database::open(&data.path().join("payments.db")).await?,
            server,
            data,
        })
    }

    pub(super) async fn first_call_and_retry(&mut self) -> Result<(), DemoError> {
        let request = "acme pays 42.00, key order-1";
        let first = self.client.send(&FIRST).await?;
        expect(request, 201, From::TheCall, &first)?;
        self.told(request, &first, 1, "the first call does the work")
            .await?;

        let request = "the same again";
        let retry = self.client.send(&FIRST).await?;
        expect_replay_of(&first, request, &retry)?;
        self.told(
            request,
            &retry,
            1,
            "a retry gets the same status, headers and bytes",
        )
        .await
    }

    pub(super) async fn another_organization(&mut self) -> Result<(), DemoError> {
        let request = "globex pays 42.00, key order-1";
        let order = Order {
            api_key: GLOBEX,
            ..FIRST
        };
        let answer = self.client.send(&order).await?;
        expect(request, 201, From::TheCall, &answer)?;
        self.told(
            request,
            &answer,
            2,
            "another organization's keys are its own",
        )
        .await
    }

    pub(super) async fn changed_amount(&mut self) -> Result<(), DemoError> {
        let request = "acme pays 99.00, key order-1";
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
        let request = "20 at once, key order-2";
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
            return Err(unmet(request, "one answer that ran", first.len()));
        };
        expect(request, 201, From::TheCall, first)?;
        for (retry, _) in &retries {
            expect_replay_of(first, request, retry)?;
        }
        let waited = settled.iter().filter(|(_, pending)| *pending > 0).count();
        let row = Row {
            request: request.to_owned(),
            status: format!("201 x20, {waited} after 409"),
            replayed: "19 of 20".to_owned(),
            answer: first.says(),
            shows: "one runs; the others are told to retry and get its answer",
            ..Row::default()
        };
        self.tell(row, 3).await
    }

    pub(super) async fn client_hangs_up(&mut self) -> Result<(), DemoError> {
        let request = "acme pays 19.00, key order-3, and hangs up";
        let order = Order {
            key: Some("order-3"),
            amount: 1900,
            source: "tok_slow",
            ..FIRST
        };
        let connection = self.client.send_and_look_away(&order).await?;
        self.server.logged("charging a card amount=1900").await?;
        drop(connection);
        let row = Row {
            request: request.to_owned(),
            status: "none".to_owned(),
            shows: "the client leaves while its card is charged; the handler goes on",
            ..Row::default()
        };
        self.tell(row, 3).await?;

        let request = "the same again";
        let (retry, pending) = self.client.send_until_settled(&order).await?;
        expect(request, 201, From::TheRecord, &retry)?;
        let log = self.server.logged("payment made amount=1900").await?;
        if !log.contains("organization=acme") {
            return Err(unmet(request, "a log line in the request's span", log));
        }
        let row = Row {
            status: if pending > 0 { "409, then 201" } else { "201" }.to_owned(),
            shows: "its retry gets the answer that nobody read",
            ..Row::new(request, &retry)
        };
        self.tell(row, 4).await
    }

    pub(super) async fn declined_card(&mut self) -> Result<(), DemoError> {
        let request = "acme pays by a bad card, key order-4";
        let order = Order {
            key: Some("order-4"),
            source: "tok_declined",
            ..FIRST
        };
        let first = self.client.send(&order).await?;
        expect_code(request, 402, "card_declined", &first)?;
        self.told(request, &first, 4, "a refusal by the bank is an outcome")
            .await?;

        let request = "the same again";
        let retry = self.client.send(&order).await?;
        expect_replay_of(&first, request, &retry)?;
        self.told(request, &retry, 4, "and is replayed like any other")
            .await
    }

    pub(super) async fn missing_key(&mut self) -> Result<(), DemoError> {
        let request = "acme pays 42.00, no key";
        let order = Order { key: None, ..FIRST };
        let answer = self.client.send(&order).await?;
        expect_code(request, 400, "idempotency_key_missing", &answer)?;
        self.told(request, &answer, 4, "nothing is done without a key")
            .await
    }

    pub(super) async fn server_killed(mut self) -> Result<(), DemoError> {
        let request = "acme pays 50.00, key order-5";
        let order = Order {
            key: Some("order-5"),
            amount: 5000,
            ..FIRST
        };
        let first = self.client.send(&order).await?;
        expect(request, 201, From::TheCall, &first)?;
        self.told(
            request,
            &first,
            5,
            "then the server is killed (SIGKILL) and started again",
        )
        .await?;

        self.server.kill().await?;
        self.server = ServerProcess::start(self.data.path()).await?;
        self.client = Client::new(self.server.addr())?;

        let request = "the same again";
        let retry = self.client.send(&order).await?;
        expect_replay_of(&first, request, &retry)?;
        self.told(request, &retry, 5, "outcomes survive the process")
            .await
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
        let counted: i64 = sqlx::query_scalar("SELECT count(*) FROM payments")
            .fetch_one(&self.database)
            .await?;
        let request = row.request.clone();
        self.report.add(Row {
            payments: counted,
            ..row
        });
        if counted == payments {
            return Ok(());
        }
        let expected = format!("{payments} payments in the database");
        Err(unmet(&request, &expected, counted))
    }
}
