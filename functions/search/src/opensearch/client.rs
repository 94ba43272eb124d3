//! Requests to a server: signed, limited in size and time, and sent again while the server is busy.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lambda_http::http::uri::Scheme;
use lambda_http::http::{Method, Request, StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::aws::Platform;
use shared::aws::backoff::Backoff;
use shared::aws::signature::Signer;
use shared::aws::transport::Transport;
use shared::core::error::{Cause, Error};
use tokio::time::{Instant, timeout_at};

/// The longest response body that is accepted: a thousand documents of the largest size.
const MAX_BODY: usize = 16 << 20;
/// The greatest time that one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(10);
/// The most attempts. All requests may be sent twice: writes have versions.
const ATTEMPTS: usize = 3;

/// Sends requests to a server.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Arc<dyn Transport>,
    endpoint: String,
    /// None for a server on this machine, as tests have it.
    signer: Option<Signer>,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path and the query.
    pub path: String,
    /// JSON, or lines of it. None for a request without a body.
    pub body: Option<Vec<u8>>,
}

/// A complete response.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    body: Vec<u8>,
}

impl Client {
    /// The client of a server. Signs for a serverless collection or a domain, which its name tells apart.
    ///
    /// # Errors
    /// [`Error::Internal`] when the address is none, or sends texts over a network without TLS.
    pub fn new(platform: &Platform, endpoint: &str) -> Result<Self, Error> {
        const DOING: &str = "read SEARCH_ENDPOINT";
        let endpoint = endpoint.trim_end_matches('/');
        let uri: Uri = endpoint
            .parse()
            .map_err(|error| Error::internal(DOING, Cause::from(error)))?;
        let host = uri.host().unwrap_or_default();
        let is_here = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
        let signer = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => {
                let is_serverless = host.split('.').any(|label| label == "aoss");
                Some(Signer::new(platform.aws(), if is_serverless { "aoss" } else { "es" })?)
            }
            Some(scheme) if *scheme == Scheme::HTTP && is_here => None,
            _ => return Err(Error::internal(DOING, "it does not start with https://")),
        };
        Ok(Self {
            transport: platform.transport_accepting(MAX_BODY)?,
            endpoint: endpoint.to_owned(),
            signer,
        })
    }

    /// Sends a request, again while the server is busy or does not answer.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it still is after three attempts or at the deadline, [`Error::Internal`].
    pub async fn send(&self, doing: &'static str, call: Call, deadline: Instant) -> Result<Reply, Error> {
        let mut backoff = Backoff::until(deadline);
        let mut attempt = 1;
        loop {
            let until = deadline.min(Instant::now() + ATTEMPT);
            let failed: Cause = match timeout_at(until, Box::pin(self.exchange(doing, &call))).await {
                Ok(Ok(reply)) if !reply.is_busy() => return Ok(reply),
                Ok(Ok(reply)) => reply.describe().into(),
                Ok(Err(Failed::Request(error))) => return Err(error),
                Ok(Err(Failed::NoReply(cause))) => cause,
                Err(elapsed) => elapsed.into(),
            };
            if attempt == ATTEMPTS || !backoff.wait().await {
                return Err(Error::unavailable(doing, failed));
            }
            attempt += 1;
        }
    }

    async fn exchange(&self, doing: &'static str, call: &Call) -> Result<Reply, Failed> {
        let mut request = Request::builder()
            .method(&call.method)
            .uri(format!("{}{}", self.endpoint, call.path));
        if call.body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(call.body.clone().unwrap_or_default());
        let mut request = request.map_err(|error| Failed::Request(Error::internal(doing, error)))?;
        if let Some(signer) = &self.signer {
            signer
                .sign(&mut request, SystemTime::now())
                .await
                .map_err(Failed::Request)?;
        }
        let (head, body) = self
            .transport
            .send(request)
            .await
            .map_err(Failed::NoReply)?
            .into_parts();
        Ok(Reply {
            status: head.status,
            body,
        })
    }
}

impl Call {
    /// A request without a body.
    pub fn without_body(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
        }
    }

    /// A request with a JSON body.
    pub fn with(method: Method, path: impl Into<String>, body: &serde_json::Value) -> Self {
        Self {
            method,
            path: path.into(),
            body: Some(body.to_string().into_bytes()),
        }
    }
}

impl Reply {
    /// Whether this is the answer to a request for an index that does not exist.
    pub fn is_missing(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// The type of the error, such as `resource_already_exists_exception`. Its description may quote a text, so that it is
    /// in no log.
    pub fn error_type(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Body {
            error: Described,
        }
        #[derive(Deserialize)]
        struct Described {
            r#type: String,
        }
        let body: Result<Body, _> = serde_json::from_slice(&self.body);
        body.ok().map(|body| body.error.r#type)
    }

    /// The body of a successful response.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for an index that does not exist, since a new one takes some seconds to be known everywhere;
    /// [`Error::Internal`].
    pub fn json<T: DeserializeOwned>(&self, doing: &'static str) -> Result<T, Error> {
        if self.is_missing() {
            return Err(Error::unavailable(doing, self.describe()));
        }
        if !self.status.is_success() {
            return Err(Error::internal(doing, self.describe()));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            // Without the body's text.
            Error::internal(doing, format!("the response is unreadable at line {}", error.line()))
        })
    }

    fn is_busy(&self) -> bool {
        matches!(self.status.as_u16(), 429 | 502 | 503 | 504)
    }

    fn describe(&self) -> String {
        let kind = self.error_type().unwrap_or_else(|| "no type".to_owned());
        format!("the server answered {} ({kind})", self.status.as_u16())
    }
}

/// The reason for which there is no reply.
enum Failed {
    /// The request cannot be sent.
    Request(Error),
    /// The outcome is unknown.
    NoReply(Cause),
}
