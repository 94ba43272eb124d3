//! A secret in Secrets Manager, cached and fetched again only when it may be outdated.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout_at};

use crate::core::error::Error;

/// The shortest interval between fetches that forged signatures or rejected keys cause.
const FETCH_INTERVAL: Duration = Duration::from_secs(30);
const DOING: &str = "fetch a secret";

/// A secret whose JSON is a `T`. Clones share the cache.
#[derive(Debug)]
pub struct Vault<T>(Arc<Inner<T>>);

impl<T> Clone for Vault<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct Inner<T> {
    client: Client,
    secret_id: String,
    /// The age from which the cached secret is fetched again.
    max_age: Option<Duration>,
    /// Locked while fetching, so that concurrent callers wait for the same response.
    fetched: Mutex<Fetched<T>>,
    invalidated: AtomicBool,
}

#[derive(Debug)]
struct Fetched<T> {
    secret: Option<Arc<T>>,
    tried_at: Option<Instant>,
    reloaded_at: Option<Timestamp>,
}

impl<T: DeserializeOwned> Vault<T> {
    /// Creates a vault for the secret `secret_id`.
    pub fn new(aws: &aws_config::SdkConfig, secret_id: String) -> Self {
        Self::with_max_age(aws, secret_id, None)
    }

    /// Creates a vault that fetches its secret again once it is older than `max_age`, for a secret whose removed parts must not be
    /// used any more.
    pub fn with_max_age(aws: &aws_config::SdkConfig, secret_id: String, max_age: Option<Duration>) -> Self {
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
            max_age,
            fetched: Mutex::new(Fetched::nothing()),
            invalidated: AtomicBool::new(false),
        }))
    }

    /// Returns the secret. Fetches it on the first call and after
    /// [`invalidate`](Self::invalidate).
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, deadline: Instant) -> Result<Arc<T>, Error> {
        let mut fetched = self.lock(deadline).await?;
        let Some(known) = fetched.secret.clone() else {
            return self.fetch(&mut fetched, deadline).await;
        };
        if !self.is_invalidated(&fetched) {
            return Ok(known);
        }
        // Only a part of it may be outdated, so use the cached one when the fetch fails.
        Ok(self.fetch(&mut fetched, deadline).await.unwrap_or(known))
    }

    /// Fetches the secret again after a signature did not match it. `None` within 30 seconds of the last
    /// reload, so that forged signatures do not cause many fetches.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn reload(&self, now: Timestamp, deadline: Instant) -> Result<Option<Arc<T>>, Error> {
        let mut fetched = self.lock(deadline).await?;
        let interval = SignedDuration::try_from(FETCH_INTERVAL).unwrap_or(SignedDuration::MAX);
        if fetched.reloaded_at.is_some_and(|at| now.duration_since(at) < interval) {
            return Ok(None);
        }
        // Failed fetches count too.
        fetched.reloaded_at = Some(now);
        self.fetch(&mut fetched, deadline).await.map(Some)
    }

    /// Verifies a signature. If it fails, reloads the secret, which may have been rotated, and verifies once more.
    ///
    /// # Errors
    /// Those of `verify`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn verify<Signer>(
        &self,
        now: Timestamp,
        deadline: Instant,
        verify: impl Fn(&T) -> Result<Signer, Error>,
    ) -> Result<Signer, Error> {
        let known = self.get(deadline).await?;
        let refused = match verify(&known) {
            Ok(signer) => return Ok(signer),
            Err(refused) => refused,
        };
        match self.reload(now, deadline).await? {
            Some(fresh) => verify(&fresh),
            None => Err(refused),
        }
    }

    /// Marks the cached secret as outdated after a provider rejected a key. The next [`get`](Self::get) fetches it
    /// again, unless that was done in the last 30 seconds.
    pub fn invalidate(&self) {
        self.0.invalidated.store(true, Ordering::Relaxed);
    }

    fn is_invalidated(&self, fetched: &Fetched<T>) -> bool {
        let age = fetched.tried_at.map(|at| at.elapsed());
        if self.0.max_age.is_some_and(|most| age.is_none_or(|age| age >= most)) {
            return true;
        }
        let is_due = fetched.tried_at.is_none_or(|at| at.elapsed() >= FETCH_INTERVAL);
        is_due && self.0.invalidated.load(Ordering::Relaxed)
    }

    async fn lock(&self, deadline: Instant) -> Result<MutexGuard<'_, Fetched<T>>, Error> {
        let locked = timeout_at(deadline, self.0.fetched.lock()).await;
        locked.map_err(|elapsed| Error::unavailable(DOING, elapsed))
    }

    async fn fetch(&self, fetched: &mut Fetched<T>, deadline: Instant) -> Result<Arc<T>, Error> {
        fetched.tried_at = Some(Instant::now());
        let request = self.0.client.get_secret_value().secret_id(&self.0.secret_id).send();
        let answer = timeout_at(deadline, request)
            .await
            .map_err(|elapsed| Error::unavailable(DOING, elapsed))?
            .map_err(classify_error)?;
        let text = answer
            .secret_string()
            .ok_or_else(|| Error::internal(DOING, "the secret has no text"))?;
        let secret = Arc::new(parse(text)?);
        fetched.secret = Some(Arc::clone(&secret));
        self.0.invalidated.store(false, Ordering::Relaxed);
        Ok(secret)
    }
}

impl<T> Fetched<T> {
    const fn nothing() -> Self {
        Self {
            secret: None,
            tried_at: None,
            reloaded_at: None,
        }
    }
}

/// Parses the JSON of a secret.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
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
    fn a_secret_with_a_rejected_key_is_fetched_again_every_30_seconds_at_most() {
        let aws = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .build();
        let vault = Vault::<()>::new(&aws, "secret".to_owned());
        let tried = |ago| Fetched {
            tried_at: Instant::now().checked_sub(ago),
            ..Fetched::nothing()
        };
        assert!(!vault.is_invalidated(&tried(FETCH_INTERVAL)));
        let short_lived = Vault::<()>::with_max_age(&aws, "secret".to_owned(), Some(Duration::from_secs(60)));
        assert!(!short_lived.is_invalidated(&tried(Duration::from_secs(59))));
        assert!(short_lived.is_invalidated(&tried(Duration::from_secs(60))));
        vault.invalidate();
        assert!(vault.is_invalidated(&tried(FETCH_INTERVAL)));
        assert!(!vault.is_invalidated(&tried(FETCH_INTERVAL - Duration::from_secs(1))));
    }
}
