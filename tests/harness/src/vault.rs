//! An in-memory stand-in for Secrets Manager.

use std::collections::BTreeMap;
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

/// The name of the secret with the credentials of payment providers.
pub const PAYMENT_CREDENTIALS: &str = "payment-credentials";
/// The name of the secret with the credentials of carriers.
pub const CARRIER_CREDENTIALS: &str = "carrier-credentials";

/// The name of the secret with the keys of tickets.
pub const TICKET_KEYS: &str = "ticket-keys";
/// The name of the secret with the keys of admissions.
pub const ADMISSION_KEYS: &str = "admission-keys";

/// The stand-in. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct FakeVault(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    secrets: BTreeMap<String, String>,
    reads: usize,
    is_down: bool,
}

impl FakeVault {
    /// Creates a stand-in with this JSON as the credentials of payment providers.
    pub fn with(secret: &Value) -> Self {
        let vault = Self::default();
        vault.set(secret);
        vault
    }

    /// Replaces the credentials of payment providers.
    pub fn set(&self, secret: &Value) {
        self.set_secret(PAYMENT_CREDENTIALS, secret);
    }

    /// Replaces the secret with this name.
    pub fn set_secret(&self, name: &str, secret: &Value) {
        let mut state = self.0.lock().expect("not poisoned");
        state.secrets.insert(name.to_owned(), secret.to_string());
    }

    /// Sets whether requests fail.
    pub fn set_down(&self, is_down: bool) {
        self.0.lock().expect("not poisoned").is_down = is_down;
    }

    /// Returns how often a secret was read.
    pub fn reads(&self) -> usize {
        self.0.lock().expect("not poisoned").reads
    }

    /// Returns the credentials of payment providers as functions see them, not yet fetched.
    pub fn vault(&self) -> Vault {
        let aws = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
                Credentials::for_tests(),
            ))
            .http_client(SharedHttpClient::new(self.clone()))
            .build();
        Vault::new(&aws, PAYMENT_CREDENTIALS.to_owned())
    }

    fn answer(&self, name: &str) -> (u16, Value) {
        let mut state = self.0.lock().expect("not poisoned");
        state.reads += 1;
        match state.secrets.get(name) {
            _ if state.is_down => (500, json!({ "__type": "InternalServiceError" })),
            Some(secret) => (200, json!({ "Name": name, "SecretString": secret })),
            None => (400, json!({ "__type": "ResourceNotFoundException" })),
        }
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
        let body = request.body().bytes().expect("a body in memory");
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let (status, body) = self.answer(body["SecretId"].as_str().expect("a secret's name"));
        let status = StatusCode::try_from(status).expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body.to_string()))))
    }
}
