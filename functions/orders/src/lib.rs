//! Orders: quotes, checkout, receipts, cancellation, expiry, and how administrators find them.

pub mod cancel_order;
pub mod cancel_unservable_orders;
pub mod cancellation;
pub mod cancellation_plan;
pub mod checkout;
pub mod create_cancellation_quote;
pub mod create_quote;
pub mod erase_lookups;
pub mod expire_orders;
pub mod get_delivery_details;
pub mod get_order;
pub mod get_receipt;
pub mod index_orders;
pub mod list_admin_orders;
pub mod list_orders;
pub mod order_list;
pub mod seat_returns;
pub mod statutory_terms;

shared::actions! {
    http {
        "cancel-order" => cancel_order::CancelOrder,
        "checkout" => checkout::Checkout,
        "get-delivery-details" => get_delivery_details::GetDeliveryDetails,
        "create-cancellation-quote" => create_cancellation_quote::CreateCancellationQuote,
        "create-quote" => create_quote::CreateQuote,
        "get-order" => get_order::GetOrder,
        "get-receipt" => get_receipt::GetReceipt,
        "list-admin-orders" => list_admin_orders::ListAdminOrders,
        "list-orders" => list_orders::ListOrders,
    }
    schedule {
        "expire-orders" => expire_orders::ExpireOrders,
    }
    queue {
        "cancel-unservable-orders" => cancel_unservable_orders::CancelUnservableOrders,
    }
    stream {
        "erase-lookups" => erase_lookups::EraseLookups,
        "index-orders" => index_orders::IndexOrders,
    }
}
