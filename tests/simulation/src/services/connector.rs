//! Connects the AWS SDK to the simulated network.

use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Request, Service};
use crate::net::{Net, Reply};

#[derive(Clone, Debug)]
struct Connector(Net);

/// Returns the functions' SDK configuration.
pub fn aws_config(net: &Net) -> SdkConfig {
    // The SDK shares one retry budget per process and region, so each run has its own region.
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let region = format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed));
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .endpoint_url("http://aws.test")
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .http_client(SharedHttpClient::new(Connector(net.clone())))
        // A body arrives as a whole or not at all.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().expect("a body in memory").to_vec();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let (service, operation) = target.split_once('.').unwrap_or_default();
        let to = match service {
            "DynamoDB_20120810" => Service::Tables(operation.to_owned()),
            "" => {
                let (head, _) = request.try_into_http1x().expect("a request").into_parts();
                Service::Objects(Box::new(head))
            }
            "AWSEvents" => Service::Bus,
            "AmazonSQS" => Service::Queue(target.to_owned()),
            "TrentService" => Service::BillingKeys(target.to_owned()),
            "secretsmanager" => Service::Secrets,
            _ => panic!("unsupported service {target}"),
        };
        let reply = self.0.send(Request::new(to, body));
        HttpConnectorFuture::new(async move {
            match reply.await {
                Reply::Response(response) => Ok(response.into()),
                Reply::Lost => Err(ConnectorError::io("the connection was closed".into())),
            }
        })
    }
}
