//! The bus brings `OrderCancelled`, `PaymentUnservable` and `RefundRequested`; it leaves the money where it belongs: with
//! the customer, or, when a late payment's order finds its stock again, with the order.
//!
//! The refund stands on the payment before the bus tells of it, so the event only says that there is something to do:
//! twice, late or never, it is done once, for what the events leave undone the reconciler does.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::core::id::PaymentId;
use shared::orders::ReservationStore;
use shared::payments::PaymentService;
use shared::payments::{PaymentStatus, Rejected};

/// The function's books, providers and stock.
#[derive(Debug)]
pub struct RefundPayment {
    /// Payments, orders, providers.
    pub service: PaymentService,
    /// Stock.
    pub reservations: ReservationStore,
}

impl RefundPayment {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            service: PaymentService::new(platform)?,
            reservations: ReservationStore::new(platform)?,
        })
    }
}

/// The event of an order or of a payment, as the bus delivers it.
pub type RefundCause = EventBridgeEvent<Envelope<Data>>;

/// The order or the payment, as far as it is looked at.
#[derive(Debug, Serialize, Deserialize)]
pub struct Data {
    /// The payment; none for an order that nobody began to pay.
    pub payment_id: Option<PaymentId>,
}

/// Does what an event asks for.
///
/// # Errors
/// [`Error::Unavailable`] when it has to be tried again, [`Error::Internal`].
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
        // The order that it was begun for is gone: nobody shall pay it any more.
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
    tracing::info!(payment_id = %id, status = ?after.payment.status, "done");
    Ok(())
}
