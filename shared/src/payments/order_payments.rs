//! Transactions over orders and payments.
//!
//! Invariants: the transaction that records a charge also marks the order as paid. The transaction that cancels an
//! order also records its refund, and writes its payment even if there is nothing to refund.

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::aws::Platform;
use crate::aws::dynamodb::transaction::{Writes, put, transact_changes};
use crate::aws::lambda::Invocation;
use crate::core::error::Error;
use crate::core::event::Record;
use crate::core::money::Money;
use crate::orders::{LineQuantity, Order, OrderStore, ReinstateOutcome, Rejected, ReservationStore, StoredOrder};
use crate::payments::{PaymentRequest, PaymentStore, StoredPayment};

/// The orders and payments tables.
#[derive(Clone, Debug)]
pub struct OrderPaymentStore {
    client: Client,
    /// The orders table.
    pub orders: OrderStore,
    /// The payments table.
    pub payments: PaymentStore,
}

/// The cancellation of an order or of some of its units.
#[derive(Debug)]
pub struct OrderCancellation<'a> {
    /// The order as read.
    pub stored: &'a StoredOrder,
    /// The order after the cancellation.
    pub cancelled: Order,
    /// The units that are cancelled. `None` for the whole order.
    pub units: Option<&'a [LineQuantity]>,
    /// The part of the price of the delivery that is refunded.
    pub shipping: Money,
    /// The event `OrderCancelled` or `OrderLinesCancelled`.
    pub event: Record,
    /// The payment that paid the order, with its refund if there is something to refund.
    pub payment: Option<&'a StoredPayment>,
    /// The request that cancels the order.
    pub request: PaymentRequest,
    /// The time until which the coupons that go back can be redeemed at least. `None` if they keep their time.
    pub coupons_until: Option<Timestamp>,
    /// Writes of the same transaction: they take the points back, and make tickets void.
    pub writes: Writes,
}

impl OrderPaymentStore {
    /// Creates the store over the orders and payments tables.
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

    /// Saves a payment, the order that changes with it, and the request that changed them. Returns false when any of
    /// them has changed since it was read, or the request was made before.
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
        transact_changes(&self.client, "save a payment and its order", items, records, deadline).await
    }

    /// Saves an expired order that was paid, with its stock or seats taken again from `reservations`, and its payment.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn reinstate(
        &self,
        reservations: &ReservationStore,
        order: &StoredOrder,
        payment: &StoredPayment,
        invocation: &Invocation,
    ) -> Result<ReinstateOutcome, Error> {
        let payment = self.payments.put_if_version(payment)?;
        reservations.reinstate(order, &payment, invocation).await
    }

    /// Cancels an order or some of its units: releases the stock to `reservations`, and saves the
    /// payment with the refund. Returns false when anything has changed since it was read.
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
            units,
            shipping,
            event,
            payment,
            request,
            coupons_until,
            writes: Writes(mut writes),
        } = cancellation;
        writes.push(put(self.payments.put_request(&request)?)?);
        if let Some(payment) = payment {
            writes.push(put(self.payments.put_if_version(payment)?)?);
        }
        let (next, released) = match units {
            None => stored.releasing_all(cancelled, event),
            Some(units) => stored.releasing(units, cancelled, event)?,
        };
        let next = next.with_shipping_refund(shipping).map_err(Rejected::from)?;
        reservations
            .save_released(stored, &next, &released, Writes(writes), coupons_until, deadline)
            .await
    }
}
