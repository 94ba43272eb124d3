//! `GET /payments/{payment_id}`: returns a payment.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::id::PaymentId;
use shared::payments::{Payment, PaymentStore, Rejected};

/// The function `get-payment`.
#[derive(Debug)]
pub struct GetPayment {
    /// The payments table.
    pub payments: PaymentStore,
}

impl GetPayment {
    /// Creates the function from the platform.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or invalid.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            payments: PaymentStore::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns a payment
///
/// Customers read their own payments; administrators read any. Only administrators see reviews, the notes of
/// refunds, and who requested them.
///
/// # Errors
/// `not-found` for another customer's payment too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/payments/{payment_id}", operation_id = "get-payment", tag = "payments",
    security(("token" = [])),
    params(("payment_id" = Uuid, Path, description = "The payment")),
    responses(
        (status = 200, description = "The payment", body = Payment),
    )
)]
pub async fn handle(function: &GetPayment, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let id = http::path::<PaymentId>(&request)?;
    let stored = function.payments.get(id, invocation.deadline).await?;
    let payment = stored
        .map(|stored| stored.payment)
        .filter(|payment| caller.is_admin || payment.customer_id == caller.customer_id)
        .ok_or(Rejected::NotFound)?;
    if caller.is_admin {
        return http::json(StatusCode::OK, &payment);
    }
    http::json(StatusCode::OK, &payment.for_customer())
}
