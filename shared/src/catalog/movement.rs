//! Stock movements: changes of a product's available units that are no sale.
//!
//! Movements and sales together account for every unit: what was received and returned, corrected, and written off is
//! available, held by an order, or sold.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Sku;
use crate::core::actor::Actor;
use crate::core::idempotency::Fingerprint;

/// The kind of a stock movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StockMovementKind {
    /// Units were delivered to the shop.
    Receipt,
    /// A count differed from the recorded units.
    Correction,
    /// Units were lost: broken, spoiled or stolen.
    WriteOff,
    /// Units that a customer sent back are for sale again.
    Return,
}

/// A change of a product's available units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockMovement {
    /// The movement's id.
    pub movement_id: Uuid,
    /// The product.
    pub sku: Sku,
    /// The reason for which the units changed.
    pub kind: StockMovementKind,
    /// The units added, or, below zero, the units taken away. Never 0.
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000, examples(100))]
    pub change: i32,
    /// The reason, for administrators. Text of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        examples("Two boxes fell off the shelf.")
    )]
    pub note: Option<String>,
    /// The administrator who moved the units.
    pub created_by: Actor,
    /// The time of the movement.
    pub created_at: Timestamp,
}

impl StockMovement {
    /// The most units of one movement.
    pub const MAX_UNITS: i32 = 1_000_000_000;

    /// The longest note, in characters.
    pub const MAX_NOTE: usize = 200;

    /// The movement without its note, which a person wrote: it can be personal.
    #[must_use]
    pub fn for_event(&self) -> Self {
        Self {
            note: None,
            ..self.clone()
        }
    }

    /// The number of units that move, in either direction.
    pub const fn units(&self) -> u32 {
        self.change.unsigned_abs()
    }
}

/// A movement that a request asked for, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMovement {
    /// The movement.
    #[serde(flatten)]
    pub movement: StockMovement,
    /// The fingerprint of the request. It distinguishes a retry from another request.
    pub fingerprint: Fingerprint,
}
