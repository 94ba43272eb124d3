//! Bids to buy or sell a gift voucher, and the trades that they result in.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::auctions::Points;
use shared::catalog::{self, Sku};
use shared::core::error::{self, Error, Rejection};
use shared::core::identity::CustomerId;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::id::{BidId, VoucherId};
use crate::reason;

/// The lowest price, in points.
pub const MIN_PRICE: u64 = 1_000;
/// The highest price, in points.
pub const MAX_PRICE: u64 = 10_000_000;
/// The price step: each price is a multiple of it.
pub const TICK: u64 = 100;
/// The longest time that a bid may be open, in days.
pub const MAX_DAYS: i64 = 90;

/// The side of the order book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Side {
    /// Buy a voucher with points.
    Buy,
    /// Sell a voucher for points.
    Sell,
}

impl Side {
    /// The other side.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// The side's name in paths and keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
        }
    }

    /// Whether a bid of this side with the price `limit` accepts a trade at `offered`: a price no worse.
    pub fn accepts(self, limit: Points, offered: Points) -> bool {
        match self {
            Self::Buy => offered <= limit,
            Self::Sell => offered >= limit,
        }
    }
}

/// Checks a price: [`MIN_PRICE`] to [`MAX_PRICE`] points, in steps of [`TICK`].
///
/// # Errors
/// [`Rejected::Price`].
pub fn price(points: u64) -> Result<Points, Rejected> {
    let fits = (MIN_PRICE..=MAX_PRICE).contains(&points) && points.is_multiple_of(TICK);
    let price = fits.then(|| Points::try_from(points).ok()).flatten();
    price.ok_or(Rejected::Price)
}

/// The status of a bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BidStatus {
    /// The bid can be taken until its deadline.
    Open,
    /// The bid was traded.
    Traded,
    /// The customer cancelled the bid.
    Cancelled,
    /// The bid reached its deadline without a trade.
    Expired,
}

/// A bid to buy or sell a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bid {
    /// The bid's id.
    pub bid_id: BidId,
    /// The product of the voucher.
    pub sku: Sku,
    /// Whether the bid buys or sells.
    pub side: Side,
    /// The price: the highest to pay, or the lowest to accept.
    pub price: Points,
    /// The customer who placed the bid.
    pub customer_id: CustomerId,
    /// The voucher for sale. Absent for a bid to buy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub voucher_id: Option<VoucherId>,
    /// The status of the bid.
    pub status: BidStatus,
    /// The time at which the bid was placed. It orders the bids of a product: a bid that came to the order book later
    /// has a later time.
    pub placed_at: Timestamp,
    /// The deadline: from this time on the bid cannot be taken.
    pub expires_at: Timestamp,
    /// The time at which the bid was traded, cancelled or expired. Absent while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<Timestamp>,
    /// The trade. Present for a traded bid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trade_id: Option<Uuid>,
}

/// A status change of an open bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BidTransition {
    /// The bid is traded, in the trade with this id.
    Trade(Uuid),
    /// The customer cancels the bid.
    Cancel,
    /// The deadline has passed.
    Expire,
}

impl Bid {
    /// Checks the deadline of a new bid: in the future, and at most [`MAX_DAYS`] ahead.
    ///
    /// # Errors
    /// [`Rejected::DeadlinePast`], [`Rejected::DeadlineTooFar`].
    pub fn check_deadline(expires_at: Timestamp, now: Timestamp) -> Result<(), Rejected> {
        if expires_at <= now {
            return Err(Rejected::DeadlinePast);
        }
        if expires_at.duration_since(now) > SignedDuration::from_hours(24 * MAX_DAYS) {
            return Err(Rejected::DeadlineTooFar);
        }
        Ok(())
    }

