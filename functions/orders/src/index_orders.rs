//! Runs for batches of the orders table's stream, a second after orders have changed: writes the rows by which administrators
//! find orders (`list-admin-orders`), and queues new orders for the private index, which finds them by names. Neither a checkout nor a payment pays for this or
//! waits for it.
//!
//! A change only says which order to look at. The order is read again, and an older version never replaces a newer one, so
//! changes may arrive in any order and repeatedly.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::future::try_join;
use futures::stream::iter;
use shared::Error;
use shared::aws::Platform;
use shared::aws::encryption::CustomerKeyStore;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::problem::Causes;
use shared::aws::lambda::stream::Changes;
use shared::catalog::Sku;
use shared::lookups::{LastDigits, List, LookupStore, Owner, PhoneKeyStore, Position, Subject};
use shared::orders::{DeliveryDetails, OrderId, OrderStore, StoredOrder};
use shared::search::{PrivateDocumentKind, PrivateIndexQueue};
use tokio::time::Instant;
use uuid::Uuid;

use crate::order_list::{is_to_ship, status_name};

/// The function's stores.
#[derive(Debug)]
pub struct IndexOrders {
    /// Orders.
    pub orders: OrderStore,
    /// The rows.
    pub lookups: LookupStore,
    /// The customers' data keys.
    pub customer_keys: CustomerKeyStore,
    /// The key of phone tags.
    pub phone_keys: PhoneKeyStore,
    /// The queue of the private index.
    pub private_index: PrivateIndexQueue,
}

impl IndexOrders {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            orders: OrderStore::new(platform)?,
            lookups: LookupStore::new(platform)?,
            customer_keys: CustomerKeyStore::new(platform)?,
            phone_keys: PhoneKeyStore::new(platform)?,
            private_index: PrivateIndexQueue::new(platform)?,
        })
    }
}

/// The number of orders that are indexed at the same time.
const CONCURRENT: usize = 8;

/// Indexes each order of the batch once.
///
/// # Errors
/// The error of the first order that failed, after all others were indexed. The stream delivers the batch again. An order that
/// cannot be read is left out: it would stop all orders behind it.
pub async fn handle(function: &IndexOrders, changes: Changes, invocation: Invocation) -> Result<(), Error> {
    let (ids, deadline) = (orders_in(&changes), invocation.deadline);
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let orders = function.orders.get_all(&ids, deadline);
    let versions = function.lookups.versions(Subject::Order, &uuids, deadline);
    let ((orders, damaged), versions) = try_join(orders, versions).await?;
    for error in damaged {
        tracing::error!(causes = %Causes(&error), "order cannot be read and is not indexed");
    }
    let behind = orders.iter().filter_map(|stored| {
        let indexed = versions.get(&stored.order.order_id.0);
        let is_behind = indexed.is_none_or(|version| *version < stored.version);
        is_behind.then_some((stored, indexed.is_none()))
    });
    let (new, known): (Vec<_>, Vec<_>) = behind.partition(|(_, is_new)| *is_new);
    let personal = new.into_iter().map(|(stored, _)| async move {
        let written = index_personal_data(function, stored, deadline).await;
        written.map(|()| stored).inspect_err(|error| not_indexed(stored, error))
    });
    let personal: Vec<Result<&StoredOrder, Error>> = iter(personal).buffer_unordered(CONCURRENT).collect().await;
    let (mut new, mut failed) = (vec![], Ok(()));
    for outcome in personal {
        match outcome {
            Ok(stored) => new.push(stored),
            Err(error) => failed = Err(error),
        }
    }
    // After the rows by which an erasure finds these orders, and before the row that says that an order has all its rows.
    let ids: Vec<Uuid> = new.iter().map(|stored| stored.order.order_id.0).collect();
    let queued = function.private_index.index(PrivateDocumentKind::Order, &ids, deadline);
    if let Err(error) = queued.await {
        new.clear();
        failed = Err(error);
    }
    let new = new.into_iter().map(|stored| (stored, true));
    let known = known.into_iter().map(|(stored, _)| (stored, false));
    let indexed = new.chain(known).map(|(stored, is_new)| async move {
        let indexed = index(function, stored, is_new, deadline).await;
        indexed.inspect_err(|error| not_indexed(stored, error))
    });
    let outcomes: Vec<Result<(), Error>> = iter(indexed).buffer_unordered(CONCURRENT).collect().await;
    outcomes.into_iter().chain([failed]).collect()
}

