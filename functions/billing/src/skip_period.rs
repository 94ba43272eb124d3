//! Runs for `POST /subscriptions/{subscription_id}/skip`: skips the next period of the caller's subscription.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};

use crate::customer_change::ChangeRequest;
use crate::reason;
use crate::store::SubscriptionStore;
use crate::subscription::{Policy, Subscription, SubscriptionTransition};

/// The function's store and settings.
#[derive(Debug)]
pub struct SkipPeriod {
    /// Subscriptions and their invoices.
    pub subscriptions: SubscriptionStore,
    /// The shop's billing policy.
    pub policy: Policy,
}

impl SkipPeriod {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::new(platform)?,
            policy: Policy::new(platform)?,
        })
    }
}

/// The period to skip.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipPeriodRequest {
    /// The period. Must be the next one, `next_period`, so that a repeated click skips one period.
    pub period: u32,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::SUBSCRIPTION_CLOSED,
    &reason::SUBSCRIPTION_STATUS,
    &reason::NOT_NEXT_PERIOD,
];

/// Skips the next period of a subscription
///
/// The period is neither billed nor delivered. The dates of the later ones stay.
///
/// # Errors
/// `not-found` for another customer's subscription too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/subscriptions/{subscription_id}/skip", operation_id = "skip-period", tag = "billing", request_body = SkipPeriodRequest,
    security(("token" = [])),
    params(
        ("subscription_id" = Uuid, Path, description = "The subscription"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new change",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The changed subscription", body = Subscription,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request changed it"))),
    )
)]
pub async fn handle(function: &SkipPeriod, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let body: SkipPeriodRequest = http::body(&request)?;
    let change = ChangeRequest::of(&request, "skip-period", &body, &invocation)?;
    let (subscriptions, policy) = (&function.subscriptions, &function.policy);
    change
        .transition(
            SubscriptionTransition::Skip(body.period),
            subscriptions,
            policy,
            &invocation,
        )
        .await
}
