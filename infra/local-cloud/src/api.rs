//! The shop's HTTP API, spoken to as any client would.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

/// The API at an address.
#[derive(Clone, Debug)]
pub struct Api {
    /// Without a slash at the end.
    pub url: String,
    agent: Agent,
}

impl Api {
    pub(crate) fn at(url: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_idle_connections_per_host(64)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        Self {
            url: url.trim_end_matches('/').to_owned(),
            agent,
        }
    }

    /// A call such as `POST`, `/orders`; nothing is sent before [`Call::send`].
    #[must_use]
    pub fn call(&self, method: &str, path: &str) -> Call {
        self.elsewhere(method, &format!("{}{path}", self.url))
    }

    /// A call of an address that the API gave out, such as that of an upload.
    #[must_use]
    pub fn elsewhere(&self, method: &str, url: &str) -> Call {
        Call {
            agent: self.agent.clone(),
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// A call being put together.
#[derive(Clone, Debug)]
pub struct Call {
    agent: Agent,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    /// As the user whom `token` names.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With this `Idempotency-Key`.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// With any other header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// With a body of any kind.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it. Any status is an answer.
    ///
    /// # Errors
    /// When the API does not answer.
    pub fn send(self) -> Result<Answer> {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.url);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let what = format!("{} {}", self.method, self.url);
        let mut response = if self.body.is_empty() {
            self.agent.run(request.body(())?)
        } else {
            self.agent.run(request.body(self.body)?)
        }
        .with_context(|| format!("{what} got no answer"))?;
        let text = response
            .body_mut()
            .read_to_string()
            .with_context(|| format!("{what} broke off"))?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer {
            what,
            status: response.status().as_u16(),
            headers,
            body,
        })
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    what: String,
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// JSON, or a string when it was none.
    pub body: Value,
}

impl Answer {
    /// The first header called `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body, if the status is as expected.
    ///
    /// # Errors
    /// Any other status, with the body in the message.
    pub fn expect(self, status: u16) -> Result<Value> {
        if self.status != status {
            bail!(
                "{} answered {} instead of {status}: {}",
                self.what,
                self.status,
                self.body
            );
        }
        Ok(self.body)
    }
}
