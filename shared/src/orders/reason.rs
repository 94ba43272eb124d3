//! Reasons to reject a request that concerns orders.

crate::reasons! {
    INVALID_LINES = Unprocessable "invalid-lines" "An order has 1 to 50 lines";
    CURRENCIES_MIXED = Unprocessable "currencies-mixed" "The products have different currencies";
    TOTAL_TOO_LARGE = Unprocessable "total-too-large" "The total is out of range";
    OUT_OF_STOCK = Conflict "out-of-stock" "Not enough stock";
    TOTAL_DIFFERS = Conflict "total-differs" "The total differs from the expected one";
    ORDER_CLOSED = Conflict "order-closed" "The order is closed";
    PAYMENT_UNDER_WAY = Conflict "payment-under-way" "A payment is under way";
    TOO_MANY_PAYMENTS = Conflict "too-many-payments" "The order has too many payment attempts";
}
