//! The transport of requests to payment providers and search servers: HTTPS, or an in-process double in tests.

use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;
use lambda_http::http::{Request, Response};
use reqwest::Client;
use rustls::crypto::ring;

use crate::core::error::{Cause, Error};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Shorter than the idle timeout of common load balancers, one minute.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest response body that is accepted of a payment provider, in bytes. Expected responses are far shorter.
pub const MAX_BODY: usize = 256 * 1024;

/// Sends requests to providers and servers.
///
/// Invariant: sends each request once, without retries or redirects, because a request may charge money.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request` and reads the whole response. After an error the outcome is unknown.
    fn send(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Vec<u8>>, Cause>>;
}

/// HTTPS with rustls on ring.
#[derive(Debug)]
pub struct HttpsTransport {
    client: Client,
    max_body: usize,
}

impl HttpsTransport {
    /// Creates a client without retries and redirects, for responses of up to [`MAX_BODY`].
    ///
    /// # Errors
    /// [`Error::Internal`] when TLS cannot be set up.
    pub fn new() -> Result<Self, Error> {
        // An error means that this process already has a provider installed.
        let _ = ring::default_provider().install_default();
        Client::builder()
            .user_agent(concat!("madang/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()
            .map(|client| Self {
                client,
                max_body: MAX_BODY,
            })
            .map_err(|error| Error::internal("set up TLS", error))
    }

    /// Accepts response bodies of up to `bytes` instead.
    #[must_use]
    pub fn accepting(self, bytes: usize) -> Self {
        Self {
            max_body: bytes,
            ..self
        }
    }
}

impl Transport for HttpsTransport {
    fn send(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Vec<u8>>, Cause>> {
        Box::pin(async move {
            // An error's URL contains the payment's reference, which must not be logged.
            let request = request.try_into().map_err(reqwest::Error::without_url)?;
            let mut received = self
                .client
                .execute(request)
                .await
                .map_err(reqwest::Error::without_url)?;
            let mut body = Vec::new();
            while let Some(chunk) = received.chunk().await.map_err(reqwest::Error::without_url)? {
                if body.len() + chunk.len() > self.max_body {
                    return Err("the response body is too large".into());
                }
                body.extend_from_slice(&chunk);
            }
            let mut response = Response::new(body);
            *response.status_mut() = received.status();
            Ok(response)
        })
    }
}
