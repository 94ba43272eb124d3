//! Orders: quotes, checkout, receipts, cancellation and expiry.

pub mod cancel_order;
pub mod checkout;
pub mod create_quote;
pub mod expire_orders;
pub mod get_delivery_details;
pub mod get_order;
pub mod get_receipt;
pub mod list_orders;

shared::actions! {
    http {
        "cancel-order" => cancel_order::CancelOrder,
        "checkout" => checkout::Checkout,
        "get-delivery-details" => get_delivery_details::GetDeliveryDetails,
        "create-quote" => create_quote::CreateQuote,
        "get-order" => get_order::GetOrder,
        "get-receipt" => get_receipt::GetReceipt,
        "list-orders" => list_orders::ListOrders,
    }
    schedule {
        "expire-orders" => expire_orders::ExpireOrders,
    }
}