fn not_indexed(stored: &StoredOrder, error: &Error) {
    let order_id = stored.order.order_id;
    tracing::error!(%order_id, causes = %Causes(error), "order not indexed");
}

/// The place of an order in its lists.
fn position(stored: &StoredOrder) -> Position {
    Position::new(stored.order.placed_at, stored.order.order_id.0)
}

/// Brings the rows of an order to where it is. Only its status, and whether something is to be shipped, ever change. The row of its status is written
/// last, so that an order with that row has all others.
async fn index(function: &IndexOrders, stored: &StoredOrder, is_new: bool, deadline: Instant) -> Result<(), Error> {
    let (order, position) = (&stored.order, position(stored));
    if is_new {
        let mut lists = vec![List::All, List::Number(order.number.to_string())];
        let skus: BTreeSet<&Sku> = order.lines.iter().filter_map(|line| line.sku.as_ref()).collect();
        lists.extend(skus.into_iter().cloned().map(List::Product));
        function.lookups.put(Subject::Order, &lists, position, deadline).await?;
    }
    // Only orders that were paid and have something to ship.
    if order.paid_at.is_some() && order.lines.iter().any(|line| line.package.is_some()) {
        let moved = function
            .lookups
            .put_to_ship(Subject::Order, is_to_ship(order), position, stored.version, deadline);
        moved.await?;
    }
    let status = status_name(order.status);
    let moved = function
        .lookups
        .put_status(Subject::Order, status, position, stored.version, deadline);
    moved.await
}

/// Notes that an order has personal data, and writes the rows by its telephone numbers, unless they were erased.
async fn index_personal_data(function: &IndexOrders, stored: &StoredOrder, deadline: Instant) -> Result<(), Error> {
    let Some(sealed) = &stored.delivery_details else {
        return Ok(());
    };
    let customer_id = &stored.order.customer_id;
    let Some(key) = function.customer_keys.get(customer_id, deadline).await? else {
        return Ok(());
    };
    let details = match sealed.open(&key) {
        Ok(Some(details)) => details,
        Ok(None) => return Ok(()),
        Err(error) => {
            let order_id = stored.order.order_id;
            tracing::error!(%order_id, causes = %Causes(&error), "delivery details cannot be read and are not indexed");
            return Ok(());
        }
    };
    let mut lists = vec![];
    for digits in endings(&details) {
        let phone_key = function.phone_keys.get_or_create(deadline).await?;
        let tag = phone_key.tag(digits);
        lists.push(List::Phone(
            tag.map_err(|error| Error::internal("tag a telephone number", error))?,
        ));
    }
    let owner = Owner {
        customer_id: customer_id.clone(),
        key_id: key.id(),
    };
    let unchanged = function.customer_keys.unchanged(&key)?;
    // Refused when the data were erased meanwhile: then there is nothing to find.
    let written = function
        .lookups
        .put_personal(Subject::Order, &lists, position(stored), &owner, unchanged, deadline);
    written.await.map(|_| ())
}

/// The last digits of the telephone numbers, each once.
fn endings(details: &DeliveryDetails) -> Vec<LastDigits> {
    let contact = details.contact.as_ref().and_then(|contact| contact.phone.as_deref());
    let address = details.shipping_address.as_ref();
    let address = address.and_then(|address| address.phone.as_deref());
    let numbers = contact.into_iter().chain(address);
    let mut endings: Vec<LastDigits> = numbers
        .filter_map(|number| LastDigits::of_number(number).ok())
        .collect();
    endings.dedup();
    endings
}

/// The orders that have changed, each once.
fn orders_in(changes: &Changes) -> Vec<OrderId> {
    let orders = changes.keys().filter_map(OrderStore::id_in_key);
    let ids: BTreeSet<Uuid> = orders.map(|order_id| order_id.0).collect();
    ids.into_iter().map(OrderId).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_batch_names_each_order_once() {
        let record = |pk: String| json!({ "eventName": "REMOVE", "dynamodb": { "Keys": { "pk": { "S": pk } } } });
        let order = |id: u128| format!("ORDER#{}", Uuid::from_u128(id));
        let keys = [order(2), order(1), order(2), "OTHER#1".to_owned()];
        let batch = json!({ "Records": keys.map(record) });
        let changes: Changes = serde_json::from_value(batch).unwrap();
        let ids: Vec<u128> = orders_in(&changes).iter().map(|id| id.0.as_u128()).collect();
        assert_eq!(ids, [1, 2]);
    }
}
