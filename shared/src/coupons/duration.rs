//! For how many charges of a subscription a coupon counts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For how many charges of a subscription a coupon counts. A charge that the coupon takes nothing off is none of them. An order
/// redeems it once, whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum CouponDuration {
    /// One charge.
    Once {},
    /// A number of charges.
    Repeating {
        /// The number of charges.
        #[schema(minimum = 2, maximum = 999, examples(3))]
        charges: u32,
    },
    /// Each charge.
    Forever {},
}

impl CouponDuration {
    /// The fewest charges of one that repeats.
    pub const MIN_REPEATED: u32 = 2;
    /// The most charges of one that repeats.
    pub const MAX_REPEATED: u32 = 999;

    /// The number of charges. `None` for each.
    pub const fn charges(self) -> Option<u32> {
        match self {
            Self::Once {} => Some(1),
            Self::Repeating { charges } => Some(charges),
            Self::Forever {} => None,
        }
    }
}

impl Default for CouponDuration {
    fn default() -> Self {
        Self::Once {}
    }
}
