//! The market: finds who deals with whom, and makes the deals.
//!
//! Two takers of one bid, a taker and the cleaner, a taker and its customer who gives it up: each writes under the
//! condition that nothing has changed the bid since it was read, so one wins, and the others look again.

use crate::event::AuctionEvent;
use jiff::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use crate::bid::{Bid, BidStatus, Ending, Rejected, Side, Trade};
use crate::id::VoucherId;
use crate::store::{AuctionStore, BookEntry, Deal, Party, StoredBid, StoredVoucher, TradeOutcome};
use shared::auctions::Points;
use shared::aws::Platform;
use shared::aws::backoff::Backoff;
use shared::aws::lambda::Invocation;
use shared::catalog::Sku;
use shared::core::error::Error;
use shared::core::idempotency::{Fingerprint, derive_id};
use shared::core::identity::CustomerId;

/// Pages of a book that are looked through for a bid that can be taken, of 100 bids each.
const PAGES: usize = 50;

const DEALING: &str = "trade a voucher";

/// The market for vouchers.
#[derive(Clone, Debug)]
pub struct MatchingService {
    /// Bids, vouchers, wallets.
    pub auctions: AuctionStore,
}

/// What a taker wants.
#[derive(Clone, Debug)]
pub struct MatchRequest {
    /// Who it is.
    pub customer_id: CustomerId,
    /// What it is about.
    pub sku: Sku,
    /// To buy or to sell.
    pub side: Side,
    /// At this price or a better one; at any when it is not given.
    pub limit: Option<Points>,
    /// The voucher to sell.
    pub voucher_id: Option<VoucherId>,
    /// The trade's id: the same each time that the same request is made.
    pub trade_id: Uuid,
    /// What was asked for, to tell a retry from another request.
    pub fingerprint: Fingerprint,
}

/// A trade that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchOutcome {
    /// The trade.
    pub trade: Trade,
    /// Whether an earlier, equal request made it.
    pub replayed: bool,
}

/// The best that the other side offers somebody.
enum Best {
    Offer(BookEntry),
    /// Nobody offers anything, or only they themselves do.
    None {
        own: bool,
    },
}

