//! S3 for all functions: the client, error classification, presigned requests, and the event of an upload.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::core::error::{Cause, Error};
use crate::core::sequencer::Sequencer;

/// The detail of the event `Object Created`, as EventBridge delivers it: the fields that are used (S3 user guide, "EventBridge event
/// message structure").
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectCreated {
    /// The created object.
    pub object: CreatedObject,
}

/// An object that was created.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreatedObject {
    /// The object's key.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// The entity tag, which identifies this upload among those of the same key.
    pub etag: String,
    /// The order of this upload among those of the same key.
    pub sequencer: Sequencer,
}

/// A request that its receiver may send without credentials, for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presigned {
    /// The URL.
    pub url: String,
    /// The HTTP method.
    pub method: String,
    /// The headers to send, unchanged.
    pub headers: BTreeMap<String, String>,
}

/// Signs an upload, which may start within `within` from `now`. Needs no request to S3.
///
/// # Errors
/// [`Error::Internal`].
pub async fn presign_put(
    put: PutObjectFluentBuilder,
    now: Timestamp,
    within: SignedDuration,
) -> Result<Presigned, Error> {
    const DOING: &str = "sign an upload";
    let signed = put.presigned(period(DOING, now, within)?).await;
    signed
        .map(|signed| presigned(&signed))
        .map_err(|error| classify_error(DOING, error))
}

/// Signs a download, which may start within `within` from `now`. Needs no request to S3.
///
/// # Errors
/// [`Error::Internal`].
pub async fn presign_get(
    get: GetObjectFluentBuilder,
    now: Timestamp,
    within: SignedDuration,
) -> Result<Presigned, Error> {
    const DOING: &str = "sign a download";
    let signed = get.presigned(period(DOING, now, within)?).await;
    signed
        .map(|signed| presigned(&signed))
        .map_err(|error| classify_error(DOING, error))
}

fn period(doing: &'static str, now: Timestamp, within: SignedDuration) -> Result<PresigningConfig, Error> {
    let period = PresigningConfig::builder()
        .start_time(now.into())
        .expires_in(within.unsigned_abs());
    period.build().map_err(|error| Error::internal(doing, error))
}

fn presigned(signed: &PresignedRequest) -> Presigned {
    let headers = signed
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Presigned {
        url: signed.uri().to_owned(),
        method: signed.method().to_owned(),
        headers: headers.filter(|(name, _)| name != "host").collect(),
    }
}

/// Creates a client for files of tens of megabytes: three attempts, with a short read timeout and a long attempt
/// timeout.
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
