//! `POST /payments/{payment_id}/review`: records an administrator's decision about a payment in review, or hands the
//! payment back to the reconciler.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::problem::{Faults, Problem, TokenRequired};
use shared::core::id::PaymentId;
use shared::core::idempotency::Fingerprint;
use shared::core::money::Money;
use shared::payments::{
    Failure, Payment, PaymentEventKind, PaymentRequest, PaymentService, PaymentStatus, ProviderStatus, Rejected,
    StoredPayment,
};
use uuid::Uuid;

/// The function `resolve-review`.
#[derive(Debug)]
pub struct ResolveReview {
    /// The payment service.
    pub service: PaymentService,
}

impl ResolveReview {
    /// Creates the function from the platform.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or invalid.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            service: PaymentService::new(platform)?,
        })
    }
}

/// An administrator's decision about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "decision", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum PaymentDecision {
    /// Query the provider again. The reconciler does it.
    AskAgain {},
    /// The payment was charged.
    Charged {},
    /// The payment was not charged, and will not be.
    NotCharged {},
    /// The owed amount was returned by hand.
    GivenBack {
        /// The returned amount. It must equal `owed` of the review.
        amount: Money,
    },
    /// The payment is correct as recorded. Refused refunds are not owed.
    Settled {},
}

/// Resolves a payment review
///
/// Requires the administrator role. The decision `ASK_AGAIN` hands the payment back to the reconciler.
///
/// # Errors
/// `forbidden`, `not-found`, `not-in-review`, `amount-differs`, `not-refundable`, [`Error::Unavailable`],
/// [`Error::Internal`].
#[utoipa::path(
    post, path = "/payments/{payment_id}/review", operation_id = "resolve-review", tag = "payments",
    request_body = PaymentDecision,
    security(("token" = [])),
    params(
        ("payment_id" = Uuid, Path, description = "The payment"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The payment after the decision", body = Payment,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request decided it"))),
        (status = 400, description = "`malformed-body`, `invalid-idempotency-key`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not-in-review`: the payment is not in review, or its review does not allow the decision; `not-refundable`: the payment has reached the limit of refunds; `amount-differs`: another amount is owed", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`: over 64 KB", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`idempotency-key-reused`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
    )
)]
pub async fn handle(function: &ResolveReview, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    caller.require_admin()?;
    let key = http::idempotency_key(&request)?;
    let id = http::path::<PaymentId>(&request)?;
    let decision: PaymentDecision = http::body(&request)?;
    let fingerprint = Fingerprint::of(&(id, &decision)).map_err(|error| Error::internal("read the decision", error))?;
    let request_id = key.derive_id("review", &caller.customer_id);
    let mut attempts = Attempts::new("resolve a review");
    loop {
        attempts.start()?;
        let (stored, order) = function.service.load(id, invocation.deadline).await?;
        // Read the request last: if it does not exist, the earlier reads precede any concurrent duplicate.
        let payments = &function.service.order_payments.payments;
        if let Some(known) = payments.request(request_id, invocation.deadline).await? {
            known.fingerprint.require_same(&fingerprint)?;
            let (stored, _) = function.service.load(id, invocation.deadline).await?;
            return Ok(http::replayed(http::json(StatusCode::OK, &stored.payment)?));
        }
        let status = status(decision, &stored.payment)?;
        let request = PaymentRequest {
            request_id,
            fingerprint: fingerprint.clone(),
            payment_id: id,
            requested_at: invocation.now,
        };
        let (open, event_kind) = apply_decision(&stored, decision, request_id, &invocation)?;
        let decided = function
            .service
            .decide(&open, &order, status, event_kind, &request, &invocation);
        if let Some(decided) = decided.await? {
            let by = caller.customer_id.as_str();
            tracing::info!(payment_id = %id, ?decision, by, "review resolved");
            return http::json(StatusCode::OK, &decided.payment);
        }
    }
}

/// The provider status that a decision corresponds to. `None` when the decision needs none.
fn status(decision: PaymentDecision, payment: &Payment) -> Result<Option<ProviderStatus>, Rejected> {
    let is_charged = payment.status.is_charged();
    let is_refund_open = payment.pending_refund().is_some() || payment.status == PaymentStatus::Unservable;
    match decision {
        _ if payment.review.is_none() => Err(Rejected::NotInReview),
        PaymentDecision::GivenBack { amount } => match payment.owed_amount() {
            Some(owed) if owed != amount => Err(Rejected::OwedDiffers { owed }),
            _ => Ok(None),
        },
        PaymentDecision::AskAgain {} => Ok(None),
        PaymentDecision::Settled {} if is_charged && !is_refund_open => Ok(None),
        PaymentDecision::Charged {} if !is_charged => Ok(Some(ProviderStatus::Charged)),
        PaymentDecision::NotCharged {} if !is_charged => {
            let failure = Failure::new("REVIEWED", "The payment was not completed; nothing was charged.");
            Ok(Some(ProviderStatus::Failed(failure)))
        }
        PaymentDecision::Settled {} | PaymentDecision::Charged {} | PaymentDecision::NotCharged {} => {
            Err(Rejected::NotInReview)
        }
    }
}

/// The payment without its review, changed by the decision, and the kind of its event.
fn apply_decision(
    stored: &StoredPayment,
    decision: PaymentDecision,
    request_id: Uuid,
    invocation: &Invocation,
) -> Result<(StoredPayment, Option<PaymentEventKind>), Rejected> {
    let payment = &stored.payment;
    let open = Payment {
        review: None,
        ..payment.clone()
    };
    let (payment, event_kind) = match decision {
        PaymentDecision::GivenBack { .. } => {
            let refunded = payment.with_manual_refund(invocation.now);
            (refunded.ok_or(Rejected::NotInReview)?, Some(PaymentEventKind::Refunded))
        }
        PaymentDecision::AskAgain {} => match payment.with_retried_refund(request_id, invocation.now)? {
            Some(refunding) => (refunding, Some(PaymentEventKind::RefundRequested)),
            None => (open, None),
        },
        PaymentDecision::Settled {} => (payment.with_waived_refunds(), None),
        PaymentDecision::Charged {} | PaymentDecision::NotCharged {} => (open, None),
    };
    // A decided payment is not compared again. A payment to query or a charged one is.
    let compared = matches!(
        decision,
        PaymentDecision::Settled {} | PaymentDecision::GivenBack { .. } | PaymentDecision::NotCharged {}
    );
    let open = StoredPayment {
        payment,
        compared,
        ..stored.clone()
    };
    Ok((open, event_kind))
}
