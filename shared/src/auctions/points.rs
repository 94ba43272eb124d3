//! Points, which pay for vouchers, and the wallets that hold them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auctions::reason;
use crate::core::error::{Error, Rejection};
use crate::core::identity::CustomerId;
use crate::orders::{Order, OrderId};
use crate::payments::Payment;

/// A number of points, 0 to 10^15, which every JSON parser reads exactly (RFC 8259 §6: below 2^53).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u64")]
#[schema(value_type = u64, minimum = 0, maximum = 1_000_000_000_000_000_i64, examples(45_000))]
pub struct Points(u64);

/// The number is out of range for [`Points`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("points are 0 to 1000000000000000")]
pub struct InvalidPoints;

impl Points {
    /// No points.
    pub const ZERO: Self = Self(0);
    /// The largest number of points.
    pub const MAX: Self = Self(1_000_000_000_000_000);

    /// The number of points.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The share `part` / `whole` of the points, rounded down. All of them when `part` is `whole` or more.
    #[must_use]
    pub fn share(self, part: u64, whole: u64) -> Self {
        if part >= whole {
            return self;
        }
        let share = u128::from(self.0) * u128::from(part) / u128::from(whole);
        // It is less than the points.
        Self(u64::try_from(share).unwrap_or(self.0))
    }

    /// Subtracts `other`, down to zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl TryFrom<u64> for Points {
    type Error = InvalidPoints;

    fn try_from(points: u64) -> Result<Self, InvalidPoints> {
        if points <= Self::MAX.0 {
            Ok(Self(points))
        } else {
            Err(InvalidPoints)
        }
    }
}

impl std::fmt::Display for Points {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A customer's points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Wallet {
    /// Points that can be spent.
    pub available: Points,
    /// Points held by open bids.
    pub held: Points,
    /// Points that could not be taken back with the money of their orders, because they were spent or held. Points that become
    /// available are taken for them first, so a wallet that owes points has none available.
    pub owed: Points,
}

impl Wallet {
    /// The most available points after a credit. Sales of vouchers can exceed it, each by at most 10^7 points.
    pub const MAX_CREDITED: Points = Points(1_000_000_000_000);
}

/// A ledger entry: one change of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// The entry's id, a UUIDv7.
    pub entry_id: Uuid,
    /// The kind of the change.
    pub kind: EntryKind,
    /// The number of points.
    pub points: Points,
    /// The entity that caused the change. Of collected points: the one that made them available.
    pub about: Subject,
    /// The time of the change.
    pub created_at: Timestamp,
}

/// The entity that a change of a wallet is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subject {
    /// The kind of the subject.
    pub kind: SubjectKind,
    /// The subject's id.
    pub id: Uuid,
}

/// The kind of entity that a change of a wallet is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubjectKind {
    /// An order of points.
    Order,
    /// A bid.
    Bid,
    /// A trade.
    Trade,
}

impl Subject {
    /// The order `id`.
    pub const fn order(id: OrderId) -> Self {
        let kind = SubjectKind::Order;
        Self { kind, id: id.0 }
    }

    /// The bid `id`.
    pub const fn bid(id: Uuid) -> Self {
        let kind = SubjectKind::Bid;
        Self { kind, id }
    }

    /// The trade `id`.
    pub const fn trade(id: Uuid) -> Self {
        let kind = SubjectKind::Trade;
        Self { kind, id }
    }
}

/// The kind of a wallet's change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryKind {
    /// A paid order bought the points.
    Credited,
    /// The order was cancelled, or the customer has its money back.
    TakenBack,
    /// The points were to be taken back, but they are spent or held. The wallet owes them.
    Owed,
    /// Points that became available were taken for points that the wallet owed.
    Collected,
    /// A refund of the order failed, or the bank returned money of it. The points are back.
    Returned,
    /// A bid was placed and holds the points.
    Held,
    /// A bid released the points.
    Released,
    /// The points paid for a voucher.
    Paid,
    /// A voucher was sold for the points.
    Earned,
}

