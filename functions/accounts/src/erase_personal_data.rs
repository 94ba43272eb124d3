//! Runs for `DELETE /admin/customers/{customer_id}/personal-data`, for administrators: deletes a customer's data key, so that
//! no address and contact of the customer can be read again. Orders and subscriptions stay.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::encryption::CustomerKeyStore;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::identity::CustomerId;

/// The function's store.
#[derive(Debug)]
pub struct ErasePersonalData {
    /// The customers' data keys.
    pub customer_keys: CustomerKeyStore,
}

impl ErasePersonalData {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            customer_keys: CustomerKeyStore::new(platform)?,
        })
    }
}

/// The customer whose personal data cannot be read any more.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PersonalDataErasure {
    /// The customer.
    pub customer_id: CustomerId,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::INVALID_PARAMETER];

/// Erases the personal data of a customer
///
/// The addresses and contacts of all orders and subscriptions of the customer cannot be read again; the orders and
/// subscriptions stay. Orders that are placed later are not affected. Erasing again changes nothing. Ship or cancel open
/// orders first: nobody knows where to send them afterwards.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    delete, path = "/admin/customers/{customer_id}/personal-data", operation_id = "erase-personal-data", tag = "accounts",
    security(("token" = [])),
    params(("customer_id" = CustomerId, Path, description = "The customer")),
    responses((status = 200, description = "No personal data of the customer can be read", body = PersonalDataErasure))
)]
pub async fn handle(function: &ErasePersonalData, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::path::<CustomerId>(&request)?;
    let erased = function.customer_keys.erase(&customer, invocation.deadline).await?;
    // A subject of the user pool says nothing about the person.
    tracing::info!(customer_id = customer.as_str(), erased, "personal data erased");
    http::json(StatusCode::OK, &PersonalDataErasure { customer_id: customer })
}
