//! The auctions' table: bids (`BID#<id>`), the book of those that can be taken (`BOOK#<sku>#<side>`), vouchers
//! (`VOUCHER#<id>`), wallets with their ledger (`WALLET#<customer>`), trades, and the points of orders.
//!
//! Invariants: a wallet changes only together with a ledger entry that says by how much and what for, never below zero;
//! the book has a bid as long as the bid is open, for both change in one transaction; a voucher is offered by one open
//! bid at most.

mod book;
mod listing;
mod trades;

pub use book::{BookCursor, BookEntry, BookPage};
pub use listing::{ListCursor, Listed};
pub use trades::{Deal, Party, PlaceBidOutcome, StoredTrade, TradeOutcome};

use aws_sdk_dynamodb::types::builders::PutBuilder;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::bid::{Bid, BidStatus};
use crate::id::BidId;
use crate::id::VoucherId;
use crate::voucher::Voucher;
use shared::auctions::WalletStore;
use shared::aws::Platform;
use shared::aws::dynamodb::due;
use shared::aws::dynamodb::due::{DuePage, DuePosition, uuid_in};
use shared::aws::dynamodb::table::Table;
use shared::aws::dynamodb::{Item, Wanted, batch_get, composite, number, parse};
use shared::core::error::Error;
use shared::core::event::Record;
use shared::core::idempotency::Fingerprint;

/// How long a bid is kept after it ended; then TTL sweeps it.
const ENDED_KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The auctions' table.
#[derive(Clone, Debug)]
pub struct AuctionStore {
    table: Table,
    /// Wallets, in the same table.
    pub wallets: WalletStore,
}

/// A bid as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBid {
    /// What its customer sees.
    #[serde(flatten)]
    pub bid: Bid,
    /// What was asked for, to tell a retry from another request.
    pub fingerprint: Fingerprint,
    /// Counts the changes, from 1; each write is conditional on the one that was read.
    pub version: u64,
    /// Its newest event, which the table's stream delivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

impl StoredBid {
    /// What is to be kept after this, with the event that tells of it, if it is one to be told.
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

/// A voucher as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredVoucher {
    /// What its owner sees.
    #[serde(flatten)]
    pub voucher: Voucher,
    /// Counts the changes, from 1; each write is conditional on the one that was read.
    pub version: u64,
}

impl StoredVoucher {
    /// What is to be kept after this.
    #[must_use]
    pub const fn next(&self, voucher: Voucher) -> Self {
        Self {
            voucher,
            version: self.version + 1,
        }
    }
}

impl AuctionStore {
    /// The table that the variable `AUCTIONS_TABLE` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "AUCTIONS_TABLE")?,
            wallets: WalletStore::new(platform)?,
        })
    }

    /// The bid, whoever's it is, as it stands now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn bid(&self, id: BidId, deadline: Instant) -> Result<Option<StoredBid>, Error> {
        self.table.read("read a bid", bid_key(id), deadline).await
    }

    /// Those of `ids` that exist, in no order, as they stand now; beside them what is wrong with each that is damaged.
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

    /// A page of the bids of one due shard whose deadline has passed at `now`, the longest due first.
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
        due::page(&self.table.client, &self.table.name, shard, now, after, deadline, id_in).await
    }

    /// The voucher, whoever's it is, as it stands now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn voucher(&self, id: VoucherId, deadline: Instant) -> Result<Option<StoredVoucher>, Error> {
        self.table.read("read a voucher", voucher_key(id), deadline).await
    }

    /// The put of a bid: refused when anything has changed it since it was read; when it is new, with the one that stands.
    fn put_bid(&self, stored: &StoredBid) -> Result<PutBuilder, Error> {
        let bid = &stored.bid;
        let mut item = self.table.item("save a bid", bid_key(bid.bid_id), stored)?;
        listing::put_on_list(&mut item, listing::bids_of(&bid.customer_id), bid.placed_at);
        if bid.status == BidStatus::Open {
            due::put_on_index(&mut item, bid.bid_id.0, bid.expires_at);
        } else if let Some(at) = bid.closed_at {
            item.insert("swept_at".into(), number((at + ENDED_KEPT).as_second()));
        }
        Ok(self.table.put_if_version(item, stored.version))
    }

    /// The put of a voucher: refused when anything has changed it since it was read, or it is registered already.
    fn put_voucher(&self, stored: &StoredVoucher) -> Result<PutBuilder, Error> {
        let voucher = &stored.voucher;
        let mut item = self
            .table
            .item("save a voucher", voucher_key(voucher.voucher_id), stored)?;
        let list = listing::vouchers_of(&voucher.owner_id);
        listing::put_on_list(&mut item, list, voucher.owned_since);
        Ok(self.table.put_if_version(item, stored.version))
    }
}

fn bid_key(id: BidId) -> Item {
    composite(format!("BID#{id}"), "BID")
}

fn voucher_key(id: VoucherId) -> Item {
    composite(format!("VOUCHER#{id}"), "VOUCHER")
}
