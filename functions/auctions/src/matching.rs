//! The matching service: matches bids and makes trades.
//!
//! Takers, cancellations and `expire-bids` can compete for one bid. Each write is conditional on the version of the bid
//! that was read, so one succeeds and the others read the order book again.

use crate::event::AuctionEvent;
use jiff::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use crate::bid::{Bid, BidStatus, BidTransition, Rejected, Side, Trade};
use crate::id::VoucherId;
use crate::store::{AuctionStore, BookEntry, NewTrade, StoredBid, StoredVoucher, TradeOutcome, TradeParty};
use shared::auctions::Points;
use shared::aws::Platform;
use shared::aws::backoff::Backoff;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::catalog::Sku;
use shared::core::error::Error;
use shared::core::idempotency::{Fingerprint, derive_id};
use shared::core::identity::CustomerId;

/// Pages of the order book that are searched for a bid that can be taken.
const PAGES: usize = 50;
/// Bids on each of these pages.
const PAGE_SIZE: u8 = 100;

const TRADING: &str = "trade a voucher";

/// Matches bids and makes trades.
#[derive(Clone, Debug)]
pub struct MatchingService {
    /// Bids, vouchers, wallets.
    pub auctions: AuctionStore,
}

/// A request to take the best bid of the other side.
#[derive(Clone, Debug)]
pub struct MatchRequest {
    /// The caller.
    pub customer_id: CustomerId,
    /// The product.
    pub sku: Sku,
    /// Whether the caller buys or sells.
    pub side: Side,
    /// The worst price to accept; any price when absent.
    pub limit: Option<Points>,
    /// The voucher to sell.
    pub voucher_id: Option<VoucherId>,
    /// The trade's id, the same for each retry of the request.
    pub trade_id: Uuid,
    /// The request's fingerprint, which identifies a retry.
    pub fingerprint: Fingerprint,
}

/// The result of [`MatchingService::take`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchOutcome {
    /// The trade.
    pub trade: Trade,
    /// Whether an earlier attempt of the same request made the trade.
    pub replayed: bool,
}

/// The best bid that a customer can take.
enum BestBid {
    Found(BookEntry),
    /// There is no bid, or only the customer's own (`own`).
    None {
        own: bool,
    },
}

