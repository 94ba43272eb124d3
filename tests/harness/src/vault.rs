//! A stand-in for Secrets Manager, where the SDK hands requests to HTTP: it tells one secret, as it is set.

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

/// The stand-in.
#[derive(Clone, Debug, Default)]
pub struct FakeVault(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    secret: String,
    reads: usize,
    is_down: bool,
}

impl FakeVault {
    /// A secret with this JSON.
    pub fn with(secret: &Value) -> Self {
        let vault = Self::default();
        vault.set(secret);
        vault
    }

    /// From now on the secret is this JSON.
    pub fn set(&self, secret: &Value) {
        self.0.lock().expect("not poisoned").secret = secret.to_string();
    }

    /// From now on the service fails, or no longer.
    pub fn set_down(&self, is_down: bool) {
        self.0.lock().expect("not poisoned").is_down = is_down;
    }

    /// How often the secret was asked for.
    pub fn reads(&self) -> usize {
        self.0.lock().expect("not poisoned").reads
    }

    /// The secret as functions see it, with nothing fetched yet.
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
