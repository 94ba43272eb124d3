//! A request to hold seats: what clients send, and what follows from it before anything is read.

use serde::{Deserialize, Serialize};
use shared::core::error::Rejection;
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;
use shared::core::money::Money;
use shared::coupons::CouponClaimId;
use shared::orders::OrderId;
use shared::tickets::{ClassCode, SeatId, ShowtimeId, ZoneCode};
use utoipa::ToSchema;

use crate::hold_rules::invalid;
use crate::seat_changes::places_by_row;

/// The most seats of a request: the most that a performance allows a customer.
const MAX_SEATS: u64 = 20;

/// The seats to hold: one of `seats`, `best` and `general`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldSeatsRequest {
    /// The chosen seats, each once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 20)]
    pub seats: Option<Vec<SeatId>>,
    /// The best free seats side by side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub best: Option<BestSeats>,
    /// Free places of an area of general admission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub general: Option<GeneralPlaces>,
    /// The customer's order for this showtime that waits for payment. It is cancelled, and the new order keeps its deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub replaces: Option<OrderId>,
    /// The customer's claims of coupons, which the order redeems: at most one coupon of each class. The order in `replaces` may have
    /// them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub coupon_claim_ids: Vec<CouponClaimId>,
    /// The total that the customer was shown. If it differs, nothing is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expected_total: Option<Money>,
}

/// Seats side by side, near the front and the middle. Accessible seats and those of their companions are chosen only if the request
/// asks for them, or no other seat of the class is free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BestSeats {
    /// The price class of the seats.
    pub class: ClassCode,
    /// The number of seats.
    #[schema(minimum = 1, maximum = 20)]
    pub count: u8,
    /// Whether they are accessible seats, or one or more of them and the seats of their companions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub accessible: bool,
}

/// Places of an area of general admission. Nobody chooses which ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GeneralPlaces {
    /// The area.
    pub area: ZoneCode,
    /// The number of places.
    #[schema(minimum = 1, maximum = 20)]
    pub count: u8,
}

/// The seats that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// These.
    Chosen(Vec<SeatId>),
    /// The best ones.
    Best(BestSeats),
    /// Any places of an area.
    General(GeneralPlaces),
}

impl Wanted {
    /// The number of seats or places.
    pub fn count(&self) -> u8 {
        match self {
            Self::Chosen(seats) => u8::try_from(seats.len()).unwrap_or(u8::MAX),
            Self::Best(best) => best.count,
            Self::General(general) => general.count,
        }
    }

    /// The seats that `body` asks for.
    ///
    /// # Errors
    /// `invalid-hold`.
    pub fn of(body: &HoldSeatsRequest) -> Result<Self, Rejection> {
        let (wanted, count) = match (&body.seats, &body.best, &body.general) {
            (Some(seats), None, None) => (Self::Chosen(seats.clone()), seats.len() as u64),
            (None, Some(best), None) => (Self::Best(best.clone()), best.count.into()),
            (None, None, Some(general)) => (Self::General(general.clone()), general.count.into()),
            _ => return Err(invalid("Send one of `seats`, `best` and `general`.".to_owned())),
        };
        if !(1..=MAX_SEATS).contains(&count) {
            return Err(invalid(format!("A hold has 1 to {MAX_SEATS} seats.")));
        }
        if let Self::Chosen(seats) = &wanted {
            places_by_row(seats).map_err(|twice| invalid(format!("{twice} is listed twice.")))?;
        }
        Ok(wanted)
    }
}

/// The orders that a hold concerns.
#[derive(Clone, Copy, Debug)]
pub struct HoldOrders {
    /// The order that it places.
    pub placed: OrderId,
    /// The customer's order that it replaces, if it does. Its seats count as free.
    pub replaced: Option<OrderId>,
}

/// A request to hold seats.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The id of the order that it places.
    pub order_id: OrderId,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The customer.
    pub customer: &'a CustomerId,
    /// The seats that it asks for.
    pub wanted: &'a Wanted,
    /// The body that the client sent.
    pub body: &'a HoldSeatsRequest,
    /// Distinguishes a retry from another request.
    pub fingerprint: &'a Fingerprint,
    /// The token of a waiting room's admission.
    pub token: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// The chosen seats, unless the customer is known to hold others.
    pub fn chosen_anew(&self) -> Option<&'a [SeatId]> {
        match self.wanted {
            Wanted::Chosen(seats) if self.body.replaces.is_none() => Some(seats),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_seats_or_asks_for_the_best_ones_or_for_places_of_an_area() {
        let request = |text: &str| serde_json::from_str::<HoldSeatsRequest>(text).unwrap();
        for good in [
            r#"{"seats":["0-0-1","0-0-2"]}"#,
            r#"{"best":{"class":"R","count":2}}"#,
            r#"{"best":{"class":"R","count":2,"accessible":true}}"#,
            r#"{"general":{"area":"B","count":20}}"#,
        ] {
            assert!(Wanted::of(&request(good)).is_ok(), "{good}");
        }
        for bad in [
            "{}",
            r#"{"seats":[]}"#,
            r#"{"seats":["0-0-1","0-0-1"]}"#,
            r#"{"best":{"class":"R","count":0}}"#,
            r#"{"seats":["0-0-1"],"best":{"class":"R","count":2}}"#,
            r#"{"general":{"area":"B","count":0}}"#,
            r#"{"general":{"area":"B","count":21}}"#,
            r#"{"general":{"area":"B","count":1},"best":{"class":"R","count":2}}"#,
        ] {
            assert!(Wanted::of(&request(bad)).is_err(), "{bad}");
        }
    }
}
