//! The fulfillment table: shipments (`SHIPMENT#<id>`) and requests (`REQUEST#<id>`), an index of an order's shipments,
//! and an index of shipments by the parcel's number.
//!
//! Invariant: a shipment changes only in one transaction with the quantities of its order.

use std::ops::Range;

use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::aws::Platform;
use shared::aws::dynamodb::due::{self, DuePage, DuePosition, uuid_in};
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::dynamodb::table::{Table, text_of};
use shared::aws::dynamodb::transaction::{put, transact_changes};
use shared::aws::dynamodb::{Item, Wanted, batch_get, classify_error, key, number, parse, send_until_answered, text};
use shared::aws::lambda::page::Cursor;
use shared::aws::lambda::problem::Causes;
use shared::core::error::Error;
use shared::core::event::Record;
use shared::core::idempotency::Fingerprint;
use shared::lookups::Position;
use shared::orders::{OrderId, OrderStore, StoredOrder};
use tokio::time::Instant;
use uuid::Uuid;

use crate::return_store::returns_of;
use crate::shipment::{Shipment, ShipmentId, ShipmentStatus, tracking_key};
use crate::status_list::StatusList;

const BY_TRACKING: &str = "by-tracking";
const BY_ORDER: &str = "by-order";
const READING: &str = "read a shipment";
const SAVING: &str = "save a shipment";

/// The most shipments under one number that a message delivers: the orders in a parcel, and older parcels whose number the
/// carrier has used again.
const MAX_SHIPMENTS_OF_A_NUMBER: usize = 100;
/// The shipments that are read at a time, as many as a usual parcel has at most.
const PARCEL_PAGE: i32 = 25;

/// The fulfillment table, and the orders.
#[derive(Clone, Debug)]
pub struct FulfillmentStore {
    pub(crate) table: Table,
    /// The orders table.
    pub orders: OrderStore,
}

/// A shipment as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredShipment {
    /// The shipment.
    #[serde(flatten)]
    pub shipment: Shipment,
    /// The fingerprint of the request. It distinguishes a retry from another request.
    pub fingerprint: Fingerprint,
    /// Counts the changes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The newest event. The table's stream delivers it.
    pub event: Record,
}

/// A changed shipment, with what changes with it in one transaction.
#[derive(Clone, Debug)]
pub struct ShipmentChange {
    /// The shipment.
    pub next: StoredShipment,
    /// The changed order of the shipment.
    pub order: StoredOrder,
    /// Checks that the payment of the order has not changed, if the change depends on it.
    pub payment: Option<TransactWriteItem>,
}

/// Work that can be due. Each kind has its own shards of the index, so that the many overdue deliveries of a carrier's strike do not
/// delay the returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The shop's next step for a return: its decision, or the refund.
    Return,
    /// The arrival of the units of an approved return.
    Arrival,
    /// The delivery of a shipment.
    Delivery,
}

impl Due {
    /// The shards of the index.
    pub const fn shards(self) -> Range<u8> {
        match self {
            Self::Return => due::SHARDS,
            Self::Delivery => due::OTHER_SHARDS,
            Self::Arrival => due::FURTHER_SHARDS,
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListPage<T> {
    /// The items, newest first.
    pub(crate) items: Vec<T>,
    /// The start of the next page, if there is one.
    pub(crate) next: Option<Cursor<1>>,
}

/// The shipments or the returns of an order.
#[derive(Debug)]
pub(crate) struct OrderList {
    partition: String,
    kind: &'static str,
}

impl OrderList {
    /// The shipments of an order.
    pub(crate) fn of_shipments(order: OrderId) -> Self {
        Self {
            partition: shipments_of(order),
            kind: "SHIPMENT",
        }
    }

    /// The returns of an order.
    pub(crate) fn of_returns(order: OrderId) -> Self {
        Self {
            partition: returns_of(order),
            kind: "RETURN",
        }
    }
}

impl FulfillmentStore {
    /// Creates the store over the tables of fulfillment and the orders.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "FULFILLMENT_TABLE")?,
            orders: OrderStore::new(platform)?,
        })
    }

