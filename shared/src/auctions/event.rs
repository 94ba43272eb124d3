//! Events of points.

use super::Credit;

crate::domain_events! {
    /// An event of the points that an order bought.
    pub enum PointsEvent from "madang.auctions" {
        /// The points of a paid order were added to the customer's wallet.
        PointsCredited(Credit),
        /// The points of a cancelled or refunded order were taken back.
        PointsTakenBack(Credit),
    }
}
