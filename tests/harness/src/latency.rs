//! A simulated network latency between a function and its database.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::time::sleep;

/// A network with this round-trip time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency(pub Duration);

impl Latency {
    /// Waits for one round trip. Tokio's timer adds up to a millisecond, except to a round trip of zero.
    pub async fn wait(self) {
        if !self.0.is_zero() {
            sleep(self.0).await;
        }
    }

    /// Wraps the SDK's HTTP client `inner` in this latency.
    pub fn to(self, inner: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Far { inner, latency: self })
    }
}

#[derive(Debug)]
struct Far {
    inner: SharedHttpClient,
    latency: Latency,
}

#[derive(Debug)]
struct FarConnector {
    inner: SharedHttpConnector,
    latency: Latency,
}

impl HttpClient for Far {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(FarConnector {
            inner: self.inner.http_connector(settings, components),
            latency: self.latency,
        })
    }
}

impl HttpConnector for FarConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, latency) = (self.inner.clone(), self.latency);
        HttpConnectorFuture::new(async move {
            latency.wait().await;
            inner.call(request).await
        })
    }
}
