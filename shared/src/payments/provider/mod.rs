//! Payment providers: the operations that all providers share, and the meaning of their answers.
//!
//! Invariant: an unknown outcome never counts as a failure. Only an explicit refusal is [`Answer::Refused`]; a timeout,
//! a lost connection, a provider error or an unreadable response is [`Answer::Unknown`].

mod billing;
mod credentials;
mod decline;
mod http;
mod kakaopay;
mod stripe;
mod toss;

pub use billing::{Authorization, BillingKey, BillingProvider, Card, Charge, Issued, MAX_CHARGE_TIME};
pub use credentials::{Credentials, Vault};
pub use decline::Decline;
pub use http::display_text;
pub use kakaopay::KakaoPay;
pub use stripe::{EVENT_TYPES, Stripe, StripeEvent};
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
use crate::core::error::{Cause, Error, Rejection};
use crate::core::money::Money;
use crate::orders::Order;
use crate::payments::reason;
use crate::payments::{Failure, Payment, Provider, Refund, Rejected, Report};

/// The API that every provider offers.
pub trait PaymentProvider: std::fmt::Debug + Send + Sync {
    /// Whether the provider accepts this amount in this currency.
    fn accepts(&self, amount: Money) -> bool;

    /// Prepares a payment of `start.order`, so that the customer can pay.
    ///
    /// # Errors
    /// `payment-refused` when the provider refuses, [`Error::Unavailable`] when it does not respond: nobody can pay a
    /// payment whose response was lost.
    fn start<'a>(&'a self, start: &'a Start<'a>, deadline: Instant) -> BoxFuture<'a, Result<Started, Error>>;

    /// Charges the payment, or confirms that it is charged. Never charges a payment twice.
    fn confirm<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer>;

    /// Queries the payment's status. Never [`Answer::Refused`]: a payment that the provider does not know was not
    /// charged, so its report is a failure.
    fn find<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer>;

    /// Cancels an unpaid payment where the provider allows it, and returns the payment's status.
    fn cancel_unpaid<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer>;

    /// Makes `refund`, only while the provider's refunded sum equals the payment's. Never makes a refund twice. The
    /// report has the sum of all refunds.
    fn refund<'a>(&'a self, attempt: Attempt<'a>, refund: &'a Refund, deadline: Instant) -> BoxFuture<'a, Answer>;
}

/// The answer of a provider call.
#[derive(Debug)]
pub enum Answer {
    /// The provider's report of the payment.
    Report(Report),
    /// The provider refused: the call had and will have no effect.
    Refused(Failure),
    /// The outcome is unknown; query it later.
    Unknown(Cause),
}

/// A provider call about a payment.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The payment.
    pub payment: &'a Payment,
    /// The token that the customer received from the provider for the confirmation (KakaoPay's `pg_token`).
    pub confirmation: Option<&'a str>,
    /// The number of the try, from 0. A later try is made only after the provider confirmed that nothing was done.
    pub nth: u32,
}

/// The input of a payment's preparation.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// The order to pay.
    pub order: &'a Order,
    /// The id of the request. It is the same for each retry.
    pub request_id: &'a str,
    /// The return URLs, for providers that redirect the customer.
    pub return_urls: Option<&'a ReturnUrls>,
}

/// The URLs to which a provider redirects the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnUrls {
    /// The URL after the customer approved the payment. The provider adds its token.
    #[schema(format = Uri, max_length = 255)]
    pub approval: String,
    /// The URL after the customer cancelled.
    #[schema(format = Uri, max_length = 255)]
    pub cancel: String,
    /// The URL after a failure.
    #[schema(format = Uri, max_length = 255)]
    pub fail: String,
}

/// A prepared payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The provider's reference, if the payment already exists there.
    pub reference: Option<String>,
    /// The parameters for the customer's page.
    pub client: ClientParameters,
}

