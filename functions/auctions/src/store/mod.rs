//! The auctions table: bids (`BID#<id>`), the order book of open bids (`BOOK#<sku>#<side>`) and the time of its newest
//! one (`NEWEST#<sku>`), vouchers (`VOUCHER#<id>`), wallets with their ledger (`WALLET#<customer>`), trades, the points
//! of orders, and requests (`REQUEST#<id>`).
//!
//! Invariants: a wallet changes only together with its ledger entry, and never below zero; a bid is in the order book
//! exactly while it is open, since both change in one transaction; `placed_at` orders the bids of a product as they came
//! to the order book; at most one open bid offers a voucher.

mod book;
mod listing;
mod placement;
mod requests;
mod trades;
mod vouchers;

pub use book::{BookCursor, BookEntry, BookPage};
pub use placement::PlaceBidOutcome;
pub use trades::{NewTrade, StoredTrade, TradeOutcome, TradeParty};

use aws_sdk_dynamodb::types::builders::PutBuilder;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::auctions::WalletStore;
use shared::aws::Platform;
use shared::aws::dynamodb::due::{self, DuePage, DuePosition, uuid_in};
use shared::aws::dynamodb::table::Table;
use shared::aws::dynamodb::{Item, Wanted, batch_get, composite, number, parse};
use shared::core::error::Error;
use shared::core::event::Record;
use shared::core::idempotency::Fingerprint;
use tokio::time::Instant;

use crate::bid::{Bid, BidStatus};
use crate::id::BidId;
use crate::voucher::Voucher;

/// How long a closed bid is stored before TTL deletes it. A bid with a later deadline is stored until then: from the
/// deadline on, a retry of its request cannot place it again.
const RETENTION: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Reads and writes the auctions table.
#[derive(Clone, Debug)]
pub struct AuctionStore {
    table: Table,
    /// Wallets, stored in the same table.
    pub wallets: WalletStore,
}

/// The stored form of a bid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBid {
    /// The bid, as its customer sees it.
    #[serde(flatten)]
    pub bid: Bid,
    /// The request's fingerprint, which identifies a retry.
    pub fingerprint: Fingerprint,
    /// The number of writes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The bid's newest event, which the table's stream delivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

impl StoredBid {
    /// The next version, with `bid` and its event. Without an event, the previous one stays.
    #[must_use]
    pub fn next(&self, bid: Bid, event: Option<Record>) -> Self {
        Self {
            bid,
            fingerprint: self.fingerprint.clone(),
            version: self.version + 1,
            event: event.or_else(|| self.event.clone()),
        }
    }
}

/// The stored form of a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredVoucher {
    /// The voucher, as its owner sees it.
    #[serde(flatten)]
    pub voucher: Voucher,
    /// The number of writes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
}

impl StoredVoucher {
    /// The next version, with `voucher`.
    #[must_use]
    pub const fn next(&self, voucher: Voucher) -> Self {
        Self {
            voucher,
            version: self.version + 1,
        }
    }
}

impl AuctionStore {
    /// Reads the table's name from `AUCTIONS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "AUCTIONS_TABLE")?,
            wallets: WalletStore::new(platform)?,
        })
    }

    /// Reads a bid of any customer. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn bid(&self, id: BidId, deadline: Instant) -> Result<Option<StoredBid>, Error> {
        self.table.read("read a bid", bid_key(id), deadline).await
    }

    /// Reads those of `ids` that exist, in any order, and an error for each damaged one. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn bids(&self, ids: &[BidId], deadline: Instant) -> Result<(Vec<StoredBid>, Vec<Error>), Error> {
        let wanted = Wanted {
            table: &self.table.name,
            keys: ids.iter().copied().map(bid_key).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, "read due bids", vec![wanted], deadline).await?;
        let mut bids = vec![];
        let mut damaged = vec![];
        for item in found.into_values().flatten() {
            match parse("read a bid", item) {
                Ok(bid) => bids.push(bid),
                Err(error) => damaged.push(error),
            }
        }
        Ok((bids, damaged))
    }

    /// A page of the bids of one due shard whose deadline has passed at `now`, earliest deadline first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        after: Option<DuePosition>,
        deadline: Instant,
    ) -> Result<DuePage<BidId>, Error> {
        let id_in = |pk: &str| uuid_in(pk, "BID#").map(BidId);
        due::page(&self.table, shard, now, after, deadline, id_in).await
    }

    /// The put of a bid. Refused when the stored version is not the one before it; returns the stored bid when this one is
    /// new.
    fn put_bid(&self, stored: &StoredBid) -> Result<PutBuilder, Error> {
        let bid = &stored.bid;
        let mut item = self.table.item("save a bid", bid_key(bid.bid_id), stored)?;
        listing::put_on_list(&mut item, listing::bids_of(&bid.customer_id), bid.placed_at);
        if bid.status == BidStatus::Open {
            due::put_on_index(&mut item, bid.bid_id.0, bid.expires_at);
        } else if let Some(at) = bid.closed_at {
            let swept_at = (at + RETENTION).max(bid.expires_at);
            item.insert("swept_at".into(), number(swept_at.as_second()));
        }
        Ok(self.table.put_if_version(item, stored.version))
    }
}

fn bid_key(id: BidId) -> Item {
    composite(format!("BID#{id}"), "BID")
}
