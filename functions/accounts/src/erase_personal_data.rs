//! Runs for `DELETE /admin/customers/{customer_id}/personal-data`, for administrators: deletes a customer's data key, so that
//! no address and contact of the customer can be read again, and publishes `PersonalDataErased`, on which the
//! customer's subscriptions are cancelled. Orders stay.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::Error;
use shared::accounts::{AccountEvent, PersonalDataErasure};
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::encryption::CustomerKeyStore;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::event::Record;
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::INVALID_PARAMETER];

/// Erases the personal data of a customer
///
/// The addresses and contacts of all orders and subscriptions of the customer cannot be read again; the orders stay, and so do the
/// notes of returns and the texts of reviews, which `update-performance-review` removes. The customer's subscriptions are cancelled
/// soon after, also those that are started within a minute. Orders that are placed later are not affected. Ship or cancel open orders
/// first: nobody knows where to send them afterwards.
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
    let customer_id = http::path::<CustomerId>(&request)?;
    let (keys, deadline) = (&function.customer_keys, invocation.deadline);
    let mut attempts = Attempts::new("erase personal data");
    loop {
        attempts.start()?;
        let key = keys.find(&customer_id, deadline).await?;
        if key.is_none() && !attempts.is_first() {
            // The first attempt may have erased them, and its answer was lost.
            let known: Option<PersonalDataErasure> = keys.erasure(&customer_id, deadline).await?;
            if let Some(own) = known.filter(|known| known.erased_at == invocation.now) {
                return http::json(StatusCode::OK, &own);
            }
        }
        let erasure = PersonalDataErasure {
            customer_id: customer_id.clone(),
            had_personal_data: key.is_some(),
            erased_at: invocation.now,
        };
        let stored = StoredErasure {
            event: invocation.record(&AccountEvent::PersonalDataErased(erasure.clone()))?,
            erasure,
        };
        if keys.erase(&customer_id, key.as_ref(), &stored, deadline).await? {
            // A subject of the user pool says nothing about the person.
            tracing::info!(
                customer_id = customer_id.as_str(),
                erased = key.is_some(),
                "personal data erased"
            );
            return http::json(StatusCode::OK, &stored.erasure);
        }
    }
}

/// The latest erasure of a customer as stored. The table's stream delivers its event.
#[derive(Debug, Serialize)]
struct StoredErasure {
    #[serde(flatten)]
    erasure: PersonalDataErasure,
    event: Record,
}
