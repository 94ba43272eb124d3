//! Runs for `GET /products/{sku}/bids`, without a token: returns the open bids of a product. Changes nothing.

use crate::bid::Side;
use crate::id::BidId;
use crate::store::{AuctionStore, BookCursor, BookEntry};
use jiff::Timestamp;
use lambda_http::http::header;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::auctions::Points;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Cursor, MAX_LIMIT, PageRequest, PageSize};
use shared::aws::lambda::{Invocation, conditional};
use shared::catalog::Sku;
use shared::core::error::Reason;
use shared::core::error::Rejection;

/// The function's store.
#[derive(Debug)]
pub struct GetOrderBook {
    /// The order book.
    pub auctions: AuctionStore,
}

impl GetOrderBook {
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

/// The most queries per page. More than one only when all bids of a query have expired and `expire-bids` has not removed
/// them yet.
const REQUESTS: usize = 10;

/// The open bids of a product.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BidBook {
    /// The bids to buy, highest price first. Absent when only the other side is requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub buy: Option<BookSide>,
    /// The bids to sell, lowest price first. Absent when only the other side is requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sell: Option<BookSide>,
}

/// A page of one side of the order book.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BookSide {
    /// The bids, best price first; at the same price, the oldest first.
    pub items: Vec<OpenBid>,
    /// The number of the bids on this page at each price, best price first. The bids of the last price may continue on the
    /// next page: add the numbers of all pages up.
    pub depth: Vec<Depth>,
    /// Cursor of the next page, to be sent with `side`. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// An open bid. The customer is not disclosed.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OpenBid {
    /// The bid's price.
    pub price: Points,
    /// The time at which the bid was placed.
    pub placed_at: Timestamp,
    /// The deadline: from this time on the bid cannot be taken.
    pub expires_at: Timestamp,
}

/// The number of bids on a page at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Depth {
    /// The price.
    pub price: Points,
    /// The number of bids.
    pub bids: u32,
}

/// A second, so that a CDN takes the load of a popular product. A page may thus show a bid that was taken within that
/// second; each bid says when it expires, and `take-bid` decides by the bid itself.
const CACHE_CONTROL: &str = "public, max-age=1";

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Returns the order book of a product
///
/// Without `side`, returns the first page of both sides. With it, a page of that side, with the header `Link`. Expired bids are not returned. A page with a `next_cursor` may
/// have fewer bids than `limit`, even none.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/products/{sku}/bids", operation_id = "get-order-book", tag = "auctions",
    params(
        ("sku" = Sku, Path, description = "The product"),
        ("side" = Option<Side>, Query, description = "Only this side"),
        ("limit" = inline(Option<PageSize>), Query,
            description = "Bids per page and side, 100 by default. A number above 100 counts as 100."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page; requires `side`"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The order book", body = BidBook,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(function: &GetOrderBook, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let sku = http::path::<Sku>(&request)?;
    let page = PageRequest::with_default(MAX_LIMIT, &request, &["book", sku.as_str()], &["side"])?;
    let side: Option<Side> = page.filter("side")?;
    if side.is_none() && http::query_parameter(&request, "cursor")?.is_some() {
        return Err(Rejection::invalid_parameter("cursor", "requires side").into());
    }
    let after = page.after()?;
    let after = after.map(
        |Cursor {
             at: [rank, placed_ms],
             id,
         }| BookCursor {
            rank,
            placed_ms,
            bid_id: BidId(id),
        },
    );
    let mut book = BidBook { buy: None, sell: None };
    let mut link = None;
    for (of, place) in [(Side::Buy, &mut book.buy), (Side::Sell, &mut book.sell)] {
        if side.is_some_and(|side| side != of) {
            continue;
        }
        let found = read_side(function, &sku, of, after, page.limit, &invocation).await?;
        let page = page.with_filter("side", of.name());
        let next_cursor = page.cursor(found.next);
        // Both sides continue, each on its own, so a link needs the side.
        if let Some(cursor) = next_cursor.as_deref().filter(|_| side.is_some()) {
            link = Some(page.link(cursor)?);
        }
        *place = Some(found.side(next_cursor));
    }
    let mut response = conditional::get(&request, &book, CACHE_CONTROL)?;
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// A page of one side as read.
struct FoundSide {
    entries: Vec<BookEntry>,
    next: Option<Cursor<2>>,
}

impl FoundSide {
    fn side(self, next_cursor: Option<String>) -> BookSide {
        BookSide {
            depth: depth(&self.entries),
            next_cursor,
            items: self
                .entries
                .into_iter()
                .map(|entry| OpenBid {
                    price: entry.price,
                    placed_at: entry.placed_at,
                    expires_at: entry.expires_at,
                })
                .collect(),
        }
    }
}

/// Reads a page of one side.
async fn read_side(
    function: &GetOrderBook,
    sku: &Sku,
    side: Side,
    mut after: Option<BookCursor>,
    limit: u8,
    invocation: &Invocation,
) -> Result<FoundSide, Error> {
    let mut entries: Vec<BookEntry> = vec![];
    for _ in 0..REQUESTS {
        let page = function
            .auctions
            .book(sku, side, invocation.now, after, limit, invocation.deadline)
            .await?;
        entries = page.entries;
        after = page.next;
        if !entries.is_empty() || after.is_none() {
            break;
        }
    }
    let next = after.map(|after| Cursor {
        at: [after.rank, after.placed_ms],
        id: after.bid_id.0,
    });
    Ok(FoundSide { entries, next })
}

/// The number of entries at each price.
fn depth(entries: &[BookEntry]) -> Vec<Depth> {
    let mut depth: Vec<Depth> = vec![];
    for entry in entries {
        match depth.last_mut() {
            Some(last) if last.price == entry.price => last.bids += 1,
            _ => depth.push(Depth {
                price: entry.price,
                bids: 1,
            }),
        }
    }
    depth
}
