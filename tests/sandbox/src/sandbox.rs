//! A running stand-in.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::options::Options;
use crate::state::{Shared, State};
use crate::{delivery, server};

/// A stand-in that serves until it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) shared: Arc<Shared>,
    address: SocketAddr,
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
            address,
            _tasks: tasks,
        }
    }

    /// Where it serves: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
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
