//! Sales: a lower price for some time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::money::Money;

/// A lower price of a product for some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sale {
    /// The price of one unit while the sale runs: lower than the regular price, in its currency.
    pub price: Money,
    /// The time from which the sale price holds.
    pub starts_at: Timestamp,
    /// The time from which the regular price holds again.
    pub ends_at: Timestamp,
}

impl Sale {
    /// Whether the sale runs at `now`.
    pub fn runs_at(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }
}
