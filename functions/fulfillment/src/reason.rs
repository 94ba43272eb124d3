//! Reasons to reject a request that concerns shipments or returns.

use jiff::Timestamp;
use shared::core::money::Money;

use crate::returns::ReturnStatus;
use crate::shipment::ShipmentStatus;

shared::reasons! {
    /// It is before the order, or in the future.
    INVALID_DELIVERY_TIME = Unprocessable "invalid-delivery-time" "The time of the delivery is out of range";
    /// Deliver the message again later: the shipment may not be recorded yet.
    UNKNOWN_SHIPMENT = NotFound "unknown-shipment" "The shipment of this message does not exist yet";
    SHIPMENT_STATUS = Conflict "shipment-status" "The shipment's status does not allow it" StatusOfShipment {
        /// The shipment's status.
        shipment_status: ShipmentStatus,
    };
    RETURN_STATUS = Conflict "return-status" "The return's status does not allow it" StatusOfReturn {
        /// The return's status.
        return_status: ReturnStatus,
    };
    RETURN_WINDOW_CLOSED = Conflict "return-window-closed" "It is too late to return the units" ReturnWindowClosed {
        /// The end of the time in which they could be returned.
        ended_at: Timestamp,
    };
    INVALID_REFUND = Unprocessable "invalid-refund" "A part of the refund is too large" InvalidRefund {
        /// The member with the part: `deduction` or `shipping`.
        part: String,
        /// The most that it can be.
        most: Money,
    };
    CARRIERS_NOT_CONFIGURED = Unprocessable "carriers-not-configured" "Webhooks of carriers are not set up";
}
