//! Runs for `GET /admin/customers/{customer_id}/subscriptions`, for administrators: lists a customer's subscriptions, newest
//! first. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{PageParameters, PageRequest};
use shared::core::error::Reason;
use shared::core::identity::CustomerId;

use crate::list_subscriptions::{SubscriptionList, position};
use crate::store::SubscriptionStore;
use crate::subscription::SubscriptionStatus;

/// The function's store.
#[derive(Debug)]
pub struct ListCustomerSubscriptions {
    /// Subscriptions.
    pub subscriptions: SubscriptionStore,
}

impl ListCustomerSubscriptions {
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
pub const REFUSALS: &[&Reason] = &[];

/// Lists a customer's subscriptions
///
/// Newest first. The list is eventually consistent: a new subscription may take a moment to appear. Each page reads at most
/// 100 subscriptions, so a page with `status` and a `next_cursor` may have fewer subscriptions than `limit`, even none.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/customers/{customer_id}/subscriptions", operation_id = "list-customer-subscriptions",
    tag = "billing",
    security(("token" = [])),
    params(
        ("customer_id" = CustomerId, Path, description = "The customer"),
        PageParameters,
        ("status" = Option<SubscriptionStatus>, Query, description = "Only subscriptions with this status"),
    ),
    responses(
        (status = 200, description = "A page of subscriptions", body = SubscriptionList),
    )
)]
pub async fn handle(
    function: &ListCustomerSubscriptions,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let customer = http::path::<CustomerId>(&request)?;
    let list = ["subscriptions of a customer", customer.as_str()];
    let page = PageRequest::of(&request, &list, &["status"])?;
    let status: Option<SubscriptionStatus> = page.filter("status")?;
    let (started, limit) = (0..=i64::MAX.unsigned_abs(), page.read_limit(status.is_some()));
    let found = function
        .subscriptions
        .list(&customer, started, page.after()?, limit, invocation.deadline)
        .await?;
    let mut subscriptions = found.subscriptions;
    subscriptions.retain(|one| status.is_none_or(|status| one.status == status));
    page.respond(subscriptions, found.next, position)
}
