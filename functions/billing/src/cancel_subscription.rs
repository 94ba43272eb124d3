//! Runs for `POST /subscriptions/{subscription_id}/cancel`: cancels the caller's subscription, or any for an administrator, at
//! once or when the next period falls due. `charge-subscription` then deletes the billing key of its card.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::id::SubscriptionId;
use shared::core::idempotency::Fingerprint;

use crate::cancellation::cancelled;
use crate::event::BillingEvent;
use crate::store::{RequestState, SubscriptionRequest, SubscriptionStore, SubscriptionWrite};
use crate::subscription::{Policy, Subscription, SubscriptionStatus, SubscriptionTransition};

/// The function's store and settings.
#[derive(Debug)]
pub struct CancelSubscription {
    /// Subscriptions and their invoices.
    pub subscriptions: SubscriptionStore,
    /// The shop's billing policy.
    pub policy: Policy,
}

impl CancelSubscription {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::with_coupons(platform)?,
            policy: Policy::new(platform)?,
        })
    }
}

/// The time at which a subscription ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum When {
    /// At once. An unpaid invoice is voided. If a charge is in progress and succeeds, it is refunded.
    Now,
    /// The time at which the next period falls due. No later change of the subscription moves this time.
    PeriodEnd,
}

/// A cancellation.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelSubscriptionRequest {
    /// The time at which the subscription ends.
    pub when: When,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Cancels a subscription
///
/// Paid orders are not cancelled; each can be cancelled like any order. Cancelling a cancelled subscription returns it
/// unchanged. `continue-subscription` revokes a cancellation at the period's end. An administrator can cancel any subscription.
///
/// # Errors
/// `not-found` for another customer's subscription too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/subscriptions/{subscription_id}/cancel", operation_id = "cancel-subscription", tag = "billing",
    request_body = CancelSubscriptionRequest,
    security(("token" = [])),
    params(
        ("subscription_id" = Uuid, Path, description = "The subscription"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The subscription: cancelled, or with `ends_with_period`", body = Subscription,
        headers(("Idempotency-Replayed" = bool, description = "true: it was cancelled before"))),
    )
)]
pub async fn handle(
    function: &CancelSubscription,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let id = http::path::<SubscriptionId>(&request)?;
    let body: CancelSubscriptionRequest = http::body(&request)?;
    let fingerprint = Fingerprint::of(&(id, &body)).map_err(|error| Error::internal("read the cancellation", error))?;
    let request = SubscriptionRequest {
        request_id: key.derive_id("cancel subscription", &caller.customer_id),
        fingerprint,
        subscription_id: id,
        requested_by: invocation.actor()?.clone(),
        requested_at: invocation.now,
    };
    let customer = Some(&caller.customer_id).filter(|_| !caller.is_admin);
    let mut attempts = Attempts::new("cancel a subscription");
    loop {
        attempts.start()?;
        let found = function
            .subscriptions
            .request_state(&request, customer, invocation.deadline);
        let (stored, invoice) = match found.await? {
            RequestState::New(stored, invoice) => (stored, invoice),
            // A late retry must not cancel a subscription that the customer has continued since.
            RequestState::Applied(subscription) => {
                return Ok(http::replayed(http::json(StatusCode::OK, &subscription)?));
            }
        };
        let before = &stored.subscription;
        let invocation = invocation.by(caller.acting_on(&before.customer_id));
        if before.status == SubscriptionStatus::Cancelled || body.when == When::PeriodEnd && before.ends_with_period {
            // The request is recorded too: its late retry must not cancel what the customer has continued since.
            if function
                .subscriptions
                .record_request(&request, invocation.deadline)
                .await?
            {
                return Ok(http::replayed(http::json(StatusCode::OK, before)?));
            }
            continue;
        }
        let (next, void) = match body.when {
            When::Now => {
                let ended = cancelled(&stored, invoice.as_deref(), &function.policy, &invocation)?;
                (ended.subscription, ended.invoice)
            }
            When::PeriodEnd => {
                let after = before.transition(SubscriptionTransition::EndWithPeriod(true), invocation.now)?;
                let event = invocation.record(&BillingEvent::SubscriptionChanged(after.clone()))?;
                let open = invoice.as_ref().map(|invoice| &invoice.invoice);
                let next = stored.next(after, open, Some(event), &function.policy, invocation.now);
                (next, None)
            }
        };
        let write = SubscriptionWrite {
            request: Some(&request),
            ..SubscriptionWrite::with(&next, void.as_ref())
        };
        if function.subscriptions.save(&write, invocation.deadline).await? {
            return http::json(StatusCode::OK, &next.subscription);
        }
    }
}
