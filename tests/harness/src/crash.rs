//! A function that is killed at one of its requests to S3 or to a queue.

use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::sync::Notify;

use crate::Services;

/// Serves requests until the one at which the function is killed.
#[derive(Clone, Debug)]
pub struct Crash {
    services: Services,
    /// The requests until then. None once it has happened.
    left: Arc<Mutex<Option<usize>>>,
    /// Whether the last request is served.
    is_served: bool,
    killed: Arc<Notify>,
}

impl Crash {
    /// Kills the function at its request number `at`, from 0: before it is served, or after that and before its answer.
    pub fn new(services: Services, at: usize, is_served: bool) -> Self {
        Self {
            services,
            left: Arc::new(Mutex::new(Some(at))),
            is_served,
            killed: Arc::default(),
        }
    }

    /// Returns an SDK configuration whose clients send their requests here.
    pub fn config(&self) -> SdkConfig {
        let client = SharedHttpClient::new(self.clone());
        self.services.config().into_builder().http_client(client).build()
    }

    /// Runs a function until it ends or is killed. Returns none if it is killed.
    pub async fn run<T>(&self, function: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.killed.notified() => None,
            ended = function => Some(ended),
        }
    }

    /// Whether the next request is the last one.
    fn is_last(&self) -> bool {
        let mut left = self.left.lock().expect("not poisoned");
        let is_last = *left == Some(0);
        *left = left.and_then(|left| left.checked_sub(1));
        is_last
    }
}

impl HttpClient for Crash {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Crash {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !self.is_last() {
            return self.services.call(request);
        }
        let crash = self.clone();
        HttpConnectorFuture::new(async move {
            if crash.is_served {
                crash.services.call(request).await.ok();
            }
            crash.killed.notify_one();
            std::future::pending().await
        })
    }
}
