//! Charges without the customer: what they agreed to once becomes a billing key, and that is charged from then on.
//!
//! Invariants:
//! - What is charged can be asked for: by the order's id, or by a reference that was kept before the charge was sent.
//! - A charge is sent anew only after [`BillingProvider::find`], or an administrator where that tells nothing, said that
//!   nothing was taken, and never while the one before may still be under way ([`MAX_CHARGE_TIME`]).

use std::time::Duration;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::core::error::Error;
use crate::core::idempotency::derive_id;
use crate::core::identity::CustomerId;
use crate::core::money::Money;
use crate::orders::{Line, OrderId};
use crate::payments::provider::{Answer, stripe, toss};
use crate::payments::{Failure, Provider, ProviderStatus, Report};

/// How long a charge may be under way: Toss takes up to 60 seconds for one.
pub const MAX_CHARGE_TIME: Duration = Duration::from_secs(65);

/// A provider's API for charging a card again and again, without its holder.
pub trait BillingProvider: std::fmt::Debug + Send + Sync {
    /// Exchanges what a customer agreed to for a billing key. Asked again for the same `request_id`, it issues no second
    /// one but tells the first, for a day at least.
    ///
    /// # Errors
    /// `payment-refused` when the provider says no: a card that the bank wants to see its holder for has the
    /// `provider_code` `authentication_required` and a `client_secret`, with which the customer's page lets them prove
    /// themselves; then the same request succeeds. [`Error::Unavailable`] when the provider does not answer.
    fn issue<'a>(
        &'a self,
        authorization: &'a Authorization,
        customer: &'a CustomerId,
        request_id: &'a str,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Issued, Error>>;

    /// Prepares `charge`, of which nothing is taken by that, and answers the reference to keep before it is sent; none
    /// from a provider that can be asked by the order's id. Another billing key needs another reference.
    ///
    /// # Errors
    /// What it would be if the charge itself were answered so, never [`Answer::Report`].
    fn prepare<'a>(
        &'a self,
        key: &'a BillingKey,
        charge: Charge<'a>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Option<String>, Answer>>;

    /// Takes the money. Asked again for the same `nth`, it takes it no second time; what it then says of the first time
    /// may be that nobody knows.
    fn charge<'a>(&'a self, key: &'a BillingKey, charge: Charge<'a>, deadline: Instant) -> BoxFuture<'a, Answer>;

    /// Asks what became of a charge, never [`Answer::Refused`]: [`ProviderStatus::Pending`] says that the provider has not had
    /// it, or not finished what it then failed at, so nothing was taken, unless the call is still under way.
    ///
    /// [`ProviderStatus::Failed`] may be that of an earlier try. At Stripe it tells all the same that the intent took nothing;
    /// at Toss, which is asked by the order alone, another payment of the order may have taken the money unless this was
    /// the first try.
    fn find<'a>(&'a self, charge: Charge<'a>, deadline: Instant) -> BoxFuture<'a, Answer>;

    /// Sees to it that the billing key can be charged no more. One that is gone already is none to complain about.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the provider does not do it now.
    fn delete<'a>(&'a self, key: &'a BillingKey, deadline: Instant) -> BoxFuture<'a, Result<(), Error>>;
}

/// What a customer's page brings from a provider: that they agree to be charged without being there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "provider", rename_all = "lowercase", deny_unknown_fields)]
pub enum Authorization {
    /// What Toss's card window (`requestBillingAuth`) adds to its `successUrl`.
    Toss {
        /// `authKey`: can be exchanged once.
        #[schema(min_length = 1, max_length = 300)]
        #[serde(deserialize_with = "limits::auth_key")]
        auth_key: String,
        /// `customerKey`, as the page chose it: nothing that can be guessed.
        #[schema(min_length = 2, max_length = 300, pattern = "^[A-Za-z0-9_=.@-]+$")]
        #[serde(deserialize_with = "limits::customer_key")]
        customer_key: String,
    },
    /// What Stripe.js (`createPaymentMethod`) answers.
    Stripe {
        /// The id of the PaymentMethod.
        #[schema(min_length = 1, max_length = 255, examples("pm_1PQ2x9"))]
        #[serde(deserialize_with = "limits::payment_method")]
        payment_method: String,
    },
    /// Not offered: what became of a charge whose answer was lost could not be found out there.
    KakaoPay {},
    /// Not offered: it can only report.
    Standard {},
}