    /// Reads an order and a shipment consistently, in one request.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn order_and_shipment(
        &self,
        order: OrderId,
        shipment: ShipmentId,
        deadline: Instant,
    ) -> Result<(Option<StoredOrder>, Option<StoredShipment>), Error> {
        let key = key(shipment_key(shipment));
        let (order, shipment) = self.orders.get_with(order, &self.table, key, deadline).await?;
        Ok((order, shipment.map(|item| parse(READING, item)).transpose()?))
    }

    /// Reads a shipment consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn shipment(&self, id: ShipmentId, deadline: Instant) -> Result<Option<StoredShipment>, Error> {
        self.table.read(READING, key(shipment_key(id)), deadline).await
    }

    /// Reads a shipment with serializable isolation: waits for a transaction in progress, which a consistent read ignores.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn shipment_serializable(
        &self,
        id: ShipmentId,
        deadline: Instant,
    ) -> Result<Option<StoredShipment>, Error> {
        self.table
            .read_serializable(READING, key(shipment_key(id)), deadline)
            .await
    }

    /// Reads a shipment, and whether `request` has changed it before, consistently, in one request.
    ///
    /// # Errors
    /// `idempotency-key-reused`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn shipment_and_request(
        &self,
        id: ShipmentId,
        request: &StoredRequest,
        deadline: Instant,
    ) -> Result<(Option<StoredShipment>, bool), Error> {
        let wanted = Wanted {
            table: &self.table.name,
            keys: vec![key(shipment_key(id)), request_key(request)],
            consistent: true,
        };
        let found = batch_get(&self.table.client, READING, vec![wanted], deadline).await?;
        let (mut shipment, mut is_known) = (None, false);
        for item in found.into_values().flatten() {
            if item.contains_key("shipment_id") {
                shipment = Some(parse(READING, item)?);
            } else {
                let earlier: StoredRequest = parse(READING, item)?;
                earlier.fingerprint.require_same(&request.fingerprint)?;
                is_known = true;
            }
        }
        Ok((shipment, is_known))
    }

    /// Saves a shipment, its order, and the request that changed them, in one transaction. Returns false when any of
    /// them or the payment has changed since it was read, or the request was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save_shipment(
        &self,
        change: &ShipmentChange,
        request: Option<&StoredRequest>,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let mut items = self.shipment_items(change)?;
        if let Some(request) = request {
            items.push(request.put(&self.table, request_key(request))?);
        }
        let records = items.len();
        transact_changes(&self.table.client, SAVING, items, records, deadline).await
    }

    /// The writes of a changed shipment and its order, each under the version that was read.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn shipment_items(&self, change: &ShipmentChange) -> Result<Vec<TransactWriteItem>, Error> {
        let stored = &change.next;
        let mut item = self
            .table
            .item(SAVING, key(shipment_key(stored.shipment.shipment_id)), stored)?;
        let shipment = &stored.shipment;
        let tracking = tracking_key(&shipment.carrier, &shipment.tracking_number);
        item.insert("of_order".into(), text(shipments_of(shipment.order_id)));
        item.insert("created_ms".into(), number(shipment.shipped_at.as_millisecond()));
        item.insert("tracking".into(), text(tracking));
        let place = Position::new(shipment.shipped_at, shipment.shipment_id.0);
        StatusList::of_shipments(shipment.status).put(&mut item, place);
        // Sparse: only parcels that are under way are due.
        if let (ShipmentStatus::Shipped, Some(due_at)) = (shipment.status, shipment.delivery_due_at) {
            due::put_in(&Due::Delivery.shards(), &mut item, shipment.shipment_id.0, due_at);
        }
        let mut items = vec![
            put(self.table.put_if_version(item, stored.version))?,
            put(self.orders.put_if_version(&change.order)?)?,
        ];
        items.extend(change.payment.clone());
        Ok(items)
    }

    /// Reads at most `limit` items of the list of an order after `after`, newest first. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub(crate) async fn list_of_order<T: DeserializeOwned>(
        &self,
        list: &OrderList,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<ListPage<T>, Error> {
        const DOING: &str = "list shipments or returns of an order";
        let start = after.map(|cursor| {
            let mut start = key(format!("{}#{}", list.kind, cursor.id));
            start.insert("of_order".into(), text(list.partition.as_str()));
            start.insert("created_ms".into(), number(cursor.at[0]));
            start
        });
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(BY_ORDER)
            .key_condition_expression("of_order = :partition")
            .expression_attribute_values(":partition", text(list.partition.as_str()))
            .scan_index_forward(false)
            .limit(limit.into())
            .set_exclusive_start_key(start);
        let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
        let answer = send_until_answered(DOING, deadline, send).await?;
        let next = answer.last_evaluated_key.as_ref().map(|position| {
            // It must not look like the end of the list.
            cursor(position).ok_or_else(|| Error::internal(DOING, "the position in the list is unreadable"))
        });
        let mut items = vec![];
        for item in answer.items.unwrap_or_default() {
            // One damaged item must not hide the others.
            match parse::<T>(DOING, item) {
                Ok(item) => items.push(item),
                Err(error) => tracing::error!(causes = %Causes(&error), "listed item cannot be read"),
            }
        }
        Ok(ListPage {
            items,
            next: next.transpose()?,
        })
    }

    /// Finds the newest shipments under a parcel's number, at most [`MAX_SHIPMENTS_OF_A_NUMBER`]. Eventually consistent: a new
    /// shipment may be missing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn find_parcel(&self, tracking_key: &str, deadline: Instant) -> Result<Vec<ShipmentId>, Error> {
        const DOING: &str = "find a parcel";
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(BY_TRACKING)
            .key_condition_expression("tracking = :tracking")
            .expression_attribute_values(":tracking", text(tracking_key))
            .scan_index_forward(false)
            .limit(PARCEL_PAGE);
        let (mut found, mut start) = (vec![], None);
        while found.len() < MAX_SHIPMENTS_OF_A_NUMBER {
            let query = query.clone().set_exclusive_start_key(start);
            let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
            let answer = send_until_answered(DOING, deadline, send).await?;
            for item in answer.items.unwrap_or_default() {
                let id = id_in(&item).ok_or_else(|| Error::internal(DOING, "a shipment's key is unreadable"))?;
                found.push(ShipmentId(id));
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(found)
    }
}

