//! Delivers webhooks over HTTP, and retries them on Toss's schedule until one attempt is accepted.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::options::Provider;
use crate::outbox::Webhook;
use crate::server::pause;
use crate::state::Shared;

/// Minutes between attempts; after the last attempt the webhook is given up.
const MINUTES: [u32; 7] = [1, 4, 16, 64, 256, 1024, 4096];

/// Timeout of an attempt.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The sender.
    pub provider: Provider,
    /// The path on the shop's server.
    pub path: String,
    /// The number of the attempt, from 1 to 8.
    pub attempt: u32,
    /// Time of the response.
    pub at: Timestamp,
    /// The HTTP status of the response.
    pub status: Option<u16>,
    /// The error if there was no response.
    pub error: Option<String>,
    /// The body that was sent.
    pub body: String,
}

/// Delivers posted webhooks until it is dropped.
pub async fn run(shared: Arc<Shared>) {
    let mut under_way = JoinSet::new();
    loop {
        let target = shared.with(|state| {
            let target = state.options.webhook_target.clone()?;
            Some((target, state.outbox.take_for_delivery()))
        });
        if let Some((target, webhooks)) = target {
            for webhook in webhooks {
                under_way.spawn(deliver(shared.clone(), target.clone(), webhook));
            }
        }
        tokio::select! {
            () = shared.posted.notified() => {}
            Some(_) = under_way.join_next() => {}
        }
    }
}

async fn deliver(shared: Arc<Shared>, target: String, mut webhook: Webhook) {
    let unit = shared.with(|state| state.options.retry_unit);
    for wait in MINUTES.map(Some).into_iter().chain([None]) {
        let outcome = send(&target, &webhook).await;
        let taken = matches!(outcome, Ok(200..=299));
        shared.with(|state| {
            let at = state.now();
            state.deliveries.push(delivery(&webhook, at, outcome));
        });
        match wait {
            Some(minutes) if !taken => pause(unit * minutes).await,
            _ => break,
        }
        webhook = shared.with(|state| state.again(&webhook));
    }
    shared.with(|state| state.outbox.done());
    shared.settled.notify_waiters();
}

fn delivery(webhook: &Webhook, at: Timestamp, outcome: Result<u16, String>) -> Delivery {
    Delivery {
        provider: webhook.provider,
        path: webhook.path.clone(),
        attempt: webhook.attempt,
        at,
        status: outcome.as_ref().ok().copied(),
        error: outcome.err(),
        body: String::from_utf8_lossy(&webhook.body).into_owned(),
    }
}

async fn send(target: &str, webhook: &Webhook) -> Result<u16, String> {
    let sent = tokio::time::timeout(TIMEOUT, post(target, webhook)).await;
    sent.unwrap_or_else(|_| Err("timeout".into()))
        .map_err(|error| error.to_string())
}

async fn post(target: &str, webhook: &Webhook) -> Result<u16, Box<dyn std::error::Error + Send + Sync>> {
    let url: Uri = format!("{}{}", target.trim_end_matches('/'), webhook.path).parse()?;
    let authority = url.authority().ok_or("the target has no host")?;
    let stream = TcpStream::connect((authority.host(), authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // The connection's driver runs beside the request and ends with it.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let mut request = Request::post(url.path()).header("host", authority.as_str());
    for (name, value) in &webhook.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::<Bytes>::from(webhook.body.clone()))?;
    Ok(sender.send_request(request).await?.status().as_u16())
}