impl Authorization {
    /// Who is to take the money.
    pub const fn provider(&self) -> Provider {
        match self {
            Self::Toss { .. } => Provider::Toss,
            Self::Stripe { .. } => Provider::Stripe,
            Self::KakaoPay {} => Provider::KakaoPay,
            Self::Standard {} => Provider::Standard,
        }
    }
}

/// What the providers take, so that nothing longer is sent to them or kept.
mod limits {
    use std::ops::RangeInclusive;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer};

    pub fn auth_key<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        text(from, 1..=300, |char| !char.is_control())
    }

    pub fn customer_key<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        text(from, 2..=300, |char| {
            char.is_ascii_alphanumeric() || "-_=.@".contains(char)
        })
    }

    pub fn payment_method<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        text(from, 1..=255, |char| !char.is_control())
    }

    fn text<'de, D: Deserializer<'de>>(
        from: D,
        length: RangeInclusive<usize>,
        takes: impl Fn(char) -> bool,
    ) -> Result<String, D::Error> {
        let text = String::deserialize(from)?;
        if length.contains(&text.chars().count()) && text.chars().all(takes) {
            return Ok(text);
        }
        // Not the text itself: a billing key could be had for it.
        let (least, most) = length.into_inner();
        Err(D::Error::custom(format!(
            "it has other characters than it may, or is not {least} to {most} long"
        )))
    }
}

impl std::fmt::Debug for Authorization {
    /// Not what is in it: a billing key can be had for it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authorization({})", self.provider().name())
    }
}

/// The right to charge a customer's card. It is a secret: neither logs nor JSON show it, and it is wiped from memory.
#[derive(Clone, PartialEq, Eq)]
pub struct BillingKey {
    /// Whose it is, in the provider's words.
    pub(crate) customer: Zeroizing<String>,
    /// The key itself.
    pub(crate) key: Zeroizing<String>,
}

#[derive(Serialize, Deserialize)]
struct SerializedKey<'a> {
    customer: &'a str,
    key: &'a str,
}

impl BillingKey {
    pub(crate) fn new(customer: &str, key: &str) -> Self {
        Self {
            customer: Zeroizing::new(customer.to_owned()),
            key: Zeroizing::new(key.to_owned()),
        }
    }

    /// The key as bytes, to be sealed and for nothing else.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be written.
    pub fn to_secret(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let serialized = SerializedKey {
            customer: &self.customer,
            key: &self.key,
        };
        let bytes = serde_json::to_vec(&serialized).map_err(|error| Error::internal("write a billing key", error))?;
        Ok(Zeroizing::new(bytes))
    }

    /// The key that [`BillingKey::to_secret`] wrote.
    ///
    /// # Errors
    /// [`Error::Internal`] when these are no such bytes.
    pub fn from_secret(bytes: &[u8]) -> Result<Self, Error> {
        // serde's own words could repeat what it found.
        let serialized: SerializedKey<'_> = serde_json::from_slice(bytes)
            .map_err(|_| Error::internal("read a billing key", "the secret is not one"))?;
        Ok(Self::new(serialized.customer, serialized.key))
    }

    /// What a key may be found by when `provider` names it (`BILLING_DELETED`), and cannot be guessed from.
    pub fn id(&self, provider: Provider) -> Uuid {
        Self::id_of(provider, &self.key)
    }

    /// The id of the key that `provider` writes as `text`.
    pub fn id_of(provider: Provider, text: &str) -> Uuid {
        derive_id(&["billing key", provider.name(), text])
    }
}

impl std::fmt::Debug for BillingKey {
    /// Not what is in it: it takes money.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BillingKey")
    }
}

/// An issued billing key, and what its customer may see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The key.
    pub key: BillingKey,
    /// The card behind it.
    pub card: Card,
}

/// What customers know their card by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Card {
    /// Whose card it is, as the provider writes it: an issuer or a scheme; empty when it does not say.
    #[schema(examples("현대"))]
    pub company: String,
    /// The number, as far as the provider shows it.
    #[schema(examples("12345678****789*"))]
    pub number: String,
}

/// A charge for one order.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// The order that it pays, the same for each try: a provider takes money for it once.
    pub order_id: OrderId,
    /// What is in it.
    pub lines: &'a [Line],
    /// What is to be taken.
    pub amount: Money,
    /// What [`BillingProvider::prepare`] answered.
    pub reference: Option<&'a str>,
    /// Which try this is, from 0: a later one, or one with another key, is made only after the provider said that
    /// nothing was taken.
    pub nth: u32,
}

