//! Runs for `GET /subscriptions/{subscription_id}`: returns a subscription. Changes nothing.

use crate::store::SubscriptionStore;
use crate::subscription::{Rejected, Subscription};
use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::id::SubscriptionId;

/// The function's store.
#[derive(Debug)]
pub struct GetSubscription {
    /// Subscriptions.
    pub subscriptions: SubscriptionStore,
}

impl GetSubscription {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns a subscription
///
/// Customers read their own subscriptions; administrators read any.
///
/// # Errors
/// `not-found` for another customer's subscription too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/subscriptions/{subscription_id}", operation_id = "get-subscription", tag = "billing",
    security(("token" = [])),
    params(("subscription_id" = Uuid, Path, description = "The subscription")),
    responses(
        (status = 200, description = "The subscription", body = Subscription),
    )
)]
pub async fn handle(function: &GetSubscription, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let id = http::path::<SubscriptionId>(&request)?;
    let found = function.subscriptions.get(id, invocation.deadline).await?;
    let subscription = found
        .map(|stored| stored.subscription)
        .filter(|subscription| subscription.is_visible_to(&caller))
        .ok_or(Rejected::NotFound)?;
    http::json(StatusCode::OK, &subscription)
}
