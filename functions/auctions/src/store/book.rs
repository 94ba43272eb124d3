//! The order book: the open bids of a product, best first.
//!
//! Queries are strongly consistent: of two matching bids that are placed at the same time, at least one sees the other.

use aws_sdk_dynamodb::types::builders::{DeleteBuilder, PutBuilder};
use aws_sdk_dynamodb::types::{Delete, Put};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::bid::{Bid, Side};
use crate::id::BidId;
use crate::store::AuctionStore;
use shared::auctions::Points;
use shared::aws::dynamodb::table::text_of;
use shared::aws::dynamodb::{Item, classify_error, composite, parse, send_until_answered, text};
use shared::aws::lambda::problem::Causes;
use shared::catalog::Sku;
use shared::core::error::Error;
use shared::core::identity::CustomerId;

const DOING: &str = "read the order book";
/// An open bid in the order book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookEntry {
    /// The bid's id.
    pub bid_id: BidId,
    /// The bid's price.
    pub price: Points,
    /// The customer who placed the bid.
    pub customer_id: CustomerId,
    /// The time at which the bid was placed.
    pub placed_at: Timestamp,
    /// The bid's deadline. The entry may outlive it, until `expire-bids` has run.
    pub expires_at: Timestamp,
}

/// A page of the order book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookPage {
    /// Best price first; at the same price, the oldest first. Without expired bids.
    pub entries: Vec<BookEntry>,
    /// Start of the next page, if any.
    pub next: Option<BookCursor>,
}

/// The end of a page, as a position in the order of prices. It identifies no customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookCursor {
    /// The price rank of the last bid.
    pub rank: u64,
    /// The time at which the last bid was placed, in Unix milliseconds.
    pub placed_ms: u64,
    /// The last bid.
    pub bid_id: BidId,
}

impl BookCursor {
    /// Fixed widths keep the order: prices are below 10^12, and 14 digits of milliseconds last until the year 5138.
    fn sk(self) -> String {
        format!("{:012}#{:014}#{}", self.rank, self.placed_ms, self.bid_id)
    }

    fn of(sk: &str) -> Option<Self> {
        let mut parts = sk.splitn(3, '#');
        Some(Self {
            rank: parts.next()?.parse().ok()?,
            placed_ms: parts.next()?.parse().ok()?,
            bid_id: BidId(Uuid::parse_str(parts.next()?).ok()?),
        })
    }
}

impl AuctionStore {
    /// Reads `limit` bids of `sku` on `side`, best first, starting after `after`, and returns those that can be taken at
    /// `now`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn book(
        &self,
        sku: &Sku,
        side: Side,
        now: Timestamp,
        after: Option<BookCursor>,
        limit: u8,
        deadline: Instant,
    ) -> Result<BookPage, Error> {
        let start = after.map(|cursor| composite(book_key(sku, side), cursor.sk()));
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression("pk = :book")
            .expression_attribute_values(":book", text(book_key(sku, side)))
            .limit(limit.into())
            .set_exclusive_start_key(start);
        let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
        let answer = send_until_answered(DOING, deadline, send).await?;
        let next = answer.last_evaluated_key.as_ref().map(cursor).transpose()?;
        let mut entries = vec![];
        for item in answer.items.unwrap_or_default() {
            // One damaged entry must not stop the trading of a product.
            match parse::<BookEntry>(DOING, item) {
                Ok(entry) if entry.expires_at > now => entries.push(entry),
                Ok(_) => {}
                Err(error) => tracing::error!(causes = %Causes(&error), "order book entry is unreadable"),
            }
        }
        Ok(BookPage { entries, next })
    }

    /// The put of an open bid's entry.
    pub(crate) fn put_on_book(&self, bid: &Bid) -> Result<PutBuilder, Error> {
        let entry = BookEntry {
            bid_id: bid.bid_id,
            price: bid.price,
            customer_id: bid.customer_id.clone(),
            placed_at: bid.placed_at,
            expires_at: bid.expires_at,
        };
        let item = self.table.item("save a bid", entry_key(bid), &entry)?;
        Ok(Put::builder().table_name(&self.table.name).set_item(Some(item)))
    }

    /// The deletion of a bid's entry.
    pub(crate) fn delete_from_book(&self, bid: &Bid) -> DeleteBuilder {
        Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(entry_key(bid)))
    }
}

/// The cursor of a position. A position that cannot be read must not look like the end of the book.
fn cursor(position: &Item) -> Result<BookCursor, Error> {
    let cursor = text_of(position, "sk").and_then(BookCursor::of);
    cursor.ok_or_else(|| Error::internal(DOING, "the position in the order book is unreadable"))
}

fn book_key(sku: &Sku, side: Side) -> String {
    format!("BOOK#{sku}#{}", side.name())
}

/// The key of a bid's entry. Ascending order is best price first, then oldest first.
fn entry_key(bid: &Bid) -> Item {
    let rank = match bid.side {
        Side::Sell => bid.price,
        Side::Buy => Points::MAX.saturating_sub(bid.price),
    };
    let position = BookCursor {
        rank: rank.get(),
        placed_ms: bid.placed_at.as_millisecond().unsigned_abs(),
        bid_id: bid.bid_id,
    };
    composite(book_key(&bid.sku, bid.side), position.sk())
}
