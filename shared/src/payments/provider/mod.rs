//! Payment providers: the calls that all of them need, and what an answer means.
//!
//! Invariant: a call whose outcome is not known is never taken for one that failed. Only a provider's clear word
//! becomes [`Answer::Refused`]; a timeout, a lost connection, a fault of theirs or an answer that cannot be read is
//! [`Answer::Unknown`].

mod billing;
mod credentials;
mod http;
mod kakaopay;
mod stripe;
mod toss;

pub use billing::{Authorization, BillingKey, BillingProvider, Card, Charge, Decline, Issued, MAX_CHARGE_TIME};
pub use credentials::{Credentials, Vault};
pub use kakaopay::KakaoPay;
pub use stripe::{Stripe, StripeEvent, Subject};
pub use toss::Toss;

use std::collections::HashMap;
use std::sync::Arc;

use envconfig::Envconfig;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::aws::Platform;
use crate::aws::transport::Transport;
use crate::core::error;
use crate::core::error::{Cause, Error, Rejection};
use crate::core::money::Money;
use crate::orders::Order;
use crate::payments::{Failure, Payment, Provider, Refund, Rejected, Report};

/// A provider's API, as far as every provider has it.
pub trait PaymentProvider: std::fmt::Debug + Send + Sync {
    /// Whether it can take this amount in this currency.
    fn accepts(&self, amount: Money) -> bool;

    /// Prepares a payment of `start.order`, so that its customer can pay.
    ///
    /// # Errors
    /// `payment-refused` when the provider says no, [`Error::Unavailable`] when it does not answer: a payment that was
    /// prepared unseen can be paid by nobody.
    fn start<'a>(&'a self, start: &'a Start<'a>, deadline: Instant) -> BoxFuture<'a, Result<Started, Error>>;

    /// Takes the money, or learns that it was taken. Asked again for the same payment, it takes it no second time.
    fn confirm<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer>;

    /// Asks where the payment stands, never [`Answer::Refused`]: of a payment that the provider does not know no money
    /// was taken, so that is a report that it failed.
    fn find<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer>;

    /// Sees to it that its customer can no longer pay, where that can be done, and says where the payment stands.
    fn cancel_unpaid<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer>;

    /// Gives money back: `refund`, and only while all that has gone back is what the payment says. Asked again for the same
    /// refund, it gives it back no second time. The report has the sum of all that went back.
    fn refund<'a>(&'a self, attempt: Attempt<'a>, refund: &'a Refund, deadline: Instant) -> BoxFuture<'a, Answer>;
}

/// What a call came to.
#[derive(Debug)]
pub enum Answer {
    /// The payment, as the provider has it.
    Report(Report),
    /// A clear no: nothing was done, nothing will be.
    Refused(Failure),
    /// Nobody knows; ask again.
    Unknown(Cause),
}

/// A payment about which a provider is asked.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The payment.
    pub payment: &'a Payment,
    /// What the customer brought back from the provider to confirm it with (KakaoPay's `pg_token`).
    pub confirmation: Option<&'a str>,
    /// Which try this is, from 0: a later one is made only after the provider said that nothing has been done.
    pub nth: u32,
}

/// What a payment is prepared from.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// The order to be paid.
    pub order: &'a Order,
    /// The same each time that the same request is made.
    pub request_id: &'a str,
    /// Where the provider sends the customer afterwards, for those that take them away.
    pub return_urls: Option<&'a ReturnUrls>,
}

/// Where a provider sends its customer back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnUrls {
    /// After the customer agreed; the provider adds its token.
    #[schema(format = Uri, max_length = 255)]
    pub approval: String,
    /// After the customer went back.
    #[schema(format = Uri, max_length = 255)]
    pub cancel: String,
    /// After it failed.
    #[schema(format = Uri, max_length = 255)]
    pub fail: String,
}

/// A prepared payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// What the provider calls it, when it exists there already.
    pub reference: Option<String>,
    /// What the customer's page needs.
    pub client: ClientParameters,
}

/// What a customer's page needs to let them pay.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "provider", rename_all = "lowercase")]
pub enum ClientParameters {
    /// For Toss's payment window, beside the order's id and amount.
    Toss {
        /// `orderName`: what is bought, in a few words.
        order_name: String,
        /// `customerKey`: who buys.
        customer_key: String,
    },
    /// For Stripe.js.
    Stripe {
        /// `client_secret` of the PaymentIntent: whoever has it can pay.
        client_secret: String,
    },
    /// Where to send the customer.
    KakaoPay {
        /// On a computer.
        pc_url: String,
        /// In a browser of a phone.
        mobile_url: String,
        /// In an app.
        app_url: String,
    },
}

