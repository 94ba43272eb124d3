//! Reasons to reject a request that concerns auctions, which several domains return.

crate::reasons! {
    /// The points that the order bought are spent or held by a bid.
    POINTS_SPENT = Conflict "points-spent" "The order's points are spent";
}
