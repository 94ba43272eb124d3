//! `GET /bids` brings a customer's wish to see their bids, newest first; it leaves nothing behind.

use crate::bid::Bid;
use crate::store::{AuctionStore, ListCursor};
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

/// The function's table.
#[derive(Debug)]
pub struct ListMyBids {
    /// Bids and vouchers.
    pub auctions: AuctionStore,
}

impl ListMyBids {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            auctions: AuctionStore::new(platform)?,
        })
    }
}

/// A page of their bids.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BidList {
    /// Newest first.
    pub bids: Vec<Bid>,
    /// Pass it as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// Lists the caller's bids
///
/// A new one may take a moment to appear.
///
/// # Errors
/// `invalid-parameter`, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/bids", operation_id = "list-my-bids", tag = "auctions",
    security(("token" = [])),
    params(
        ("limit" = Option<u8>, Query, description = "How many on a page; 20 unless told", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = BidList),
        (status = 400, description = "`invalid-parameter`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
    )
)]
pub async fn handle(function: &ListMyBids, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let limit = page::limit(&request)?;
    let list = ["bids", caller.customer_id.as_str()];
    let after = Cursor::of(&request, &list)?.map(|Cursor { at: [listed_ms], id }| ListCursor { listed_ms, id });
    let page = function
        .auctions
        .bids_listed(&caller.customer_id, after, limit, invocation.deadline)
        .await?;
    let next = page
        .next
        .map(|ListCursor { listed_ms, id }| Cursor { at: [listed_ms], id });
    let bids = BidList {
        bids: page.items.into_iter().map(|bid| bid.as_of(invocation.now)).collect(),
        next_cursor: next.map(|next| next.text(&list)),
    };
    http::json(StatusCode::OK, &bids)
}
