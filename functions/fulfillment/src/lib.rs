//! Fulfillment: shipments of paid orders, their delivery, and returns.

pub mod carriers;
pub mod close_shipment;
pub mod create_shipment;
pub mod decide_return;
pub mod deliver_shipment;
mod delivery;
pub mod event;
pub mod list_order_returns;
pub mod list_returns;
pub mod list_shipments;
pub mod list_shipments_by_status;
pub mod reason;
pub mod receive_carrier_webhook;
pub mod receive_return;
pub mod refund_return;
pub mod request_return;
mod restock;
pub mod return_store;
pub mod returns;
pub mod shipment;
mod status_list;
pub mod store;
pub mod watch_fulfillment;

shared::actions! {
    http {
        "close-shipment" => close_shipment::CloseShipment,
        "create-shipment" => create_shipment::CreateShipment,
        "decide-return" => decide_return::DecideReturn,
        "deliver-shipment" => deliver_shipment::DeliverShipment,
        "list-order-returns" => list_order_returns::ListOrderReturns,
        "list-returns" => list_returns::ListReturns,
        "list-shipments" => list_shipments::ListShipments,
        "list-shipments-by-status" => list_shipments_by_status::ListShipmentsByStatus,
        "receive-carrier-webhook" => receive_carrier_webhook::ReceiveCarrierWebhook,
        "receive-return" => receive_return::ReceiveReturn,
        "refund-return" => refund_return::RefundReturn,
        "request-return" => request_return::RequestReturn,
    }
    schedule {
        "watch-fulfillment" => watch_fulfillment::WatchFulfillment,
    }
}
