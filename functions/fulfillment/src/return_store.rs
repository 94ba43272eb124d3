//! The returns in the fulfillment table (`RETURN#<id>`), an index of an order's returns, an index of returns by status, and
//! a sparse index of the decisions, arrivals and refunds that are due.
//!
//! Invariant: a return changes only in one transaction with what changes with it: the order's quantities, the stock, the
//! payment.

use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::aws::dynamodb::due;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::dynamodb::transaction::{put, transact_changes};
use shared::aws::dynamodb::{Wanted, batch_get, key, number, parse, text};
use shared::aws::lambda::Invocation;
use shared::core::error::Error;
use shared::core::event::Record;
use shared::core::idempotency::Fingerprint;
use shared::lookups::Position;
use shared::orders::{OrderId, Step, StoredOrder};
use tokio::time::Instant;

use crate::event::FulfillmentEvent;
use crate::returns::{Rejected, Return, ReturnId, ReturnStatus};
use crate::status_list::StatusList;
use crate::store::{Due, FulfillmentStore, request_key};

const READING: &str = "read a return";
const SAVING: &str = "save a return";

/// A return as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredReturn {
    /// The return.
    #[serde(flatten)]
    pub details: Return,
    /// The fingerprint of the request. It distinguishes a retry from another request.
    pub fingerprint: Fingerprint,
    /// Counts the changes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The newest event. The table's stream delivers it.
    pub event: Record,
}

/// A changed return, with what changes with it in one transaction.
#[derive(Debug)]
pub struct ReturnChange {
    /// The return.
    pub next: StoredReturn,
    /// The changed order of the return, if it changes.
    pub order: Option<StoredOrder>,
    /// Other writes, each on condition that its item has not changed.
    pub records: Vec<TransactWriteItem>,
    /// Writes without a condition: units back on the shelf.
    pub stock: Vec<TransactWriteItem>,
}

impl ReturnChange {
    /// The change of `stored` to `refused`: its units, which are units of `order`, count as kept by the customer.
    ///
    /// # Errors
    /// [`TooManyUnits`](shared::orders::Rejected::TooManyUnits) when the order has fewer units in returns, and [`Error::Internal`].
    pub fn refusing(
        stored: &StoredReturn,
        refused: Return,
        order: &StoredOrder,
        invocation: &Invocation,
    ) -> Result<Self, Error> {
        let kept = order.order.after(Step::KeepReturn, &refused.units())?;
        Ok(Self {
            next: stored.next(refused, invocation)?,
            order: Some(order.next(kept, None)),
            records: vec![],
            stock: vec![],
        })
    }
}

impl StoredReturn {
    /// A new return.
    ///
    /// # Errors
    /// [`Error::Internal`] when the event cannot be serialized.
    pub fn new(details: Return, fingerprint: Fingerprint, invocation: &Invocation) -> Result<Self, Error> {
        let event = invocation.record(&FulfillmentEvent::ReturnRequested(details.for_event()))?;
        Ok(Self {
            details,
            fingerprint,
            version: 1,
            event,
        })
    }

    /// The next version, with the event of its status.
    ///
    /// # Errors
    /// [`Error::Internal`] when the event cannot be serialized.
    pub fn next(&self, details: Return, invocation: &Invocation) -> Result<Self, Error> {
        let data = details.for_event();
        let event = match details.status {
            ReturnStatus::Requested => FulfillmentEvent::ReturnRequested(data),
            ReturnStatus::Approved => FulfillmentEvent::ReturnApproved(data),
            ReturnStatus::Refused => FulfillmentEvent::ReturnRefused(data),
            ReturnStatus::Received => FulfillmentEvent::ReturnReceived(data),
            ReturnStatus::Refunded => FulfillmentEvent::ReturnRefunded(data),
        };
        Ok(Self {
            details,
            fingerprint: self.fingerprint.clone(),
            version: self.version + 1,
            event: invocation.record(&event)?,
        })
    }
}

