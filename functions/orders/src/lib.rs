//! Orders: checkout, cancellation and expiry.

pub mod cancel_order;
pub mod checkout;
pub mod expire_orders;
pub mod get_delivery_details;
pub mod get_order;
pub mod list_orders;

shared::actions! {
    http {
        "cancel-order" => cancel_order::CancelOrder,
        "checkout" => checkout::Checkout,
        "get-delivery-details" => get_delivery_details::GetDeliveryDetails,
        "get-order" => get_order::GetOrder,
        "list-orders" => list_orders::ListOrders,
    }
    schedule {
        "expire-orders" => expire_orders::ExpireOrders,
    }
}
