//! The platform of every action: configuration, AWS clients, and the transport to payment providers and search servers.
//!
//! `main`, the function tests and the simulation build actions in the same way, `Checkout::new(&platform)`, on
//! different platforms. A function reads only the variables that it needs (least privilege).

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use envconfig::Envconfig;

use crate::aws::dynamodb;
use crate::aws::transport::{HttpsTransport, MAX_BODY, Transport};
use crate::core::error::Error;

const DOING: &str = "read the environment";

/// Configuration, AWS clients and the transport to providers.
#[derive(Clone, Debug)]
pub struct Platform {
    variables: HashMap<String, String>,
    aws: SdkConfig,
    dynamodb: Client,
    transport: Option<Arc<dyn Transport>>,
}

impl Platform {
    /// Creates the platform of a Lambda function from its environment.
    pub async fn from_env() -> Self {
        let aws = aws_config::defaults(BehaviorVersion::latest())
            .http_client(SharedHttpClient::new(LazyHttps::default()))
            .timeout_config(
                aws_config::timeout::TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(1))
                    .build(),
            )
            .load()
            .await;
        Self::new(aws, std::env::vars())
    }

    /// Creates a platform from an AWS configuration and environment variables.
    pub fn new(aws: SdkConfig, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            dynamodb: dynamodb::client(&aws),
            variables: variables.into_iter().collect(),
            aws,
            transport: None,
        }
    }

    /// Sets a variable.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// Replaces the DynamoDB client of all stores.
    #[must_use]
    pub fn with_dynamodb(self, dynamodb: Client) -> Self {
        Self { dynamodb, ..self }
    }

    /// Replaces the AWS configuration of all services except DynamoDB.
    #[must_use]
    pub fn with_aws(self, aws: SdkConfig) -> Self {
        Self { aws, ..self }
    }

    /// Replaces the transport to payment providers and search servers.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Reads a typed configuration from the variables.
    ///
    /// # Errors
    /// [`Error::Internal`] with the name of the missing or invalid variable.
    pub fn config<T: Envconfig>(&self) -> Result<T, Error> {
        T::init_from_hashmap(&self.variables).map_err(|error| Error::internal(DOING, error))
    }

    /// The value of a variable.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is missing.
    pub fn variable(&self, name: &'static str) -> Result<String, Error> {
        let value = self.variables.get(name).cloned();
        value.ok_or_else(|| Error::internal(DOING, format!("{name} is missing")))
    }

    /// The configuration of AWS clients.
    pub const fn aws(&self) -> &SdkConfig {
        &self.aws
    }

    /// The DynamoDB client, shared by all stores of a function.
    pub fn dynamodb(&self) -> Client {
        self.dynamodb.clone()
    }

    /// The transport to payment providers.
    ///
    /// # Errors
    /// [`Error::Internal`] when TLS cannot be set up.
    pub fn transport(&self) -> Result<Arc<dyn Transport>, Error> {
        self.transport_accepting(MAX_BODY)
    }

    /// The transport to a server whose response bodies have up to `bytes`.
    ///
    /// # Errors
    /// [`Error::Internal`] when TLS cannot be set up.
    pub fn transport_accepting(&self, bytes: usize) -> Result<Arc<dyn Transport>, Error> {
        match &self.transport {
            Some(transport) => Ok(Arc::clone(transport)),
            None => Ok(Arc::new(HttpsTransport::new()?.accepting(bytes))),
        }
    }
}

/// An HTTPS client (rustls on ring) that reads the system's root certificates on the first connection.
///
/// Reading them at start would take two thirds of a function's initialization.
#[derive(Debug, Default)]
struct LazyHttps(OnceLock<SharedHttpClient>);

impl HttpClient for LazyHttps {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let client = self.0.get_or_init(|| {
            Builder::new()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .build_https()
        });
        client.http_connector(settings, components)
    }
}
