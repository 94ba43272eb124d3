//! What happens in the domain `auctions`, as the bus tells it.

use crate::bid::Bid;
use crate::bid::Trade;

shared::domain_events! {
    /// Something that happened to a bid.
    pub enum AuctionEvent from "madang.auctions" {
        /// A bid was placed; what it needs is held.
        BidPlaced(Bid),
        /// A bid was taken: a voucher changed owners for points.
        BidTraded(Trade),
        /// A bid was given up by its customer; what it held is free.
        BidCancelled(Bid),
        /// A bid was not taken in time; what it held is free.
        BidExpired(Bid),
    }
}
