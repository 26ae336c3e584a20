//! The steps of the demo: what is sent, and what must come of it.

use actix_orders::database;
use sqlx::SqlitePool;
use tempfile::TempDir;
use tokio::task::JoinSet;

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
    sku: "mug",
    quantity: 4,
};

/// A server, a client of it, and what the database has. Dropping it kills the server.
#[derive(Debug)]
pub(super) struct Story<'r> {
    report: &'r mut Report,
    server: ServerProcess,
    client: Client,
    /// The application's own database, opened beside the server.
    database: SqlitePool,
    /// Dropped last: the server has its files in it.
    data: TempDir,
}

impl<'r> Story<'r> {
    pub(super) async fn begin(report: &'r mut Report) -> Result<Self, DemoError> {
        let data = tempfile::tempdir()?;
        let server = ServerProcess::start(data.path()).await?;
        Ok(Self {
            report,
            client: Client::new(server.addr())?,
            database: database::open(&data.path().join("orders.db")).await?,
            server,
            data,
        })
    }

    pub(super) async fn first_call_and_retry(&mut self) -> Result<(), DemoError> {
        let request = "acme, order-1, 4 mugs";
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

    pub(super) async fn another_shop(&mut self) -> Result<(), DemoError> {
        let request = "globex, order-1, 4 mugs";
        let order = Order {
            api_key: GLOBEX,
            ..FIRST
        };
        let answer = self.client.send(&order).await?;
        expect(request, 201, AnsweredBy::Call, &answer)?;
        self.told(request, &answer, 2, "each shop has its own keys")
            .await
    }

    pub(super) async fn changed_quantity(&mut self) -> Result<(), DemoError> {
        let request = "acme, order-1, 9 mugs";
        let order = Order {
            quantity: 9,
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
            sku: "crate",
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
            sku: "crate",
            quantity: 19,
            ..FIRST
        };
        let connection = self.client.send_and_look_away(&order).await?;
        self.server.logged("reserving goods quantity=19").await?;
        drop(connection);
        self.report.add(Row {
            request: request.to_owned(),
            status: "none".to_owned(),
            // Three, unless this machine is so slow that the handler is done already.
            orders: self.count().await?,
            shows: "the handler goes on alone",
            ..Row::default()
        });

        let request = "the same again";
        let (retry, pending) = self.client.send_until_settled(&order).await?;
        expect(request, 201, AnsweredBy::Record, &retry)?;
        let log = self.server.logged("order placed quantity=19").await?;
        if !log.contains("shop=acme") {
            return Err(unmet(request, "a log line in the request's span", &log));
        }
        let row = Row {
            status: settled_status(pending > 0).to_owned(),
            shows: "a retry gets the answer nobody read",
            ..Row::new(request, &retry)
        };
        self.tell(row, 4).await
    }

    pub(super) async fn sold_out(&mut self) -> Result<(), DemoError> {
        let request = "acme, order-4, unicorn";
        let order = Order {
            key: Some("order-4"),
            sku: "unicorn",
            ..FIRST
        };
        let first = self.client.send(&order).await?;
        expect_code(request, 409, "sold_out", &first)?;
        self.told(request, &first, 4, "an error is an outcome too")
            .await?;

        let request = "the same again";
        let retry = self.client.send(&order).await?;
        expect_replay_of(&first, request, &retry)?;
        self.told(request, &retry, 4, "and is replayed like any other")
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
        let request = "acme, order-5, 4 mugs";
        let order = Order {
            key: Some("order-5"),
            ..FIRST
        };
        let first = self.client.send(&order).await?;
        expect(request, 201, AnsweredBy::Call, &first)?;
        self.told(request, &first, 5, "then kill -9, and a new server")
            .await?;

        self.server.kill().await?;
        self.server = ServerProcess::start(self.data.path()).await?;
        self.client = Client::new(self.server.addr())?;

        let request = "the same again";
        let retry = self.client.send(&order).await?;
        expect_replay_of(&first, request, &retry)?;
        self.told(request, &retry, 5, "outcomes survive the process")
            .await?;
        Ok(self)
    }

    /// Stops the server and removes its files. If a story ends early, both are left to `Drop`.
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
        orders: i64,
        shows: &'static str,
    ) -> Result<(), DemoError> {
        let row = Row {
            shows,
            ..Row::new(request, answer)
        };
        self.tell(row, orders).await
    }

    /// Adds a line to the table, and checks that the database has this many orders.
    async fn tell(&mut self, row: Row, orders: i64) -> Result<(), DemoError> {
        let counted = self.count().await?;
        let request = row.request.clone();
        self.report.add(Row {
            orders: counted,
            ..row
        });
        if counted == orders {
            return Ok(());
        }
        let expected = format!("{orders} orders in the database");
        Err(unmet(&request, &expected, &counted))
    }

    async fn count(&self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("SELECT count(*) FROM orders")
            .fetch_one(&self.database)
            .await
    }
}

/// What a client sees that retries while the first attempt is running.
fn settled_status(was_pending: bool) -> &'static str {
    if was_pending { "409, 201" } else { "201" }
}
