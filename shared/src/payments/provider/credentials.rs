//! The providers' credentials: one secret in Secrets Manager.

use serde::Deserialize;

use crate::aws::vault;
use crate::core::error::{Error, Rejection};
use crate::payments::Provider;
use crate::payments::reason;

/// The secret with the credentials.
pub type Vault = vault::Vault<Credentials>;

/// The credentials of the configured providers.
#[derive(Clone, Default, Deserialize)]
pub struct Credentials {
    toss: Option<TossKeys>,
    stripe: Option<StripeKeys>,
    kakaopay: Option<KakaoPayKeys>,
    standard: Option<StandardKeys>,
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

/// The webhook secrets of other providers.
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
}

fn missing(provider: Provider) -> Error {
    let detail = format!("There are no credentials for {}.", provider.name());
    Rejection::new(&reason::PROVIDER_NOT_CONFIGURED, detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_the_credentials_of_some_providers() {
        let text = r#"{"toss":{"secret_key":"t"},"kakaopay":{"secret_key":"","cid":"TC0ONETIME"},"later":{}}"#;
        let credentials = vault::parse::<Credentials>(text).unwrap();
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
        let credentials = vault::parse::<Credentials>(text).unwrap();
        let mut messages = format!("{credentials:?} {:?} {:?}", credentials.toss(), credentials.stripe());
        for damaged in [r#"{"toss":"hush"}"#, r#"{"toss":{"secret_key":["hush"]}}"#, r#""hush"#] {
            messages += &format!("{:?}", vault::parse::<Credentials>(damaged).unwrap_err());
        }
        assert!(!messages.contains("hush"), "{messages}");
    }
}
