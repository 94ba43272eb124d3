//! Typed configuration from the environment, and the SDK's.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use envconfig::Envconfig;

use crate::error::Error;

/// The SDK's configuration, as the Lambda environment gives it; TLS is rustls on ring.
pub async fn aws() -> SdkConfig {
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(
            aws_config::timeout::TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .build(),
        )
        .load()
        .await
}

/// The function's own configuration, from the variables that its type names.
///
/// # Errors
/// [`Error::Internal`] naming the variable that is missing or wrong: the function does not start.
pub fn from_env<T: Envconfig>() -> Result<T, Error> {
    T::init_from_env().map_err(|error| Error::internal("read the environment", error))
}
