//! Runs for `POST /subscriptions/{subscription_id}/pause`: pauses the caller's subscription.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};
use shared::core::error::{self, Reason};

use crate::customer_change::{Change, ChangeRequest};
use crate::invoice::Invoice;
use crate::reason;
use crate::store::SubscriptionStore;
use crate::subscription::{Policy, Subscription, SubscriptionTransition};

/// The function's store and settings.
#[derive(Debug)]
pub struct PauseSubscription {
    /// Subscriptions and their invoices.
    pub subscriptions: SubscriptionStore,
    /// The shop's billing policy.
    pub policy: Policy,
}

impl PauseSubscription {
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
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::SUBSCRIPTION_CLOSED,
    &reason::SUBSCRIPTION_STATUS,
];

/// Pauses a subscription
///
/// Nothing is billed until it is resumed. An unpaid invoice is voided. If a charge is in progress and succeeds, its order is
/// delivered.
///
/// # Errors
/// `not-found` for another customer's subscription too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/subscriptions/{subscription_id}/pause", operation_id = "pause-subscription", tag = "billing",
    security(("token" = [])),
    params(
        ("subscription_id" = Uuid, Path, description = "The subscription"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new change",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The paused subscription", body = Subscription,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request changed it"))),
    )
)]
pub async fn handle(function: &PauseSubscription, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let change = ChangeRequest::of(&request, "pause-subscription", &(), &invocation)?;
    let pause = async |before: &Subscription, open: Option<&Invoice>| {
        let pause = SubscriptionTransition::Pause;
        let (subscription, invoice) = before.transition_and_void(pause, open, invocation.now, &function.policy)?;
        Ok(Change {
            invoice,
            ..Change::of(subscription)
        })
    };
    let (subscriptions, policy) = (&function.subscriptions, &function.policy);
    let (response, _) = change.apply(subscriptions, policy, &invocation, pause).await?;
    Ok(response)
}
