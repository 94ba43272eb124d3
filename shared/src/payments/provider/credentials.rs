//! The providers' credentials: one secret in Secrets Manager, fetched once and again only when it seems out of date.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout_at};

use crate::core::error;
use crate::core::error::{Error, Rejection};
use crate::payments::Provider;

/// Whoever forges a signature or meets a wrong key makes us fetch no oftener than this.
const FETCH_INTERVAL: Duration = Duration::from_secs(30);
const DOING: &str = "fetch the providers' credentials";

/// The credentials of each provider that is set up.
#[derive(Clone, Default, Deserialize)]
pub struct Credentials {
    toss: Option<TossKeys>,
    stripe: Option<StripeKeys>,
    kakaopay: Option<KakaoPayKeys>,
    standard: Option<StandardKeys>,
}

/// What we prove ourselves by to Toss.
#[derive(Clone, Deserialize)]
pub struct TossKeys {
    /// The secret key.
    pub secret_key: String,
}

/// What we prove ourselves by to Stripe, and Stripe to us.
#[derive(Clone, Deserialize)]
pub struct StripeKeys {
    /// The secret key.
    pub secret_key: String,
    /// The secrets of the webhook endpoint: two while one is replaced by the other.
    #[serde(default)]
    pub webhook_secrets: Vec<String>,
}

/// What we prove ourselves by to KakaoPay.
#[derive(Clone, Deserialize)]
pub struct KakaoPayKeys {
    /// The secret key.
    pub secret_key: String,
    /// The shop's code.
    pub cid: String,
}

/// What any other provider proves itself by to us.
#[derive(Clone, Deserialize)]
pub struct StandardKeys {
    /// The secrets: two while one is replaced by the other.
    #[serde(default)]
    pub webhook_secrets: Vec<String>,
}

macro_rules! without_values {
    ($($name:ident)*) => {$(
        impl std::fmt::Debug for $name {
            /// Not what is in it: it is secret.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

without_values! { Credentials TossKeys StripeKeys KakaoPayKeys StandardKeys }

impl Credentials {
    /// The credentials in the secret's `text`.
    fn parse(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| {
            // serde's own words would repeat what it found.
            let place = format!(
                "the secret is not the JSON that it should be (line {}, column {})",
                error.line(),
                error.column()
            );
            Error::internal(DOING, place)
        })
    }

    /// Toss's.
    ///
    /// # Errors
    /// `provider-not-configured` when there are none.
    pub fn toss(&self) -> Result<&TossKeys, Error> {
        let keys = self.toss.as_ref().filter(|keys| !keys.secret_key.is_empty());
        keys.ok_or_else(|| missing(Provider::Toss))
    }

    /// Stripe's.
    ///
    /// # Errors
    /// `provider-not-configured` when there are none.
    pub fn stripe(&self) -> Result<&StripeKeys, Error> {
        let keys = self.stripe.as_ref().filter(|keys| !keys.secret_key.is_empty());
        keys.ok_or_else(|| missing(Provider::Stripe))
    }

    /// KakaoPay's.
    ///
    /// # Errors
    /// `provider-not-configured` when there are none.
    pub fn kakaopay(&self) -> Result<&KakaoPayKeys, Error> {
        let keys = self.kakaopay.as_ref().filter(|keys| !keys.secret_key.is_empty());
        keys.ok_or_else(|| missing(Provider::KakaoPay))
    }

    /// Any other provider's.
    ///
    /// # Errors
    /// `provider-not-configured` when there are none.
    pub fn standard(&self) -> Result<&StandardKeys, Error> {
        self.standard.as_ref().ok_or_else(|| missing(Provider::Standard))
    }
}

fn missing(provider: Provider) -> Error {
    let detail = format!("There are no credentials for {}.", provider.name());
    Rejection::new(&error::PROVIDER_NOT_CONFIGURED, detail).into()
}

/// The secret that holds the credentials; clones share what was fetched.
#[derive(Clone, Debug)]
pub struct Vault(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    secret_id: String,
    /// Locked while fetching: whoever comes meanwhile waits for the same answer.
    fetched: Mutex<Fetched>,
    invalidated: AtomicBool,
}

#[derive(Debug, Default)]
struct Fetched {
    credentials: Option<Arc<Credentials>>,
    tried_at: Option<Instant>,
    reloaded_at: Option<Timestamp>,
}

impl Vault {
    /// The secret called `secret_id`.
    pub fn new(aws: &aws_config::SdkConfig, secret_id: String) -> Self {
        let config = aws_sdk_secretsmanager::config::Builder::from(aws)
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(1))
                    .operation_attempt_timeout(Duration::from_secs(5))
                    .build(),
            )
            .build();
        Self(Arc::new(Inner {
            client: Client::from_conf(config),
            secret_id,
            fetched: Mutex::default(),
            invalidated: AtomicBool::new(false),
        }))
    }

    /// The credentials, fetched when they are asked for first or were [invalidated](Self::invalidate).
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn credentials(&self, deadline: Instant) -> Result<Arc<Credentials>, Error> {
        let mut fetched = self.lock(deadline).await?;
        let Some(known) = fetched.credentials.clone() else {
            return self.fetch(&mut fetched, deadline).await;
        };
        if !self.is_invalidated(&fetched) {
            return Ok(known);
        }
        // One provider's key may be wrong; the others' serve on when the secret cannot be had just now.
        Ok(self.fetch(&mut fetched, deadline).await.unwrap_or(known))
    }

    /// The credentials fetched anew, for a signature that matched none of them; nothing when that was done less than
    /// 30 seconds before `now`, so that forged signatures do not become a flood of fetches.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn reload(&self, now: Timestamp, deadline: Instant) -> Result<Option<Arc<Credentials>>, Error> {
        let mut fetched = self.lock(deadline).await?;
        let interval = SignedDuration::try_from(FETCH_INTERVAL).unwrap_or(SignedDuration::MAX);
        if fetched.reloaded_at.is_some_and(|at| now.duration_since(at) < interval) {
            return Ok(None);
        }
        // Failed tries count as well.
        fetched.reloaded_at = Some(now);
        self.fetch(&mut fetched, deadline).await.map(Some)
    }

    /// A provider did not take our key: the secret may have another by now. The next [`credentials`](Self::credentials)
    /// fetches it anew, unless that was done in the last 30 seconds.
    pub fn invalidate(&self) {
        self.0.invalidated.store(true, Ordering::Relaxed);
    }

    fn is_invalidated(&self, fetched: &Fetched) -> bool {
        let is_due = fetched.tried_at.is_none_or(|at| at.elapsed() >= FETCH_INTERVAL);
        is_due && self.0.invalidated.load(Ordering::Relaxed)
    }

    async fn lock(&self, deadline: Instant) -> Result<MutexGuard<'_, Fetched>, Error> {
        let locked = timeout_at(deadline, self.0.fetched.lock()).await;
        locked.map_err(|elapsed| Error::unavailable(DOING, elapsed))
    }

    async fn fetch(&self, fetched: &mut Fetched, deadline: Instant) -> Result<Arc<Credentials>, Error> {
        fetched.tried_at = Some(Instant::now());
        let request = self.0.client.get_secret_value().secret_id(&self.0.secret_id).send();
        let secret = timeout_at(deadline, request)
            .await
            .map_err(|elapsed| Error::unavailable(DOING, elapsed))?
            .map_err(classify_error)?;
        let text = secret
            .secret_string()
            .ok_or_else(|| Error::internal(DOING, "the secret has no text"))?;
        let credentials = Arc::new(Credentials::parse(text)?);
        fetched.credentials = Some(credentials.clone());
        self.0.invalidated.store(false, Ordering::Relaxed);
        Ok(credentials)
    }
}

