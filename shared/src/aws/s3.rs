//! S3 for all functions: the client and error classification.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::core::error::{Cause, Error};

/// Creates a client for files of tens of megabytes: three attempts, with a short read timeout and a long attempt timeout.
pub fn client(aws: &aws_config::SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .read_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(15))
        .build();
    let config = aws_sdk_s3::config::Builder::from(aws)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        // A custom endpoint has no host name for each bucket.
        .force_path_style(aws.endpoint_url().is_some())
        .build();
    Client::from_conf(config)
}

/// Classifies an SDK error: transient errors are [`Error::Unavailable`], all others [`Error::Internal`].
pub fn classify_error<E>(doing: &'static str, error: SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let transient = match &error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            status >= 500 || status == 429 || matches!(service.err().code(), Some("SlowDown" | "RequestTimeout"))
        }
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    };
    let cause: Cause = error.into();
    if transient {
        Error::unavailable(doing, cause)
    } else {
        Error::internal(doing, cause)
    }
}
