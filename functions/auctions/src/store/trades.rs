//! Transactions that close bids: trades, cancellations and expiry.

use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::bid::{Bid, BidTransition, Trade};
use crate::store::requests::request_key;
use crate::store::{AuctionStore, StoredBid, StoredVoucher};
use shared::auctions::{Entry, EntryKind, Points};
use shared::aws::backoff::Backoff;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::dynamodb::transaction::{
    TransactionOutcome, WriteOutcome, delete, put, transact, transact_changes, update,
};
use shared::aws::dynamodb::{Item, composite, parse};
use shared::core::error::Error;
use shared::core::event::Record;
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;

const TRADING: &str = "trade a voucher";

/// A party to a trade.
#[derive(Clone, Debug)]
pub enum TradeParty {
    /// The customer of a bid in the order book, as it was read.
    Resting(Box<StoredBid>),
    /// A customer who takes the bid of the other party.
    Taker(CustomerId),
}

impl TradeParty {
    /// The customer.
    pub fn customer(&self) -> &CustomerId {
        match self {
            Self::Resting(stored) => &stored.bid.customer_id,
            Self::Taker(customer) => customer,
        }
    }

    /// The bid. None for a taker.
    pub fn bid(&self) -> Option<&Bid> {
        match self {
            Self::Resting(stored) => Some(&stored.bid),
            Self::Taker(_) => None,
        }
    }
}

/// A trade to write.
#[derive(Clone, Debug)]
pub struct NewTrade {
    /// The trade.
    pub trade: Trade,
    /// The event `BidTraded`.
    pub event: Record,
    /// The request's fingerprint, which identifies a retry. None when two bids were matched.
    pub fingerprint: Option<Fingerprint>,
    /// The buyer.
    pub buyer: TradeParty,
    /// The seller.
    pub seller: TradeParty,
    /// The voucher, as it was read.
    pub voucher: StoredVoucher,
    /// Ids for the ledger entries.
    pub entry_ids: [Uuid; 3],
}

/// The result of [`AuctionStore::trade`].
#[derive(Debug)]
pub enum TradeOutcome {
    /// The trade is made.
    Traded,
    /// A trade with this id exists; nothing was written.
    Exists(Box<StoredTrade>),
    /// A bid or the voucher has changed since it was read; nothing was written.
    Changed,
    /// The buyer is a taker whose wallet has too few points; nothing was written.
    NotEnoughPoints,
}

/// The stored form of a trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTrade {
    /// The trade, as its event carries it.
    #[serde(flatten)]
    pub trade: Trade,
    /// The request's fingerprint. None when two bids were matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// The trade's event, which the table's stream delivers.
    pub event: Record,
}

