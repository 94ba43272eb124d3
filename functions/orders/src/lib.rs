//! Orders, from checkout to their end.

pub mod cancel_order;
pub mod checkout;
pub mod expire_orders;
pub mod get_order;
pub mod list_orders;
