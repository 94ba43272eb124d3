//! An in-memory stand-in for Secrets Manager with one secret.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use shared::payments::provider::Vault;

/// The stand-in. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct FakeVault(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    secret: String,
    reads: usize,
    is_down: bool,
}

impl FakeVault {
    /// Creates a stand-in whose secret is this JSON.
    pub fn with(secret: &Value) -> Self {
        let vault = Self::default();
        vault.set(secret);
        vault
    }

    /// Replaces the secret.
    pub fn set(&self, secret: &Value) {
        self.0.lock().expect("not poisoned").secret = secret.to_string();
    }

    /// Sets whether requests fail.
    pub fn set_down(&self, is_down: bool) {
        self.0.lock().expect("not poisoned").is_down = is_down;
    }

    /// Returns how often the secret was read.
    pub fn reads(&self) -> usize {
        self.0.lock().expect("not poisoned").reads
    }

    /// Returns the secret as functions see it, not yet fetched.
    pub fn vault(&self) -> Vault {
        let aws = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
                Credentials::for_tests(),
            ))
            .http_client(SharedHttpClient::new(self.clone()))
            .build();
        Vault::new(&aws, "payment-credentials".to_owned())
    }

    fn answer(&self) -> (u16, Value) {
        let mut state = self.0.lock().expect("not poisoned");
        state.reads += 1;
        if state.is_down {
            return (500, json!({ "__type": "InternalServiceError" }));
        }
        (
            200,
            json!({ "Name": "payment-credentials", "SecretString": state.secret }),
        )
    }
}

impl HttpClient for FakeVault {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for FakeVault {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        assert_eq!(target, "secretsmanager.GetSecretValue");
        let (status, body) = self.answer();
        let status = StatusCode::try_from(status).expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body.to_string()))))
    }
}