impl AuctionStore {
    /// Closes a bid without a trade. Releases its price, or writes `freed`, the next version of its voucher. Returns false
    /// when anything has changed since it was read, or the `request` was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn close(
        &self,
        ended: &StoredBid,
        freed: Option<&StoredVoucher>,
        request: Option<&StoredRequest>,
        entry_id: Uuid,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let bid = &ended.bid;
        let mut items = vec![put(self.put_bid(ended)?)?];
        if let Some(voucher) = freed {
            items.push(put(self.put_voucher(voucher)?)?);
        }
        if let Some(request) = request {
            items.push(request.put(&self.table, request_key(request))?);
        }
        let records = items.len();
        items.push(delete(self.delete_from_book(bid))?);
        if freed.is_some() {
            items.push(update(self.wallets.remove_open_bid(&bid.customer_id, Points::ZERO))?);
        } else {
            items.push(update(self.wallets.release_hold(
                &bid.customer_id,
                bid.price,
                bid.price,
            ))?);
            let at = bid.closed_at.unwrap_or(bid.expires_at);
            let released = entry(entry_id, EntryKind::Released, bid.price, bid.bid_id.0, at);
            items.push(self.wallets.put_entry(&bid.customer_id, released)?);
        }
        transact_changes(&self.table.client, "close a bid", items, records, deadline).await
    }

    /// Makes a trade: closes its bids, transfers the voucher, and pays the points.
    ///
    /// # Errors
    /// `bid-closed` when a bid of the trade is closed or past its deadline; [`Error::Unavailable`], [`Error::Internal`].
    pub async fn trade(&self, new_trade: &NewTrade, deadline: Instant) -> Result<TradeOutcome, Error> {
        let (records, wallet_at, items) = self.writes_of(new_trade)?;
        let mut backoff = Backoff::until(deadline);
        loop {
            let outcomes = match transact(&self.table.client, TRADING, items.clone(), deadline).await? {
                TransactionOutcome::Committed => return Ok(TradeOutcome::Traded),
                TransactionOutcome::Cancelled(outcomes) => outcomes,
            };
            let is_busy = outcomes
                .iter()
                .any(|outcome| matches!(outcome, WriteOutcome::Retryable));
            let is_short = matches!(outcomes.get(wallet_at), Some(WriteOutcome::ConditionFailed(_)));
            let mut outcomes = outcomes.into_iter().take(records);
            if let Some(WriteOutcome::ConditionFailed(Some(existing))) = outcomes.next() {
                return Ok(TradeOutcome::Exists(Box::new(parse(TRADING, existing)?)));
            }
            if outcomes.any(|outcome| matches!(outcome, WriteOutcome::ConditionFailed(_))) {
                return Ok(TradeOutcome::Changed);
            }
            if is_short && !is_busy {
                return Ok(TradeOutcome::NotEnoughPoints);
            }
            if !backoff.wait().await {
                return Err(unavailable(TRADING));
            }
        }
    }

    /// The number of leading writes that are conditional on a version, the index of the write that takes the buyer's
    /// points, and all writes.
    fn writes_of(&self, new_trade: &NewTrade) -> Result<(usize, usize, Vec<TransactWriteItem>), Error> {
        let NewTrade { trade, voucher, .. } = new_trade;
        let stored = StoredTrade {
            trade: trade.clone(),
            fingerprint: new_trade.fingerprint.clone(),
            event: new_trade.event.clone(),
        };
        let mut items = vec![put(self.table.put_new(TRADING, trade_key(trade.trade_id), &stored)?)?];
        for party in [&new_trade.buyer, &new_trade.seller] {
            if let TradeParty::Resting(stored) = party {
                let traded = stored
                    .bid
                    .transition(BidTransition::Trade(trade.trade_id), trade.traded_at)?;
                items.push(put(self.put_bid(&stored.next(traded, None))?)?);
            }
        }
        let sold = voucher.voucher.owned_by(trade.buyer_id.clone(), trade.traded_at);
        items.push(put(self.put_voucher(&voucher.next(sold))?)?);
        let records = items.len();
        let price = trade.price;
        let [paid, earned, released] = new_trade.entry_ids;
        let about = |id, kind, points| entry(id, kind, points, trade.trade_id, trade.traded_at);
        match new_trade.buyer.bid() {
            Some(bid) => {
                let freed = bid.price.saturating_sub(price);
                items.push(update(self.wallets.release_hold(&trade.buyer_id, bid.price, freed))?);
                if freed > Points::ZERO {
                    items.push(
                        self.wallets
                            .put_entry(&trade.buyer_id, about(released, EntryKind::Released, freed))?,
                    );
                }
            }
            None => items.push(update(self.wallets.spend_points(&trade.buyer_id, price))?),
        }
        items.push(
            self.wallets
                .put_entry(&trade.buyer_id, about(paid, EntryKind::Paid, price))?,
        );
        items.push(match new_trade.seller.bid() {
            Some(_) => update(self.wallets.remove_open_bid(&trade.seller_id, price))?,
            None => update(self.wallets.add_points(&trade.seller_id, price))?,
        });
        items.push(
            self.wallets
                .put_entry(&trade.seller_id, about(earned, EntryKind::Earned, price))?,
        );
        for bid in [&new_trade.buyer, &new_trade.seller]
            .into_iter()
            .filter_map(TradeParty::bid)
        {
            items.push(delete(self.delete_from_book(bid))?);
        }
        Ok((records, records, items))
    }

    /// Reads a trade.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_trade(&self, id: Uuid, deadline: Instant) -> Result<Option<StoredTrade>, Error> {
        self.table.read("read a trade", trade_key(id), deadline).await
    }
}

pub(crate) fn entry(entry_id: Uuid, kind: EntryKind, points: Points, about: Uuid, at: Timestamp) -> Entry {
    Entry {
        entry_id,
        kind,
        points,
        about,
        at,
    }
}

fn trade_key(id: Uuid) -> Item {
    composite(format!("TRADE#{id}"), "TRADE")
}

pub(crate) const fn unavailable(doing: &'static str) -> Error {
    Error::Unavailable { doing, source: None }
}

impl From<&StoredBid> for TradeParty {
    fn from(stored: &StoredBid) -> Self {
        Self::Resting(Box::new(stored.clone()))
    }
}
