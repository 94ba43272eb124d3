//! Runs for `POST /admin/products/{sku}/stock`, for administrators: adds delivered units to the stock and writes a receipt.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::reason;
use shared::catalog::{self, CatalogEvent, CatalogStore, Receipt, Sku, StockReceived};
use shared::core::error::{self, Reason, Rejection};
use shared::core::idempotency::Fingerprint;

/// The function's store.
#[derive(Debug)]
pub struct ReceiveStock {
    /// Products, stock and receipts.
    pub catalog: CatalogStore,
}

impl ReceiveStock {
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

/// The largest delivery, in units.
const MAX_UNITS: u64 = 1_000_000_000;

/// A delivery of units.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveStockRequest {
    /// Number of units.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub quantity: i64,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::INVALID_PARAMETER,
    &error::NOT_FOUND,
    &catalog::reason::INVALID_QUANTITY,
];

/// Adds received units to the stock
///
/// Spreads the units over the product's shards. A retry with the same key and body returns the same receipt and adds
/// nothing.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/products/{sku}/stock", operation_id = "receive-stock", tag = "catalog",
    request_body = ReceiveStockRequest,
    security(("token" = [])),
    params(
        ("sku" = Sku, Path, description = "The product"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each delivery",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The receipt", body = StockReceived,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request added the units"),
                ("Location" = String, description = "The product's path"),
            )),
    )
)]
pub async fn handle(function: &ReceiveStock, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let sku = http::path::<Sku>(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: ReceiveStockRequest = http::body(&request)?;
    let quantity = parse_units(body.quantity)?;
    // The SKU is part of the fingerprint: one key for two products is a mistake.
    let fingerprint =
        Fingerprint::of(&(&sku, quantity)).map_err(|error| Error::internal("read the delivery", error))?;

    let product = function.catalog.product(&sku, invocation.deadline).await?;
    let product = product.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such product."))?;

    let receipt = Receipt {
        received: StockReceived {
            receipt_id: key.derive_id("receipt", &caller.customer_id),
            sku,
            quantity,
            received_by: invocation.actor()?.clone(),
            received_at: invocation.now,
        },
        fingerprint,
    };
    let event = invocation.record(&CatalogEvent::StockReceived(receipt.received.clone()))?;
    let existing = function
        .catalog
        .receive(&receipt, product.stock_shards, &event, invocation.deadline);
    match existing.await? {
        None => created(&receipt.received),
        Some(existing) => {
            existing.fingerprint.require_same(&receipt.fingerprint)?;
            created(&existing.received).map(http::replayed)
        }
    }
}

fn created(received: &StockReceived) -> Result<Response, Error> {
    http::created(&format!("/admin/products/{}", received.sku), received)
}

fn parse_units(quantity: i64) -> Result<u64, Rejection> {
    let units = u64::try_from(quantity)
        .ok()
        .filter(|units| (1..=MAX_UNITS).contains(units));
    units.ok_or_else(|| {
        let detail = format!("A delivery has 1 to {MAX_UNITS} units.");
        Rejection::with(reason::InvalidQuantity { sku: None }, detail)
    })
}
