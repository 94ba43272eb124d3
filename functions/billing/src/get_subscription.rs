//! `GET /subscriptions/{subscription_id}` brings a customer's wish to see a subscription; it leaves nothing behind.

use crate::invoice::Invoice;
use crate::store::SubscriptionStore;
use crate::subscription::{Rejected, Subscription};
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::problem::{Faults, Problem, TokenRequired};
use shared::core::id::SubscriptionId;

/// The function's table.
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

/// How many invoices are shown.
const INVOICES: u8 = 12;

/// A subscription and what became of its latest periods.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SubscriptionAndInvoices {
    /// The subscription.
    pub subscription: Subscription,
    /// The invoices of its latest periods, newest first; a period that was skipped has none.
    #[schema(max_items = 12)]
    pub invoices: Vec<Invoice>,
}

/// Shows a subscription and its latest invoices
///
/// To the customer whose it is, and to administrators.
///
/// # Errors
/// `not-found` for another customer's subscription too, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/subscriptions/{subscription_id}", operation_id = "get-subscription", tag = "billing",
    security(("token" = [])),
    params(("subscription_id" = Uuid, Path, description = "The subscription")),
    responses(
        (status = 200, description = "The subscription", body = SubscriptionAndInvoices),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
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
