//! `POST /webhooks/{provider}` brings what a payment provider tells; it leaves the payment and its order as the provider
//! says that they stand.
//!
//! Invariants: nothing that is not signed is believed; of an unsigned hint only the provider's own answer is entered.
//! What tells of an order that is not known is refused, so that it comes again. The same message twice, or messages in
//! any order, change nothing: each write is conditional, and what was entered is not entered again.

mod standard;
mod stripe;
mod toss;

use lambda_http::http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use shared::Error;
use shared::aws::Platform;
use shared::aws::event_bus::EventBus;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::problem::{Faults, Problem};
use shared::aws::telemetry;
use shared::aws::telemetry::Unit;
use shared::core::error;
use shared::core::error::Rejection;
use shared::core::id::PathParameter;
use shared::payments::PaymentService;
use shared::payments::provider::Credentials;

/// The function's books and providers.
#[derive(Debug)]
pub struct PaymentWebhook {
    /// Payments, orders, providers.
    pub service: PaymentService,
    /// Where reports go that concern another domain.
    pub bus: EventBus,
}

impl PaymentWebhook {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            service: PaymentService::new(platform)?,
            bus: EventBus::new(platform)?,
        })
    }
}

/// The longest body that is read, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// A sender of webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Toss,
    Stripe,
    Standard,
}

impl PathParameter for Sender {
    const NAME: &'static str = "provider";

    fn from_path(text: &str) -> Result<Self, Rejection> {
        match text {
            "toss" => Ok(Self::Toss),
            "stripe" => Ok(Self::Stripe),
            "standard" => Ok(Self::Standard),
            _ => Err(Rejection::new(&error::NOT_FOUND, "There is no such provider.")),
        }
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// It is entered, now or before.
    Entered,
    /// It is about nothing of ours, or of a type that says nothing to us.
    Ignored,
    /// It is published for the domain that it concerns.
    Forwarded,
}

/// The answer to a message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookAnswer {
    /// What became of it.
    pub outcome: Outcome,
}

/// Takes what a payment provider tells
///
/// `toss`: Toss Payments, whose messages are unsigned: a hint upon which its API is asked. `stripe`: signed by
/// `Stripe-Signature`. `standard`: any other, signed as Standard Webhooks says, with `payment.succeeded`,
/// `payment.failed` and `payment.refunded`. Anything but 2xx asks the provider to come again.
///
/// # Errors
/// `invalid-signature`, `malformed-body`, `body-too-large`, `unknown-order`, [`Error::Unavailable`],
/// [`Error::Internal`].
#[utoipa::path(
    post, path = "/webhooks/{provider}", operation_id = "payment-webhook", tag = "payments",
    request_body(content = serde_json::Value, description = "As the provider sends it", content_type = "application/json"),
    params(("provider" = String, Path, description = "`toss`, `stripe` or `standard`")),
    responses(
        (status = 200, description = "It need not come again", body = WebhookAnswer),
        (status = 400, description = "`malformed-body`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`invalid-signature`: nothing was stored", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`unknown-order`: it shall come again; `not-found`: no such provider", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`: over 256 KB", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`provider-not-configured`", body = Problem, content_type = "application/problem+json"),
        Faults,
    )
)]
pub async fn handle(function: &PaymentWebhook, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let sender: Sender = http::path(&request)?;
    let body = http::raw_body(&request, MAX_BODY)?;
    let received = match sender {
        Sender::Toss => toss::receive(function, body, &invocation).await,
        Sender::Stripe => stripe::receive(function, request.headers(), body, &invocation).await,
        Sender::Standard => standard::receive(function, request.headers(), body, &invocation).await,
    };
    let outcome = match received {
        // A payment that was never begun here, and that took no money.
        Err(Error::Rejected(rejection)) if rejection.reason == &error::NOT_FOUND => Outcome::Ignored,
        received => received?,
    };
    let ignored = if outcome == Outcome::Ignored { 1.0 } else { 0.0 };
    telemetry::emit(
        "payment-webhook",
        invocation.now,
        &[("Received", Unit::Count, 1.0), ("Ignored", Unit::Count, ignored)],
    );
    http::json(StatusCode::OK, &WebhookAnswer { outcome })
}

impl PaymentWebhook {
    /// Passes what `verify` accepts. When it does not, the secrets may have been changed: they are loaded anew, once.
    async fn verify(
        &self,
        invocation: &Invocation,
        verify: impl Fn(&Credentials) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let vault = self.service.providers.vault();
        let known = vault.credentials(invocation.deadline).await?;
        let Err(refused) = verify(&known) else {
            return Ok(());
        };
        match vault.reload(invocation.now, invocation.deadline).await? {
            Some(fresh) => verify(&fresh),
            None => Err(refused),
        }
    }
}

/// A header's bytes.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    headers.get(name).map(HeaderValue::as_bytes)
}
