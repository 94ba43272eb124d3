//! Examples: the shipment and the return of the example order.

use anyhow::{Result, anyhow};
use fulfillment::event::FulfillmentEvent;
use fulfillment::returns::{
    ReceivedUnits, Rejected, Return, ReturnDecision, ReturnId, ReturnLine, ReturnReason, ReturnRefund, ReturnStatus,
};
use fulfillment::shipment::{self, ClosingReason, Shipment, ShipmentId, ShipmentStatus, ShipmentTransition};
use jiff::{SignedDuration, Timestamp};
use shared::core::event::Record;
use shared::core::money::Money;
use shared::orders::{LineQuantity, LineRefund};
use uuid::Uuid;

/// One record of each event of a shipment or a return.
pub(super) fn events() -> Result<Vec<Record>> {
    let shipment = shipment()?;
    let later = |hours: i64| shipment.shipped_at + SignedDuration::from_hours(hours);
    let after = |transition| shipment.transition(transition).map_err(not_shipped);
    let delivered = after(ShipmentTransition::Deliver(later(26)))?;
    let cancelled = after(ShipmentTransition::Close(ClosingReason::Mistake, later(1)))?;
    let lost = after(ShipmentTransition::Close(ClosingReason::Lost, later(400)))?;
    let requested = returned()?;
    let hours = |hours: i64| requested.requested_at + SignedDuration::from_hours(hours);
    let decide = |decision, note: &str| requested.decided(decision, Some(note.to_owned()), hours(2));
    let approved = decide(ReturnDecision::Approve, "Please send it to our shop.").map_err(rejected)?;
    let refused = decide(ReturnDecision::Refuse, "The packet was opened.").map_err(rejected)?;
    let refunded = refunded(&approved, hours(50), hours(60))?;
    let received = Return {
        status: ReturnStatus::Received,
        refund: None,
        refunded_at: None,
        ..refunded.clone()
    };
    let events = [
        FulfillmentEvent::ShipmentCreated(shipment),
        FulfillmentEvent::ShipmentDelivered(delivered),
        FulfillmentEvent::ShipmentCancelled(cancelled),
        FulfillmentEvent::ShipmentLost(lost),
        FulfillmentEvent::ReturnRequested(requested.for_event()),
        FulfillmentEvent::ReturnApproved(approved.for_event()),
        FulfillmentEvent::ReturnRefused(refused.for_event()),
        FulfillmentEvent::ReturnReceived(received.for_event()),
        FulfillmentEvent::ReturnRefunded(refunded.for_event()),
    ];
    super::records(&events, |event| match event {
        FulfillmentEvent::ShipmentCreated(shipment)
        | FulfillmentEvent::ShipmentDelivered(shipment)
        | FulfillmentEvent::ShipmentCancelled(shipment)
        | FulfillmentEvent::ShipmentLost(shipment) => {
            let ended = shipment.delivered_at.or(shipment.closed_at);
            ended.unwrap_or(shipment.shipped_at)
        }
        FulfillmentEvent::ReturnRequested(details)
        | FulfillmentEvent::ReturnApproved(details)
        | FulfillmentEvent::ReturnRefused(details)
        | FulfillmentEvent::ReturnReceived(details)
        | FulfillmentEvent::ReturnRefunded(details) => {
            let latest = details.refunded_at.or(details.received_at).or(details.decided_at);
            latest.unwrap_or(details.requested_at)
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
        delivery_due_at: Some(order.placed_at + SignedDuration::from_hours(5 + 24 * 14)),
        delivered_at: None,
        closed_at: None,
    })
}

/// A requested return of a unit of the example order.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn returned() -> Result<Return> {
    let shipment = shipment()?;
    Ok(Return {
        return_id: ReturnId(Uuid::from_u128(0x2b4d_6f81_a3c5_8e70_b192_d3f4_0516_2738)),
        order_id: shipment.order_id,
        customer_id: shipment.customer_id,
        status: ReturnStatus::Requested,
        reason: ReturnReason::Damaged,
        note: Some("One packet is torn.".to_owned()),
        lines: vec![ReturnLine {
            line_id: shipment.lines[0].line_id,
            quantity: 1,
            restocked: 0,
            written_off: 0,
            refund: None,
        }],
        requested_at: shipment.shipped_at + SignedDuration::from_hours(40),
        decision_due_at: Some(shipment.shipped_at + SignedDuration::from_hours(40 + 24 * 3)),
        decision_note: None,
        decided_at: None,
        arrival_due_at: None,
        received_at: None,
        refund_due_at: None,
        refund: None,
        refunded_at: None,
    })
}

/// The approved return after its unit was received and its refund was requested.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn refunded(approved: &Return, received_at: Timestamp, refunded_at: Timestamp) -> Result<Return> {
    let line_id = approved.lines[0].line_id;
    let price = super::product()?.price;
    let units = [ReceivedUnits {
        line_id,
        restock: 0,
        write_off: 1,
    }];
    let refunds = [LineRefund { line_id, amount: price }];
    let due_at = received_at + SignedDuration::from_hours(24 * 3);
    let received = approved
        .received(&units, &refunds, due_at, received_at)
        .map_err(rejected)?;
    let zero = Money::zero(price.currency());
    let refund = ReturnRefund {
        amount: price,
        goods: price,
        deduction: zero,
        deduction_note: None,
        shipping: zero,
        reduction: None,
    };
    received.refunded(refund, refunded_at).map_err(rejected)
}

fn rejected(why: Rejected) -> anyhow::Error {
    anyhow!("the example return is rejected: {why:?}")
}

fn not_shipped(why: shipment::Rejected) -> anyhow::Error {
    anyhow!("the example shipment is rejected: {why:?}")
}
