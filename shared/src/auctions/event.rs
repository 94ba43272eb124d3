//! Events of points.

use super::{CollectedPoints, Credit};

crate::domain_events! {
    /// An event of the points in a wallet.
    pub enum PointsEvent from "madang.auctions" {
        /// The points of a paid order were added to the customer's wallet.
        PointsCredited(Credit),
        /// The points of a paid order were not added, because the wallet would exceed its limit. An administrator
        /// refunds the order, or credits the points later.
        PointsRefused(Credit),
        /// The points of a cancelled or refunded order were taken back. The wallet owes those that are spent or held.
        PointsTakenBack(Credit),
        /// A refund failed, and the points that it took back were returned.
        PointsReturned(Credit),
        /// Points that a wallet owed were taken from points that became available.
        OwedPointsCollected(CollectedPoints),
    }
}
