//! Points: what bids are paid with, and the wallets that hold them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::core::error::{self, Error, Rejection};
use crate::core::identity::CustomerId;
use crate::orders::{Order, OrderId};

/// A number of points, 0 to 10^12.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u64")]
#[schema(value_type = u64, minimum = 0, maximum = 1_000_000_000_000_i64, examples(45_000))]
pub struct Points(u64);

/// The number is not one of [`Points`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("points are 0 to 1000000000000")]
pub struct NotPoints;

impl Points {
    /// None.
    pub const ZERO: Self = Self(0);
    /// The most points.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// What is left without `other`, never less than none.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl TryFrom<u64> for Points {
    type Error = NotPoints;

    fn try_from(points: u64) -> Result<Self, NotPoints> {
        if points <= Self::MAX.0 {
            Ok(Self(points))
        } else {
            Err(NotPoints)
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
    /// What can be spent.
    pub available: Points,
    /// What open bids hold.
    pub held: Points,
}

/// A change of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its id, a UUIDv7.
    pub entry_id: Uuid,
    /// What happened.
    pub kind: EntryKind,
    /// To how many points.
    pub points: Points,
    /// The bid, trade or order that it was for.
    pub about: Uuid,
    /// When.
    pub at: Timestamp,
}

/// What happened to points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryKind {
    /// An order bought them.
    Credited,
    /// That order was cancelled.
    TakenBack,
    /// A bid holds them.
    Held,
    /// A bid holds them no more.
    Released,
    /// They paid for a voucher.
    Paid,
    /// They were paid for a voucher.
    Earned,
}

/// Points that an order bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Credit {
    /// The order.
    pub order_id: OrderId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// How many.
    pub points: Points,
    /// Where they are.
    pub status: CreditStatus,
    /// When they were credited, or taken back before that.
    pub credited_at: Timestamp,
}

/// Where the points of an order are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CreditStatus {
    /// In the wallet.
    Credited,
    /// The order was cancelled: they were taken back, or never credited.
    TakenBack,
}

impl Credit {
    /// What `order` buys in points; none when it buys none.
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
            status,
            credited_at: now,
        })
    }
}

/// Why points do not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The order's points are spent or held.
    PointsSpent,
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::PointsSpent => Rejection::new(
                &error::POINTS_SPENT,
                "The order's points are spent or held by bids; cancel the bids first.",
            )
            .into(),
        }
    }
}
