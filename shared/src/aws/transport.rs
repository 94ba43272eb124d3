//! What carries a request to a provider: the network, or in tests a stand-in that is called in process.

use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;
use lambda_http::http::{Request, Response};
use reqwest::Client;
use rustls::crypto::ring;

use crate::core::error::{Cause, Error};

const CONNECT: Duration = Duration::from_secs(2);
/// Load balancers commonly drop connections that were idle for a minute; we drop them first.
const IDLE: Duration = Duration::from_secs(30);
/// No answer that we ask for comes near this.
pub const MAX_BODY: usize = 256 * 1024;

/// Carries requests to providers.
///
/// Invariant: a request is sent once, and followed nowhere: what was sent may have charged.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request` and reads its answer whole. An error leaves unknown whether it was served.
    fn carry(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Vec<u8>>, Cause>>;
}

/// The network, by TLS on ring.
#[derive(Debug)]
pub struct HttpsTransport(Client);

impl HttpsTransport {
    /// A client that sends nothing twice and follows nobody elsewhere.
    ///
    /// # Errors
    /// [`Error::Internal`] when TLS cannot be set up.
    pub fn new() -> Result<Self, Error> {
        // An error says that this process has one installed already, which serves as well.
        let _ = ring::default_provider().install_default();
        Client::builder()
            .user_agent(concat!("madang/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()
            .map(Self)
            .map_err(|error| Error::internal("set up TLS", error))
    }
}

impl Transport for HttpsTransport {
    fn carry(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Vec<u8>>, Cause>> {
        Box::pin(async move {
            // An error's URL has the payment's reference in it, which is nothing for logs.
            let request = request.try_into().map_err(reqwest::Error::without_url)?;
            let mut answer = self.0.execute(request).await.map_err(reqwest::Error::without_url)?;
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
                if body.len() + chunk.len() > MAX_BODY {
                    return Err("the answer is too large".into());
                }
                body.extend_from_slice(&chunk);
            }
            let mut response = Response::new(body);
            *response.status_mut() = answer.status();
            Ok(response)
        })
    }
}
