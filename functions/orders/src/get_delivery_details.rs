//! Runs for `GET /orders/{order_id}/delivery-details`: returns who receives an order, and where. Changes nothing.
//!
//! The only function that decrypts them.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::encryption::CustomerKeyStore;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::orders::{DeliveryDetails, OrderId, OrderStore, Rejected};

/// The function's stores.
#[derive(Debug)]
pub struct GetDeliveryDetails {
    /// Orders.
    pub orders: OrderStore,
    /// The customers' data keys.
    pub customer_keys: CustomerKeyStore,
}

impl GetDeliveryDetails {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            orders: OrderStore::new(platform)?,
            customer_keys: CustomerKeyStore::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns who receives an order, and where
///
/// For the customer of the order and for administrators. `not-found` if the order has no delivery details, or they were
/// erased.
///
/// # Cost
/// Two requests to DynamoDB and one to KMS.
///
/// # Errors
/// `not-found` for another customer's order too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/orders/{order_id}/delivery-details", operation_id = "get-delivery-details", tag = "orders",
    security(("token" = [])),
    params(("order_id" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The delivery details", body = DeliveryDetails),
    )
)]
pub async fn handle(
    function: &GetDeliveryDetails,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let stored = function.orders.get(order_id, invocation.deadline).await?;
    let stored = stored
        .filter(|stored| caller.is_admin || stored.order.customer_id == caller.customer_id)
        .ok_or(Rejected::NotFound)?;
    let sealed = stored.delivery_details;
    let sealed = sealed.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "The order has no delivery details."))?;
    let key = function
        .customer_keys
        .get(&stored.order.customer_id, invocation.deadline);
    let details = match key.await? {
        Some(key) => sealed.open(&key)?,
        None => None,
    };
    let erased = "The delivery details of the order were erased.";
    let details = details.ok_or_else(|| Rejection::new(&error::NOT_FOUND, erased))?;
    http::json(StatusCode::OK, &details)
}