/// Sorts an SDK error into what may pass by itself and what is a fault. Its words are kept and not itself, for a raw
/// answer may be in it.
fn classify_error<E, R>(error: SdkError<E, R>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    let (transient, why) = match &error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("an error without a code");
            let message = service.err().message().unwrap_or_default();
            (is_transient(code), format!("{code}: {message}"))
        }
        SdkError::ConstructionFailure(_) => (false, error.to_string()),
        _ => (true, error.to_string()),
    };
    if transient {
        Error::unavailable(DOING, why)
    } else {
        Error::internal(DOING, why)
    }
}

/// Whether an error code of Secrets Manager stands for something that passes.
fn is_transient(code: &str) -> bool {
    !matches!(
        code,
        "AccessDeniedException"
            | "DecryptionFailure"
            | "InvalidParameterException"
            | "InvalidRequestException"
            | "ResourceNotFoundException"
            | "UnrecognizedClientException"
            | "ValidationException"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_the_credentials_of_some_providers() {
        let text = r#"{"toss":{"secret_key":"t"},"kakaopay":{"secret_key":"","cid":"TC0ONETIME"},"later":{}}"#;
        let credentials = Credentials::parse(text).unwrap();
        assert_eq!(credentials.toss().unwrap().secret_key, "t");
        for missing in [
            credentials.stripe().unwrap_err(),
            credentials.kakaopay().unwrap_err(),
            credentials.standard().unwrap_err(),
        ] {
            let Error::Rejected(rejection) = missing else { panic!() };
            assert_eq!(rejection.reason, &error::PROVIDER_NOT_CONFIGURED);
        }
    }

    #[test]
    fn secrets_are_in_no_message() {
        let text = r#"{"toss":{"secret_key":"hush"},"stripe":{"secret_key":"hush","webhook_secrets":["hush"]}}"#;
        let credentials = Credentials::parse(text).unwrap();
        let mut said = format!("{credentials:?} {:?} {:?}", credentials.toss(), credentials.stripe());
        for damaged in [r#"{"toss":"hush"}"#, r#"{"toss":{"secret_key":["hush"]}}"#, r#""hush"#] {
            said += &format!("{:?}", Credentials::parse(damaged).unwrap_err());
        }
        assert!(!said.contains("hush"), "{said}");
    }

    #[test]
    fn a_key_that_is_not_taken_is_looked_for_every_30_seconds() {
        let aws = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .build();
        let vault = Vault::new(&aws, "secret".to_owned());
        let tried = |ago| Fetched {
            tried_at: Instant::now().checked_sub(ago),
            ..Fetched::default()
        };
        assert!(!vault.is_invalidated(&tried(FETCH_INTERVAL)));
        vault.invalidate();
        assert!(vault.is_invalidated(&tried(FETCH_INTERVAL)));
        assert!(!vault.is_invalidated(&tried(FETCH_INTERVAL - Duration::from_secs(1))));
    }
}
