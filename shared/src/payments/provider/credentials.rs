//! The providers' credentials: one secret in Secrets Manager, cached and fetched again only when it may be outdated.

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

use crate::core::error::{Error, Rejection};
use crate::payments::Provider;
use crate::payments::reason;

/// The shortest interval between fetches that forged signatures or rejected keys cause.
const FETCH_INTERVAL: Duration = Duration::from_secs(30);
const DOING: &str = "fetch the providers' credentials";

/// The credentials of the configured providers.
#[derive(Clone, Default, Deserialize)]
pub struct Credentials {
    toss: Option<TossKeys>,
    stripe: Option<StripeKeys>,
    kakaopay: Option<KakaoPayKeys>,
    standard: Option<StandardKeys>,
    carriers: Option<StandardKeys>,
}

/// The credentials for Toss.
#[derive(Clone, Deserialize)]
pub struct TossKeys {
    /// The secret key.
    pub secret_key: String,
}

/// The credentials for Stripe's API and its webhooks.
#[derive(Clone, Deserialize)]
pub struct StripeKeys {
    /// The secret key.
    pub secret_key: String,
    /// The secrets of the webhook endpoint. There are two during a rotation.
    #[serde(default)]
    pub webhook_secrets: Vec<String>,
}

/// The credentials for KakaoPay.
#[derive(Clone, Deserialize)]
pub struct KakaoPayKeys {
    /// The secret key.
    pub secret_key: String,
    /// The merchant code.
    pub cid: String,
}

/// The webhook secrets of other providers, or of carriers.
#[derive(Clone, Deserialize)]
pub struct StandardKeys {
    /// The webhook secrets. There are two during a rotation.
    #[serde(default)]
    pub webhook_secrets: Vec<String>,
}

macro_rules! without_values {
    ($($name:ident)*) => {$(
        impl std::fmt::Debug for $name {
            /// Omits the content.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

without_values! { Credentials TossKeys StripeKeys KakaoPayKeys StandardKeys }

impl Credentials {
    /// Parses the secret's JSON.
    fn parse(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| {
            // serde's message could contain secrets.
            let place = format!(
                "the secret is not valid (line {}, column {})",
                error.line(),
                error.column()
            );
            Error::internal(DOING, place)
        })
    }

    /// The credentials for Toss.
    ///
    /// # Errors
    /// `provider-not-configured` without credentials.
    pub fn toss(&self) -> Result<&TossKeys, Error> {
        let keys = self.toss.as_ref().filter(|keys| !keys.secret_key.is_empty());
        keys.ok_or_else(|| missing(Provider::Toss))
    }

    /// The credentials for Stripe.
    ///
    /// # Errors
    /// `provider-not-configured` without credentials.
    pub fn stripe(&self) -> Result<&StripeKeys, Error> {
        let keys = self.stripe.as_ref().filter(|keys| !keys.secret_key.is_empty());
        keys.ok_or_else(|| missing(Provider::Stripe))
    }

    /// The credentials for KakaoPay.
    ///
    /// # Errors
    /// `provider-not-configured` without credentials.
    pub fn kakaopay(&self) -> Result<&KakaoPayKeys, Error> {
        let keys = self.kakaopay.as_ref().filter(|keys| !keys.secret_key.is_empty());
        keys.ok_or_else(|| missing(Provider::KakaoPay))
    }

    /// The credentials for other providers.
    ///
    /// # Errors
    /// `provider-not-configured` without credentials.
    pub fn standard(&self) -> Result<&StandardKeys, Error> {
        self.standard.as_ref().ok_or_else(|| missing(Provider::Standard))
    }

    /// The webhook secrets of carriers. `None` if there are none.
    pub const fn carriers(&self) -> Option<&StandardKeys> {
        self.carriers.as_ref()
    }
}

fn missing(provider: Provider) -> Error {
    let detail = format!("There are no credentials for {}.", provider.name());
    Rejection::new(&reason::PROVIDER_NOT_CONFIGURED, detail).into()
}

/// The secret with the credentials. Clones share the cache.
#[derive(Clone, Debug)]
pub struct Vault(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    secret_id: String,
    /// Locked while fetching, so that concurrent callers wait for the same response.
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
    /// Creates a vault for the secret `secret_id`.
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

    /// Returns the credentials. Fetches them on the first call and after [`invalidate`](Self::invalidate).
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
        // Only one provider's key may be outdated, so use the cached ones when the fetch fails.
        Ok(self.fetch(&mut fetched, deadline).await.unwrap_or(known))
    }

    /// Fetches the credentials again after a signature matched none of them. `None` within 30 seconds of the last
    /// reload, so that forged signatures do not cause many fetches.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn reload(&self, now: Timestamp, deadline: Instant) -> Result<Option<Arc<Credentials>>, Error> {
        let mut fetched = self.lock(deadline).await?;
        let interval = SignedDuration::try_from(FETCH_INTERVAL).unwrap_or(SignedDuration::MAX);
        if fetched.reloaded_at.is_some_and(|at| now.duration_since(at) < interval) {
            return Ok(None);
        }
        // Failed fetches count too.
        fetched.reloaded_at = Some(now);
        self.fetch(&mut fetched, deadline).await.map(Some)
    }

    /// Verifies a signature. If it fails, reloads the secrets, which may have been rotated, and verifies once more.
    ///
    /// # Errors
    /// Those of `verify`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn verify(
        &self,
        now: Timestamp,
        deadline: Instant,
        verify: impl Fn(&Credentials) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let known = self.credentials(deadline).await?;
        let Err(refused) = verify(&known) else {
            return Ok(());
        };
        match self.reload(now, deadline).await? {
            Some(fresh) => verify(&fresh),
            None => Err(refused),
        }
    }

    /// Marks the cached credentials as outdated after a provider rejected them. The next
    /// [`credentials`](Self::credentials) fetches them again, unless that was done in the last 30 seconds.
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

/// Classifies an SDK error as transient or internal. Keeps its code and message only, since the error can contain the
/// raw response.
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

/// Whether a Secrets Manager error code is transient.
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
            assert_eq!(rejection.reason, &reason::PROVIDER_NOT_CONFIGURED);
        }
    }

    #[test]
    fn secrets_are_in_no_message() {
        let text = r#"{"toss":{"secret_key":"hush"},"stripe":{"secret_key":"hush","webhook_secrets":["hush"]}}"#;
        let credentials = Credentials::parse(text).unwrap();
        let mut messages = format!("{credentials:?} {:?} {:?}", credentials.toss(), credentials.stripe());
        for damaged in [r#"{"toss":"hush"}"#, r#"{"toss":{"secret_key":["hush"]}}"#, r#""hush"#] {
            messages += &format!("{:?}", Credentials::parse(damaged).unwrap_err());
        }
        assert!(!messages.contains("hush"), "{messages}");
    }

    #[test]
    fn rejected_credentials_are_fetched_again_every_30_seconds_at_most() {
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
