//! Transactions over subscriptions, invoices, stock, orders and payments.
//!
//! Promises enforced here: a period is billed once, since its invoice is put under `attribute_not_exists` in the
//! transaction that advances its subscription; stock is reserved in the transaction that starts an attempt and released
//! in the one that ends it; an invoice is paid in the transaction that writes its order, its payment and their events.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use tokio::time::Instant;

use crate::store::{StoredInvoice, StoredSubscription, SubscriptionStore, SubscriptionWrite};
use shared::aws::Platform;
use shared::aws::dynamodb::transaction::{put, transact_changes};
use shared::catalog::CatalogStore;
use shared::catalog::Sku;
use shared::catalog::{Hold, Product};
use shared::core::error::Error;
use shared::orders::ReservationStore;
use shared::orders::Shortage;
use shared::orders::StoredOrder;
use shared::orders::TakeOutcome;
use shared::payments::OrderPaymentStore;
use shared::payments::StoredPayment;

/// Writes subscriptions and invoices together with stock, orders and payments.
#[derive(Clone, Debug)]
pub struct InvoiceStore {
    client: Client,
    /// Products.
    pub catalog: CatalogStore,
    /// Subscriptions and their invoices.
    pub subscriptions: SubscriptionStore,
    /// Stock.
    pub reservations: ReservationStore,
    /// Orders and payments.
    pub order_payments: OrderPaymentStore,
}

/// The result of [`InvoiceStore::begin`].
#[derive(Debug)]
pub enum BeginChargeOutcome {
    /// The attempt has started, and its stock is reserved.
    Begun(Box<StoredInvoice>),
    /// The subscription or the invoice has changed since it was read, perhaps by an earlier attempt of this write.
    Changed,
    /// There is not enough stock; nothing was written.
    OutOfStock(Vec<Shortage>),
}

impl InvoiceStore {
    /// Creates the store over the tables of catalog, orders, payments and subscriptions.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            client: platform.dynamodb(),
            catalog: CatalogStore::new(platform)?,
            subscriptions: SubscriptionStore::new(platform)?,
            reservations: ReservationStore::new(platform)?,
            order_payments: OrderPaymentStore::new(platform)?,
        })
    }

    /// Starts an attempt to charge `invoice`: reserves the stock of its lines in one transaction with the invoice and its
    /// subscription. `products` are those of its lines, as they were read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the transaction did not succeed before `deadline`, and [`Error::Internal`].
    pub async fn begin(
        &self,
        subscription: &StoredSubscription,
        invoice: &StoredInvoice,
        products: &HashMap<Sku, Product>,
        deadline: Instant,
    ) -> Result<BeginChargeOutcome, Error> {
        let with_holds = |holds| StoredInvoice {
            holds,
            ..invoice.clone()
        };
        let record = |holds: Vec<Hold>| {
            let invoice = with_holds(holds);
            Ok(vec![
                put(self.subscriptions.put_if_version(subscription)?)?,
                put(self.subscriptions.put_invoice(&invoice)?)?,
            ])
        };
        let lines = &invoice.invoice.lines;
        Ok(match self.reservations.take(lines, products, record, deadline).await? {
            TakeOutcome::Taken(holds) => BeginChargeOutcome::Begun(Box::new(with_holds(holds))),
            TakeOutcome::ConditionFailed(_) => BeginChargeOutcome::Changed,
            TakeOutcome::OutOfStock(shortages) => BeginChargeOutcome::OutOfStock(shortages),
        })
    }

    /// Writes what an attempt came to: its `write`, the order and the payment of money that was taken, both new, and the
    /// return of units to where they were taken from. All of it or none; false when anything has changed since it was
    /// read, perhaps by an earlier attempt of this very call whose answer was lost.
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
        transact_changes(&self.client, "settle an invoice", items, records, deadline).await
    }
}
