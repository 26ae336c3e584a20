//! An application on a real socket.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::within_a_minute;

/// A running server. It stops when this is dropped; detached handlers go on.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves an application on a free port of the loopback interface.
    pub async fn start(app: Router) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { addr, task }
    }

    /// Serves an application, and tells of every request whose client has left before its answer.
    pub async fn start_watched(app: Router) -> (Self, Departures) {
        let (watch, departures) = Departures::watched();
        let watch = middleware::from_fn(move |request: Request, next: Next| {
            let departure = watch.begin();
            async move {
                let response = next.run(request).await;
                departure.did_not_happen();
                response
            }
        });
        (Self::start(app.layer(watch)).await, departures)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The requests of a server whose clients have left.
#[derive(Debug)]
pub struct Departures(mpsc::UnboundedReceiver<()>);

impl Departures {
    /// What a server reports to, and what a test hears.
    pub fn watched() -> (Watch, Self) {
        let (tell, told) = mpsc::unbounded_channel();
        (Watch(tell), Self(told))
    }

    /// Waits until the server has noticed that one more client has left.
    pub async fn next(&mut self) {
        within_a_minute("a client's leaving is noticed", self.0.recv())
            .await
            .unwrap();
    }
}

/// What a server reports departures to.
#[derive(Clone, Debug)]
pub struct Watch(mpsc::UnboundedSender<()>);

impl Watch {
    /// Begins to serve a request. If what this returns is dropped before the answer, the client has left.
    pub fn begin(&self) -> Departure {
        Departure(Some(self.0.clone()))
    }
}

/// A request that is being served. It reports a departure when it is dropped.
#[derive(Debug)]
pub struct Departure(Option<mpsc::UnboundedSender<()>>);

impl Departure {
    /// The request was answered.
    pub fn did_not_happen(mut self) {
        self.0 = None;
    }
}

impl Drop for Departure {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            // The test may have ended.
            let _ = tell.send(());
        }
    }
}
