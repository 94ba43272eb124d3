//! `POST /payments/{payment_id}/refunds` brings an administrator's wish to give money back, all or a part; it leaves the
//! refund on the payment, and `refund-payment` carries it out.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::problem::{Faults, Problem, TokenRequired};
use shared::core::error;
use shared::core::error::Rejection;
use shared::core::id::PaymentId;
use shared::core::idempotency::Fingerprint;
use shared::core::money::Money;
use shared::payments;
use shared::payments::{Payment, PaymentEventKind, RefundReason, Rejected};
use shared::payments::{PaymentRequest, PaymentStore};

/// The function's table.
#[derive(Debug)]
pub struct RequestRefund {
    /// Payments.
    pub payments: PaymentStore,
}

impl RequestRefund {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            payments: PaymentStore::new(platform)?,
        })
    }
}

/// How often a payment that changes under our hands is read again.
const ATTEMPTS: usize = 5;
/// The longest note, in characters: Toss takes as many as a reason.
const MAX_NOTE: usize = 200;

/// Money to be given back.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestRefundRequest {
    /// How much; all that is left when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub amount: Option<Money>,
    /// Why, for the books.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub note: Option<String>,
}

/// Refunds a payment, all or a part
///
/// The money goes back soon after; the payment shows it. The order stays as it is: cancelling it refunds by itself.
///
/// # Errors
/// `forbidden`, `not-found`, `not-refundable`, `refund-under-way`, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/payments/{payment_id}/refunds", operation_id = "request-refund", tag = "payments",
    request_body = RequestRefundRequest,
    security(("token" = [])),
    params(
        ("payment_id" = Uuid, Path, description = "The payment"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new refund",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 202, description = "The payment, with the refund under way", body = Payment,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request asked for it"))),
        (status = 400, description = "`malformed-body`, `invalid-idempotency-key`, `invalid-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not-refundable` with `refundable`, `refund-under-way`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`: over 64 KB", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`idempotency-key-reused`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
    )
)]
pub async fn handle(function: &RequestRefund, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    caller.require_admin()?;
    let key = http::idempotency_key(&request)?;
    let id = http::path::<PaymentId>(&request)?;
    let body: RequestRefundRequest = http::body(&request)?;
    if body.note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE) {
        let detail = format!("note: it has {MAX_NOTE} characters at most.");
        return Err(Rejection::new(&error::INVALID_PARAMETER, detail)
            .with("parameter", "note")
            .into());
    }
    let fingerprint = Fingerprint::of(&(id, &body)).map_err(|error| Error::internal("read the refund", error))?;
    let request_id = key.derive_id("refund", &caller.customer_id);
    for _ in 0..ATTEMPTS {
        let stored = function.payments.get(id, invocation.deadline).await?;
        let stored = stored.ok_or(Rejected::NotFound)?;
        // The request is looked for last: while it is not there, what was read before knows nothing of a twin.
        if let Some(known) = function.payments.request(request_id, invocation.deadline).await? {
            known.fingerprint.require_same(&fingerprint)?;
            let stored = function.payments.get(id, invocation.deadline).await?;
            let stored = stored.ok_or(Rejected::NotFound)?;
            return Ok(http::replayed(http::json(StatusCode::ACCEPTED, &stored.payment)?));
        }
        let payment = stored.payment.with_refund(
            request_id,
            body.amount,
            RefundReason::Requested,
            body.note.clone(),
            invocation.now,
        )?;
        let next = payments::next(&stored, payment, Some(PaymentEventKind::RefundRequested), &invocation)?;
        let request = PaymentRequest {
            request_id,
            fingerprint: fingerprint.clone(),
            payment_id: id,
            requested_at: invocation.now,
        };
        let saved = function
            .payments
            .save_requested(&next, Some(&request), invocation.deadline);
        if saved.await? {
            return http::json(StatusCode::ACCEPTED, &next.payment);
        }
    }
    Err(Error::unavailable("refund a payment", "it keeps changing"))
}
