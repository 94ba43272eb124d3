//! What happens in the domain `orders`, as the bus tells it.

use super::Order;

crate::domain_events! {
    /// Something that happened to an order.
    pub enum OrderEvent from "madang.orders" {
        /// An order was placed; its stock is held.
        OrderPlaced(Order),
        /// An order was paid; its stock is sold.
        OrderPaid(Order),
        /// An order was cancelled by its customer; its stock went back, and the money of its payment goes back.
        OrderCancelled(Order),
        /// An order was not paid in time; its stock went back.
        OrderExpired(Order),
    }
}
