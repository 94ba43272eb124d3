//! The status of a product: a draft until it is published, then listed or unlisted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether a product is for sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductStatus {
    /// Not published yet. Neither visible nor for sale.
    Draft,
    /// Visible and for sale, within `list_at` and `unlist_at`.
    Listed,
    /// Neither visible nor for sale. Its stock and orders are unchanged.
    Unlisted,
}

/// A product that was published cannot become a draft again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a product that was published cannot become a draft again; unlist it")]
pub struct AlreadyPublished;

impl ProductStatus {
    /// Changes the status.
    ///
    /// # Errors
    /// [`AlreadyPublished`] from listed or unlisted to draft.
    pub const fn transition(self, to: Self) -> Result<Self, AlreadyPublished> {
        match (self, to) {
            (Self::Draft, _) | (_, Self::Listed | Self::Unlisted) => Ok(to),
            (Self::Listed | Self::Unlisted, Self::Draft) => Err(AlreadyPublished),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_draft_is_a_draft_and_every_other_change_is_allowed() {
        use ProductStatus::{Draft, Listed, Unlisted};
        for from in [Draft, Listed, Unlisted] {
            for to in [Listed, Unlisted] {
                assert_eq!(from.transition(to), Ok(to));
            }
        }
        assert_eq!(Draft.transition(Draft), Ok(Draft));
        assert_eq!(Listed.transition(Draft), Err(AlreadyPublished));
        assert_eq!(Unlisted.transition(Draft), Err(AlreadyPublished));
    }
}
