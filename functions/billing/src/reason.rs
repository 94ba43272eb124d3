//! Reasons to reject a request that concerns subscriptions.

shared::reasons! {
    INVALID_SCHEDULE = Unprocessable "invalid-schedule" "The schedule is out of range";
    SUBSCRIPTION_CLOSED = Conflict "subscription-closed" "The subscription is cancelled";
    SUBSCRIPTION_STATUS = Conflict "subscription-status" "The subscription's status does not allow it";
    NOT_NEXT_PERIOD = Conflict "not-next-period" "The period is not the next one";
}
