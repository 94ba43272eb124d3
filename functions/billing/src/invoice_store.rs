//! Transactions over subscriptions, invoices, stock, orders and payments.
//!
//! Invariants: a period is charged once, since creating its invoice requires `attribute_not_exists` in the write that
//! advances the subscription. The transaction that starts an attempt takes the stock with conditional writes, and the
//! one that ends it releases the stock. The transaction that marks an invoice as paid creates its order, its payment
//! and their events.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use tokio::time::Instant;

use crate::store::{StoredInvoice, StoredSubscription, SubscriptionStore, SubscriptionWrite};
use shared::aws::Platform;
use shared::aws::dynamodb::transaction::{put, transact_changes};
use shared::catalog::{CatalogStore, Hold, Product, Sku};
use shared::core::error::Error;
use shared::orders::{Line, ReservationStore, Shortage, StoredOrder, TakeOutcome};
use shared::payments::{OrderPaymentStore, StoredPayment};

/// The tables of subscriptions, stock, orders and payments.
#[derive(Clone, Debug)]
pub struct InvoiceStore {
    client: Client,
    /// The catalog table.
    pub catalog: CatalogStore,
    /// The subscriptions table.
    pub subscriptions: SubscriptionStore,
    /// The stock reservations.
    pub reservations: ReservationStore,
    /// The orders and payments tables.
    pub order_payments: OrderPaymentStore,
}

/// The outcome of starting an attempt.
#[derive(Debug)]
pub enum BeginChargeOutcome {
    /// The attempt is started and holds its stock.
    Begun(Box<StoredInvoice>),
    /// The subscription or the invoice has changed since it was read, possibly by an earlier attempt of the same call.
    Changed,
    /// Too few units are available. Nothing was written.
    OutOfStock(Vec<Shortage>),
}

impl InvoiceStore {
    /// Creates the store over the tables of the catalog, coupons, orders, payments and subscriptions.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            client: platform.dynamodb(),
            catalog: CatalogStore::new(platform)?,
            subscriptions: SubscriptionStore::with_coupons(platform)?,
            reservations: ReservationStore::new(platform)?,
            order_payments: OrderPaymentStore::new(platform)?,
        })
    }

    /// Starts an attempt to charge `invoice`: takes the stock of its lines, in one transaction with the invoice and its
    /// subscription. `products` are the products of its lines, as read. If the invoice is paid because it costs nothing,
    /// also creates its `order`, which gets the stock.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not succeed before `deadline`, and [`Error::Internal`].
    pub async fn begin(
        &self,
        subscription: &StoredSubscription,
        invoice: &StoredInvoice,
        order: Option<&StoredOrder>,
        products: &HashMap<Sku, Product>,
        deadline: Instant,
    ) -> Result<BeginChargeOutcome, Error> {
        let with_holds = |holds| StoredInvoice {
            holds,
            ..invoice.clone()
        };
        let record = |holds: Vec<Hold>| {
            let mut items = vec![put(self.subscriptions.put_if_version(subscription)?)?];
            let Some(order) = order else {
                items.push(put(self.subscriptions.put_invoice(&with_holds(holds))?)?);
                return Ok(items);
            };
            let order = StoredOrder { holds, ..order.clone() };
            items.push(put(self.subscriptions.put_invoice(invoice)?)?);
            items.push(put(self.order_payments.orders.put_new(&order)?)?);
            Ok(items)
        };
        let lines = invoice.invoice.lines.iter();
        let units: Vec<(Sku, u32)> = lines.filter_map(Line::product_units).collect();
        Ok(
            match self.reservations.take(&units, products, record, deadline).await? {
                TakeOutcome::Taken(holds) => BeginChargeOutcome::Begun(Box::new(with_holds(holds))),
                TakeOutcome::ConditionFailed(_) => BeginChargeOutcome::Changed,
                TakeOutcome::OutOfStock(shortages) => BeginChargeOutcome::OutOfStock(shortages),
            },
        )
    }

    /// Saves the result of an attempt in one transaction: `write`, the new order and payment of a charge, and the
    /// return of the `released` units to their shards. Returns false when anything has changed since it was read,
    /// possibly by an earlier attempt of the same call whose response was lost.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save_result(
        &self,
        write: &SubscriptionWrite<'_>,
        order_and_payment: Option<(&StoredOrder, &StoredPayment)>,
        released: &[Hold],
        deadline: Instant,
    ) -> Result<bool, Error> {
        let mut items = self.subscriptions.transaction_items(write)?;
        if let Some((order, payment)) = order_and_payment {
            items.push(put(self.order_payments.orders.put_new(order)?)?);
            items.push(put(self.order_payments.payments.put_if_version(payment)?)?);
        }
        let records = items.len();
        items.extend(self.reservations.release_writes(released)?);
        transact_changes(&self.client, "save the result of a charge", items, records, deadline).await
    }
}
