//! The delivery of a shipment, which an administrator or a carrier reports.

use jiff::Timestamp;
use shared::Error;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::orders::Step;

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
/// one transaction. A delivered shipment does not change. A lost one is delivered if its units were
/// neither shipped again nor cancelled. With the request of a client, which is staff, those are surplus of the order ([`found`](shared::orders::Order::found)).
/// A carrier's report is not enough for that, since its number may be of another parcel.
///
/// # Errors
/// [`Rejected::NotFound`], [`Rejected::Status`] of a cancelled shipment, [`Rejected::DeliveryTime`], `too-few-units` and
/// `order-not-paid`, `idempotency-key-reused`, [`Error::Unavailable`],
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
    let read = async || match request {
        Some(request) => Ok(store.shipment_and_request(id, request, deadline).await?.0),
        None => store.shipment(id, deadline).await,
    };
    let mut attempts = Attempts::new(DOING);
    loop {
        attempts.start()?;
        let stored = read().await?;
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
        let delivered = stored.shipment.transition(ShipmentTransition::Deliver(at))?;
        let (before, units) = (&order.order, &delivered.lines);
        let of_order = match (stored.shipment.status, request) {
            (ShipmentStatus::Lost, Some(_)) => before.found(units, at),
            (ShipmentStatus::Lost, None) => before
                .after(Step::Find, units)
                .and_then(|found| found.delivered(units, at)),
            _ => before.delivered(units, at),
        };
        let of_order = match of_order {
            Ok(of_order) => of_order,
            Err(rejected) => match read().await? {
                // Another report has delivered it since it was read, and the order counts that.
                Some(newer) if newer.version != stored.version => continue,
                _ => return Err(rejected.into()),
            },
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
