//! `GET /subscriptions` brings a customer's wish to see their subscriptions, newest first; it leaves nothing behind.

use crate::store::{SubscriptionCursor, SubscriptionStore};
use crate::subscription::Subscription;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page;
use shared::aws::lambda::page::Cursor;
use shared::aws::lambda::problem::{Faults, Problem, TokenRequired};
use shared::core::id::SubscriptionId;

/// The function's table.
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

/// A page of their subscriptions.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SubscriptionList {
    /// Newest first.
    pub subscriptions: Vec<Subscription>,
    /// Pass it as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// Lists the caller's subscriptions
///
/// A new one may take a moment to appear.
///
/// # Errors
/// `invalid-parameter`, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/subscriptions", operation_id = "list-subscriptions", tag = "billing",
    security(("token" = [])),
    params(
        ("limit" = Option<u8>, Query, description = "How many on a page; 20 unless told", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = SubscriptionList),
        (status = 400, description = "`invalid-parameter`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
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
