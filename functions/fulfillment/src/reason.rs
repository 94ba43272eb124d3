//! Reasons to reject a request that concerns shipments.

shared::reasons! {
    /// It is before the order, or in the future.
    INVALID_DELIVERY_TIME = Unprocessable "invalid-delivery-time" "The time of the delivery is out of range";
    /// Deliver the message again later: the shipment may not be recorded yet.
    UNKNOWN_SHIPMENT = NotFound "unknown-shipment" "The shipment of this message does not exist yet";
    CARRIERS_NOT_CONFIGURED = Unprocessable "carriers-not-configured" "Webhooks of carriers are not set up";
}
