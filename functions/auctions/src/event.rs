//! Events of bids and trades.

use crate::bid::{Bid, Trade};

shared::domain_events! {
    /// An event of a bid.
    pub enum AuctionEvent from "madang.auctions" {
        /// A bid was placed. Its points or its voucher are held.
        BidPlaced(Bid),
        /// A voucher was sold for points. The bids of the trade are closed.
        BidTraded(Trade),
        /// A customer cancelled a bid. Its points or its voucher are released.
        BidCancelled(Bid),
        /// A bid reached its deadline. Its points or its voucher are released.
        BidExpired(Bid),
    }
}
