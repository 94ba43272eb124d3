//! Transactions that close bids: trades, cancellations and expiry.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::bid::{Bid, BidTransition, Trade};
use crate::store::requests::request_key;
use crate::store::{AuctionStore, StoredBid, StoredVoucher};
use shared::auctions::{Entry, EntryKind, Gain, Points, Subject, owed_in};
use shared::aws::backoff::Backoff;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::dynamodb::transaction::{
    TransactionOutcome, WriteOutcome, delete, has_failed_condition, put, transact, update,
};
use shared::aws::dynamodb::{Item, composite, parse};
use shared::aws::lambda::Invocation;
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
}

/// The writes of a trade.
struct TradeWrites {
    /// The number of leading writes that are conditional on a version.
    records: usize,
    /// The index of the update of the buyer's wallet.
    buyer_at: usize,
    /// The index of the update of the seller's wallet.
    seller_at: usize,
    items: Vec<TransactWriteItem>,
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
        invocation: &Invocation,
    ) -> Result<bool, Error> {
        const CLOSING: &str = "close a bid";
        let bid = &ended.bid;
        let mut records = vec![put(self.put_bid(ended)?)?];
        if let Some(voucher) = freed {
            records.push(put(self.put_voucher(voucher)?)?);
        }
        if let Some(request) = request {
            records.push(request.put(&self.table, request_key(request))?);
        }
        let wallet_at = records.len();
        let held = if freed.is_some() { Points::ZERO } else { bid.price };
        let gain = Gain {
            customer: &bid.customer_id,
            points: held,
            kind: EntryKind::Released,
            about: Subject::bid(bid.bid_id.0),
            ended_bid: Some(held),
            limit: None,
        };
        let mut owed = Points::ZERO;
        let mut backoff = Backoff::until(invocation.deadline);
        loop {
            let (wallet, entries) = self.wallets.gain_writes(&gain, owed, invocation)?;
            let mut items = records.clone();
            items.push(wallet);
            items.push(delete(self.delete_from_book(bid))?);
            items.extend(entries);
            match transact(&self.table.client, CLOSING, items, invocation.deadline).await? {
                TransactionOutcome::Committed => return Ok(true),
                TransactionOutcome::Cancelled(outcomes) => {
                    if has_failed_condition(&outcomes, wallet_at) {
                        return Ok(false);
                    }
                    owed = owed_in(outcomes.get(wallet_at))?.unwrap_or(owed);
                }
            }
            if !backoff.wait().await {
                return Err(unavailable(CLOSING));
            }
        }
    }

    /// Makes a trade: closes its bids, transfers the voucher, and pays the points.
    ///
    /// # Errors
    /// `bid-closed` when a bid of the trade is closed or past its deadline; [`Error::Unavailable`], [`Error::Internal`].
    pub async fn trade(
        &self,
        new_trade: &NewTrade,
        deadline: Instant,
        invocation: &Invocation,
    ) -> Result<TradeOutcome, Error> {
        let (mut buyer_owes, mut seller_owes) = (Points::ZERO, Points::ZERO);
        let mut backoff = Backoff::until(deadline);
        loop {
            let writes = self.writes_of(new_trade, buyer_owes, seller_owes, invocation)?;
            let outcomes = match transact(&self.table.client, TRADING, writes.items, deadline).await? {
                TransactionOutcome::Committed => return Ok(TradeOutcome::Traded),
                TransactionOutcome::Cancelled(outcomes) => outcomes,
            };
            let is_busy = outcomes
                .iter()
                .any(|outcome| matches!(outcome, WriteOutcome::Retryable));
            let is_short = new_trade.buyer.bid().is_none()
                && matches!(outcomes.get(writes.buyer_at), Some(WriteOutcome::ConditionFailed(_)));
            buyer_owes = owed_in(outcomes.get(writes.buyer_at))?.unwrap_or(buyer_owes);
            seller_owes = owed_in(outcomes.get(writes.seller_at))?.unwrap_or(seller_owes);
            let mut outcomes = outcomes.into_iter().take(writes.records);
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

    /// The writes of a trade between wallets that owe these points.
    fn writes_of(
        &self,
        new_trade: &NewTrade,
        buyer_owes: Points,
        seller_owes: Points,
        invocation: &Invocation,
    ) -> Result<TradeWrites, Error> {
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
        let mut entries = vec![];
        match new_trade.buyer.bid() {
            Some(bid) => {
                let gain = Gain {
                    customer: &trade.buyer_id,
                    points: bid.price.saturating_sub(trade.price),
                    kind: EntryKind::Released,
                    about: Subject::trade(trade.trade_id),
                    ended_bid: Some(bid.price),
                    limit: None,
                };
                let (wallet, released) = self.wallets.gain_writes(&gain, buyer_owes, invocation)?;
                items.push(wallet);
                entries.extend(released);
            }
            None => items.push(update(self.wallets.spend_points(&trade.buyer_id, trade.price))?),
        }
        let gain = Gain {
            customer: &trade.seller_id,
            points: trade.price,
            kind: EntryKind::Earned,
            about: Subject::trade(trade.trade_id),
            ended_bid: new_trade.seller.bid().map(|_| Points::ZERO),
            limit: None,
        };
        let (wallet, earned) = self.wallets.gain_writes(&gain, seller_owes, invocation)?;
        items.push(wallet);
        entries.extend(earned);
        let paid = Entry {
            entry_id: invocation.new_id(),
            kind: EntryKind::Paid,
            points: trade.price,
            about: Subject::trade(trade.trade_id),
            created_at: trade.traded_at,
        };
        entries.push(self.wallets.put_entry(&trade.buyer_id, paid)?);
        items.extend(entries);
        for bid in [&new_trade.buyer, &new_trade.seller]
            .into_iter()
            .filter_map(TradeParty::bid)
        {
            items.push(delete(self.delete_from_book(bid))?);
        }
        Ok(TradeWrites {
            records,
            buyer_at: records,
            seller_at: records + 1,
            items,
        })
    }

    /// Reads a trade.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_trade(&self, id: Uuid, deadline: Instant) -> Result<Option<StoredTrade>, Error> {
        self.table.read("read a trade", trade_key(id), deadline).await
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
