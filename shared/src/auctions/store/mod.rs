//! The auctions' table: bids (`BID#<id>`), the book of those that can be taken (`BOOK#<sku>#<side>`), vouchers
//! (`VOUCHER#<id>`), wallets with their ledger (`WALLET#<customer>`), trades, and the points of orders.
//!
//! Invariants: a wallet changes only together with a ledger entry that says by how much and what for, never below zero;
//! the book has a bid as long as the bid is open, for both change in one transaction; a voucher is offered by one open
//! bid at most.

mod book;
mod listing;
mod moves;
mod wallets;

pub use book::{BookCursor, BookEntry, BookPage};
pub use listing::{ListCursor, Listed};
pub use moves::{Deal, Party, PlaceBidOutcome, StoredTrade, TradeOutcome};
pub use wallets::{CreditOutcome, LedgerPage, MAX_OPEN_BIDS};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure as OnFailure};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::auctions::{Bid, BidId, BidStatus};
use crate::auctions::{Voucher, VoucherId};
use crate::aws::Platform;
use crate::aws::dynamodb::due;
use crate::aws::dynamodb::due::{DuePage, DuePosition, uuid_in};
use crate::aws::dynamodb::{Item, Wanted, answered, batch_get, composite, failed, item_of, number, parse};
use crate::core::error::Error;
use crate::core::event::Record;
use crate::core::idempotency::Fingerprint;

/// How long a bid is kept after it ended; then TTL sweeps it.
const ENDED_KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The auctions' table.
#[derive(Clone, Debug)]
pub struct AuctionStore {
    client: Client,
    table: String,
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
            client: platform.dynamodb(),
            table: platform.variable("AUCTIONS_TABLE")?,
        })
    }

    /// The bid, whoever's it is, as it stands now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn bid(&self, id: BidId, deadline: Instant) -> Result<Option<StoredBid>, Error> {
        self.read("read a bid", bid_key(id), deadline).await
    }

    /// Those of `ids` that exist, in no order, as they stand now; beside them what is wrong with each that is damaged.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn bids(&self, ids: &[BidId], deadline: Instant) -> Result<(Vec<StoredBid>, Vec<Error>), Error> {
        let wanted = Wanted {
            table: &self.table,
            keys: ids.iter().copied().map(bid_key).collect(),
            consistent: true,
        };
        let found = batch_get(&self.client, "read due bids", vec![wanted], deadline).await?;
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
        due::page((&self.client, &self.table), shard, now, after, deadline, id_in).await
    }

    /// The voucher, whoever's it is, as it stands now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn voucher(&self, id: VoucherId, deadline: Instant) -> Result<Option<StoredVoucher>, Error> {
        self.read("read a voucher", voucher_key(id), deadline).await
    }

    async fn read<T: serde::de::DeserializeOwned>(
        &self,
        doing: &'static str,
        key: Item,
        deadline: Instant,
    ) -> Result<Option<T>, Error> {
        let send = || async {
            let get = self.client.get_item().table_name(&self.table).consistent_read(true);
            let sent = get.set_key(Some(key.clone())).send().await;
            sent.map_err(|error| failed(doing, error))
        };
        let answer = answered(doing, deadline, send).await?;
        answer.item.map(|item| parse(doing, item)).transpose()
    }

    /// The put of a bid: refused when anything has changed it since it was read; when it is new, with the one that stands.
    fn put_bid(&self, stored: &StoredBid) -> Result<PutBuilder, Error> {
        let bid = &stored.bid;
        let mut item = self.item("save a bid", bid_key(bid.bid_id), stored)?;
        listing::put_on_list(&mut item, listing::bids_of(&bid.customer_id), bid.placed_at);
        if bid.status == BidStatus::Open {
            due::put_on_index(&mut item, bid.bid_id.0, bid.expires_at);
        } else if let Some(at) = bid.closed_at {
            item.insert("swept_at".into(), number((at + ENDED_KEPT).as_second()));
        }
        Ok(self.put_version(item, stored.version))
    }

    /// The put of a voucher: refused when anything has changed it since it was read, or it is registered already.
    fn put_voucher(&self, stored: &StoredVoucher) -> Result<PutBuilder, Error> {
        let voucher = &stored.voucher;
        let mut item = self.item("save a voucher", voucher_key(voucher.voucher_id), stored)?;
        let list = listing::vouchers_of(&voucher.owner_id);
        listing::put_on_list(&mut item, list, voucher.owned_since);
        Ok(self.put_version(item, stored.version))
    }

    /// The put of what is made once: refused when it is there.
    fn put_new(&self, doing: &'static str, key: Item, entity: &impl Serialize) -> Result<PutBuilder, Error> {
        let item = self.item(doing, key, entity)?;
        Ok(self.put_version(item, 1))
    }

    fn item(&self, doing: &'static str, key: Item, entity: &impl Serialize) -> Result<Item, Error> {
        let mut item = item_of(doing, String::new(), entity)?;
        item.extend(key);
        Ok(item)
    }

    fn put_version(&self, item: Item, version: u64) -> PutBuilder {
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        if version == 1 {
            return put
                .condition_expression("attribute_not_exists(pk)")
                .return_values_on_condition_check_failure(OnFailure::AllOld);
        }
        put.condition_expression("version = :read")
            .expression_attribute_values(":read", number(version - 1))
    }
}

fn bid_key(id: BidId) -> Item {
    composite(format!("BID#{id}"), "BID")
}

fn voucher_key(id: VoucherId) -> Item {
    composite(format!("VOUCHER#{id}"), "VOUCHER")
}

/// A text in an item that a query brought.
fn text_of<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}
