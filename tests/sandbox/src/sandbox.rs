//! A running sandbox.

use std::net::Ipv4Addr;
use std::sync::Arc;

use hyper::Request;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::http::Call;
use crate::options::Options;
use crate::serve::{Outcome, serve};
use crate::state::{Shared, State};
use crate::{delivery, server};

/// A sandbox that serves until it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) shared: Arc<Shared>,
    url: String,
    /// Dropping it stops the server, its connections and the deliveries.
    _tasks: JoinSet<()>,
}

impl Sandbox {
    /// Starts a sandbox with an HTTP server on this machine.
    pub async fn start(options: Options) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::new(options));
        let mut tasks = JoinSet::new();
        tasks.spawn(server::run(listener, shared.clone()));
        tasks.spawn(delivery::run(shared.clone()));
        Self {
            shared,
            url: format!("http://{address}"),
            _tasks: tasks,
        }
    }

    /// Creates a sandbox without a server: its owner passes calls in and takes webhooks out.
    pub fn in_process(options: Options) -> Self {
        Self {
            shared: Arc::new(Shared::new(options)),
            url: "http://providers.test".to_owned(),
            _tasks: JoinSet::new(),
        }
    }

    /// Serves a call to one of the URLs below, at once. The caller has to apply the outcome, such as a delay.
    pub fn serve(&self, request: Request<Vec<u8>>) -> Outcome {
        let call = Call::of(request);
        self.shared.with(|state| serve(state, &call))
    }

    /// Returns the server's URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Returns the base URL of Toss Payments.
    pub fn toss_url(&self) -> String {
        format!("{}/toss", self.url())
    }

    /// Returns the base URL of Stripe.
    pub fn stripe_url(&self) -> String {
        format!("{}/stripe", self.url())
    }

    /// Returns the base URL of KakaoPay.
    pub fn kakaopay_url(&self) -> String {
        format!("{}/kakaopay", self.url())
    }

    /// Runs an action that may fail; releases the lock before it panics.
    #[track_caller]
    pub(crate) fn run<T>(&self, action: impl FnOnce(&mut State) -> Result<T, String>) -> T {
        match self.shared.with(action) {
            Ok(outcome) => outcome,
            Err(reason) => panic!("the sandbox refused: {reason}"),
        }
    }
}
