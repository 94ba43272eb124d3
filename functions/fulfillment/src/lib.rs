//! Fulfillment: shipments of paid orders and their delivery.

pub mod create_shipment;
pub mod deliver_shipment;
mod delivery;
pub mod event;
pub mod list_shipments;
pub mod reason;
pub mod receive_carrier_webhook;
pub mod shipment;
pub mod store;

shared::actions! {
    http {
        "create-shipment" => create_shipment::CreateShipment,
        "deliver-shipment" => deliver_shipment::DeliverShipment,
        "list-shipments" => list_shipments::ListShipments,
        "receive-carrier-webhook" => receive_carrier_webhook::ReceiveCarrierWebhook,
    }
}
