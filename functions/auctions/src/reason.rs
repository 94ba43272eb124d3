//! Reasons to reject a request that concerns auctions.

use shared::auctions::Points;

use crate::bid::BidStatus;

shared::reasons! {
    INVALID_PRICE = Unprocessable "invalid-price" "The price is out of range or not a multiple of the price step";
    INVALID_DEADLINE = Unprocessable "invalid-deadline" "The deadline is past or too far ahead";
    INVALID_VOUCHER = Unprocessable "invalid-voucher" "The voucher code is malformed";
    VOUCHER_NOT_YOURS = Unprocessable "voucher-not-yours" "The caller cannot offer this voucher";
    VOUCHER_OFFERED = Conflict "voucher-offered" "The voucher is already offered";
    /// Another customer has registered it, or it is registered for another product.
    VOUCHER_REGISTERED = Conflict "voucher-registered" "The voucher is already registered";
    NOT_ENOUGH_POINTS = PaymentRequired "not-enough-points" "Not enough points" NotEnoughPoints {
        /// The wallet's available points.
        available: Points,
    };
    TOO_MANY_BIDS = Conflict "too-many-bids" "Too many open bids";
    OWN_BID = Unprocessable "own-bid" "The only bids are the caller's own";
    NOTHING_TO_TAKE = Conflict "nothing-to-take" "There is no bid to take";
    PRICE_DIFFERS = Conflict "price-differs" "The best price is worse than the expected one" PriceDiffers {
        /// The best price now.
        best: Points,
    };
    BID_CLOSED = Conflict "bid-closed" "The bid is closed" BidClosed {
        /// The bid's status.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        bid_status: Option<BidStatus>,
    };
}
