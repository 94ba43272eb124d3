//! Reasons to reject a request that concerns auctions, which several domains return.

crate::reasons! {
    POINTS_SPENT = Conflict "points-spent" "The order's points are spent";
}
