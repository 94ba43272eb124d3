//! Events of shipments and returns.

use crate::returns::Return;
use crate::shipment::Shipment;

shared::domain_events! {
    /// An event of a shipment or a return.
    pub enum FulfillmentEvent from "madang.fulfillment" {
        /// Units of an order were handed to a carrier.
        ShipmentCreated(Shipment),
        /// A carrier has delivered a shipment.
        ShipmentDelivered(Shipment),
        /// A shipment was recorded by mistake. Its units are to be shipped again.
        ShipmentCancelled(Shipment),
        /// A carrier has lost a shipment. Its units are to be shipped again, or cancelled.
        ShipmentLost(Shipment),
        /// A customer asks to return units of an order.
        ReturnRequested(Return),
        /// The shop takes the units of a return back.
        ReturnApproved(Return),
        /// The shop does not take the units of a return back.
        ReturnRefused(Return),
        /// The shop has received the units of a return. Their refund is due.
        ReturnReceived(Return),
        /// The refund of a return was requested at the payment.
        ReturnRefunded(Return),
    }
}
