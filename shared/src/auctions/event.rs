//! What happens in the domain `auctions`, as the bus tells it.

use super::Bid;
use super::Credit;
use super::Trade;

crate::domain_events! {
    /// Something that happened to a bid, or to the points of an order.
    pub enum AuctionEvent from "madang.auctions" {
        /// A bid was placed; what it needs is held.
        BidPlaced(Bid),
        /// A bid was taken: a voucher changed owners for points.
        BidTraded(Trade),
        /// A bid was given up by its customer; what it held is free.
        BidCancelled(Bid),
        /// A bid was not taken in time; what it held is free.
        BidExpired(Bid),
        /// The points of a paid order are in its customer's wallet.
        PointsCredited(Credit),
        /// The points of a cancelled order were taken back.
        PointsTakenBack(Credit),
    }
}
