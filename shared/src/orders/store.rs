//! The orders table: orders (`ORDER#<id>`), an index by customer, and a sparse index of unpaid orders by deadline.

pub(super) mod sealed_details;

use std::collections::HashMap;
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::builders::{ConditionCheckBuilder, PutBuilder};
use aws_sdk_dynamodb::types::{ConditionCheck, Put, ReturnValuesOnConditionCheckFailure as OnFailure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::aws::Platform;
use crate::aws::dynamodb::due::{self, DuePage, DuePosition, uuid_in};
use crate::aws::dynamodb::listed::{List, ListIndex, Listed};
use crate::aws::dynamodb::table::Table;
use crate::aws::dynamodb::{Item, Wanted, batch_get, item_of, key, number, parse};
use crate::aws::lambda::page::Cursor;
use crate::catalog::{self, Hold};
use crate::core::error::Error;
use crate::core::event::Record;
use crate::core::idempotency::Fingerprint;
use crate::core::identity::CustomerId;
use crate::core::money::{Money, MoneyError};
use crate::orders::{LineKind, LineQuantity, Order, OrderId, OrderStatus, Rejected, SealedDetails, attributes};
use crate::tickets::RefundTerms;

const BY_CUSTOMER: ListIndex = ListIndex {
    name: "by-customer",
    list: "customer_id",
    place: "placed_ms",
};
/// The prefix of an order's key.
const ORDER: &str = "ORDER#";
/// The most payments of one order that can be started. Limits calls to providers.
const MAX_PAYMENTS: u32 = 20;

/// The orders table.
#[derive(Clone, Debug)]
pub struct OrderStore {
    table: Table,
}

/// An order as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOrder {
    /// The order.
    #[serde(flatten, with = "attributes")]
    pub order: Order,
    /// The units that the order holds while it waits for payment, or has sold once it is paid.
    pub holds: Vec<Hold>,
    /// Who receives the order, and where, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_details: Option<SealedDetails>,
    /// The fingerprint of the request. It distinguishes a retry from another request.
    pub fingerprint: Fingerprint,
    /// The number of started payments.
    pub payments: u32,
    /// The part of the price of the delivery that was refunded, with its tax. A refund that names neither units nor the delivery does not
    /// count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_refunded: Option<Money>,
    /// The terms on which its seats are given back. Absent for an order of products.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_terms: Option<RefundTerms>,
    /// Counts the changes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The newest event. The table's stream delivers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

impl StoredOrder {
    /// The next version, with the change's event if it has one.
    #[must_use]
    pub fn next(&self, order: Order, event: Option<Record>) -> Self {
        Self {
            order,
            holds: self.holds.clone(),
            delivery_details: self.delivery_details.clone(),
            fingerprint: self.fingerprint.clone(),
            payments: self.payments,
            shipping_refunded: self.shipping_refunded,
            refund_terms: self.refund_terms.clone(),
            version: self.version + 1,
            event: event.or_else(|| self.event.clone()),
        }
    }

    /// The next version, which no longer holds `units`, and the released holds. Lost units among them stay in the holds, since they
    /// are gone from the stock.
    ///
    /// # Errors
    /// [`Error::Internal`] when it holds fewer units.
    pub fn releasing(&self, units: &[LineQuantity], next: Order, event: Record) -> Result<(Self, Vec<Hold>), Error> {
        let written_off = self.order.written_off_by(&next);
        let mut next = self.next(next, Some(event));
        let mut released = vec![];
        for unit in units {
            let line = self.order.lines.iter().find(|line| line.line_id == unit.line_id);
            // The seats that an order has follow from its lines.
            if line.is_some_and(|line| line.kind == LineKind::Seat) {
                continue;
            }
            let sku = line.and_then(|line| line.sku.as_ref());
            let lost = written_off.iter().find(|lost| lost.line_id == unit.line_id);
            let quantity = unit.quantity - lost.map_or(0, |lost| lost.quantity);
            let parts = sku.and_then(|sku| catalog::release(&next.holds, sku, quantity));
            let (left, part) =
                parts.ok_or_else(|| Error::internal("release stock", "the order holds fewer units than its lines"))?;
            next.holds = left;
            released.extend(part);
        }
        Ok((next, released))
    }

    /// The next version, which holds nothing any more, and the released holds.
    pub fn releasing_all(&self, next: Order, event: Record) -> (Self, Vec<Hold>) {
        let next = Self {
            holds: vec![],
            ..self.next(next, Some(event))
        };
        (next, self.holds.clone())
    }

    /// The part of the price of the delivery that can still be refunded.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn shipping_left(&self) -> Result<Money, MoneyError> {
        let price = self.order.price_of_delivery()?;
        Ok(self
            .shipping_refunded
            .map_or(price, |refunded| price.saturating_sub(refunded)))
    }

    /// The order with `amount` more of the price of the delivery counted as refunded.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`], also when more would be refunded of the delivery than it costs, and
    /// [`MoneyError::CurrenciesMixed`].
    pub fn with_shipping_refund(mut self, amount: Money) -> Result<Self, MoneyError> {
        self.shipping_left()?.minus(amount)?;
        let sum = self
            .shipping_refunded
            .map_or(Ok(amount), |before| before.plus(amount))?;
        self.shipping_refunded = Some(sum).filter(|sum| sum.amount() > 0);
        Ok(self)
    }

    /// Checks that another payment can be started.
    ///
    /// # Errors
    /// [`Rejected::TooManyPayments`].
    pub const fn require_payment_limit(&self) -> Result<(), Rejected> {
        if self.payments >= MAX_PAYMENTS {
            return Err(Rejected::TooManyPayments);
        }
        Ok(())
    }

    /// The next version, with another payment started.
    ///
    /// # Errors
    /// [`Rejected::TooManyPayments`].
    pub fn with_payment(&self, order: Order) -> Result<Self, Rejected> {
        self.require_payment_limit()?;
        Ok(Self {
            payments: self.payments + 1,
            ..self.next(order, None)
        })
    }
}

