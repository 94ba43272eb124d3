//! A shipment: the units of an order that a carrier takes to the customer as one parcel.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::core::error::{self, Error, Rejection};
use shared::core::identity::CustomerId;
use shared::orders::{LineQuantity, Order, OrderId};
use utoipa::ToSchema;

use crate::reason;

shared::entity_id! {
    /// A shipment's id, derived from the administrator and the idempotency key.
    pub struct ShipmentId as "shipment_id", "There is no such shipment."
}

/// The status of a shipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ShipmentStatus {
    /// The carrier has the parcel.
    Shipped,
    /// The carrier has delivered the parcel.
    Delivered,
    /// The parcel was recorded by mistake. Its units are to be shipped again.
    Cancelled,
    /// The parcel is lost. Its units are to be shipped again, or cancelled.
    Lost,
}

impl ShipmentStatus {
    /// The status as requests and stored items name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shipped => "SHIPPED",
            Self::Delivered => "DELIVERED",
            Self::Cancelled => "CANCELLED",
            Self::Lost => "LOST",
        }
    }
}

/// The reason for which a shipment ends without a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClosingReason {
    /// The parcel was recorded by mistake.
    Mistake,
    /// The carrier has lost the parcel.
    Lost,
}

/// A shipment, as customers and events see it. It has no address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shipment {
    /// The shipment's id.
    pub shipment_id: ShipmentId,
    /// The order.
    pub order_id: OrderId,
    /// The customer of the order.
    pub customer_id: CustomerId,
    /// The shipment's status.
    pub status: ShipmentStatus,
    /// The units in the parcel.
    #[schema(min_items = 1, max_items = 50)]
    pub lines: Vec<LineQuantity>,
    /// The carrier.
    #[schema(min_length = 1, max_length = 50, examples("CJ Logistics"))]
    pub carrier: String,
    /// The carrier's number of the parcel.
    #[schema(min_length = 1, max_length = 50, examples("6890-1234-5678"))]
    pub tracking_number: String,
    /// The page that shows where the parcel is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        max_length = 500,
        pattern = "^https://[!-~]+$",
        examples("https://track.example.com/689012345678")
    )]
    pub tracking_url: Option<String>,
    /// The time at which the shipment was recorded.
    pub shipped_at: Timestamp,
    /// The time until which the carrier should deliver the parcel. Staff look after it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub delivery_due_at: Option<Timestamp>,
    /// The time of the delivery, once it is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub delivered_at: Option<Timestamp>,
    /// The time at which it was cancelled or recorded as lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<Timestamp>,
}

/// A change of a shipment's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShipmentTransition {
    /// The carrier has delivered the parcel.
    Deliver(Timestamp),
    /// The shipment ends without a delivery.
    Close(ClosingReason, Timestamp),
}

/// The greatest time by which a carrier's clock may be ahead.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

impl Shipment {
    /// The shipment after `transition`. A lost parcel can turn up and be delivered.
    ///
    /// # Errors
    /// [`Rejected::Status`].
    pub fn transition(&self, transition: ShipmentTransition) -> Result<Self, Rejected> {
        use ShipmentStatus::{Cancelled, Delivered, Lost, Shipped};
        let (status, delivered_at, closed_at) = match (self.status, transition) {
            (Shipped | Lost, ShipmentTransition::Deliver(at)) => (Delivered, Some(at), None),
            (Shipped, ShipmentTransition::Close(ClosingReason::Mistake, at)) => (Cancelled, None, Some(at)),
            (Shipped, ShipmentTransition::Close(ClosingReason::Lost, at)) => (Lost, None, Some(at)),
            (status, _) => return Err(Rejected::Status(status)),
        };
        Ok(Self {
            status,
            delivered_at,
            closed_at,
            ..self.clone()
        })
    }
}

/// A key that identifies a parcel, however its carrier and its number are written.
pub fn tracking_key(carrier: &str, tracking_number: &str) -> String {
    format!("{}#{}", name_key(carrier), name_key(tracking_number))
}

/// A name or a number however it is written: in capitals or not, with spaces and hyphens or not. Without `#`, which separates
/// the two in a [`tracking_key`].
pub(crate) fn name_key(text: &str) -> String {
    let characters = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '#'));
    characters.flat_map(char::to_uppercase).collect()
}

/// The reason for rejecting a request about a shipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// There is no such shipment.
    NotFound,
    /// The shipment's status does not allow the request.
    Status(ShipmentStatus),
    /// A message is about a shipment that is not recorded yet.
    Unknown,
    /// The time of the delivery is before the order or in the future.
    DeliveryTime,
}

/// The time of a delivery of `order`: `at`, or now.
///
/// # Errors
/// [`Rejected::DeliveryTime`] when it is before the order or in the future.
pub fn delivery_time(order: &Order, at: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Rejected> {
    let at = at.unwrap_or(now);
    if (order.placed_at..=now + CLOCK_TOLERANCE).contains(&at) {
        Ok(at.min(now))
    } else {
        Err(Rejected::DeliveryTime)
    }
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such shipment."),
            Rejected::Status(shipment_status) => {
                let detail = format!("The shipment is {}.", shipment_status.name());
                Self::with(reason::StatusOfShipment { shipment_status }, detail)
            }
            Rejected::Unknown => Self::new(&reason::UNKNOWN_SHIPMENT, "The shipment is not recorded yet."),
            Rejected::DeliveryTime => Self::new(
                &reason::INVALID_DELIVERY_TIME,
                "delivered_at is before the order or in the future.",
            ),
        }
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Rejection::from(rejected).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_is_found_however_its_number_is_written() {
        let key = tracking_key("CJ Logistics", "6890-1234 ab");
        assert_eq!(key, tracking_key("cj logistics", "68901234AB"));
        assert_ne!(key, tracking_key("CJ Logistics", "68901234AC"));
        assert_ne!(key, tracking_key("Hanjin", "68901234AB"));
        assert_ne!(tracking_key("CJ", "1#2"), tracking_key("CJ#1", "2"));
    }
}
