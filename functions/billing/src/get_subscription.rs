//! Runs for `GET /subscriptions/{subscription_id}`: returns a subscription and its latest invoices. Changes nothing.

use crate::invoice::Invoice;
use crate::store::SubscriptionStore;
use crate::subscription::{Rejected, Subscription};
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::id::SubscriptionId;

/// The function's store.
#[derive(Debug)]
pub struct GetSubscription {
    /// Subscriptions and their invoices.
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

/// The number of invoices in the response.
const INVOICES: u8 = 12;

/// A subscription and its latest invoices.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SubscriptionAndInvoices {
    /// The subscription.
    pub subscription: Subscription,
    /// The latest invoices, newest first. A skipped period has none.
    #[schema(max_items = 12)]
    pub invoices: Vec<Invoice>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns a subscription and its latest invoices
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
        (status = 200, description = "The subscription and its latest invoices", body = SubscriptionAndInvoices),
    )
)]
pub async fn handle(function: &GetSubscription, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let id = http::path::<SubscriptionId>(&request)?;
    let found = function
        .subscriptions
        .get_with_invoices(id, INVOICES, invocation.deadline)
        .await?;
    let (stored, invoices) = found
        .filter(|(stored, _)| caller.is_admin || stored.subscription.customer_id == caller.customer_id)
        .ok_or(Rejected::NotFound)?;
    let answer = SubscriptionAndInvoices {
        subscription: stored.subscription,
        invoices,
    };
    http::json(StatusCode::OK, &answer)
}
