//! On messages that name orders which the shop cannot serve, such as those of a cancelled showtime: cancels each as a whole, with a
//! full refund.
//!
//! Messages may arrive twice, late and in any order: a cancelled or expired order does not change. If a payment of the order is in
//! progress, the message fails and is delivered again. What cannot be cancelled ends in a dead-letter queue with an alarm.

use aws_lambda_events::sqs::SqsBatchResponse;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::batch::{self, Batch};
use shared::core::idempotency::{Fingerprint, derive_id};
use shared::orders::{OrderStatus, UnservableOrder};

use crate::cancellation::{CancellationRequest, Cancellations};

/// The function's stores.
#[derive(Debug)]
pub struct CancelUnservableOrders {
    /// Cancels orders.
    pub cancellations: Cancellations,
}

impl CancelUnservableOrders {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            cancellations: Cancellations::new(platform)?,
        })
    }
}

/// Cancels the orders of a batch, all at once.
///
/// # Errors
/// None. Failed messages are reported to the queue.
pub async fn handle(
    function: &CancelUnservableOrders,
    batch: Batch,
    invocation: Invocation,
) -> Result<SqsBatchResponse, Error> {
    let cancel = async |message: UnservableOrder| cancel(function, message, &invocation).await;
    Ok(batch::serve(batch, cancel).await)
}

async fn cancel(
    function: &CancelUnservableOrders,
    UnservableOrder { order_id }: UnservableOrder,
    invocation: &Invocation,
) -> Result<(), Error> {
    let orders = &function.cancellations.plans.order_payments.orders;
    let stored = orders.get(order_id, invocation.deadline);
    let order = stored.await?.map(|stored| stored.order.as_of(invocation.now));
    // Money that comes for an expired order later is refunded, or the order is named again when it is paid.
    if order.is_none_or(|order| matches!(order.status, OrderStatus::Cancelled | OrderStatus::Expired)) {
        return Ok(());
    }
    let request = CancellationRequest {
        order_id,
        lines: None,
        expected_refund: None,
        request_id: derive_id(&["cancel unservable order", &order_id.to_string()]),
        fingerprint: Fingerprint::of(&order_id).map_err(|error| Error::internal("read the message", error))?,
        caller: None,
    };
    match function.cancellations.cancel(&request, invocation).await {
        Ok(_) => Ok(()),
        // A payment or a refund of it is in progress, or in review.
        Err(Error::Rejected(rejection)) => Err(Error::unavailable("cancel an unservable order", rejection.detail)),
        Err(error) => Err(error),
    }
}
