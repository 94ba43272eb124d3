//! What all functions that touch objects need of S3: the client, and its errors sorted.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::core::error::{Cause, Error};

/// A client that moves files of tens of megabytes: three attempts, each of which may take a while but not fall silent.
pub fn client(aws: &aws_config::SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .read_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(15))
        .build();
    let config = aws_sdk_s3::config::Builder::from(aws)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        // An endpoint of one's own has no name for each bucket.
        .force_path_style(aws.endpoint_url().is_some())
        .build();
    Client::from_conf(config)
}

/// Sorts an SDK error into what may pass by itself and what is a fault.
pub fn failed<E>(doing: &'static str, error: SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let passing = match &error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            status >= 500 || status == 429 || matches!(service.err().code(), Some("SlowDown" | "RequestTimeout"))
        }
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    };
    let cause: Cause = error.into();
    if passing {
        Error::unavailable(doing, cause)
    } else {
        Error::internal(doing, cause)
    }
}
