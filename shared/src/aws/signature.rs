//! Signatures of requests to AWS services for which there is no client here (Signature Version 4).

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_sdk_s3::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use lambda_http::http::Request;
use lambda_http::http::header::AUTHORIZATION;

use crate::core::error::{Cause, Error};

const DOING: &str = "sign a request";

/// Signs requests with the credentials of the function.
#[derive(Clone, Debug)]
pub struct Signer {
    credentials: SharedCredentialsProvider,
    region: String,
    service: &'static str,
}

impl Signer {
    /// A signer for a service, by the name that its signatures use, such as `es`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the configuration has no region or no credentials.
    pub fn new(aws: &SdkConfig, service: &'static str) -> Result<Self, Error> {
        let missing = |what: &str| Error::internal(DOING, format!("there are no {what}"));
        let region = aws.region().ok_or_else(|| missing("region settings"))?;
        Ok(Self {
            credentials: aws.credentials_provider().ok_or_else(|| missing("credentials"))?,
            region: region.to_string(),
            service,
        })
    }

    /// Adds the headers of the signature. A request is valid for five minutes.
    ///
    /// The hash of the body is one of them: OpenSearch Serverless demands it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there are no credentials now, [`Error::Internal`].
    pub async fn sign(&self, request: &mut Request<Vec<u8>>, at: SystemTime) -> Result<(), Error> {
        let credentials = self.credentials.provide_credentials().await;
        let identity: Identity = credentials.map_err(|error| Error::unavailable(DOING, error))?.into();
        self.sign_as(&identity, request, at)
            .map_err(|error| Error::internal(DOING, error))
    }

    fn sign_as(&self, identity: &Identity, request: &mut Request<Vec<u8>>, at: SystemTime) -> Result<(), Cause> {
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let parameters = v4::SigningParams::builder()
            .identity(identity)
            .region(&self.region)
            .name(self.service)
            .time(at)
            .settings(settings)
            .build()?;
        let uri = request.uri().to_string();
        let headers = request.headers().iter();
        let headers: Vec<(&str, &str)> = headers
            .map(|(name, value)| Ok((name.as_str(), value.to_str()?)))
            .collect::<Result<_, Cause>>()?;
        let signable = SignableRequest::new(
            request.method().as_str(),
            uri,
            headers.into_iter(),
            SignableBody::Bytes(request.body()),
        )?;
        let (instructions, _) = sign(signable, &parameters.into())?.into_parts();
        instructions.apply_to_request_http1x(request);
        // So that no message has it.
        if let Some(signature) = request.headers_mut().get_mut(AUTHORIZATION) {
            signature.set_sensitive(true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_config::{BehaviorVersion, Region};
    use aws_sdk_s3::config::Credentials;

    async fn signed(body: &str) -> Request<Vec<u8>> {
        let aws = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("ap-northeast-2"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .build();
        let request = Request::post("https://search.example.com/products/_search");
        let mut request = request.body(body.as_bytes().to_vec()).unwrap();
        let signer = Signer::new(&aws, "aoss").unwrap();
        signer.sign(&mut request, SystemTime::UNIX_EPOCH).await.unwrap();
        request
    }

    #[tokio::test]
    async fn a_signature_covers_host_time_and_body() {
        let request = signed("{}").await;
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert!(authorization.contains("/19700101/ap-northeast-2/aoss/aws4_request"));
        assert!(authorization.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date"));
        let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(request.headers()["x-amz-content-sha256"], hash);
        let other = signed("{ }").await;
        assert_ne!(other.headers()["authorization"], authorization);
    }

    #[tokio::test]
    async fn a_signature_is_in_no_message() {
        let request = signed("{}").await;
        assert!(!format!("{request:?}").contains("Signature="));
    }
}
