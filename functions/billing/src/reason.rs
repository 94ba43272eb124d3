//! Reasons to reject a request that concerns subscriptions.

use crate::subscription::SubscriptionStatus;

shared::reasons! {
    INVALID_SCHEDULE = Unprocessable "invalid-schedule" "The schedule is out of range";
    SUBSCRIPTION_CLOSED = Conflict "subscription-closed" "The subscription is cancelled";
    SUBSCRIPTION_STATUS = Conflict "subscription-status" "The subscription's status does not allow it" StatusRefuses {
        /// The subscription's status.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        subscription_status: Option<SubscriptionStatus>,
    };
    NOT_NEXT_PERIOD = Conflict "not-next-period" "The period is not the next one" NotNextPeriod {
        /// The next period.
        next_period: u32,
    };
}
