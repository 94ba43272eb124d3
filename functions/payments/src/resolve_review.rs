//! `POST /admin/payments/{payment_id}/review`: records an administrator's decision about one matter of a payment in review, or
//! hands the matter back to the reconciler.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::id::PaymentId;
use shared::core::idempotency::Fingerprint;
use shared::core::money::Money;
use shared::payments::{self, Decision, Payment, PaymentRequest, PaymentService, StoredPayment};
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

/// An administrator's decision about a matter in review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "decision", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum PaymentDecision {
    /// Query the provider, or request the refund, again.
    AskAgain {
        /// The matter.
        review_id: Uuid,
    },
    /// The payment was charged, and the shop has the money.
    Charged {
        /// The matter.
        review_id: Uuid,
        /// The charged amount, if it is not the recorded one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        amount: Option<Money>,
    },
    /// The payment was not charged, and will not be.
    NotCharged {
        /// The matter.
        review_id: Uuid,
    },
    /// The owed amount was given back by hand, outside of the provider.
    GivenBack {
        /// The matter.
        review_id: Uuid,
        /// The returned amount. It must equal `owed` of the matter.
        amount: Money,
    },
    /// The customer's bank or the provider took this amount back.
    TakenBack {
        /// The matter.
        review_id: Uuid,
        /// The amount that was taken back.
        amount: Money,
    },
    /// The payment is correct as recorded. A refund that the customer did not get is not owed.
    Settled {
        /// The matter.
        review_id: Uuid,
    },
}

impl PaymentDecision {
    /// The matter, the kind of decision and its amount.
    const fn parts(self) -> (Uuid, Decision, Option<Money>) {
        match self {
            Self::AskAgain { review_id } => (review_id, Decision::AskAgain, None),
            Self::Charged { review_id, amount } => (review_id, Decision::Charged, amount),
            Self::NotCharged { review_id } => (review_id, Decision::NotCharged, None),
            Self::GivenBack { review_id, amount } => (review_id, Decision::GivenBack, Some(amount)),
            Self::TakenBack { review_id, amount } => (review_id, Decision::TakenBack, Some(amount)),
            Self::Settled { review_id } => (review_id, Decision::Settled, None),
        }
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &payments::reason::NOT_IN_REVIEW,
    &payments::reason::REFUND_UNDER_WAY,
    &payments::reason::NOT_REFUNDABLE,
    &payments::reason::AMOUNT_DIFFERS,
];

/// Resolves a payment review
///
/// Decides the matter `review_id` of the payment's `reviews`. The decision `ASK_AGAIN`
/// hands it back to the reconciler; every other decision ends it.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/payments/{payment_id}/review", operation_id = "resolve-review", tag = "payments",
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
    )
)]
pub async fn handle(function: &ResolveReview, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
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
        if stored.has_request(request_id, &fingerprint)? {
            return Ok(http::replayed(http::json(StatusCode::OK, &stored.payment)?));
        }
        let request = PaymentRequest {
            request_id,
            fingerprint: fingerprint.clone(),
            payment_id: Some(id),
            requested_by: invocation.actor()?.clone(),
            requested_at: invocation.now,
        };
        let (review_id, kind, amount) = decision.parts();
        let decided =
            stored
                .payment
                .with_decision(review_id, kind, amount, request_id, invocation.actor()?, invocation.now)?;
        // A matter that is asked again is compared again.
        let compared = decided.ends_comparison || (stored.compared && kind != Decision::AskAgain);
        let change = decided.change(&order.order, invocation.now);
        let stored = StoredPayment {
            compared,
            ..stored.with_request(&request)
        };
        let decided = function
            .service
            .save_requested(&stored, &order, change, Some(&request), &invocation);
        if let Some(decided) = decided.await? {
            let by = caller.customer_id.as_str();
            tracing::info!(payment_id = %id, ?decision, by, "review resolved");
            return http::json(StatusCode::OK, &decided.payment);
        }
    }
}
