//! What bids do to points and vouchers, each in one transaction: placed, ended, dealt.

use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::bid::{Bid, Ending, Trade};
use crate::id::VoucherId;
use crate::store::{AuctionStore, StoredBid, StoredVoucher};
use crate::voucher::Voucher;
use shared::auctions::{Entry, EntryKind, Points};
use shared::aws::backoff::Backoff;
use shared::aws::dynamodb::transaction::{
    TransactionOutcome, WriteOutcome, delete, put, transact, transact_changes, update,
};
use shared::aws::dynamodb::{Item, composite, parse};
use shared::core::error::Error;
use shared::core::event::Record;
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;

const PLACING: &str = "place a bid";
const DEALING: &str = "trade a voucher";

/// What became of a bid that was to be placed.
#[derive(Debug)]
pub enum PlaceBidOutcome {
    /// It stands on the book, and what it needs is held.
    Placed,
    /// A bid with its id stands already; nothing was written.
    Exists(Box<StoredBid>),
    /// The wallet has too little, or too many bids are open; nothing was written.
    WalletRefuses,
    /// The voucher has changed since it was read; nothing was written.
    VoucherChanged,
}

/// A side of a deal.
#[derive(Clone, Debug)]
pub enum Party {
    /// A bid, as it was read.
    Resting(Box<StoredBid>),
    /// Somebody who takes the other side's bid.
    Taker(CustomerId),
}

impl Party {
    /// Who it is.
    pub fn customer(&self) -> &CustomerId {
        match self {
            Self::Resting(stored) => &stored.bid.customer_id,
            Self::Taker(customer) => customer,
        }
    }

    /// Their bid, when they have one.
    pub fn bid(&self) -> Option<&Bid> {
        match self {
            Self::Resting(stored) => Some(&stored.bid),
            Self::Taker(_) => None,
        }
    }
}

/// A trade to be made.
#[derive(Clone, Debug)]
pub struct Deal {
    /// The trade.
    pub trade: Trade,
    /// The event `BidTraded`.
    pub event: Record,
    /// What was asked for, when somebody asked for this trade, to tell a retry from another request.
    pub fingerprint: Option<Fingerprint>,
    /// Who pays.
    pub buyer: Party,
    /// Who is paid.
    pub seller: Party,
    /// The voucher, as it was read.
    pub voucher: StoredVoucher,
    /// Ids for ledger entries.
    pub entry_ids: [Uuid; 3],
}

/// What became of a [`Deal`].
#[derive(Debug)]
pub enum TradeOutcome {
    /// It is made.
    Done,
    /// A trade with its id was made before; nothing was written.
    Exists(Box<StoredTrade>),
    /// A bid or the voucher has changed since it was read; nothing was written.
    Changed,
    /// The wallet of the buyer, who takes, has too little; nothing was written.
    NotEnoughPoints,
}

/// That a code is registered. It stands in no event: whoever reads those could guess short codes from a hash.
#[derive(Serialize, Deserialize)]
struct Registered {
    voucher_id: VoucherId,
}

/// A trade as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTrade {
    /// What happened.
    #[serde(flatten)]
    pub trade: Trade,
    /// What was asked for, when somebody asked for this trade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// Its event, which the table's stream delivers.
    pub event: Record,
}

