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
        /// Units of an order were cancelled: `quantities` says how many of each line. Their stock is released and their price
        /// will be refunded. The order goes on with the rest.
        OrderLinesCancelled(Order),
        /// An order was not paid in time. Its stock is released.
        OrderExpired(Order),
    }
}
