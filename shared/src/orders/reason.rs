//! Reasons to reject a request that concerns orders.

use super::{LineId, LineQuantity, OrderStatus, ShippingMethod, Shortage};
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
    ORDER_NOT_PAID = Conflict "order-not-paid" "The order is not paid" OrderNotPaid {
        /// The order's status.
        order_status: OrderStatus,
    };
    /// The show has started, or the refund policy of the order takes no seats back any more.
    SEATS_NOT_RETURNABLE = Conflict "seats-not-returnable" "The seats are not taken back any more";
    SEAT_USED = Conflict "seat-used" "A ticket of the seats was checked in" SeatUsed {
        /// The seat's line.
        line_id: LineId,
    };
    /// The ticket's holder can pass it back. Then the seat can be given back.
    SEAT_TRANSFERRED = Conflict "seat-transferred" "Somebody else holds a ticket of the seats" SeatTransferred {
        /// The seat's line.
        line_id: LineId,
    };
    /// Show the customer the new refund, then send it.
    REFUND_DIFFERS = Conflict "refund-differs" "The refund differs from the expected one" RefundDiffers {
        /// The refund now.
        refund: Money,
    };
    /// The order has no such line, or the line is named twice, has no quantity, or is not shipped.
    INVALID_LINE = Unprocessable "invalid-line" "A line is invalid" InvalidLine {
        /// The line.
        line_id: LineId,
    };
    TOO_FEW_UNITS = Conflict "too-few-units" "Fewer units are left" TooFewUnits {
        /// The units that are left of each line.
        left: Vec<LineQuantity>,
    };
    /// Cancel by line what is not shipped.
    ORDER_SHIPPED = Conflict "order-shipped" "A part of the order is shipped" OrderShipped {
        /// The units of each line that can still be cancelled.
        cancellable: Vec<LineQuantity>,
    };
    LINE_REFUNDED = Conflict "line-refunded" "More would be refunded of a line than it costs" LineRefunded {
        /// The line.
        line_id: LineId,
        /// The amount that is left to refund of the line.
        left: Money,
    };
    /// The provider is being called. Try again in a minute.
    PAYMENT_UNDER_WAY = Conflict "payment-under-way" "A payment is under way";
    TOO_MANY_PAYMENTS = Conflict "too-many-payments" "The order has too many payment attempts";
}
