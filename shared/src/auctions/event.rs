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
        /// The points of an order that was cancelled, or whose money the customer has back, were taken back. The wallet
        /// owes those that are spent or held.
        PointsTakenBack(Credit),
        /// A refund failed or the bank returned money, and the points that were taken back for it were returned.
        PointsReturned(Credit),
        /// Points that a wallet owed were taken from points that became available.
        OwedPointsCollected(CollectedPoints),
    }
}
