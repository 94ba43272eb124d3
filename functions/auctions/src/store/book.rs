//! The book: the bids of a product that can be taken, best first, in the order that a query reads them.
//!
//! It is read consistently: of two bids that meet, whoever looks after placing theirs sees the other.

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

const DOING: &str = "read the book of bids";
/// Entries in one request.
const PAGE: i32 = 100;

/// A bid on the book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookEntry {
    /// The bid.
    pub bid_id: BidId,
    /// Its price.
    pub price: Points,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// From when on it can be taken no more, though it stands here until the cleaner has been.
    pub expires_at: Timestamp,
}

/// A page of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookPage {
    /// Best first, at one price the oldest first; expired ones are left out.
    pub entries: Vec<BookEntry>,
    /// Where the next page begins, when there is one.
    pub next: Option<BookCursor>,
}

/// Where a page of a book ends: a place in the order of prices, which names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookCursor {
    /// The last bid's rank by price.
    pub rank: u64,
    /// When it was placed, in Unix milliseconds.
    pub placed_ms: u64,
    /// The bid.
    pub bid_id: BidId,
}

impl BookCursor {
    /// A price is far below 10^12, and 14 digits of milliseconds last until the year 5138.
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
    /// At most 100 of the bids of `sku` on `side` that can be taken at `now`, best first, behind `after`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn book(
        &self,
        sku: &Sku,
        side: Side,
        now: Timestamp,
        after: Option<BookCursor>,
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
            .limit(PAGE)
            .set_exclusive_start_key(start);
        let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
        let answer = send_until_answered(DOING, deadline, send).await?;
        let next = answer.last_evaluated_key.as_ref();
        let next = next.and_then(|position| BookCursor::of(text_of(position, "sk")?));
        let mut entries = vec![];
        for item in answer.items.unwrap_or_default() {
            // One damaged entry must not stop a product's market.
            match parse::<BookEntry>(DOING, item) {
                Ok(entry) if entry.expires_at > now => entries.push(entry),
                Ok(_) => {}
                Err(error) => tracing::error!(causes = %Causes(&error), "an entry of the book cannot be read"),
            }
        }
        Ok(BookPage { entries, next })
    }

    /// The put of an open bid on the book.
    pub(crate) fn put_on_book(&self, bid: &Bid) -> Result<PutBuilder, Error> {
        let entry = BookEntry {
            bid_id: bid.bid_id,
            price: bid.price,
            customer_id: bid.customer_id.clone(),
            placed_at: bid.placed_at,
            expires_at: bid.expires_at,
        };
        let item = self.table.item("save a bid", place(bid), &entry)?;
        Ok(Put::builder().table_name(&self.table.name).set_item(Some(item)))
    }

    /// The deletion of a bid from the book.
    pub(crate) fn off_book(&self, bid: &Bid) -> DeleteBuilder {
        Delete::builder().table_name(&self.table.name).set_key(Some(place(bid)))
    }
}

fn book_key(sku: &Sku, side: Side) -> String {
    format!("BOOK#{sku}#{}", side.name())
}

/// A bid's place: ascending order is best first, and the oldest first at one price.
fn place(bid: &Bid) -> Item {
    let rank = match bid.side {
        Side::Sell => bid.price,
        Side::Buy => Points::MAX.less(bid.price),
    };
    let place = BookCursor {
        rank: rank.get(),
        placed_ms: bid.placed_at.as_millisecond().unsigned_abs(),
        bid_id: bid.bid_id,
    };
    composite(book_key(&bid.sku, bid.side), place.sk())
}
