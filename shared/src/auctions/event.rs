//! What happens to points, as the bus tells it.

use super::Credit;

crate::domain_events! {
    /// Something that happened to the points of an order.
    pub enum PointsEvent from "madang.auctions" {
        /// The points of a paid order are in its customer's wallet.
        PointsCredited(Credit),
        /// The points of a cancelled order were taken back.
        PointsTakenBack(Credit),
    }
}
