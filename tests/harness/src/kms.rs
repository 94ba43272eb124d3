//! An in-memory stand-in for KMS: creates data keys and decrypts each only with its encryption context.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::{Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shared::aws::encryption::EnvelopeEncryption;

/// The id of the key that functions use.
const KEY: &str = "alias/billing";

/// The stand-in. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct FakeKms(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Data keys by their encrypted form.
    made: HashMap<String, DataKey>,
    requests: usize,
    refusal: Option<(u16, &'static str)>,
    is_silent: bool,
}

#[derive(Debug)]
struct DataKey {
    plain: String,
    key_id: Value,
    context: Value,
}

impl FakeKms {
    /// Returns the envelope encryption that functions use, with this stand-in's key.
    pub fn envelope_encryption(&self) -> EnvelopeEncryption {
        self.envelope_encryption_with(KEY)
    }

    /// Returns an envelope encryption with another key.
    pub fn envelope_encryption_with(&self, key_id: &str) -> EnvelopeEncryption {
        EnvelopeEncryption::new(&self.config(), key_id.to_owned(), "subscription")
    }

    /// Returns an SDK configuration whose KMS client uses this stand-in.
    pub fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
                Credentials::for_tests(),
            ))
            .http_client(SharedHttpClient::new(self.clone()))
            .build()
    }

    /// Refuses all further requests with this status and code; `None` ends that.
    pub fn refuse(&self, refusal: Option<(u16, &'static str)>) {
        self.state(|state| state.refusal = refusal);
    }

    /// Never answers further requests.
    pub fn never_answer(&self) {
        self.state(|state| state.is_silent = true);
    }

    /// Returns the number of requests received.
    pub fn requests(&self) -> usize {
        self.state(|state| state.requests)
    }

    /// Serves a request and returns the status and body of its response.
    pub fn serve(&self, target: &str, body: &Value) -> (u16, Value) {
        self.state(|state| state.answer(target, body))
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().expect("not poisoned"))
    }
}

impl State {
    fn answer(&mut self, target: &str, body: &Value) -> (u16, Value) {
        self.requests += 1;
        if let Some((status, code)) = self.refusal {
            return (status, json!({ "__type": code, "message": "refused" }));
        }
        let (key_id, context) = (body["KeyId"].clone(), body["EncryptionContext"].clone());
        match target {
            "TrentService.GenerateDataKey" => {
                assert_eq!(body["KeySpec"], "AES_256", "{body}");
                let random = |length| {
                    STANDARD.encode(
                        std::iter::repeat_with(|| fastrand::u8(..))
                            .take(length)
                            .collect::<Vec<_>>(),
                    )
                };
                let (plain, encrypted) = (random(32), random(184));
                let answer = json!({ "KeyId": key_id, "Plaintext": plain, "CiphertextBlob": encrypted });
                self.made.insert(encrypted, DataKey { plain, key_id, context });
                (200, answer)
            }
            "TrentService.Decrypt" => {
                let made = self.made.get(body["CiphertextBlob"].as_str().expect("a blob"));
                match made {
                    Some(made) if made.key_id != key_id => (400, json!({ "__type": "IncorrectKeyException" })),
                    Some(made) if made.context == context => (200, json!({ "KeyId": key_id, "Plaintext": made.plain })),
                    _ => (400, json!({ "__type": "InvalidCiphertextException" })),
                }
            }
            other => panic!("no stand-in for {other}"),
        }
    }
}

impl HttpClient for FakeKms {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for FakeKms {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let body = serde_json::from_slice(request.body().bytes().expect("a body in memory")).expect("JSON");
        if self.state(|state| state.is_silent) {
            return HttpConnectorFuture::new(std::future::pending());
        }
        let (status, body) = self.state(|state| state.answer(&target, &body));
        let status = StatusCode::try_from(status).expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body.to_string()))))
    }
}