impl FulfillmentStore {
    /// Reads a page of the `kind` of one shard that is due at `now`, the earliest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn due(
        &self,
        kind: Due,
        shard: u8,
        now: Timestamp,
        after: Option<DuePosition>,
        deadline: Instant,
    ) -> Result<DuePage<Uuid>, Error> {
        let prefix = match kind {
            Due::Return | Due::Arrival => "RETURN#",
            Due::Delivery => "SHIPMENT#",
        };
        due::page(&self.table, shard, now, after, deadline, |pk| uuid_in(pk, prefix)).await
    }
}

impl StoredShipment {
    /// A new shipment.
    pub const fn new(shipment: Shipment, fingerprint: Fingerprint, event: Record) -> Self {
        Self {
            shipment,
            fingerprint,
            version: 1,
            event,
        }
    }

    /// The next version, with the change's event.
    #[must_use]
    pub fn next(&self, shipment: Shipment, event: Record) -> Self {
        Self {
            shipment,
            fingerprint: self.fingerprint.clone(),
            version: self.version + 1,
            event,
        }
    }
}

/// The partition of an order's shipments in the index by order.
fn shipments_of(order: OrderId) -> String {
    format!("SHIPMENTS#{order}")
}

fn shipment_key(id: ShipmentId) -> String {
    format!("SHIPMENT#{id}")
}

pub(crate) fn request_key(request: &StoredRequest) -> Item {
    key(format!("REQUEST#{}", request.request_id))
}

fn id_in(item: &Item) -> Option<Uuid> {
    let (_, id) = text_of(item, "pk")?.split_once('#')?;
    Uuid::parse_str(id).ok()
}

fn cursor(position: &Item) -> Option<Cursor<1>> {
    let created_ms = position.get("created_ms")?.as_n().ok()?.parse().ok()?;
    Some(Cursor {
        at: [created_ms],
        id: id_in(position)?,
    })
}

/// The position of a shipment or a return in a list.
pub fn position(id: Uuid, created_at: Timestamp) -> Cursor<1> {
    Cursor {
        at: [created_at.as_millisecond().unsigned_abs()],
        id,
    }
}
