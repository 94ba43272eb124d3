//! Where payments and orders meet: what changes both is one transaction.
//!
//! Promises kept here: an order is paid in the write that records that its money was taken, and cancelled in the write
//! that records that its money is to go back.

use aws_sdk_dynamodb::Client;
use tokio::time::Instant;

use crate::aws::Platform;
use crate::aws::dynamodb::transaction::{Writes, put, transact_changes};
use crate::core::error::Error;
use crate::core::event::Record;
use crate::orders::Order;
use crate::orders::{OrderStore, StoredOrder};
use crate::orders::{ReservationStore, RetakeOutcome};
use crate::payments::{PaymentRequest, PaymentStore, StoredPayment};

/// The orders' and the payments' tables together.
#[derive(Clone, Debug)]
pub struct OrderPaymentStore {
    client: Client,
    /// Orders.
    pub orders: OrderStore,
    /// Payments.
    pub payments: PaymentStore,
}

/// The cancellation of an order.
#[derive(Debug)]
pub struct OrderCancellation<'a> {
    /// The order as read.
    pub stored: &'a StoredOrder,
    /// The order after the cancellation.
    pub cancelled: Order,
    /// The event `OrderCancelled`.
    pub event: Record,
    /// The order's payment with its refund, if there is something to refund.
    pub payment: Option<&'a StoredPayment>,
    /// The writes that take back the points that the order bought.
    pub points: Writes,
}

impl OrderPaymentStore {
    /// Over the tables of the orders and of the payments.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            client: platform.dynamodb(),
            orders: OrderStore::new(platform)?,
            payments: PaymentStore::new(platform)?,
        })
    }

    /// Keeps a payment and the order that changes with it, and the request that changed them; false when anything has
    /// changed them since they were read, or the request was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(
        &self,
        payment: &StoredPayment,
        order: Option<&StoredOrder>,
        request: Option<&PaymentRequest>,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let mut items = vec![put(self.payments.put_if_version(payment)?)?];
        if let Some(order) = order {
            items.push(put(self.orders.put_if_version(order)?)?);
        }
        if let Some(request) = request {
            items.push(put(self.payments.put_request(request)?)?);
        }
        let records = items.len();
        transact_changes(&self.client, "settle a payment", items, records, deadline).await
    }

    /// Keeps an expired order that was paid after all, with its stock taken anew from `reservations`, and its payment.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn revive(
        &self,
        reservations: &ReservationStore,
        order: &StoredOrder,
        payment: &StoredPayment,
        deadline: Instant,
    ) -> Result<RetakeOutcome, Error> {
        let payment = self.payments.put_if_version(payment)?;
        reservations.retake(order, &payment, deadline).await
    }

    /// Cancels an order, gives its stock back to `reservations`, takes its points back, and keeps its payment with the
    /// refund that follows; false when anything has changed since it was read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn cancel(
        &self,
        reservations: &ReservationStore,
        cancellation: OrderCancellation<'_>,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let OrderCancellation {
            stored,
            cancelled,
            event,
            payment,
            points,
        } = cancellation;
        let Writes(mut writes) = points;
        if let Some(payment) = payment {
            writes.push(put(self.payments.put_if_version(payment)?)?);
        }
        reservations
            .release(stored, cancelled, event, Writes(writes), deadline)
            .await
    }
}
