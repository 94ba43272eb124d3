//! `POST /webhooks/{provider}`: records payment provider reports on the payment and its order.
//!
//! Invariants: unsigned content is not trusted; an unsigned message only causes a query of the provider's API. A
//! message about an unknown order is rejected, so that the provider delivers it again. Messages can be repeated and in
//! any order: each write is conditional, and a known report changes nothing.

mod standard;
mod stripe;
mod toss;

use lambda_http::http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use shared::Error;
use shared::aws::Platform;
use shared::aws::event_bus::EventBus;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::telemetry::{self, Unit};
use shared::core::actor::Actor;
use shared::core::error::{self, Reason, Rejection};
use shared::core::id::PathParameter;
use shared::payments::{self, PaymentService, Provider, Recorded};

/// The function `receive-webhook`.
#[derive(Debug)]
pub struct ReceiveWebhook {
    /// The payment service.
    pub service: PaymentService,
    /// The event bus for reports to other domains.
    pub bus: EventBus,
}

impl ReceiveWebhook {
    /// Creates the function from the platform.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or invalid.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            service: PaymentService::new(platform)?,
            bus: EventBus::new(platform)?,
        })
    }
}

/// The longest accepted request body, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// A sender of webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Toss,
    Stripe,
    Standard,
}

impl Sender {
    const fn provider(self) -> Provider {
        match self {
            Self::Toss => Provider::Toss,
            Self::Stripe => Provider::Stripe,
            Self::Standard => Provider::Standard,
        }
    }
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

/// The outcome of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// The content of the message is recorded, now or earlier.
    Entered,
    /// The message does not concern our payments, or is older than what is recorded.
    Ignored,
    /// The message is published as an event for another domain.
    Forwarded,
}

impl Outcome {
    const fn of(recorded: &Recorded) -> Self {
        match recorded {
            Recorded::Entered(_) => Self::Entered,
            Recorded::Outdated(_) | Recorded::Unknown => Self::Ignored,
        }
    }
}

/// The response to a message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookAnswer {
    /// The outcome of the message.
    pub outcome: Outcome,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::INVALID_SIGNATURE,
    &payments::reason::UNKNOWN_ORDER,
    &error::NOT_FOUND,
    &payments::reason::PROVIDER_NOT_CONFIGURED,
    &payments::reason::PAYMENT_MISMATCH,
];

/// Receives a payment provider's webhook
///
/// `toss`: Toss Payments. Its messages are unsigned, so each only causes a query of its API. `stripe`: signed with
/// `Stripe-Signature`. `standard`: any other provider, signed according to Standard Webhooks, with the types
/// `payment.succeeded`, `payment.failed` and `payment.refunded`. After any status but 2xx the provider must retry.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/webhooks/{provider}", operation_id = "receive-webhook", tag = "payments",
    request_body(content = serde_json::Value, description = "As the provider sends it", content_type = "application/json"),
    params(("provider" = String, Path, description = "`toss`, `stripe` or `standard`, in lower case as paths are")),
    responses(
        (status = 200, description = "The message is processed", body = WebhookAnswer),
    )
)]
pub async fn handle(function: &ReceiveWebhook, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let sender: Sender = http::path(&request)?;
    // All that is recorded in its name is signed, or the provider was asked.
    let invocation = invocation.by(Actor::provider(sender.provider().name()));
    let body = http::raw_body(&request, MAX_BODY)?;
    let outcome = match sender {
        Sender::Toss => toss::receive(function, body, &invocation).await?,
        Sender::Stripe => stripe::receive(function, request.headers(), body, &invocation).await?,
        Sender::Standard => standard::receive(function, request.headers(), body, &invocation).await?,
    };
    let ignored = if outcome == Outcome::Ignored { 1.0 } else { 0.0 };
    telemetry::emit(
        "receive-webhook",
        invocation.now,
        &[("Received", Unit::Count, 1.0), ("Ignored", Unit::Count, ignored)],
    );
    http::json(StatusCode::OK, &WebhookAnswer { outcome })
}

/// A header's bytes.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    headers.get(name).map(HeaderValue::as_bytes)
}
