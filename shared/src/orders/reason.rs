//! Reasons to reject a request that concerns orders.

use super::{OrderStatus, ShippingMethod, Shortage};
use crate::core::money::Money;

crate::reasons! {
    INVALID_LINES = Unprocessable "invalid-lines" "An order has 1 to 50 lines";
    /// Place an order for each currency.
    CURRENCIES_MIXED = Unprocessable "currencies-mixed" "The products have different currencies";
    TOTAL_TOO_LARGE = Unprocessable "total-too-large" "The total is out of range";
    /// Choose one that fits, or none: the first one is then taken.
    SHIPPING_METHOD_UNAVAILABLE = Unprocessable "shipping-method-unavailable" "The shipping method does not fit the order" ShippingMethodUnavailable {
        /// The methods that fit, in the shop's order of preference.
        shipping_methods: Vec<ShippingMethod>,
    };
    /// The shop does not deliver to this destination, or the goods are too heavy for one order.
    NOT_SHIPPABLE = Unprocessable "not-shippable" "No shipping method fits the order";
    /// Send `shipping_address`.
    ADDRESS_MISSING = Unprocessable "address-missing" "The order is shipped and has no address";
    OUT_OF_STOCK = Conflict "out-of-stock" "Not enough stock" OutOfStock {
        /// Each product that has too few units.
        shortages: Vec<Shortage>,
    };
    /// Show the customer the new total, then send it.
    TOTAL_DIFFERS = Conflict "total-differs" "The total differs from the expected one" TotalDiffers {
        /// The total now.
        total: Money,
    };
    ORDER_CLOSED = Conflict "order-closed" "The order is closed" OrderClosed {
        /// The order's status.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        order_status: Option<OrderStatus>,
    };
    /// A receipt is issued once the order is paid.
    ORDER_NOT_PAID = Conflict "order-not-paid" "The order is not paid";
    /// The provider is being called. Try again in a minute.
    PAYMENT_UNDER_WAY = Conflict "payment-under-way" "A payment is under way";
    TOO_MANY_PAYMENTS = Conflict "too-many-payments" "The order has too many payment attempts";
}