impl Charge<'_> {
    /// The key under which the provider does this try once.
    pub(crate) fn idempotency_key(&self) -> String {
        format!("charge-{}-{}", self.order_id, self.nth)
    }

    /// The report that it stands so, with nothing given back.
    pub fn report_on(&self, provider: Provider, status: ProviderStatus) -> Report {
        Report {
            provider,
            reference: self.reference.unwrap_or_default().to_owned(),
            order_id: self.order_id,
            amount: self.amount,
            refunded: Money::zero(self.amount.currency()),
            status,
            deposit: None,
            deposit_secret: None,
        }
    }

    /// The answer that a provider's payment is for this charge.
    pub(crate) fn answer(&self, report: Option<Report>) -> Answer {
        match report {
            Some(report) if report.order_id == self.order_id => Answer::Report(report),
            Some(_) => Answer::Unknown("the provider answers for another order".into()),
            None => Answer::Unknown("the provider's payment cannot be read".into()),
        }
    }
}

/// What follows from a provider's no to a charge without the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// The card may pay on another day; so is every code taken that is not known.
    Soft,
    /// The card will never pay, and is not tried again: another one is needed.
    Hard,
    /// The billing key is gone, whatever the card: the customer has to agree anew.
    KeyDeleted,
    /// The request is wrong, which no customer can mend.
    InvalidRequest,
}

impl Decline {
    /// What follows from `failure` at `provider`.
    pub fn of(provider: Provider, failure: &Failure) -> Self {
        match provider {
            Provider::Toss => toss::decline(&failure.code),
            Provider::Stripe => stripe::decline(&failure.code),
            // They are not charged so.
            Provider::KakaoPay | Provider::Standard => Self::InvalidRequest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_billing_key_shows_in_no_message_and_survives_sealing() {
        let key = BillingKey::new("customer-1", "hush");
        let issued = Issued {
            key: key.clone(),
            card: Card {
                company: String::new(),
                number: "***1".to_owned(),
            },
        };
        assert!(!format!("{key:?} {issued:?}").contains("hush"));
        assert_eq!(BillingKey::from_secret(&key.to_secret().unwrap()).unwrap(), key);
        for damaged in [
            &br#"{"customer":"hush"}"#[..],
            br#"{"customer":["hush"],"key":""}"#,
            b"hush",
        ] {
            let error = BillingKey::from_secret(damaged).unwrap_err();
            assert!(!format!("{error:?}").contains("hush"));
        }
    }

    #[test]
    fn a_billing_key_is_found_by_an_id_that_does_not_tell_it() {
        let key = BillingKey::new("customer-1", "hush");
        assert_eq!(key.id(Provider::Toss), BillingKey::id_of(Provider::Toss, "hush"));
        assert_ne!(key.id(Provider::Toss), key.id(Provider::Stripe));
    }

    #[test]
    fn an_authorization_names_its_provider_and_shows_nothing_else() {
        for (text, provider) in [
            (
                r#"{"provider":"toss","auth_key":"hush","customer_key":"hush"}"#,
                Provider::Toss,
            ),
            (r#"{"provider":"stripe","payment_method":"hush"}"#, Provider::Stripe),
            (r#"{"provider":"kakaopay"}"#, Provider::KakaoPay),
            (r#"{"provider":"standard"}"#, Provider::Standard),
        ] {
            let authorization: Authorization = serde_json::from_str(text).unwrap();
            assert_eq!(authorization.provider(), provider);
            assert!(!format!("{authorization:?}").contains("hush"));
        }
        let long = format!(r#"{{"provider":"stripe","payment_method":"{}"}}"#, "x".repeat(256));
        for bad in [
            &*long,
            r#"{"provider":"stripe","payment_method":""}"#,
            r#"{"provider":"toss","auth_key":"","customer_key":"holder-1"}"#,
            r#"{"provider":"toss","auth_key":"a","customer_key":"h"}"#,
            r#"{"provider":"toss","auth_key":"a","customer_key":"holder 1"}"#,
            r#"{"provider":"toss"}"#,
            r#"{"provider":"stripe","payment_method":"pm","card":"4242"}"#,
        ] {
            assert!(serde_json::from_str::<Authorization>(bad).is_err(), "{bad}");
        }
    }
}
