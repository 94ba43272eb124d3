//! Runs for `GET /bids`: lists the caller's bids, newest first. Changes nothing.

use crate::bid::Bid;
use crate::store::AuctionStore;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Cursor, Page, PageParameters, PageRequest};
use shared::catalog::Sku;
use shared::core::error::Reason;

/// The function's store.
#[derive(Debug)]
pub struct ListBids {
    /// Bids.
    pub auctions: AuctionStore,
}

impl ListBids {
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
pub type BidList = Page<Bid>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the caller's bids
///
/// Newest first. The list is eventually consistent: a new bid may take a moment to appear. Each page reads at most 100
/// bids, so a page with `sku` and a `next_cursor` may have fewer bids than `limit`, even none.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/bids", operation_id = "list-bids", tag = "auctions",
    security(("token" = [])),
    params(
        PageParameters,
        ("sku" = Option<Sku>, Query, description = "Only bids of this product"),
    ),
    responses(
        (status = 200, description = "A page of bids", body = BidList),
    )
)]
pub async fn handle(function: &ListBids, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    let page = PageRequest::of(&request, &["bids", customer.as_str()], &["sku"])?;
    let sku: Option<Sku> = page.filter("sku")?;
    let limit = page.read_limit(sku.is_some());
    let found = function
        .auctions
        .list_bids(&customer, page.after()?, limit, invocation.deadline)
        .await?;
    let bids = found.items.into_iter().map(|bid| bid.as_of(invocation.now));
    let bids = bids.filter(|bid| sku.as_ref().is_none_or(|sku| bid.sku == *sku));
    page.respond(bids.collect(), found.next, |bid| Cursor {
        at: [bid.placed_at.as_millisecond().unsigned_abs()],
        id: bid.bid_id.0,
    })
}
