//! A server whose workers have threads of their own.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::thread::{self, JoinHandle};

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer};
use idempotent_tests::Departures;
use tokio::sync::{mpsc as channel, oneshot};

use super::Routes;

/// A running server. It stops when this is dropped, and what its workers run with it.
pub(crate) struct Server {
    addr: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    _workers: Arc<Workers>,
}

impl Server {
    /// Serves an application.
    pub(crate) async fn start<S>(routes: Routes<S>) -> Self
    where
        S: Clone + Send + Sync + 'static,
    {
        Self::start_on(1, routes)
    }

    /// Serves an application, and tells of every request whose client has left before its answer.
    pub(crate) async fn start_watched<S>(routes: Routes<S>) -> (Self, Departures)
    where
        S: Clone + Send + Sync + 'static,
    {
        let (watch, departures) = Departures::watched();
        (Self::start_on(1, routes.watched_by(watch)), departures)
    }

    /// Serves an application on this many threads.
    pub(crate) fn start_on<S>(threads: usize, routes: Routes<S>) -> Self
    where
        S: Clone + Send + Sync + 'static,
    {
        let workers = Arc::<Workers>::default();
        STARTED.with_borrow_mut(|started| started.push(Arc::downgrade(&workers)));
        // What a test hears of the log, it hears of the workers as well.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn({
            let workers = Arc::clone(&workers);
            move || {
                actix_web::rt::System::new().block_on(serve(threads, routes, workers, log, &tell));
            }
        });
        let (addr, handle) = told.recv().unwrap();
        Self {
            addr,
            handle,
            thread: Some(thread),
            _workers: workers,
        }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

async fn serve<S>(
    threads: usize,
    routes: Routes<S>,
    workers: Arc<Workers>,
    log: tracing::Dispatch,
    tell: &mpsc::Sender<(SocketAddr, ServerHandle)>,
) where
    S: Clone + Send + Sync + 'static,
{
    let routes = Arc::new(routes);
    let server = HttpServer::new(move || {
        // For as long as the worker's thread lives.
        std::mem::forget(tracing::dispatcher::set_default(&log));
        workers.join();
        let around = routes.around();
        App::new()
            .configure(|config| routes.configure(config))
            .wrap(from_fn(move |request, next| {
                around.clone().serve(request, next)
            }))
    })
    .workers(threads)
    .disable_signals()
    // A client that closes its connection has left.
    .h1_allow_half_closed(false)
    .bind(("127.0.0.1", 0))
    .unwrap();
    let addr = server.addrs()[0];
    let server = server.run();
    tell.send((addr, server.handle())).unwrap();
    server.await.unwrap();
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is told at once; the future only waits until it has stopped.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

thread_local! {
    /// The servers that this thread's test has started.
    static STARTED: RefCell<Vec<Weak<Workers>>> = const { RefCell::new(Vec::new()) };
}

type Ping = oneshot::Sender<()>;

/// The workers of a server, each of which answers pings in its turn.
#[derive(Default)]
struct Workers(Mutex<Vec<channel::UnboundedSender<Ping>>>);

impl Workers {
    /// Makes the current thread one of them.
    fn join(&self) {
        let (ping, mut pings) = channel::unbounded_channel::<Ping>();
        actix_web::rt::spawn(async move {
            while let Some(answer) = pings.recv().await {
                tokio::task::yield_now().await;
                // The test may have ended.
                let _ = answer.send(());
            }
        });
        self.0.lock().unwrap().push(ping);
    }

    fn ping(&self) -> Vec<oneshot::Receiver<()>> {
        let workers = self.0.lock().unwrap();
        let pinged = workers.iter().map(|worker| {
            let (ping, answered) = oneshot::channel();
            let _ = worker.send(ping);
            answered
        });
        pinged.collect()
    }
}

/// Lets everything that is ready have its turn, on this thread and on the workers of its servers.
pub(crate) async fn turn() {
    tokio::task::yield_now().await;
    let started = STARTED.with_borrow_mut(|started| {
        started.retain(|workers| workers.strong_count() > 0);
        started.clone()
    });
    for workers in started.iter().filter_map(Weak::upgrade) {
        for answered in workers.ping() {
            // A worker that has ended has no turn.
            let _ = answered.await;
        }
    }
}
