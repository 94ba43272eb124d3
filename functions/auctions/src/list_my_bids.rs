//! Runs for `GET /bids`: lists the caller's bids, newest first. Changes nothing.

use crate::bid::Bid;
use crate::store::{AuctionStore, ListCursor};
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{self, Cursor};
use shared::core::error::Reason;

/// The function's store.
#[derive(Debug)]
pub struct ListMyBids {
    /// Bids.
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

/// A page of the caller's bids.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BidList {
    /// The bids, newest first.
    pub bids: Vec<Bid>,
    /// Cursor of the next page. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the caller's bids
///
/// The list is eventually consistent: a new bid may take a moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/bids", operation_id = "list-my-bids", tag = "auctions",
    security(("token" = [])),
    params(
        ("limit" = Option<u8>, Query, description = "Bids per page, 20 by default", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
    ),
    responses(
        (status = 200, description = "A page of bids", body = BidList),
    )
)]
pub async fn handle(function: &ListMyBids, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let limit = page::limit(&request)?;
    let list = ["bids", caller.customer_id.as_str()];
    let after = Cursor::of(&request, &list)?.map(|Cursor { at: [listed_ms], id }| ListCursor { listed_ms, id });
    let page = function
        .auctions
        .list_bids(&caller.customer_id, after, limit, invocation.deadline)
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