    /// The bid as shown at `now`: `EXPIRED` from its deadline on, even before `expire-bids` has run.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        if self.status == BidStatus::Open && now >= self.expires_at {
            self.status = BidStatus::Expired;
        }
        self
    }

    /// The bid after `transition` at `now`. Before the deadline, an open bid can be traded or cancelled; from the deadline
    /// on, it can only expire. A closed bid never changes.
    ///
    /// # Errors
    /// [`Rejected::Closed`] when the bid is closed or past its deadline, [`Rejected::NotDue`] when it would expire before
    /// its deadline.
    pub fn transition(&self, transition: BidTransition, now: Timestamp) -> Result<Self, Rejected> {
        let (status, trade_id) = match (transition, self.status, now >= self.expires_at) {
            (BidTransition::Trade(trade), BidStatus::Open, false) => (BidStatus::Traded, Some(trade)),
            (BidTransition::Cancel, BidStatus::Open, false) => (BidStatus::Cancelled, None),
            (BidTransition::Expire, BidStatus::Open, true) => (BidStatus::Expired, None),
            (BidTransition::Expire, BidStatus::Open, false) => return Err(Rejected::NotDue),
            _ => return Err(Rejected::Closed(self.clone().as_of(now).status)),
        };
        Ok(Self {
            status,
            trade_id,
            closed_at: Some(now),
            ..self.clone()
        })
    }
}

/// A trade: a voucher that was sold for points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trade {
    /// The trade's id.
    pub trade_id: Uuid,
    /// The product of the voucher.
    pub sku: Sku,
    /// The voucher that was sold.
    pub voucher_id: VoucherId,
    /// The price paid: that of the bid that was on the order book first.
    pub price: Points,
    /// The customer who bought the voucher.
    pub buyer_id: CustomerId,
    /// The customer who sold the voucher.
    pub seller_id: CustomerId,
    /// The buyer's bid. Absent when the buyer took a bid with `take-bid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub buy_bid: Option<BidId>,
    /// The seller's bid. Absent when the seller took a bid with `take-bid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sell_bid: Option<BidId>,
    /// The time of the trade.
    pub traded_at: Timestamp,
}