impl AuctionStore {
    /// Registers a voucher; when its code is registered already, answers the voucher that has it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn register(&self, voucher: &Voucher, deadline: Instant) -> Result<Option<StoredVoucher>, Error> {
        const REGISTERING: &str = "register a voucher";
        let stored = StoredVoucher {
            voucher: voucher.clone(),
            version: 1,
        };
        let mark = Registered {
            voucher_id: voucher.voucher_id,
        };
        let key = code_key(voucher);
        let items = vec![
            put(self.table.put_new(REGISTERING, key.clone(), &mark)?)?,
            put(self.put_voucher(&stored)?)?,
        ];
        if transact_changes(&self.table.client, REGISTERING, items, 2, deadline).await? {
            return Ok(None);
        }
        let mark: Option<Registered> = self.table.read(REGISTERING, key, deadline).await?;
        let id = mark.map_or(voucher.voucher_id, |mark| mark.voucher_id);
        let known = self.voucher(id, deadline).await?;
        known
            .map(Some)
            .ok_or_else(|| Error::internal(REGISTERING, "its voucher is not there"))
    }

    /// Places a bid and holds what it needs: its price, or `offered`, the voucher as it is to be kept.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn place(
        &self,
        stored: &StoredBid,
        offered: Option<&StoredVoucher>,
        entry_id: Uuid,
        deadline: Instant,
    ) -> Result<PlaceBidOutcome, Error> {
        let bid = &stored.bid;
        let mut items = vec![put(self.put_bid(stored)?)?];
        let refusal = if let Some(voucher) = offered {
            items.push(put(self.put_voucher(voucher)?)?);
            PlaceBidOutcome::VoucherChanged
        } else {
            items.push(update(self.wallets.held(&bid.customer_id, bid.price))?);
            PlaceBidOutcome::WalletRefuses
        };
        items.push(put(self.put_on_book(bid)?)?);
        if offered.is_some() {
            items.push(update(self.wallets.one_more_bid(&bid.customer_id))?);
        } else {
            let held = entry(entry_id, EntryKind::Held, bid.price, bid.bid_id.0, bid.placed_at);
            items.push(self.wallets.entry(&bid.customer_id, held)?);
        }
        let mut backoff = Backoff::until(deadline);
        loop {
            let outcomes = match transact(&self.table.client, PLACING, items.clone(), deadline).await? {
                TransactionOutcome::Committed => return Ok(PlaceBidOutcome::Placed),
                TransactionOutcome::Cancelled(outcomes) => outcomes,
            };
            let mut outcomes = outcomes.into_iter();
            match outcomes.next() {
                Some(WriteOutcome::ConditionFailed(Some(stands))) => {
                    return Ok(PlaceBidOutcome::Exists(Box::new(parse(PLACING, stands)?)));
                }
                // A twin of this request may be holding the very points right now.
                Some(WriteOutcome::Retryable) => {}
                _ => {
                    let by_need = matches!(outcomes.next(), Some(WriteOutcome::ConditionFailed(_)));
                    let by_count = matches!(outcomes.nth(1), Some(WriteOutcome::ConditionFailed(_)));
                    if by_need || by_count {
                        // Or it may have held them already.
                        let twin = self.bid(bid.bid_id, deadline).await?;
                        let refusal = if by_need {
                            refusal
                        } else {
                            PlaceBidOutcome::WalletRefuses
                        };
                        return Ok(twin.map_or(refusal, |twin| PlaceBidOutcome::Exists(Box::new(twin))));
                    }
                }
            }
            if !backoff.wait().await {
                return Err(unavailable(PLACING));
            }
        }
    }

    /// Ends a bid that nobody took, and frees what it held: its price, or its voucher as it is to be kept; false when
    /// anything has changed since it was read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn close(
        &self,
        ended: &StoredBid,
        freed: Option<&StoredVoucher>,
        entry_id: Uuid,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let bid = &ended.bid;
        let mut items = vec![put(self.put_bid(ended)?)?];
        if let Some(voucher) = freed {
            items.push(put(self.put_voucher(voucher)?)?);
        }
        let records = items.len();
        items.push(delete(self.off_book(bid))?);
        if freed.is_some() {
            items.push(update(self.wallets.one_bid_less(&bid.customer_id, Points::ZERO))?);
        } else {
            items.push(update(self.wallets.unheld(&bid.customer_id, bid.price, bid.price))?);
            let at = bid.closed_at.unwrap_or(bid.expires_at);
            let released = entry(entry_id, EntryKind::Released, bid.price, bid.bid_id.0, at);
            items.push(self.wallets.entry(&bid.customer_id, released)?);
        }
        transact_changes(&self.table.client, "end a bid", items, records, deadline).await
    }

    /// Makes a trade: the bids in it end, the voucher changes owners, the points are paid.
    ///
    /// # Errors
    /// `bid-closed` when a bid in it has ended or its time is over; [`Error::Unavailable`], [`Error::Internal`].
    pub async fn deal(&self, deal: &Deal, deadline: Instant) -> Result<TradeOutcome, Error> {
        let (records, wallet_at, items) = self.writes_of(deal)?;
        let mut backoff = Backoff::until(deadline);
        loop {
            let outcomes = match transact(&self.table.client, DEALING, items.clone(), deadline).await? {
                TransactionOutcome::Committed => return Ok(TradeOutcome::Done),
                TransactionOutcome::Cancelled(outcomes) => outcomes,
            };
            let is_busy = outcomes
                .iter()
                .any(|outcome| matches!(outcome, WriteOutcome::Retryable));
            let is_short = matches!(outcomes.get(wallet_at), Some(WriteOutcome::ConditionFailed(_)));
            let mut outcomes = outcomes.into_iter().take(records);
            if let Some(WriteOutcome::ConditionFailed(Some(stands))) = outcomes.next() {
                return Ok(TradeOutcome::Exists(Box::new(parse(DEALING, stands)?)));
            }
            if outcomes.any(|outcome| matches!(outcome, WriteOutcome::ConditionFailed(_))) {
                return Ok(TradeOutcome::Changed);
            }
            if is_short && !is_busy {
                return Ok(TradeOutcome::NotEnoughPoints);
            }
            if !backoff.wait().await {
                return Err(unavailable(DEALING));
            }
        }
    }

    /// How many writes are conditional on what was read, which one takes the buyer's points, and all of them.
    fn writes_of(&self, deal: &Deal) -> Result<(usize, usize, Vec<TransactWriteItem>), Error> {
        let Deal { trade, voucher, .. } = deal;
        let stored = StoredTrade {
            trade: trade.clone(),
            fingerprint: deal.fingerprint.clone(),
            event: deal.event.clone(),
        };
        let mut items = vec![put(self.table.put_new(DEALING, trade_key(trade.trade_id), &stored)?)?];
        for party in [&deal.buyer, &deal.seller] {
            if let Party::Resting(stored) = party {
                let traded = stored.bid.end(Ending::Trade(trade.trade_id), trade.traded_at)?;
                items.push(put(self.put_bid(&stored.next(traded, None))?)?);
            }
        }
        let sold = voucher.voucher.sold_to(trade.buyer_id.clone(), trade.traded_at);
        items.push(put(self.put_voucher(&voucher.next(sold))?)?);
        let records = items.len();
        let price = trade.price;
        let [paid, earned, released] = deal.entry_ids;
        let about = |id, kind, points| entry(id, kind, points, trade.trade_id, trade.traded_at);
        match deal.buyer.bid() {
            Some(bid) => {
                let freed = bid.price.less(price);
                items.push(update(self.wallets.unheld(&trade.buyer_id, bid.price, freed))?);
                if freed > Points::ZERO {
                    items.push(
                        self.wallets
                            .entry(&trade.buyer_id, about(released, EntryKind::Released, freed))?,
                    );
                }
            }
            None => items.push(update(self.wallets.spent(&trade.buyer_id, price))?),
        }
        items.push(
            self.wallets
                .entry(&trade.buyer_id, about(paid, EntryKind::Paid, price))?,
        );
        items.push(match deal.seller.bid() {
            Some(_) => update(self.wallets.one_bid_less(&trade.seller_id, price))?,
            None => update(self.wallets.credited(&trade.seller_id, price))?,
        });
        items.push(
            self.wallets
                .entry(&trade.seller_id, about(earned, EntryKind::Earned, price))?,
        );
        for bid in [&deal.buyer, &deal.seller].into_iter().filter_map(Party::bid) {
            items.push(delete(self.off_book(bid))?);
        }
        Ok((records, records, items))
    }

    /// The trade, when it was made.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn trade(&self, id: Uuid, deadline: Instant) -> Result<Option<StoredTrade>, Error> {
        self.table.read("read a trade", trade_key(id), deadline).await
    }
}

fn entry(entry_id: Uuid, kind: EntryKind, points: Points, about: Uuid, at: Timestamp) -> Entry {
    Entry {
        entry_id,
        kind,
        points,
        about,
        at,
    }
}

fn code_key(voucher: &Voucher) -> Item {
    composite(format!("CODE#{}", voucher.code.fingerprint()), "CODE")
}

fn trade_key(id: Uuid) -> Item {
    composite(format!("TRADE#{id}"), "TRADE")
}

const fn unavailable(doing: &'static str) -> Error {
    Error::Unavailable { doing, source: None }
}

impl From<&StoredBid> for Party {
    fn from(stored: &StoredBid) -> Self {
        Self::Resting(Box::new(stored.clone()))
    }
}
