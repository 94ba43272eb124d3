//! Runs for `POST /subscriptions/{subscription_id}/continue`: revokes the cancellation of the caller's subscription at the
//! period's end.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};
use shared::core::error::{self, Reason};

use crate::customer_change::ChangeRequest;
use crate::reason;
use crate::store::SubscriptionStore;
use crate::subscription::{Policy, Subscription, SubscriptionTransition};

/// The function's store and settings.
#[derive(Debug)]
pub struct ContinueSubscription {
    /// Subscriptions and their invoices.
    pub subscriptions: SubscriptionStore,
    /// The shop's billing policy.
    pub policy: Policy,
}

impl ContinueSubscription {
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &reason::SUBSCRIPTION_CLOSED];

/// Continues a subscription that was to end
///
/// Revokes a cancellation at the period's end. Without one, nothing changes.
///
/// # Errors
/// `not-found` for another customer's subscription too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/subscriptions/{subscription_id}/continue", operation_id = "continue-subscription", tag = "billing",
    security(("token" = [])),
    params(
        ("subscription_id" = Uuid, Path, description = "The subscription"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new change",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The continued subscription", body = Subscription,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request changed it"))),
    )
)]
pub async fn handle(
    function: &ContinueSubscription,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let change = ChangeRequest::of(&request, "continue-subscription", &(), &invocation)?;
    let (subscriptions, policy) = (&function.subscriptions, &function.policy);
    change
        .transition(
            SubscriptionTransition::EndWithPeriod(false),
            subscriptions,
            policy,
            &invocation,
        )
        .await
}