/// The parameters with which a customer's page starts the payment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "provider", rename_all = "UPPERCASE")]
pub enum ClientParameters {
    /// For Toss's payment window, in addition to the order's id and amount.
    Toss {
        /// `orderName`: a short description of the order.
        order_name: String,
        /// `customerKey`: an id of the customer.
        customer_key: String,
    },
    /// For Stripe.js.
    Stripe {
        /// `client_secret` of the PaymentIntent. Keep it secret: it allows paying.
        client_secret: String,
    },
    /// URLs of KakaoPay's payment page.
    KakaoPay {
        /// For a desktop browser.
        pc_url: String,
        /// For a mobile browser.
        mobile_url: String,
        /// For an app.
        app_url: String,
    },
}

impl std::fmt::Debug for ClientParameters {
    /// Omits the content: it allows paying.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientParameters")
    }
}

/// The APIs of all providers, and their credentials.
#[derive(Clone, Debug)]
pub struct Providers {
    apis: HashMap<Provider, Arc<dyn PaymentProvider>>,
    billing: HashMap<Provider, Arc<dyn BillingProvider>>,
    vault: Vault,
}

/// The base URLs of the providers.
#[derive(Clone, Debug, Envconfig)]
pub struct Endpoints {
    /// Toss Payments' base URL.
    #[envconfig(from = "TOSS_URL", default = "https://api.tosspayments.com")]
    pub toss: String,
    /// Stripe's base URL.
    #[envconfig(from = "STRIPE_URL", default = "https://api.stripe.com")]
    pub stripe: String,
    /// KakaoPay's base URL.
    #[envconfig(from = "KAKAOPAY_URL", default = "https://open-api.kakaopay.com")]
    pub kakaopay: String,
}

impl Providers {
    /// Creates the providers from the variables of [`Endpoints`] and the secret that `PAYMENT_CREDENTIALS` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing, or TLS cannot be set up.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let endpoints: Endpoints = platform.config()?;
        let vault = Vault::new(platform.aws(), platform.variable("PAYMENT_CREDENTIALS")?);
        Ok(Self::over(platform.transport()?, &endpoints, vault))
    }

    /// Creates the providers at `endpoints`, with a transport and the credentials of `vault`.
    pub fn over(transport: Arc<dyn Transport>, endpoints: &Endpoints, vault: Vault) -> Self {
        let http = http::Http::new(transport);
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
    /// `provider-not-configured` without an API.
    pub fn of(&self, provider: Provider) -> Result<&dyn PaymentProvider, Error> {
        self.apis.get(&provider).map(AsRef::as_ref).ok_or_else(|| {
            let detail = format!("{} has no API.", provider.name());
            Rejection::new(&reason::PROVIDER_NOT_CONFIGURED, detail).into()
        })
    }

    /// Checks that `provider` accepts recurring charges of `amount`. Zero is not charged, so each provider accepts it.
    ///
    /// # Errors
    /// `provider-not-configured` as [`Providers::billing`], and [`Rejected::AmountNotTaken`].
    pub fn require_accepted(&self, provider: Provider, amount: Money) -> Result<(), Error> {
        self.billing(provider)?;
        if amount.amount() == 0 || self.of(provider)?.accepts(amount) {
            return Ok(());
        }
        Err(Rejected::AmountNotTaken.into())
    }

    /// The API of `provider` for recurring charges.
    ///
    /// # Errors
    /// `provider-not-configured` when we use none. KakaoPay is not used: it has no webhooks, and it is queried only by
    /// an id from the response, so the outcome of a charge whose response was lost cannot be found.
    pub fn billing(&self, provider: Provider) -> Result<&dyn BillingProvider, Error> {
        self.billing.get(&provider).map(AsRef::as_ref).ok_or_else(|| {
            let detail = format!("Subscriptions are not offered with {}.", provider.name());
            Rejection::new(&reason::PROVIDER_NOT_CONFIGURED, detail).into()
        })
    }
}
