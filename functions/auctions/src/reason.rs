//! Reasons to reject a request that concerns auctions.

shared::reasons! {
    INVALID_PRICE = Unprocessable "invalid-price" "The price is out of range or not a multiple of the price step";
    INVALID_DEADLINE = Unprocessable "invalid-deadline" "The deadline is past or too far ahead";
    INVALID_VOUCHER = Unprocessable "invalid-voucher" "The voucher code is malformed";
    VOUCHER_NOT_YOURS = Unprocessable "voucher-not-yours" "The caller cannot offer this voucher";
    VOUCHER_OFFERED = Conflict "voucher-offered" "The voucher is already offered";
    VOUCHER_REGISTERED = Conflict "voucher-registered" "The voucher is already registered";
    NOT_ENOUGH_POINTS = PaymentRequired "not-enough-points" "Not enough points";
    TOO_MANY_BIDS = Conflict "too-many-bids" "Too many open bids";
    OWN_BID = Unprocessable "own-bid" "The only bids are the caller's own";
    NOTHING_TO_TAKE = Conflict "nothing-to-take" "There is no bid to take";
    PRICE_DIFFERS = Conflict "price-differs" "The best price is worse than the expected one";
    BID_CLOSED = Conflict "bid-closed" "The bid is closed";
}
