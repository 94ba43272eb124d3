//! On `OrderCancelled`, `PaymentUnservable` and `RefundRequested`: makes the payment's refund. An unservable payment
//! pays its order instead, if the order's stock can be taken again.
//!
//! The payment has the pending refund before the event is published. So an event can be late or repeated, and the
//! reconciler makes the refund if the event is lost.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::core::id::PaymentId;
use shared::orders::ReservationStore;
use shared::payments::{PaymentService, PaymentStatus, Rejected};

/// The function `refund-payment`.
#[derive(Debug)]
pub struct RefundPayment {
    /// The payment service.
    pub service: PaymentService,
    /// Orders with their stock and seats.
    pub reservations: ReservationStore,
}

impl RefundPayment {
    /// Creates the function from the platform.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or invalid.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            service: PaymentService::new(platform)?,
            reservations: ReservationStore::for_all_orders(platform)?,
        })
    }
}

/// An event about an order or a payment, as EventBridge delivers it.
pub type RefundCause = EventBridgeEvent<Envelope<Data>>;

/// The fields of the order or payment that the function reads.
#[derive(Debug, Serialize, Deserialize)]
pub struct Data {
    /// The payment. Absent for an order without a started payment.
    pub payment_id: Option<PaymentId>,
}

/// Handles an event.
///
/// # Errors
/// [`Error::Unavailable`] when the event must be retried, [`Error::Internal`].
pub async fn handle(function: &RefundPayment, event: RefundCause, invocation: Invocation) -> Result<(), Error> {
    let Some(id) = event.detail.data.payment_id else {
        return Ok(());
    };
    let stored = function
        .service
        .order_payments
        .payments
        .get(id, invocation.deadline)
        .await?;
    let stored = stored.ok_or(Rejected::NotFound)?;
    let after = match (event.detail_type.as_str(), stored.payment.status) {
        // The order is cancelled, so its payment must not be paid any more.
        ("OrderCancelled", PaymentStatus::Started | PaymentStatus::Failed | PaymentStatus::AwaitingDeposit) => {
            function.service.cancel_unpaid(&stored, &invocation).await?
        }
        ("PaymentUnservable", _) => {
            function
                .service
                .resolve_unservable(id, &function.reservations, &invocation)
                .await?
        }
        ("OrderCancelled" | "RefundRequested", _) => function.service.refund(id, &invocation).await?,
        _ => return Ok(()),
    };
    tracing::info!(payment_id = %id, status = ?after.payment.status, "refund event handled");
    Ok(())
}