/// The reason why a bid, a trade or a voucher is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The price is out of range or no multiple of the price step.
    Price,
    /// The deadline has passed.
    DeadlinePast,
    /// The deadline is too far ahead.
    DeadlineTooFar,
    /// The caller has no such bid.
    NotFound,
    /// The product is unknown, unlisted, or sells points.
    ProductUnavailable,
    /// A bid to sell without a voucher, or a bid to buy with one.
    VoucherNamed,
    /// The voucher is unknown, belongs to another customer, or is of another product.
    VoucherNotYours,
    /// Another open bid offers the voucher.
    VoucherOffered,
    /// The voucher's code is malformed.
    VoucherCode,
    /// Another customer has registered the code.
    VoucherRegistered,
    /// The wallet has too few available points.
    NotEnoughPoints {
        /// The wallet's available points.
        available: Points,
    },
    /// The customer has too many open bids.
    TooManyBids,
    /// The other side has no bid that the caller can take.
    NothingToTake {
        /// Whether the caller's own bids are the only ones.
        own: bool,
    },
    /// The best price is worse than the price in the request.
    PriceDiffers {
        /// The current best price.
        best: Points,
    },
    /// The bid is closed, with this status.
    Closed(BidStatus),
    /// The bid's deadline has not passed.
    NotDue,
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Price => {
                let detail = format!("A price is {MIN_PRICE} to {MAX_PRICE} points in steps of {TICK}.");
                Self::new(&reason::INVALID_PRICE, detail)
            }
            Rejected::DeadlinePast => Self::new(&reason::INVALID_DEADLINE, "The deadline has passed."),
            Rejected::DeadlineTooFar => Self::new(
                &reason::INVALID_DEADLINE,
                format!("The deadline of a bid is at most {MAX_DAYS} days ahead."),
            ),
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such bid."),
            Rejected::ProductUnavailable => Self::with(
                catalog::reason::ProductUnavailable { sku: None },
                "The product is not traded.",
            ),
            Rejected::VoucherNamed => {
                Self::new(&reason::VOUCHER_NOT_YOURS, "Send `voucher_id` to sell; omit it to buy.")
            }
            Rejected::VoucherNotYours => Self::new(
                &reason::VOUCHER_NOT_YOURS,
                "You do not own this voucher, or it is for another product.",
            ),
            Rejected::VoucherOffered => Self::new(
                &reason::VOUCHER_OFFERED,
                "Another of your open bids offers this voucher.",
            ),
            Rejected::VoucherCode => Self::new(
                &reason::INVALID_VOUCHER,
                "A voucher code has 8 to 64 letters and digits; hyphens and spaces may separate them.",
            ),
            Rejected::VoucherRegistered => Self::new(&reason::VOUCHER_REGISTERED, "The voucher is already registered."),
            Rejected::NotEnoughPoints { available } => {
                let detail = format!("The wallet has {available} available points.");
                Self::with(reason::NotEnoughPoints { available }, detail)
            }
            Rejected::TooManyBids => Self::new(
                &reason::TOO_MANY_BIDS,
                "You have reached the limit of open bids. Cancel one first.",
            ),
            Rejected::NothingToTake { own: true } => {
                Self::new(&reason::OWN_BID, "The only bids are your own; you cannot take them.")
            }
            Rejected::NothingToTake { own: false } => Self::new(&reason::NOTHING_TO_TAKE, "There is no bid to take."),
            Rejected::PriceDiffers { best } => {
                let detail = format!("The best price is now {best}.");
                Self::with(reason::PriceDiffers { best }, detail)
            }
            Rejected::Closed(status) => {
                let bid_status = Some(status);
                Self::with(
                    reason::BidClosed { bid_status },
                    "The bid is closed and cannot be changed.",
                )
            }
            Rejected::NotDue => {
                let bid_status = None;
                Self::with(reason::BidClosed { bid_status }, "The bid's deadline has not passed.")
            }
        }
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Rejection::from(rejected).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A bid in `status` whose deadline is at second 100.
    fn bid(status: BidStatus) -> Bid {
        Bid {
            bid_id: BidId(Uuid::nil()),
            sku: Sku::try_from("gift-card".to_owned()).unwrap(),
            side: Side::Buy,
            price: price(1_000).unwrap(),
            customer_id: CustomerId::new("ann"),
            voucher_id: None,
            status,
            placed_at: second(0),
            expires_at: second(100),
            closed_at: None,
            trade_id: None,
        }
    }

    #[test]
    fn a_bid_changes_status_as_the_table_says() {
        use BidStatus::{Cancelled, Expired, Open, Traded};
        let trade = BidTransition::Trade(Uuid::max());
        for (status, transition, at, outcome) in [
            (Open, trade, 99, Ok(Traded)),
            (Open, trade, 100, Err(Rejected::Closed(Expired))),
            (Open, BidTransition::Cancel, 99, Ok(Cancelled)),
            (Open, BidTransition::Cancel, 100, Err(Rejected::Closed(Expired))),
            (Open, BidTransition::Expire, 99, Err(Rejected::NotDue)),
            (Open, BidTransition::Expire, 100, Ok(Expired)),
            (Traded, trade, 1, Err(Rejected::Closed(Traded))),
            (Cancelled, trade, 1, Err(Rejected::Closed(Cancelled))),
            (Expired, trade, 1, Err(Rejected::Closed(Expired))),
            (Traded, BidTransition::Expire, 100, Err(Rejected::Closed(Traded))),
        ] {
            let ended = bid(status).transition(transition, second(at)).map(|bid| bid.status);
            assert_eq!(ended, outcome, "{status:?} {transition:?} at {at}");
        }
    }

    #[test]
    fn a_price_is_in_range_and_a_multiple_of_the_step() {
        for good in [1_000, 1_100, 45_000, 10_000_000] {
            assert_eq!(price(good).unwrap().get(), good);
        }
        for bad in [0, 100, 999, 1_050, 10_000_001, 10_000_100, u64::MAX] {
            assert_eq!(price(bad), Err(Rejected::Price), "{bad}");
        }
    }

    #[test]
    fn a_deadline_is_ahead_and_within_90_days() {
        let day = 24 * 60 * 60;
        for (at, outcome) in [
            (100, Err(Rejected::DeadlinePast)),
            (101, Ok(())),
            (100 + 90 * day, Ok(())),
            (101 + 90 * day, Err(Rejected::DeadlineTooFar)),
        ] {
            assert_eq!(Bid::check_deadline(second(at), second(100)), outcome, "{at}");
        }
    }

    #[test]
    fn a_side_accepts_its_limit_and_better_prices() {
        let points = |points| Points::try_from(points).unwrap();
        for (side, limit, offered, takes) in [
            (Side::Buy, 1_000, 900, true),
            (Side::Buy, 1_000, 1_000, true),
            (Side::Buy, 1_000, 1_100, false),
            (Side::Sell, 1_000, 1_100, true),
            (Side::Sell, 1_000, 1_000, true),
            (Side::Sell, 1_000, 900, false),
        ] {
            assert_eq!(
                side.accepts(points(limit), points(offered)),
                takes,
                "{side:?} {limit} {offered}"
            );
        }
    }
}
