//! A running stand-in.

use std::net::Ipv4Addr;
use std::sync::Arc;

use hyper::Request;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::http::Call;
use crate::options::Options;
use crate::serve::{Fate, serve};
use crate::state::{Shared, State};
use crate::{delivery, server};

/// A stand-in that serves until it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) shared: Arc<Shared>,
    url: String,
    /// Dropped, it ends the server with its connections, and the deliveries.
    _tasks: JoinSet<()>,
}

impl Sandbox {
    /// Starts one on this machine.
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

    /// One without a server: its owner hands calls over, and takes webhooks out.
    pub fn in_process(options: Options) -> Self {
        Self {
            shared: Arc::new(Shared::new(options)),
            url: "http://providers.test".to_owned(),
            _tasks: JoinSet::new(),
        }
    }

    /// Serves a call to one of the URLs below, at once; what becomes of its answer is the caller's to play.
    pub fn serve(&self, request: Request<Vec<u8>>) -> Fate {
        let call = Call::of(request);
        self.shared.with(|state| serve(state, &call))
    }

    /// Where it serves: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The base URL of Toss Payments.
    pub fn toss_url(&self) -> String {
        format!("{}/toss", self.url())
    }

    /// The base URL of Stripe.
    pub fn stripe_url(&self) -> String {
        format!("{}/stripe", self.url())
    }

    /// The base URL of KakaoPay.
    pub fn kakaopay_url(&self) -> String {
        format!("{}/kakaopay", self.url())
    }

    /// Does what the caller may be wrong to ask for; the lock is free again before it stops the test.
    #[track_caller]
    pub(crate) fn ask<T>(&self, action: impl FnOnce(&mut State) -> Result<T, String>) -> T {
        match self.shared.with(action) {
            Ok(outcome) => outcome,
            Err(reason) => panic!("the sandbox refuses: {reason}"),
        }
    }
}