impl FulfillmentStore {
    /// Reads an order and a return consistently, in one request.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn order_and_return(
        &self,
        order: OrderId,
        id: ReturnId,
        deadline: Instant,
    ) -> Result<(Option<StoredOrder>, Option<StoredReturn>), Error> {
        let key = key(return_key(id));
        let (order, found) = self.orders.get_with(order, &self.table, key, deadline).await?;
        Ok((order, found.map(|item| parse(READING, item)).transpose()?))
    }

    /// Reads a return consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn find_return(&self, id: ReturnId, deadline: Instant) -> Result<Option<StoredReturn>, Error> {
        self.table.read(READING, key(return_key(id)), deadline).await
    }

    /// Reads a return, and whether `request` has changed it before, consistently, in one request.
    ///
    /// # Errors
    /// [`Rejected::NotFound`], `idempotency-key-reused`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn return_and_request(
        &self,
        id: ReturnId,
        request: &StoredRequest,
        deadline: Instant,
    ) -> Result<(StoredReturn, bool), Error> {
        let wanted = Wanted {
            table: &self.table.name,
            keys: vec![key(return_key(id)), request_key(request)],
            consistent: true,
        };
        let found = batch_get(&self.table.client, READING, vec![wanted], deadline).await?;
        let (mut stored, mut is_known) = (None, false);
        for item in found.into_values().flatten() {
            if item.contains_key("return_id") {
                stored = Some(parse(READING, item)?);
            } else {
                let earlier: StoredRequest = parse(READING, item)?;
                earlier.fingerprint.require_same(&request.fingerprint)?;
                is_known = true;
            }
        }
        Ok((stored.ok_or(Rejected::NotFound)?, is_known))
    }

    /// Reads the order of a return consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn order_of(&self, stored: &StoredReturn, deadline: Instant) -> Result<StoredOrder, Error> {
        let order = self.orders.get(stored.details.order_id, deadline).await?;
        order.ok_or_else(|| Error::internal(READING, "the order of the return does not exist"))
    }

    /// Reads a return again after its change by `request` was rejected with `rejected`. Returns the return if another attempt of the
    /// request has taken effect since `stored` was read: then the rejection is of a change that is already made. Returns `None`
    /// if another request has changed it, and the order with it: judge again.
    ///
    /// # Errors
    /// `rejected` if nothing has changed, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn changed_meanwhile(
        &self,
        stored: &StoredReturn,
        request: &StoredRequest,
        rejected: Error,
        deadline: Instant,
    ) -> Result<Option<StoredReturn>, Error> {
        if !matches!(rejected, Error::Rejected(_)) {
            return Err(rejected);
        }
        let id = stored.details.return_id;
        let (newer, is_known) = self.return_and_request(id, request, deadline).await?;
        match is_known {
            true => Ok(Some(newer)),
            false if newer.version != stored.version => Ok(None),
            false => Err(rejected),
        }
    }

    /// Saves a change, and the request that made it unless the return is its record, in one transaction. Returns false when
    /// a part of it has changed since it was read, or the request was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save_return(
        &self,
        change: &ReturnChange,
        request: Option<&StoredRequest>,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let details = &change.next.details;
        let id = details.return_id;
        let mut item = self.table.item(SAVING, key(return_key(id)), &change.next)?;
        item.insert("of_order".into(), text(returns_of(details.order_id)));
        let place = Position::new(details.requested_at, id.0);
        StatusList::of_returns(details.status).put(&mut item, place);
        item.insert("created_ms".into(), number(details.requested_at.as_millisecond()));
        // Sparse: only the next step of a return is due.
        if let Some((kind, due_at)) = next_due(details) {
            due::put_in(&kind.shards(), &mut item, id.0, due_at);
        }
        let mut items = vec![put(self.table.put_if_version(item, change.next.version))?];
        if let Some(order) = &change.order {
            items.push(put(self.orders.put_if_version(order)?)?);
        }
        if let Some(request) = request {
            items.push(request.put(&self.table, request_key(request))?);
        }
        items.extend(change.records.iter().cloned());
        let records = items.len();
        items.extend(change.stock.iter().cloned());
        transact_changes(&self.table.client, SAVING, items, records, deadline).await
    }
}

/// What is due next of a return, and when. `None` if it has ended.
fn next_due(details: &Return) -> Option<(Due, Timestamp)> {
    let (kind, due_at) = match details.status {
        ReturnStatus::Requested => (Due::Return, details.decision_due_at),
        ReturnStatus::Approved => (Due::Arrival, details.arrival_due_at),
        ReturnStatus::Received => (Due::Return, details.refund_due_at),
        ReturnStatus::Refused | ReturnStatus::Refunded => return None,
    };
    Some((kind, due_at?))
}

/// The partition of an order's returns in the index by order.
pub(crate) fn returns_of(order: OrderId) -> String {
    format!("RETURNS#{order}")
}

pub(crate) fn return_key(id: ReturnId) -> String {
    format!("RETURN#{id}")
}
