//! A bid to buy or sell a gift voucher, and the trade that two sides come to.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::id::{BidId, VoucherId};
use shared::auctions::Points;
use shared::catalog::Sku;
use shared::core::error;
use shared::core::error::{Error, Rejection};
use shared::core::identity::CustomerId;

/// The lowest price.
pub const MIN_PRICE: u64 = 1_000;
/// The highest price.
pub const MAX_PRICE: u64 = 10_000_000;
/// Prices are multiples of this.
pub const TICK: u64 = 100;
/// The longest that a bid may stand.
pub const MAX_DAYS: i64 = 90;

/// Which side of the market a bid stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Points for a voucher.
    Buy,
    /// A voucher for points.
    Sell,
}

impl Side {
    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// Its name in paths and keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }

    /// Whether one who wants this side would deal at `offered` when they would at `limit`.
    pub fn takes(self, limit: Points, offered: Points) -> bool {
        match self {
            Self::Buy => offered <= limit,
            Self::Sell => offered >= limit,
        }
    }
}

/// A price: [`MIN_PRICE`] to [`MAX_PRICE`] points, in steps of [`TICK`].
///
/// # Errors
/// [`Rejected::Price`].
pub fn price(points: u64) -> Result<Points, Rejected> {
    let fits = (MIN_PRICE..=MAX_PRICE).contains(&points) && points.is_multiple_of(TICK);
    let price = fits.then(|| Points::try_from(points).ok()).flatten();
    price.ok_or(Rejected::Price)
}

/// Where a bid stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BidStatus {
    /// It can be taken.
    Open,
    /// It was.
    Traded,
    /// Its customer gave it up.
    Cancelled,
    /// Nobody took it in time.
    Expired,
}

/// A bid, as its customer sees it and as events carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bid {
    /// Its id.
    pub bid_id: BidId,
    /// What it is for.
    pub sku: Sku,
    /// To buy it or to sell it.
    pub side: Side,
    /// At this price or a better one.
    pub price: Points,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// The voucher that it sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub voucher_id: Option<VoucherId>,
    /// Where it stands.
    pub status: BidStatus,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// From when on it can be taken no more.
    pub expires_at: Timestamp,
    /// When it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<Timestamp>,
    /// The trade that ended it, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trade_id: Option<Uuid>,
}

/// What can end a bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is taken, in this trade.
    Trade(Uuid),
    /// Its customer gives it up.
    Cancel,
    /// Its time is over.
    Expire,
}

impl Bid {
    /// Passes a deadline that a new bid may have.
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