/// The points that an order bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Credit {
    /// The order.
    pub order_id: OrderId,
    /// The customer who placed the order.
    pub customer_id: CustomerId,
    /// The number of points.
    pub points: Points,
    /// The number of points that were taken back, including those that the wallet owes. In proportion to the part of
    /// the payment that the customer has back, rounded down.
    pub taken_back: Points,
    /// The number of points that could not be taken at once when points were last taken back. The wallet owes them.
    pub owed: Points,
    /// The status of the credit.
    pub status: CreditStatus,
    /// The time of the last status change.
    pub credited_at: Timestamp,
}

/// The status of the points that an order bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CreditStatus {
    /// The points were added to the wallet.
    Credited,
    /// The order was cancelled, or the customer has all of its money back. The points were taken back, or never added.
    TakenBack,
    /// The points were not added, because the wallet would exceed its limit. An administrator refunds the order, or
    /// credits the points later.
    Refused,
}

/// Points that a wallet owed, taken from points that became available.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CollectedPoints {
    /// The customer.
    pub customer_id: CustomerId,
    /// The number of points.
    pub points: Points,
    /// The entity that made the points available.
    pub about: Subject,
    /// The time of the change.
    pub collected_at: Timestamp,
}

impl Credit {
    /// The credit of `order`. None when it buys no points.
    pub fn of(order: &Order, status: CreditStatus, now: Timestamp) -> Option<Self> {
        let points = order
            .lines
            .iter()
            .filter_map(|line| Some(u64::from(line.points?) * u64::from(line.quantity)))
            .sum::<u64>();
        let points = Points::try_from(points).ok().filter(|points| *points > Points::ZERO)?;
        Some(Self {
            order_id: order.order_id,
            customer_id: order.customer_id.clone(),
            points,
            taken_back: match status {
                CreditStatus::TakenBack => points,
                CreditStatus::Credited | CreditStatus::Refused => Points::ZERO,
            },
            owed: Points::ZERO,
            status,
            credited_at: now,
        })
    }

    /// How many of the points belong to money that the customer has back, or to units that were cancelled or returned.
    ///
    /// A refund by line takes back the points of its units. Other refunds take back a part of the rest: as much as they are
    /// of the rest of the payment, rounded down.
    pub fn to_take_back(&self, order: &Order, payment: Option<&Payment>) -> Points {
        let of_units = order
            .lines
            .iter()
            .map(|line| u64::from(line.points.unwrap_or_default()) * u64::from(line.quantities.given_back()));
        let of_units = Points(of_units.sum()).min(self.points);
        // The refunds that were made, with the price of the delivery, and not those that were requested: only the former are in what was returned.
        let by_line = payment.map_or(0, Payment::refunded_by_line);
        let returned = payment.map_or(0, |payment| payment.returned().saturating_sub(by_line));
        let paid = payment.map_or(0, |payment| payment.amount.amount().saturating_sub(by_line));
        if returned == 0 {
            return of_units;
        }
        let rest = self.points.saturating_sub(of_units).share(returned, paid);
        Points(of_units.0 + rest.0)
    }

    /// The points that this credit leaves with the customer.
    pub(super) const fn net(&self) -> Points {
        match self.status {
            CreditStatus::Refused => Points::ZERO,
            CreditStatus::Credited | CreditStatus::TakenBack => self.points.saturating_sub(self.taken_back),
        }
    }

    /// The credit with `taken_back` of its points taken back.
    #[must_use]
    pub fn with_taken_back(&self, taken_back: Points, now: Timestamp) -> Self {
        let taken_back = taken_back.min(self.points);
        Self {
            taken_back,
            owed: Points::ZERO,
            status: match self.status {
                _ if taken_back == self.points => CreditStatus::TakenBack,
                CreditStatus::Refused => CreditStatus::Refused,
                CreditStatus::Credited | CreditStatus::TakenBack => CreditStatus::Credited,
            },
            credited_at: now,
            ..self.clone()
        }
    }
}

/// The reason why points cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The order's points are spent or held.
    PointsSpent,
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::PointsSpent => Rejection::new(
                &reason::POINTS_SPENT,
                "The order's points are spent or held by bids. Cancel the bids that hold them first.",
            )
            .into(),
        }
    }
}
