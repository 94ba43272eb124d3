//! Runs for `GET /admin/products/{sku}/stock-movements`, for administrators: lists a product's stock movements, newest
//! first. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{CREATED, CreatedParameters, Cursor, Page, PageParameters, PageRequest};
use shared::catalog::{CatalogStore, Sku, StockMovement};
use shared::core::error::{self, Reason, Rejection};

/// The function's store.
#[derive(Debug)]
pub struct ListStockMovements {
    /// Products and stock movements.
    pub catalog: CatalogStore,
}

impl ListStockMovements {
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

/// A page of a product's stock movements.
pub type StockMovementList = Page<StockMovement>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Lists a product's stock movements
///
/// Newest first. The list is eventually consistent: a new movement may take a moment to appear. Sales are no movements: they
/// are in the orders.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/products/{sku}/stock-movements", operation_id = "list-stock-movements", tag = "catalog",
    security(("token" = [])),
    params(
        ("sku" = Sku, Path, description = "The product"),
        PageParameters,
        CreatedParameters,
    ),
    responses(
        (status = 200, description = "A page of stock movements", body = StockMovementList),
    )
)]
pub async fn handle(
    function: &ListStockMovements,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let sku = http::path::<Sku>(&request)?;
    let page = PageRequest::of(&request, &["stock-movements", sku.as_str()], &CREATED)?;
    let (created, after) = (page.created()?, page.after()?);
    let found = function
        .catalog
        .movements(&sku, created, after, page.limit, invocation.deadline)
        .await?;
    // A product is never deleted, so one with a movement exists.
    if found.items.is_empty() && function.catalog.product(&sku, invocation.deadline).await?.is_none() {
        return Err(Rejection::new(&error::NOT_FOUND, "There is no such product.").into());
    }
    page.respond(found.items, found.next, |movement| Cursor {
        at: [movement.created_at.as_millisecond().unsigned_abs()],
        id: movement.movement_id,
    })
}
