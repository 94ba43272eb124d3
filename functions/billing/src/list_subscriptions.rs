//! Runs for `GET /subscriptions`: lists the caller's subscriptions, newest first. Changes nothing.

use crate::store::{SubscriptionCursor, SubscriptionStore};
use crate::subscription::Subscription;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{self, Cursor};
use shared::core::error::Reason;
use shared::core::id::SubscriptionId;

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
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SubscriptionList {
    /// The subscriptions, newest first.
    pub subscriptions: Vec<Subscription>,
    /// Cursor of the next page. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the caller's subscriptions
///
/// The list is eventually consistent: a new subscription may take a moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/subscriptions", operation_id = "list-subscriptions", tag = "billing",
    security(("token" = [])),
    params(
        ("limit" = Option<u8>, Query, description = "Subscriptions per page, 20 by default", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
    ),
    responses(
        (status = 200, description = "A page of subscriptions", body = SubscriptionList),
    )
)]
pub async fn handle(function: &ListSubscriptions, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let limit = page::limit(&request)?;
    let list_name = ["subscriptions", caller.customer_id.as_str()];
    let after = Cursor::of(&request, &list_name)?.map(|Cursor { at: [started_ms], id }| SubscriptionCursor {
        started_ms,
        subscription_id: SubscriptionId(id),
    });
    let page = function
        .subscriptions
        .list(&caller.customer_id, after, limit, invocation.deadline)
        .await?;
    let next = page.next.map(|next| Cursor {
        at: [next.started_ms],
        id: next.subscription_id.0,
    });
    let list = SubscriptionList {
        subscriptions: page.subscriptions,
        next_cursor: next.map(|next| next.text(&list_name)),
    };
    http::json(StatusCode::OK, &list)
}
