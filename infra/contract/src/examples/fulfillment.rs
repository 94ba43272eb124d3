//! Examples: the shipment of the example order.

use anyhow::Result;
use fulfillment::event::FulfillmentEvent;
use fulfillment::shipment::{Shipment, ShipmentId, ShipmentStatus};
use jiff::SignedDuration;
use shared::core::event::Record;
use shared::orders::LineQuantity;
use uuid::Uuid;

/// One record of each event of a shipment.
pub(super) fn events() -> Result<Vec<Record>> {
    let shipment = shipment()?;
    let delivered = shipment.delivered(shipment.shipped_at + SignedDuration::from_hours(26));
    let events = [
        FulfillmentEvent::ShipmentCreated(shipment),
        FulfillmentEvent::ShipmentDelivered(delivered),
    ];
    super::records(&events, |event| match event {
        FulfillmentEvent::ShipmentCreated(shipment) | FulfillmentEvent::ShipmentDelivered(shipment) => {
            shipment.delivered_at.unwrap_or(shipment.shipped_at)
        }
    })
}

/// A shipment.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn shipment() -> Result<Shipment> {
    let (order, _) = super::paid()?;
    let lines = order.lines.iter().map(|line| LineQuantity {
        line_id: line.line_id,
        quantity: line.quantity,
    });
    Ok(Shipment {
        shipment_id: ShipmentId(Uuid::from_u128(0x8a2c_4e6b_1d3f_8b5a_97c8_e0d2_f4a6_b8c0)),
        order_id: order.order_id,
        lines: lines.collect(),
        customer_id: order.customer_id,
        status: ShipmentStatus::Shipped,
        carrier: "CJ Logistics".to_owned(),
        tracking_number: "6890-1234-5678".to_owned(),
        tracking_url: Some("https://track.example.com/689012345678".to_owned()),
        shipped_at: order.placed_at + SignedDuration::from_hours(5),
        delivered_at: None,
    })
}
