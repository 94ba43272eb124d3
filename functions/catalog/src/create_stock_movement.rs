//! Runs for `POST /admin/products/{sku}/stock-movements`, for administrators: receives, corrects or writes off units, and
//! records the movement.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::{
    self, CatalogEvent, CatalogStore, MovementOutcome, Sku, StockMovement, StockMovementKind, StoredMovement,
};
use shared::core::error::{self, Reason, Rejection};
use shared::core::idempotency::Fingerprint;
use shared::core::text::DisplayText;

use crate::reason;

/// The function's store.
#[derive(Debug)]
pub struct CreateStockMovement {
    /// Products, stock and its movements.
    pub catalog: CatalogStore,
}

impl CreateStockMovement {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            catalog: CatalogStore::new(platform)?,
        })
    }
}

/// A movement to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum CreateStockMovementRequest {
    /// Units were delivered to the shop.
    Receipt {
        /// The number of units.
        #[schema(minimum = 1, maximum = 1_000_000_000)]
        quantity: i64,
        /// A note, for administrators. Text of several lines.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false, min_length = 1, max_length = 200)]
        note: Option<String>,
    },
    /// A count differed from the available units.
    Correction {
        /// The counted units less the available ones, so below zero if units are missing. Not 0.
        #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000)]
        quantity: i64,
        /// The reason, for administrators. Text of several lines.
        #[schema(min_length = 1, max_length = 200)]
        note: String,
    },
    /// Units were lost: broken, spoiled or stolen.
    WriteOff {
        /// The number of units.
        #[schema(minimum = 1, maximum = 1_000_000_000)]
        quantity: i64,
        /// The reason, for administrators. Text of several lines.
        #[schema(min_length = 1, max_length = 200)]
        note: String,
    },
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::INVALID_PARAMETER,
    &error::NOT_FOUND,
    &catalog::reason::INVALID_QUANTITY,
    &error::INVALID_TEXT,
    &reason::INSUFFICIENT_STOCK,
];

/// Receives, corrects or writes off units
///
/// Received units are spread over the product's shards. Only available units can be taken away, not those that an order
/// holds or has bought: if fewer are available, nothing changes. A retry with the same key and body returns the same
/// movement and moves nothing.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/products/{sku}/stock-movements", operation_id = "create-stock-movement", tag = "catalog",
    request_body = CreateStockMovementRequest,
    security(("token" = [])),
    params(
        ("sku" = Sku, Path, description = "The product"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each movement",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The movement", body = StockMovement,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request moved the units"),
                ("Location" = String, description = "The path of the product's movements"),
            )),
    )
)]
pub async fn handle(
    function: &CreateStockMovement,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let sku = http::path::<Sku>(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: CreateStockMovementRequest = http::body(&request)?;
    let (kind, change, note) = checked(&body)?;
    // The SKU is part of the fingerprint: one key for two products is a mistake.
    let fingerprint = Fingerprint::of(&(&sku, &body)).map_err(|error| Error::internal("read the movement", error))?;

    let product = function.catalog.product(&sku, invocation.deadline).await?;
    let product = product.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such product."))?;

    let movement = StockMovement {
        movement_id: key.derive_id("stock movement", &caller.customer_id),
        sku,
        kind,
        change,
        note,
        created_by: invocation.actor()?.clone(),
        created_at: invocation.now,
    };
    let event = invocation.record(&CatalogEvent::StockMoved(movement.for_event()))?;
    let stored = StoredMovement { movement, fingerprint };
    let moved = function
        .catalog
        .move_stock(&stored, product.stock_shards, &event, invocation.deadline);
    match moved.await? {
        MovementOutcome::Moved => created(&stored.movement),
        MovementOutcome::Exists(existing) => {
            existing.fingerprint.require_same(&stored.fingerprint)?;
            created(&existing.movement).map(http::replayed)
        }
        MovementOutcome::InsufficientStock { available } => {
            let units = stored.movement.units();
            let detail = format!("{available} units are available, so {units} cannot be taken away.");
            Err(Rejection::with(reason::InsufficientStock { available }, detail).into())
        }
    }
}

/// The kind, the signed change and the note of a requested movement.
fn checked(body: &CreateStockMovementRequest) -> Result<(StockMovementKind, i32, Option<String>), Rejection> {
    Ok(match body {
        CreateStockMovementRequest::Receipt { quantity, note: text } => {
            let text = text.as_deref().map(note).transpose()?;
            (StockMovementKind::Receipt, units(*quantity)?, text)
        }
        CreateStockMovementRequest::Correction { quantity, note: text } => {
            let units = units(quantity.saturating_abs())?;
            let change = if *quantity < 0 { -units } else { units };
            (StockMovementKind::Correction, change, Some(note(text)?))
        }
        CreateStockMovementRequest::WriteOff { quantity, note: text } => {
            (StockMovementKind::WriteOff, -units(*quantity)?, Some(note(text)?))
        }
    })
}

fn units(quantity: i64) -> Result<i32, Rejection> {
    let units = i32::try_from(quantity).ok();
    let units = units.filter(|units| (1..=StockMovement::MAX_UNITS).contains(units));
    units.ok_or_else(|| {
        let detail = format!("A movement has 1 to {} units.", StockMovement::MAX_UNITS);
        Rejection::with(catalog::reason::InvalidQuantity { sku: None }, detail)
    })
}

fn note(text: &str) -> Result<String, Rejection> {
    let note = DisplayText::lines(text, StockMovement::MAX_NOTE);
    note.map(String::from).map_err(|invalid| invalid.in_field("note"))
}

fn created(movement: &StockMovement) -> Result<Response, Error> {
    http::created(&format!("/admin/products/{}/stock-movements", movement.sku), movement)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(body: CreateStockMovementRequest) -> Option<i32> {
        checked(&body).ok().map(|(_, change, _)| change)
    }

    #[test]
    fn a_receipt_adds_a_write_off_takes_and_a_correction_does_either() {
        for (quantity, received, corrected, written_off) in [
            (5, Some(5), Some(5), Some(-5)),
            (-5, None, Some(-5), None),
            (0, None, None, None),
            (
                1_000_000_000,
                Some(1_000_000_000),
                Some(1_000_000_000),
                Some(-1_000_000_000),
            ),
            (-1_000_000_000, None, Some(-1_000_000_000), None),
            (1_000_000_001, None, None, None),
            (-1_000_000_001, None, None, None),
            (i64::MAX, None, None, None),
            (i64::MIN, None, None, None),
        ] {
            let note = || "counted".to_owned();
            let receipt = CreateStockMovementRequest::Receipt { quantity, note: None };
            assert_eq!(change(receipt), received, "{quantity}");
            let correction = CreateStockMovementRequest::Correction { quantity, note: note() };
            assert_eq!(change(correction), corrected, "{quantity}");
            let write_off = CreateStockMovementRequest::WriteOff { quantity, note: note() };
            assert_eq!(change(write_off), written_off, "{quantity}");
        }
    }
}
