//! Events of shipments.

use crate::shipment::Shipment;

shared::domain_events! {
    /// An event of a shipment.
    pub enum FulfillmentEvent from "madang.fulfillment" {
        /// Units of an order were handed to a carrier.
        ShipmentCreated(Shipment),
        /// A carrier has delivered a shipment.
        ShipmentDelivered(Shipment),
    }
}
