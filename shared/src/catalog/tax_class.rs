//! Tax classes of what is sold.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The tax class of a product or a ticket. The country of the order or of the venue determines the rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaxClass {
    /// At the standard rate.
    #[default]
    Standard,
    /// At the reduced rate, such as food and books in many countries. Where there is none, at the standard rate.
    Reduced,
    /// Not taxed, such as books and unprocessed food in Korea.
    Exempt,
}

impl TaxClass {
    /// Whether it is [`TaxClass::Standard`], which stored products leave out.
    pub fn is_standard(&self) -> bool {
        *self == Self::Standard
    }
}
