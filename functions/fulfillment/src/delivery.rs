//! The delivery of a shipment, which an administrator or a carrier reports.

use jiff::Timestamp;
use shared::Error;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;

use crate::event::FulfillmentEvent;
use crate::shipment::{Rejected, Shipment, ShipmentId, ShipmentStatus, delivery_time};
use crate::store::FulfillmentStore;

/// A reported shipment.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// The shipment, delivered.
    pub(crate) shipment: Shipment,
    /// Whether it was delivered before.
    pub(crate) is_known: bool,
}

/// Records that a shipment was delivered `at`, or now: the shipment, the order's quantities, and the request of a client in
/// one transaction. A shipment that is delivered stays as it is.
///
/// # Errors
/// [`Rejected::NotFound`], [`Rejected::DeliveryTime`], `idempotency-key-reused`, [`Error::Unavailable`],
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
            Some(request) => store.shipment_and_request(id, request, deadline).await?,
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
        let delivered = stored.shipment.delivered(at);
        let Ok(of_order) = order.order.delivered(&delivered.lines, at) else {
            // Another report has delivered it since the shipment was read.
            continue;
        };
        let event = invocation.record(&FulfillmentEvent::ShipmentDelivered(delivered.clone()))?;
        let next = stored.next(delivered, event);
        let order = order.next(of_order, None);
        if store.save_shipment(&next, &order, request, deadline).await? {
            return Ok(Delivery {
                shipment: next.shipment,
                is_known: false,
            });
        }
    }
}