impl MatchingService {
    /// The market on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            auctions: AuctionStore::new(platform)?,
        })
    }

    /// Takes the best bid of the other side; at one price the oldest. A wish that was fulfilled before is answered so,
    /// whatever has become of the book since.
    ///
    /// # Errors
    /// Rejections of [`Rejected`], `idempotency-key-reused`; [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn take(&self, wish: &MatchRequest, invocation: &Invocation) -> Result<MatchOutcome, Error> {
        if let Some(taken) = self.taken_before(wish, invocation.deadline).await? {
            return Ok(taken);
        }
        match self.try_take(wish, invocation).await {
            Ok(Some(trade)) => Ok(MatchOutcome { trade, replayed: false }),
            // A twin of this request, or another with its key, made it at this moment.
            Ok(None) => {
                let taken = self.taken_before(wish, invocation.deadline).await?;
                taken.ok_or_else(|| Error::internal(DEALING, "a trade vanished"))
            }
            // What is missing may have gone to a twin of this request.
            Err(rejected @ Error::Rejected(_)) => self.taken_before(wish, invocation.deadline).await?.ok_or(rejected),
            Err(error) => Err(error),
        }
    }

    async fn taken_before(&self, wish: &MatchRequest, deadline: Instant) -> Result<Option<MatchOutcome>, Error> {
        let Some(known) = self.auctions.trade(wish.trade_id, deadline).await? else {
            return Ok(None);
        };
        if let Some(fingerprint) = &known.fingerprint {
            fingerprint.require_same(&wish.fingerprint)?;
        }
        Ok(Some(MatchOutcome {
            trade: known.trade,
            replayed: true,
        }))
    }

    /// The trade; none when one with its id was made meanwhile.
    async fn try_take(&self, wish: &MatchRequest, invocation: &Invocation) -> Result<Option<Trade>, Error> {
        let mut backoff = Backoff::until(invocation.deadline);
        loop {
            let best = self
                .best(&wish.sku, wish.side.opposite(), &wish.customer_id, invocation)
                .await?;
            let best = match best {
                Best::Offer(best) => best,
                Best::None { own } => return Err(Rejected::NothingToTake { own }.into()),
            };
            if wish.limit.is_some_and(|limit| !wish.side.takes(limit, best.price)) {
                return Err(Rejected::PriceDiffers { best: best.price }.into());
            }
            let Some(resting) = self.auctions.bid(best.bid_id, invocation.deadline).await? else {
                return Err(Error::internal(DEALING, "the book names a bid that is not there"));
            };
            if resting.bid.clone().as_of(invocation.now).status != BidStatus::Open {
                pause(&mut backoff).await?;
                continue;
            }
            let voucher = match wish.side {
                Side::Buy => self.voucher_of(&resting.bid, invocation.deadline).await?,
                Side::Sell => self.voucher_to_sell(wish, invocation).await?,
            };
            let taker = Party::Taker(wish.customer_id.clone());
            let price = resting.bid.price;
            let parties = match wish.side {
                Side::Buy => (taker, Party::from(&resting)),
                Side::Sell => (Party::from(&resting), taker),
            };
            let asked = Some(wish.fingerprint.clone());
            let deal = deal((wish.trade_id, asked), parties, voucher, price, invocation)?;
            // From its deadline on a bid is not taken, by no attempt that is still on its way either.
            let until = invocation.deadline_before(resting.bid.expires_at);
            match self.auctions.deal(&deal, until).await? {
                TradeOutcome::Done => return Ok(Some(deal.trade)),
                TradeOutcome::Exists(_) => return Ok(None),
                TradeOutcome::Changed => {}
                TradeOutcome::NotEnoughPoints => {
                    let wallet = self
                        .auctions
                        .wallets
                        .wallet(&wish.customer_id, invocation.deadline)
                        .await?;
                    let available = wallet.available;
                    return Err(Rejected::NotEnoughPoints { available }.into());
                }
            }
            pause(&mut backoff).await?;
        }
    }

    /// Trades a bid that stands on the book with the best of the other side, when there is one at its price or a better
    /// one; at the price of the one that was there first. Answers the bid after it.
    ///
    /// Whoever places a bid calls this afterwards: of two bids that meet, at least one then sees the other.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn settle(&self, placed: StoredBid, invocation: &Invocation) -> Result<StoredBid, Error> {
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
                Best::Offer(best) if bid.side.takes(bid.price, best.price) => best,
                Best::Offer(_) | Best::None { .. } => return Ok(mine),
            };
            if let Some(theirs) = self.auctions.bid(best.bid_id, invocation.deadline).await?
                && theirs.bid.clone().as_of(invocation.now).status == BidStatus::Open
            {
                self.match_two(&mine, &theirs, invocation).await?;
            }
            let present = self.auctions.bid(mine.bid.bid_id, invocation.deadline).await?;
            mine = present.ok_or_else(|| Error::internal(DEALING, "a bid vanished"))?;
            if mine.bid.status == BidStatus::Open {
                pause(&mut backoff).await?;
            }
        }
    }

    async fn match_two(&self, mine: &StoredBid, theirs: &StoredBid, invocation: &Invocation) -> Result<(), Error> {
        let order = |stored: &StoredBid| (stored.bid.placed_at, stored.bid.bid_id);
        let price = mine.bid.price;
        let price = if order(theirs) < order(mine) {
            theirs.bid.price
        } else {
            price
        };
        let (buyer, seller) = match mine.bid.side {
            Side::Buy => (mine, theirs),
            Side::Sell => (theirs, mine),
        };
        let voucher = self.voucher_of(&seller.bid, invocation.deadline).await?;
        // The two may meet from both sides at once: it is one trade.
        let trade_id = derive_id(&["trade", &buyer.bid.bid_id.to_string(), &seller.bid.bid_id.to_string()]);
        let parties = (Party::from(buyer), Party::from(seller));
        let deal = deal((trade_id, None), parties, voucher, price, invocation)?;
        let until = mine.bid.expires_at.min(theirs.bid.expires_at);
        self.auctions.deal(&deal, invocation.deadline_before(until)).await?;
        Ok(())
    }

    /// Ends a bid that nobody took; the bid after it, or `None` when it has changed since it was read.
    ///
    /// # Errors
    /// `bid-closed`; [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn end(&self, stored: &StoredBid, ending: Ending, invocation: &Invocation) -> Result<Option<Bid>, Error> {
        let ended = stored.bid.end(ending, invocation.now)?;
        let event = match ending {
            Ending::Cancel => AuctionEvent::BidCancelled(ended.clone()),
            Ending::Expire | Ending::Trade(_) => AuctionEvent::BidExpired(ended.clone()),
        };
        let next = stored.next(ended.clone(), Some(invocation.record(&event)?));
        let freed = match ended.side {
            Side::Buy => None,
            Side::Sell => {
                let voucher = self.voucher_of(&ended, invocation.deadline).await?;
                Some(voucher.next(voucher.voucher.offered(None)))
            }
        };
        let entry_id = invocation.stamp().event_id;
        let closed = self
            .auctions
            .close(&next, freed.as_ref(), entry_id, invocation.deadline);
        Ok(closed.await?.then_some(ended))
    }

    /// The best of `side` that is not the customer's own and can be taken now.
    async fn best(&self, sku: &Sku, side: Side, customer: &CustomerId, invocation: &Invocation) -> Result<Best, Error> {
        let mut own = false;
        let mut after = None;
        for _ in 0..PAGES {
            let page = self
                .auctions
                .book(sku, side, invocation.now, after, invocation.deadline)
                .await?;
            own |= page.entries.iter().any(|entry| entry.customer_id == *customer);
            let mut others = page.entries.into_iter().filter(|entry| entry.customer_id != *customer);
            if let Some(best) = others.next() {
                return Ok(Best::Offer(best));
            }
            after = page.next;
            if after.is_none() {
                return Ok(Best::None { own });
            }
        }
        Err(Error::unavailable(
            DEALING,
            "the book is full of bids that nobody can take",
        ))
    }

    /// The voucher that a bid sells.
    async fn voucher_of(&self, bid: &Bid, deadline: Instant) -> Result<StoredVoucher, Error> {
        let id = bid
            .voucher_id
            .ok_or_else(|| Error::internal(DEALING, "a bid to sell names no voucher"))?;
        let voucher = self.auctions.voucher(id, deadline).await?;
        voucher.ok_or_else(|| Error::internal(DEALING, "a bid sells a voucher that is not there"))
    }

    /// The voucher that a customer may sell. One that a bid offers whose time is over is freed first, should the cleaner
    /// be late.
    ///
    /// # Errors
    /// [`Rejected::VoucherNotYours`], [`Rejected::VoucherOffered`]; [`Error::Unavailable`], [`Error::Internal`].
    pub async fn own_voucher(
        &self,
        customer: &CustomerId,
        sku: &Sku,
        id: VoucherId,
        invocation: &Invocation,
    ) -> Result<StoredVoucher, Error> {
        let read = || self.auctions.voucher(id, invocation.deadline);
        let is_theirs = |stored: &StoredVoucher| stored.voucher.owner_id == *customer && stored.voucher.sku == *sku;
        let stored = read().await?.filter(is_theirs).ok_or(Rejected::VoucherNotYours)?;
        let Some(bid_id) = stored.voucher.offered_by else {
            return Ok(stored);
        };
        let offering = self.auctions.bid(bid_id, invocation.deadline).await?;
        if let Some(offering) = offering
            && offering.bid.clone().as_of(invocation.now).status == BidStatus::Expired
            && offering.bid.status == BidStatus::Open
        {
            self.end(&offering, Ending::Expire, invocation).await?;
        }
        let freed = read().await?.filter(is_theirs).ok_or(Rejected::VoucherNotYours)?;
        if freed.voucher.offered_by.is_some() {
            return Err(Rejected::VoucherOffered.into());
        }
        Ok(freed)
    }

    async fn voucher_to_sell(&self, wish: &MatchRequest, invocation: &Invocation) -> Result<StoredVoucher, Error> {
        let id = wish.voucher_id.ok_or(Rejected::VoucherNamed)?;
        self.own_voucher(&wish.customer_id, &wish.sku, id, invocation).await
    }
}

/// Waits before the next look at a book that keeps changing.
async fn pause(backoff: &mut Backoff) -> Result<(), Error> {
    if backoff.wait().await {
        return Ok(());
    }
    Err(Error::unavailable(DEALING, "the book keeps changing"))
}

fn deal(
    (trade_id, fingerprint): (Uuid, Option<Fingerprint>),
    (buyer, seller): (Party, Party),
    voucher: StoredVoucher,
    price: Points,
    invocation: &Invocation,
) -> Result<Deal, Error> {
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
    Ok(Deal {
        event: invocation.record(&AuctionEvent::BidTraded(trade.clone()))?,
        fingerprint,
        trade,
        buyer,
        seller,
        voucher,
        entry_ids: std::array::from_fn(|_| invocation.stamp().event_id),
    })
}
