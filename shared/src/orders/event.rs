//! The events of the orders domain.

use super::Order;

crate::domain_events! {
    /// An event about an order.
    pub enum OrderEvent from "madang.orders" {
        /// An order was placed. Its stock is held.
        OrderPlaced(Order),
        /// An order was paid, or was placed and costs nothing. Its stock is sold.
        OrderPaid(Order),
        /// A customer cancelled an order. Its stock is released and its payment will be refunded.
        OrderCancelled(Order),
        /// An order was not paid in time. Its stock is released.
        OrderExpired(Order),
    }
}
