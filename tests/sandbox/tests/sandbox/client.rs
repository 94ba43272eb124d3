//! A test client: a shop's calls to the providers, over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sandbox::{Entry, Options, Sandbox};
use serde_json::Value;

/// A parsed response.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
    pub replayed: bool,
}

impl Reply {
    /// Returns the body of a successful response.
    #[track_caller]
    pub fn success(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.body
    }

    /// Returns the status and the provider's code.
    pub fn refusal(&self) -> (u16, &str) {
        let code = &self.body["code"];
        let code = if code.is_null() {
            &self.body["error"]["code"]
        } else {
            code
        };
        (self.status, code.as_str().unwrap_or_default())
    }
}

/// A sandbox with its own clock, and a client for it.
#[derive(Debug)]
pub struct TestClient {
    pub sandbox: Sandbox,
    seconds: Arc<AtomicI64>,
}

impl TestClient {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let seconds = Arc::new(AtomicI64::new(1_767_225_600));
        let clock = seconds.clone();
        let sandbox = Sandbox::start(Options {
            clock: Arc::new(move || Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap()),
            seed: Some(1),
            ..options
        });
        let sandbox = sandbox.await;
        Self { sandbox, seconds }
    }

    pub fn advance(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Returns the ledger's only entry.
    #[track_caller]
    pub fn entry(&self) -> Entry {
        let mut ledger = self.sandbox.ledger();
        assert_eq!(ledger.len(), 1, "{ledger:?}");
        ledger.remove(0)
    }

    /// Returns the amounts and counts of charges and refunds.
    #[track_caller]
    pub fn moved(&self) -> (i64, u32, i64, u32) {
        let entry = self.entry();
        (entry.charged, entry.charges, entry.refunded, entry.refund_count)
    }

    pub async fn toss(&self, method: &str, path: &str, key: &str, body: Value) -> Reply {
        self.try_toss(method, path, key, body).await.unwrap()
    }

    pub async fn try_toss(&self, method: &str, path: &str, key: &str, body: Value) -> Result<Reply, String> {
        let mut headers = vec![
            ("authorization", basic("test_sk_sandbox")),
            ("idempotency-key", key.to_owned()),
        ];
        headers.retain(|(_, value)| !value.is_empty());
        let url = self.sandbox.toss_url() + path;
        send(method, url, headers, body.to_string()).await
    }

    pub async fn stripe(&self, method: &str, path: &str, key: &str, form: &str) -> Reply {
        self.try_stripe(method, path, key, form).await.unwrap()
    }

    pub async fn try_stripe(&self, method: &str, path: &str, key: &str, form: &str) -> Result<Reply, String> {
        let mut headers = vec![
            ("authorization", "Bearer sk_test_sandbox".to_owned()),
            ("idempotency-key", key.to_owned()),
        ];
        headers.retain(|(_, value)| !value.is_empty());
        let url = self.sandbox.stripe_url() + path;
        send(method, url, headers, form.to_owned()).await
    }

    pub async fn kakaopay(&self, operation: &str, body: Value) -> Reply {
        let headers = vec![("authorization", "SECRET_KEY DEV_sandbox".to_owned())];
        let url = format!("{}/online/v1/payment/{operation}", self.sandbox.kakaopay_url());
        send("POST", url, headers, body.to_string()).await.unwrap()
    }
}

/// Returns the authorization header for a secret key.
pub fn basic(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:")))
}

/// Sends a request, with a timeout of two seconds.
pub async fn send(
    method: &str,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
) -> Result<Reply, String> {
    let method = method.to_owned();
    let call = move || {
        let agent = ureq::Agent::config_builder()
            // The sandbox runs on this machine, so a proxy of the user cannot reach it.
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(2)))
            .build()
            .new_agent();
        let mut request = ureq::http::Request::builder().method(method.as_str()).uri(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut reply = match method.as_str() {
            "GET" | "DELETE" => agent.run(request.body(()).unwrap()),
            _ => agent.run(request.body(body).unwrap()),
        }
        .map_err(|error| error.to_string())?;
        let text = reply.body_mut().read_to_string().map_err(|error| error.to_string())?;
        Ok(Reply {
            status: reply.status().as_u16(),
            body: serde_json::from_str(&text).unwrap_or_default(),
            replayed: reply.headers().contains_key("idempotent-replayed"),
        })
    };
    tokio::task::spawn_blocking(call).await.unwrap()
}

/// Polls until a condition is true.
pub async fn until(what: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !what() {
        assert!(Instant::now() < deadline, "the condition never became true");
        tokio::task::yield_now().await;
    }
}
