//! An HTTP client of the shop's API.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

use crate::environment;

/// A client of an API.
#[derive(Clone, Debug)]
pub struct Api {
    /// The API's URL, without a trailing slash.
    pub url: String,
    agent: Agent,
}

impl Api {
    /// A client of the server at `url`.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            agent: agent(url, Duration::from_secs(60)),
        }
    }

    /// A call such as `POST`, `/orders`. [`Call::send`] sends it.
    #[must_use]
    pub fn call(&self, method: &str, path: &str) -> Call {
        self.call_url(method, &format!("{}{path}", self.url))
    }

    /// A call to an absolute URL, such as an upload URL.
    #[must_use]
    pub fn call_url(&self, method: &str, url: &str) -> Call {
        Call {
            agent: self.agent.clone(),
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// An HTTP client of the server at `url`. Uses the user's proxy, except for a server on this machine.
pub(crate) fn agent(url: &str, timeout: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_idle_connections_per_host(64)
        .timeout_global(Some(timeout));
    let config = if environment::is_local(url) {
        config.proxy(None)
    } else {
        config
    };
    config.build().into()
}

/// A call, not yet sent.
#[derive(Clone, Debug)]
pub struct Call {
    agent: Agent,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    /// Adds an access token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds an `Idempotency-Key`.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends the call. Any status counts as an answer.
    ///
    /// # Errors
    /// When the API does not answer.
    pub fn send(self) -> Result<Answer> {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.url);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let call = format!("{} {}", self.method, self.url);
        let mut response = if self.body.is_empty() {
            self.agent.run(request.body(())?)
        } else {
            self.agent.run(request.body(self.body)?)
        }
        .with_context(|| format!("no answer to {call}"))?;
        let text = response
            .body_mut()
            .read_to_string()
            .with_context(|| format!("cannot read the answer to {call}"))?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer {
            call,
            status: response.status().as_u16(),
            headers,
            body,
        })
    }
}

/// An HTTP response.
#[derive(Clone, Debug)]
pub struct Answer {
    call: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The JSON body, or a string if the body is not JSON.
    pub body: Value,
}

impl Answer {
    /// The first header called `name`, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the body if the answer has this status.
    ///
    /// # Errors
    /// When it has another status. The message has the body.
    pub fn expect(self, status: u16) -> Result<Value> {
        if self.status != status {
            bail!(
                "{} returned {}, expected {status}: {}",
                self.call,
                self.status,
                self.body
            );
        }
        Ok(self.body)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;
    use crate::environment::tests::has_foreign_variables;

    #[test]
    fn this_machine_is_not_reached_through_a_proxy() {
        if !has_foreign_variables("api::tests::this_machine_is_not_reached_through_a_proxy") {
            return;
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let read = stream.read(&mut [0; 1024]).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            read
        });
        assert_eq!(Api::at(&url).call("GET", "/").send().unwrap().status, 204);
        assert!(server.join().unwrap() > 0);
        Api::at("http://shop.example.com")
            .call("GET", "/")
            .send()
            .expect_err("the proxy refuses the connection");
    }
}
