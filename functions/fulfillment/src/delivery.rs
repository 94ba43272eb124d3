//! The delivery of a shipment, which an administrator or a carrier reports.

use jiff::Timestamp;
use shared::Error;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::orders::{LineQuantity, Order, Step};

use crate::event::FulfillmentEvent;
use crate::shipment::{Rejected, Shipment, ShipmentId, ShipmentStatus, ShipmentTransition, delivery_time};
use crate::store::{FulfillmentStore, ShipmentChange};

/// A reported shipment.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// The shipment, delivered.
    pub(crate) shipment: Shipment,
    /// Whether it was delivered before.
    pub(crate) is_known: bool,
}

/// Records that a shipment was delivered `at`, or now: the shipment, the order's quantities, and the request of a client in
/// one transaction. A delivered shipment does not change. A lost one is delivered, if its units were
/// neither shipped again nor cancelled. With the request of a client, which is staff, it is also delivered otherwise: those units are
/// surplus, and the order does not count them. A carrier's report is not enough for that, since its number may be of another parcel.
///
/// # Errors
/// [`Rejected::NotFound`], [`Rejected::Status`] of a cancelled shipment, [`Rejected::DeliveryTime`], `too-few-units` and
/// `order-not-paid` for a lost one, `idempotency-key-reused`, [`Error::Unavailable`],
/// [`Error::Internal`].
pub(crate) async fn deliver(
    store: &FulfillmentStore,
    id: ShipmentId,
    at: Option<Timestamp>,
    request: Option<&StoredRequest>,
    invocation: &Invocation,
) -> Result<Delivery, Error> {
    const DOING: &str = "deliver a shipment";
    let deadline = invocation.deadline;
    let mut attempts = Attempts::new(DOING);
    loop {
        attempts.start()?;
        let stored = match request {
            Some(request) => store.shipment_and_request(id, request, deadline).await?.0,
            None => store.shipment(id, deadline).await?,
        };
        let stored = stored.ok_or(Rejected::NotFound)?;
        if stored.shipment.status == ShipmentStatus::Delivered {
            return Ok(Delivery {
                shipment: stored.shipment,
                is_known: true,
            });
        }
        let order = store.orders.get(stored.shipment.order_id, deadline).await?;
        let order = order.ok_or_else(|| Error::internal(DOING, "the order of the shipment does not exist"))?;
        let at = delivery_time(&order.order, at, invocation.now)?;
        let mut delivered = stored.shipment.transition(ShipmentTransition::Deliver(at))?;
        let is_lost = stored.shipment.status == ShipmentStatus::Lost;
        if is_lost && request.is_some() {
            delivered.surplus = surplus(&order.order, &delivered.lines);
        }
        let counted = delivered.counted();
        let shipped = match is_lost && !counted.is_empty() {
            true => match order.order.after(Step::Find, &counted) {
                Ok(found) => found,
                Err(rejected) => match store.shipment(id, deadline).await? {
                    // Another report has delivered it since the shipment was read, so its units are counted as shipped.
                    Some(newer) if newer.version != stored.version => continue,
                    _ => return Err(rejected.into()),
                },
            },
            false => order.order.clone(),
        };
        let of_order = match counted.is_empty() {
            true => Ok(shipped),
            false => shipped.delivered(&counted, at),
        };
        let Ok(of_order) = of_order else {
            // Another report has delivered it since the shipment was read.
            continue;
        };
        let event = invocation.record(&FulfillmentEvent::ShipmentDelivered(delivered.clone()))?;
        let change = ShipmentChange {
            next: stored.next(delivered, event),
            order: order.next(of_order, None),
            payment: None,
        };
        if store.save_shipment(&change, request, deadline).await? {
            return Ok(Delivery {
                shipment: change.next.shipment,
                is_known: false,
            });
        }
    }
}

/// The units of a lost parcel that are no longer lost in their order: they were shipped again or cancelled.
fn surplus(order: &Order, units: &[LineQuantity]) -> Vec<LineQuantity> {
    let lost = order.left(Step::Find);
    let surplus = units.iter().map(|unit| {
        let lost = lost.iter().find(|lost| lost.line_id == unit.line_id);
        LineQuantity {
            line_id: unit.line_id,
            quantity: unit.quantity.saturating_sub(lost.map_or(0, |lost| lost.quantity)),
        }
    });
    surplus.filter(|unit| unit.quantity > 0).collect()
}