impl std::fmt::Debug for ClientParameters {
    /// Not what is in it: it lets one pay.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientParameters")
    }
}

/// All providers that are asked, and what they are asked with.
#[derive(Clone, Debug)]
pub struct Providers {
    apis: HashMap<Provider, Arc<dyn PaymentProvider>>,
    billing: HashMap<Provider, Arc<dyn BillingProvider>>,
    vault: Vault,
}

/// Where the providers answer.
#[derive(Clone, Debug, Envconfig)]
pub struct Endpoints {
    /// Toss Payments.
    #[envconfig(from = "TOSS_URL", default = "https://api.tosspayments.com")]
    pub toss: String,
    /// Stripe.
    #[envconfig(from = "STRIPE_URL", default = "https://api.stripe.com")]
    pub stripe: String,
    /// KakaoPay.
    #[envconfig(from = "KAKAOPAY_URL", default = "https://open-api.kakaopay.com")]
    pub kakaopay: String,
}

impl Providers {
    /// The providers where the variables of [`Endpoints`] say, with the credentials of the secret that
    /// `PAYMENT_CREDENTIALS` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing, or TLS cannot be set up.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let endpoints: Endpoints = platform.config()?;
        let vault = Vault::new(platform.aws(), platform.variable("PAYMENT_CREDENTIALS")?);
        Ok(Self::over(platform.transport()?, &endpoints, vault))
    }

    /// The providers at `endpoints`, reached by `transport`, with the credentials of `vault`.
    pub fn over(transport: Arc<dyn Transport>, endpoints: &Endpoints, vault: Vault) -> Self {
        let http = http::Http::over(transport);
        let toss = Arc::new(Toss::new(http.clone(), endpoints.toss.clone(), vault.clone()));
        let stripe = Arc::new(Stripe::new(http.clone(), endpoints.stripe.clone(), vault.clone()));
        let kakaopay = Arc::new(KakaoPay::new(http.clone(), endpoints.kakaopay.clone(), vault.clone()));
        let apis: [(Provider, Arc<dyn PaymentProvider>); 3] = [
            (Provider::Toss, toss.clone()),
            (Provider::Stripe, stripe.clone()),
            (Provider::KakaoPay, kakaopay),
        ];
        let billing: [(Provider, Arc<dyn BillingProvider>); 2] = [(Provider::Toss, toss), (Provider::Stripe, stripe)];
        Self {
            apis: HashMap::from(apis),
            billing: HashMap::from(billing),
            vault,
        }
    }

    /// The credentials of all providers.
    pub const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The API of `provider`.
    ///
    /// # Errors
    /// `provider-not-configured` when it has none.
    pub fn of(&self, provider: Provider) -> Result<&dyn PaymentProvider, Error> {
        self.apis.get(&provider).map(AsRef::as_ref).ok_or_else(|| {
            let detail = format!("{} has no API that could be asked.", provider.name());
            Rejection::new(&error::PROVIDER_NOT_CONFIGURED, detail).into()
        })
    }

    /// Passes an amount that `provider` takes without its customer being there.
    ///
    /// # Errors
    /// `provider-not-configured` as [`Providers::billing`], and [`Rejected::AmountNotTaken`].
    pub fn require_accepted(&self, provider: Provider, amount: Money) -> Result<(), Error> {
        self.billing(provider)?;
        if self.of(provider)?.accepts(amount) {
            return Ok(());
        }
        Err(Rejected::AmountNotTaken.into())
    }

    /// The API by which `provider` charges without the customer.
    ///
    /// # Errors
    /// `provider-not-configured` when it has none that we use: at KakaoPay it could not be found out what became of a
    /// charge whose answer was lost, for it tells nothing by itself and is asked only by what the answer names.
    pub fn billing(&self, provider: Provider) -> Result<&dyn BillingProvider, Error> {
        self.billing.get(&provider).map(AsRef::as_ref).ok_or_else(|| {
            let detail = format!("Subscriptions are not offered with {}.", provider.name());
            Rejection::new(&error::PROVIDER_NOT_CONFIGURED, detail).into()
        })
    }
}