/// An order as listed by the index.
#[derive(Deserialize)]
#[serde(transparent)]
struct ListedOrder {
    #[serde(with = "attributes")]
    order: Order,
}

impl OrderStore {
    /// Creates the store of the table in the environment variable `ORDERS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "ORDERS_TABLE")?,
        })
    }

    /// Reads an order of any customer, consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, id: OrderId, deadline: Instant) -> Result<Option<StoredOrder>, Error> {
        const DOING: &str = "read an order";
        self.table.read(DOING, key(order_key(id)), deadline).await
    }

    /// Reads an order and, in the same request, the item at `other` of another table. Both consistently, but they are no
    /// snapshot.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_with(
        &self,
        id: OrderId,
        table: &Table,
        other: Item,
        deadline: Instant,
    ) -> Result<(Option<StoredOrder>, Option<Item>), Error> {
        let other = Wanted {
            table: &table.name,
            keys: vec![other],
            consistent: true,
        };
        let wanted = vec![self.wanted(id), other];
        let mut found = batch_get(&self.table.client, "read an order", wanted, deadline).await?;
        let order = self.loaded(&mut found)?;
        Ok((order, found.remove(&table.name).and_then(|mut items| items.pop())))
    }

    /// The item to read of an order, consistently, in one request with other items.
    pub fn wanted(&self, id: OrderId) -> Wanted<'_> {
        Wanted {
            table: self.table(),
            keys: vec![key(order_key(id))],
            consistent: true,
        }
    }

    /// Reads the [wanted](OrderStore::wanted) order, if it was found.
    ///
    /// # Errors
    /// [`Error::Internal`] for a damaged item.
    pub fn loaded(&self, found: &mut HashMap<String, Vec<Item>>) -> Result<Option<StoredOrder>, Error> {
        let order = found.remove(self.table()).and_then(|mut orders| orders.pop());
        order.map(parse_order).transpose()
    }

    /// Reads an order with serializable isolation: waits for a transaction in progress, which a consistent read
    /// ignores.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_serializable(&self, id: OrderId, deadline: Instant) -> Result<Option<StoredOrder>, Error> {
        const DOING: &str = "read an order";
        self.table.read_serializable(DOING, key(order_key(id)), deadline).await
    }

    /// Reads the existing orders of `ids` consistently, in no order, and the errors of damaged items.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_all(&self, ids: &[OrderId], deadline: Instant) -> Result<(Vec<StoredOrder>, Vec<Error>), Error> {
        let wanted = Wanted {
            table: &self.table.name,
            keys: ids.iter().map(|id| key(order_key(*id))).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, "read due orders", vec![wanted], deadline).await?;
        let mut orders = vec![];
        let mut damaged = vec![];
        for item in found.into_values().flatten() {
            match parse_order(item) {
                Ok(order) => orders.push(order),
                Err(error) => damaged.push(error),
            }
        }
        Ok((orders, damaged))
    }

    /// The order with this key. None for another item.
    pub fn id_in_key(pk: &str) -> Option<OrderId> {
        id_in(pk).ok()
    }

    /// Reads at most `limit` of the customer's orders that were placed within `placed_ms` after `after`, newest first.
    /// Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list(
        &self,
        customer: &CustomerId,
        placed_ms: RangeInclusive<u64>,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<Order>, Error> {
        let list = List {
            places: placed_ms,
            ..List::newest_in(BY_CUSTOMER, customer.as_str(), ORDER)
        };
        let page = self
            .table
            .list_readable::<ListedOrder>("list orders", &list, after, limit, deadline);
        Ok(page.await?.map(|listed| listed.order))
    }

    /// Reads a page of the orders of one shard whose deadline has passed at `now`, the earliest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        after: Option<DuePosition>,
        deadline: Instant,
    ) -> Result<DuePage<OrderId>, Error> {
        due::page(&self.table, shard, now, after, deadline, id_in).await
    }

    /// Builds the put of a new order. Fails its condition, and returns the stored order, when the id exists.
    pub fn put_new(&self, order: &StoredOrder) -> Result<PutBuilder, Error> {
        Ok(self
            .put(order)?
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(OnFailure::AllOld))
    }

    /// Builds the put of a changed order. Fails its condition when the order has changed since it was read.
    pub fn put_if_version(&self, order: &StoredOrder) -> Result<PutBuilder, Error> {
        Ok(self
            .put(order)?
            .condition_expression("version = :read")
            .expression_attribute_values(":read", number(order.version - 1)))
    }

    /// Builds the check that an order has not changed since it was read, for a write in another table that follows from it.
    pub fn check_unchanged(&self, order: &StoredOrder) -> ConditionCheckBuilder {
        ConditionCheck::builder()
            .table_name(&self.table.name)
            .set_key(Some(key(order_key(order.order.order_id))))
            .condition_expression("version = :read")
            .expression_attribute_values(":read", number(order.version))
    }

    fn put(&self, stored: &StoredOrder) -> Result<PutBuilder, Error> {
        let order = &stored.order;
        let mut item = item_of("save an order", order_key(order.order_id), stored)?;
        item.insert("placed_ms".into(), number(order.placed_at.as_millisecond()));
        // The due index is sparse: it has only orders that wait for payment.
        if order.status == OrderStatus::PendingPayment {
            due::put_on_index(&mut item, order.order_id.0, order.expires_at);
        }
        Ok(Put::builder().table_name(&self.table.name).set_item(Some(item)))
    }

    pub(crate) fn table(&self) -> &str {
        &self.table.name
    }
}

/// Parses the id in an order's key.
fn id_in(pk: &str) -> Result<OrderId, Error> {
    uuid_in(pk, ORDER).map(OrderId)
}

/// The key of an order.
pub(crate) fn order_key(id: OrderId) -> String {
    format!("{ORDER}{id}")
}

/// Deserializes an order.
pub(crate) fn parse_order(item: Item) -> Result<StoredOrder, Error> {
    parse("read an order", item)
}
