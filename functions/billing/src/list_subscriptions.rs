//! Runs for `GET /subscriptions`: lists the caller's subscriptions, newest first. Changes nothing.

use crate::store::SubscriptionStore;
use crate::subscription::{Subscription, SubscriptionStatus};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{CREATED, CreatedParameters, Cursor, Page, PageParameters, PageRequest};
use shared::core::error::Reason;

/// The function's store.
#[derive(Debug)]
pub struct ListSubscriptions {
    /// Subscriptions.
    pub subscriptions: SubscriptionStore,
}

impl ListSubscriptions {
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

/// A page of the caller's subscriptions.
pub type SubscriptionList = Page<Subscription>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the caller's subscriptions
///
/// Newest first. The list is eventually consistent: a new subscription may take a moment to appear. Each page reads at most
/// 100 subscriptions, so a page with `status` and a `next_cursor` may have fewer subscriptions than `limit`, even none.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/subscriptions", operation_id = "list-subscriptions", tag = "billing",
    security(("token" = [])),
    params(
        PageParameters,
        ("status" = Option<SubscriptionStatus>, Query, description = "Only subscriptions with this status"),
        CreatedParameters,
    ),
    responses(
        (status = 200, description = "A page of subscriptions", body = SubscriptionList),
    )
)]
pub async fn handle(function: &ListSubscriptions, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    let [from, to] = CREATED;
    let page = PageRequest::of(&request, &["subscriptions", customer.as_str()], &["status", from, to])?;
    let status: Option<SubscriptionStatus> = page.filter("status")?;
    let (started, limit) = (page.created()?, page.read_limit(status.is_some()));
    let found = function
        .subscriptions
        .list(&customer, started, page.after()?, limit, invocation.deadline)
        .await?;
    let mut subscriptions = found.subscriptions;
    subscriptions.retain(|one| status.is_none_or(|status| one.status == status));
    page.respond(subscriptions, found.next, position)
}

/// The position of a subscription in a list of subscriptions.
pub(crate) fn position(subscription: &Subscription) -> Cursor<1> {
    Cursor {
        at: [subscription.started_at.as_millisecond().unsigned_abs()],
        id: subscription.subscription_id.0,
    }
}
