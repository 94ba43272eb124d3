//! `POST /admin/subscriptions/{subscription_id}/invoices/{period}/review`: records an administrator's decision about a charge
//! whose outcome has been unknown for a day. The period is then paid, declined, voided, or queried again.

use crate::charge_service::{ChargeDecision, ChargeStore};
use crate::invoice::Invoice;
use crate::store::SubscriptionRequest;
use crate::subscription::Rejected;
use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::Rejection;
use shared::core::error::{self, Reason};
use shared::core::id::SubscriptionPeriod;
use shared::core::idempotency::Fingerprint;
use shared::orders;
use shared::payments;

/// The function `resolve-charge`. It records the administrator's decision and calls no provider.
#[derive(Debug)]
pub struct ResolveCharge {
    /// The records of charges.
    pub charges: ChargeStore,
}

impl ResolveCharge {
    /// Creates the function from the platform.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or invalid.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            charges: ChargeStore::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &payments::reason::NOT_IN_REVIEW,
    &orders::reason::PAYMENT_UNDER_WAY,
    &payments::reason::PAYMENT_MISMATCH,
];

/// Resolves a charge with an unknown outcome
///
/// `CHARGED` creates the period's order, or refunds the charge if the subscription has
/// ended. `NOT_CHARGED` counts as a decline, and the charge is retried. `ASK_AGAIN` queries the provider again.
/// The period is in review when the outcome has been unknown for a day. No decision is taken while the provider is being
/// called, or if it was called after `looked_up_at`.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/subscriptions/{subscription_id}/invoices/{period}/review", operation_id = "resolve-charge",
    tag = "billing", request_body = ChargeDecision,
    security(("token" = [])),
    params(
        ("subscription_id" = Uuid, Path, description = "The subscription"),
        ("period" = u32, Path, description = "The period, counted from 0"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The invoice after the decision", body = Invoice,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request made the decision"))),
    )
)]
pub async fn handle(function: &ResolveCharge, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let of = period_of(&request)?;
    let decision: ChargeDecision = http::body(&request)?;
    let fingerprint = Fingerprint::of(&(of, &decision)).map_err(|error| Error::internal("read the decision", error))?;
    let request = SubscriptionRequest {
        request_id: key.derive_id("resolve charge", &caller.customer_id),
        fingerprint,
        subscription_id: of.subscription_id,
        requested_by: invocation.actor()?.clone(),
        requested_at: invocation.now,
    };
    let review = function.charges.review(of, &decision, &request, &invocation).await?;
    let answer = http::json(StatusCode::OK, &review.invoice)?;
    if review.is_replay {
        return Ok(http::replayed(answer));
    }
    let (subscription_id, period, by) = (of.subscription_id, of.period, caller.customer_id.as_str());
    tracing::info!(%subscription_id, period, ?decision, by, "charge resolved");
    Ok(answer)
}

/// Parses the path's `subscription_id` and `period`.
fn period_of(request: &Request) -> Result<SubscriptionPeriod, Rejection> {
    let period = http::path_parameter(request, "period")?.parse();
    Ok(SubscriptionPeriod {
        subscription_id: http::path(request)?,
        period: period.map_err(|_| Rejected::NotFound)?,
    })
}