impl MatchingService {
    /// Reads the name of the auctions table from `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            auctions: AuctionStore::new(platform)?,
        })
    }

    /// Takes the best bid of the other side; at the same price, the oldest. A retry returns the trade that the first
    /// attempt made, whatever the state of the order book.
    ///
    /// # Errors
    /// Rejections of [`Rejected`], `idempotency-key-reused`; [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn take(&self, request: &MatchRequest, invocation: &Invocation) -> Result<MatchOutcome, Error> {
        if let Some(taken) = self.existing_trade(request, invocation.deadline).await? {
            return Ok(taken);
        }
        match self.try_take(request, invocation).await {
            Ok(Some(trade)) => Ok(MatchOutcome { trade, replayed: false }),
            // A concurrent request with the same key has made the trade.
            Ok(None) => {
                let taken = self.existing_trade(request, invocation.deadline).await?;
                taken.ok_or_else(|| Error::internal(TRADING, "the trade does not exist"))
            }
            // The bid or the points may be gone because a concurrent retry of this request has made the trade.
            Err(rejected @ Error::Rejected(_)) => {
                self.existing_trade(request, invocation.deadline).await?.ok_or(rejected)
            }
            Err(error) => Err(error),
        }
    }

    async fn existing_trade(&self, request: &MatchRequest, deadline: Instant) -> Result<Option<MatchOutcome>, Error> {
        let Some(known) = self.auctions.get_trade(request.trade_id, deadline).await? else {
            return Ok(None);
        };
        if let Some(fingerprint) = &known.fingerprint {
            fingerprint.require_same(&request.fingerprint)?;
        }
        Ok(Some(MatchOutcome {
            trade: known.trade,
            replayed: true,
        }))
    }

    /// The new trade, or none when a trade with this id exists.
    async fn try_take(&self, request: &MatchRequest, invocation: &Invocation) -> Result<Option<Trade>, Error> {
        let mut backoff = Backoff::until(invocation.deadline);
        loop {
            let best = self
                .best(&request.sku, request.side.opposite(), &request.customer_id, invocation)
                .await?;
            let best = match best {
                BestBid::Found(best) => best,
                BestBid::None { own } => return Err(Rejected::NothingToTake { own }.into()),
            };
            if request
                .limit
                .is_some_and(|limit| !request.side.accepts(limit, best.price))
            {
                return Err(Rejected::PriceDiffers { best: best.price }.into());
            }
            let Some(resting) = self.auctions.bid(best.bid_id, invocation.deadline).await? else {
                return Err(Error::internal(
                    TRADING,
                    "the order book lists a bid that does not exist",
                ));
            };
            if resting.bid.clone().as_of(invocation.now).status != BidStatus::Open {
                pause(&mut backoff).await?;
                continue;
            }
            let voucher = match request.side {
                Side::Buy => self.voucher_of(&resting.bid, invocation.deadline).await?,
                Side::Sell => self.voucher_to_sell(request, invocation).await?,
            };
            let taker = TradeParty::Taker(request.customer_id.clone());
            let price = resting.bid.price;
            let (buyer, seller) = match request.side {
                Side::Buy => (taker, TradeParty::from(&resting)),
                Side::Sell => (TradeParty::from(&resting), taker),
            };
            let fingerprint = Some(request.fingerprint.clone());
            let new_trade = new_trade(request.trade_id, fingerprint, buyer, seller, voucher, price, invocation)?;
            // A bid is never traded after its deadline: no attempt may be sent later.
            let until = invocation.deadline_before(resting.bid.expires_at);
            match self.auctions.trade(&new_trade, until, invocation).await? {
                TradeOutcome::Traded => return Ok(Some(new_trade.trade)),
                TradeOutcome::Exists(_) => return Ok(None),
                TradeOutcome::Changed => {}
                TradeOutcome::NotEnoughPoints => {
                    let wallet = self
                        .auctions
                        .wallets
                        .wallet(&request.customer_id, invocation.deadline)
                        .await?;
                    let available = wallet.available;
                    return Err(Rejected::NotEnoughPoints { available }.into());
                }
            }
            pause(&mut backoff).await?;
        }
    }

    /// Trades an open bid with the best bid of the other side whose price it accepts, at the price of the bid that
    /// was on the order book first. Returns the bid after that.
    ///
    /// Runs after each placement. The order book is read consistently, so of two matching bids that are placed at the same
    /// time, at least one sees the other.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn match_bid(&self, placed: StoredBid, invocation: &Invocation) -> Result<StoredBid, Error> {
        let mut mine = placed;
        let mut backoff = Backoff::until(invocation.deadline);
        loop {
            if mine.bid.clone().as_of(invocation.now).status != BidStatus::Open {
                return Ok(mine);
            }
            let bid = &mine.bid;
            let best = self
                .best(&bid.sku, bid.side.opposite(), &bid.customer_id, invocation)
                .await?;
            let best = match best {
                BestBid::Found(best) if bid.side.accepts(bid.price, best.price) => best,
                BestBid::Found(_) | BestBid::None { .. } => return Ok(mine),
            };
            if let Some(theirs) = self.auctions.bid(best.bid_id, invocation.deadline).await?
                && theirs.bid.clone().as_of(invocation.now).status == BidStatus::Open
            {
                self.match_pair(&mine, &theirs, invocation).await?;
            }
            let present = self.auctions.bid(mine.bid.bid_id, invocation.deadline).await?;
            mine = present.ok_or_else(|| Error::internal(TRADING, "the bid does not exist"))?;
            if mine.bid.status == BidStatus::Open {
                pause(&mut backoff).await?;
            }
        }
    }

    async fn match_pair(&self, mine: &StoredBid, theirs: &StoredBid, invocation: &Invocation) -> Result<(), Error> {
        // No two bids on a product have the same time.
        let first = if theirs.bid.placed_at < mine.bid.placed_at {
            theirs
        } else {
            mine
        };
        let price = first.bid.price;
        let (buyer, seller) = match mine.bid.side {
            Side::Buy => (mine, theirs),
            Side::Sell => (theirs, mine),
        };
        let voucher = self.voucher_of(&seller.bid, invocation.deadline).await?;
        // Both bids may be matched from either side at the same time: the id makes it one trade.
        let trade_id = derive_id(&["trade", &buyer.bid.bid_id.to_string(), &seller.bid.bid_id.to_string()]);
        let (buyer, seller) = (TradeParty::from(buyer), TradeParty::from(seller));
        let new_trade = new_trade(trade_id, None, buyer, seller, voucher, price, invocation)?;
        let until = mine.bid.expires_at.min(theirs.bid.expires_at);
        self.auctions
            .trade(&new_trade, invocation.deadline_before(until), invocation)
            .await?;
        Ok(())
    }

    /// Cancels or expires a bid and releases its points or its voucher, and records the `request` for it, if any. Returns
    /// the closed bid, or none when it has changed since it was read.
    ///
    /// # Errors
    /// `bid-closed`; [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn close_bid(
        &self,
        stored: &StoredBid,
        transition: BidTransition,
        request: Option<&StoredRequest>,
        invocation: &Invocation,
    ) -> Result<Option<Bid>, Error> {
        let ended = stored.bid.transition(transition, invocation.now)?;
        let event = match transition {
            BidTransition::Cancel => AuctionEvent::BidCancelled(ended.clone()),
            BidTransition::Expire | BidTransition::Trade(_) => AuctionEvent::BidExpired(ended.clone()),
        };
        let next = stored.next(ended.clone(), Some(invocation.record(&event)?));
        let freed = match ended.side {
            Side::Buy => None,
            Side::Sell => {
                let voucher = self.voucher_of(&ended, invocation.deadline).await?;
                Some(voucher.next(voucher.voucher.offered_by(None)))
            }
        };
        let closed = self.auctions.close(&next, freed.as_ref(), request, invocation);
        Ok(closed.await?.then_some(ended))
    }

    /// The best bid of `side` that can be taken now and is not the customer's own.
    async fn best(
        &self,
        sku: &Sku,
        side: Side,
        customer: &CustomerId,
        invocation: &Invocation,
    ) -> Result<BestBid, Error> {
        let mut own = false;
        let mut after = None;
        for _ in 0..PAGES {
            let page = self
                .auctions
                .book(sku, side, invocation.now, after, PAGE_SIZE, invocation.deadline)
                .await?;
            own |= page.entries.iter().any(|entry| entry.customer_id == *customer);
            let mut others = page.entries.into_iter().filter(|entry| entry.customer_id != *customer);
            if let Some(best) = others.next() {
                return Ok(BestBid::Found(best));
            }
            after = page.next;
            if after.is_none() {
                return Ok(BestBid::None { own });
            }
        }
        Err(Error::unavailable(
            TRADING,
            "the first pages of the order book have no bid that can be taken",
        ))
    }

    /// The voucher that a bid to sell offers.
    async fn voucher_of(&self, bid: &Bid, deadline: Instant) -> Result<StoredVoucher, Error> {
        let id = bid
            .voucher_id
            .ok_or_else(|| Error::internal(TRADING, "a bid to sell has no voucher"))?;
        let voucher = self.auctions.voucher(id, deadline).await?;
        voucher.ok_or_else(|| Error::internal(TRADING, "the voucher of a bid does not exist"))
    }

    /// A voucher that the customer can sell. If an expired bid still offers it because `expire-bids` has not run yet,
    /// closes that bid first.
    ///
    /// # Errors
    /// [`Rejected::VoucherNotYours`], [`Rejected::VoucherOffered`]; [`Error::Unavailable`], [`Error::Internal`].
    pub async fn voucher_for_sale(
        &self,
        customer: &CustomerId,
        sku: &Sku,
        id: VoucherId,
        invocation: &Invocation,
    ) -> Result<StoredVoucher, Error> {
        let read = || self.auctions.voucher(id, invocation.deadline);
        let is_owned = |stored: &StoredVoucher| stored.voucher.owner_id == *customer && stored.voucher.sku == *sku;
        let stored = read().await?.filter(is_owned).ok_or(Rejected::VoucherNotYours)?;
        let Some(bid_id) = stored.voucher.offered_by else {
            return Ok(stored);
        };
        let offering = self.auctions.bid(bid_id, invocation.deadline).await?;
        if let Some(offering) = offering
            && offering.bid.clone().as_of(invocation.now).status == BidStatus::Expired
            && offering.bid.status == BidStatus::Open
        {
            self.close_bid(&offering, BidTransition::Expire, None, invocation)
                .await?;
        }
        let freed = read().await?.filter(is_owned).ok_or(Rejected::VoucherNotYours)?;
        if freed.voucher.offered_by.is_some() {
            return Err(Rejected::VoucherOffered.into());
        }
        Ok(freed)
    }

    async fn voucher_to_sell(&self, request: &MatchRequest, invocation: &Invocation) -> Result<StoredVoucher, Error> {
        let id = request.voucher_id.ok_or(Rejected::VoucherNamed)?;
        self.voucher_for_sale(&request.customer_id, &request.sku, id, invocation)
            .await
    }
}

/// Waits before the order book is read again.
async fn pause(backoff: &mut Backoff) -> Result<(), Error> {
    if backoff.wait().await {
        return Ok(());
    }
    Err(Error::unavailable(TRADING, "the order book keeps changing"))
}

fn new_trade(
    trade_id: Uuid,
    fingerprint: Option<Fingerprint>,
    buyer: TradeParty,
    seller: TradeParty,
    voucher: StoredVoucher,
    price: Points,
    invocation: &Invocation,
) -> Result<NewTrade, Error> {
    let traded_at: Timestamp = invocation.now;
    let trade = Trade {
        trade_id,
        sku: voucher.voucher.sku.clone(),
        voucher_id: voucher.voucher.voucher_id,
        price,
        buyer_id: buyer.customer().clone(),
        seller_id: seller.customer().clone(),
        buy_bid: buyer.bid().map(|bid| bid.bid_id),
        sell_bid: seller.bid().map(|bid| bid.bid_id),
        traded_at,
    };
    Ok(NewTrade {
        event: invocation.record(&AuctionEvent::BidTraded(trade.clone()))?,
        fingerprint,
        trade,
        buyer,
        seller,
        voucher,
    })
}