    /// The bid as it is to be shown at `now`: past its deadline it is expired, whether or not the cleaner has been.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        if self.status == BidStatus::Open && now >= self.expires_at {
            self.status = BidStatus::Expired;
        }
        self
    }

    /// The bid after `ending` at `now`: the only way out of [`BidStatus::Open`]. Before its deadline it can be taken or
    /// given up, from its deadline on it can only expire.
    ///
    /// # Errors
    /// [`Rejected::Closed`] when it has ended or its time is over, [`Rejected::NotDue`] when it is to expire too early.
    pub fn end(&self, ending: Ending, now: Timestamp) -> Result<Self, Rejected> {
        let (status, trade_id) = match (ending, self.status, now >= self.expires_at) {
            (Ending::Trade(trade), BidStatus::Open, false) => (BidStatus::Traded, Some(trade)),
            (Ending::Cancel, BidStatus::Open, false) => (BidStatus::Cancelled, None),
            (Ending::Expire, BidStatus::Open, true) => (BidStatus::Expired, None),
            (Ending::Expire, BidStatus::Open, false) => return Err(Rejected::NotDue),
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

/// A voucher that changed owners for points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trade {
    /// Its id.
    pub trade_id: Uuid,
    /// What it was for.
    pub sku: Sku,
    /// The voucher.
    pub voucher_id: VoucherId,
    /// What was paid: the price of the bid that was there first.
    pub price: Points,
    /// Who paid.
    pub buyer_id: CustomerId,
    /// Who was paid.
    pub seller_id: CustomerId,
    /// The bid to buy, when one was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub buy_bid: Option<BidId>,
    /// The bid to sell, when one was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sell_bid: Option<BidId>,
    /// When.
    pub traded_at: Timestamp,
}

/// Why a bid is not placed, not taken or not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// Out of range, or off the tick.
    Price,
    /// The deadline has passed.
    DeadlinePast,
    /// The deadline is too far ahead.
    DeadlineTooFar,
    /// There is no such bid for this caller.
    NotFound,
    /// The product is unknown, or not listed.
    ProductUnavailable,
    /// A bid to sell names a voucher, one to buy names none.
    VoucherNamed,
    /// The voucher is unknown, another's, or for something else.
    VoucherNotYours,
    /// The voucher is offered by another open bid.
    VoucherOffered,
    /// The voucher's code is not one.
    VoucherCode,
    /// The voucher is registered, perhaps by somebody else.
    VoucherRegistered,
    /// The wallet has too little.
    NotEnoughPoints {
        /// What it has.
        available: Points,
    },
    /// The customer has too many open bids.
    TooManyBids,
    /// Nobody offers anything, or only the caller themselves does.
    NothingToTake {
        /// Whether the caller's own bid is the best.
        own: bool,
    },
    /// The best price is worse than the caller saw.
    PriceDiffers {
        /// The present best.
        best: Points,
    },
    /// The bid has ended, in this state.
    Closed(BidStatus),
    /// The bid's deadline has not come yet.
    NotDue,
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Price => {
                let detail = format!("A price is {MIN_PRICE} to {MAX_PRICE} points in steps of {TICK}.");
                Self::new(&error::INVALID_PRICE, detail)
            }
            Rejected::DeadlinePast => Self::new(&error::INVALID_DEADLINE, "The deadline has passed."),
            Rejected::DeadlineTooFar => Self::new(
                &error::INVALID_DEADLINE,
                format!("A bid stands {MAX_DAYS} days at most."),
            ),
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such bid."),
            Rejected::ProductUnavailable => Self::new(&error::PRODUCT_UNAVAILABLE, "The product is not traded."),
            Rejected::VoucherNamed => Self::new(
                &error::VOUCHER_NOT_YOURS,
                "To sell, name the voucher; to buy, name none.",
            ),
            Rejected::VoucherNotYours => Self::new(
                &error::VOUCHER_NOT_YOURS,
                "The voucher is not yours, or not for this product.",
            ),
            Rejected::VoucherOffered => Self::new(&error::VOUCHER_OFFERED, "Another open bid offers the voucher."),
            Rejected::VoucherCode => Self::new(
                &error::INVALID_VOUCHER,
                "A voucher's code is 8 to 64 letters and digits, with hyphens and spaces between them.",
            ),
            Rejected::VoucherRegistered => Self::new(&error::VOUCHER_REGISTERED, "The voucher is registered already."),
            Rejected::NotEnoughPoints { available } => Self::new(
                &error::NOT_ENOUGH_POINTS,
                format!("The wallet has {available} points to spend."),
            )
            .with("available", available),
            Rejected::TooManyBids => Self::new(
                &error::TOO_MANY_BIDS,
                "You have as many open bids as one may have; cancel some.",
            ),
            Rejected::NothingToTake { own: true } => {
                Self::new(&error::OWN_BID, "The best bid is your own; you cannot take it.")
            }
            Rejected::NothingToTake { own: false } => Self::new(&error::NOTHING_TO_TAKE, "There is no bid to take."),
            Rejected::PriceDiffers { best } => {
                Self::new(&error::PRICE_DIFFERS, format!("The best price is {best} now.")).with("best", best)
            }
            Rejected::Closed(status) => {
                Self::new(&error::BID_CLOSED, "The bid has ended and cannot be changed.").with("bid_status", status)
            }
            Rejected::NotDue => Self::new(&error::BID_CLOSED, "The bid's deadline has not come yet."),
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
    fn a_bid_ends_as_the_table_says() {
        use BidStatus::{Cancelled, Expired, Open, Traded};
        let trade = Ending::Trade(Uuid::max());
        for (status, ending, at, outcome) in [
            (Open, trade, 99, Ok(Traded)),
            (Open, trade, 100, Err(Rejected::Closed(Expired))),
            (Open, Ending::Cancel, 99, Ok(Cancelled)),
            (Open, Ending::Cancel, 100, Err(Rejected::Closed(Expired))),
            (Open, Ending::Expire, 99, Err(Rejected::NotDue)),
            (Open, Ending::Expire, 100, Ok(Expired)),
            (Traded, trade, 1, Err(Rejected::Closed(Traded))),
            (Cancelled, trade, 1, Err(Rejected::Closed(Cancelled))),
            (Expired, trade, 1, Err(Rejected::Closed(Expired))),
            (Traded, Ending::Expire, 100, Err(Rejected::Closed(Traded))),
        ] {
            let ended = bid(status).end(ending, second(at)).map(|bid| bid.status);
            assert_eq!(ended, outcome, "{status:?} {ending:?} at {at}");
        }
    }

    #[test]
    fn a_price_is_in_range_and_on_the_tick() {
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
    fn a_side_takes_its_limit_and_better() {
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
                side.takes(points(limit), points(offered)),
                takes,
                "{side:?} {limit} {offered}"
            );
        }
    }
}
