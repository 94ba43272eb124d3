//! A showtime: when and where a performance takes place, what its seats cost, and whether they are on sale.

use std::fmt;

use iso_currency::Currency;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::area::Area;
use super::id::{PerformanceId, PlanId, ShowtimeId, VenueId};
use super::row::RowKey;
use super::seat_map::{SeatMap, ZoneCount};
use crate::core::calendar::{LocalTime, Timezone};
use crate::core::destination::Destination;
use crate::core::money::Money;
use crate::waiting_rooms::WaitingRoomId;

/// A showtime of a performance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Showtime {
    /// The showtime's id.
    pub showtime_id: ShowtimeId,
    /// The performance.
    pub performance_id: PerformanceId,
    /// The venue.
    pub venue_id: VenueId,
    /// The seating plan. It cannot be changed once the seats exist.
    pub plan_id: PlanId,
    /// The time zone of the venue.
    pub time_zone: Timezone,
    /// The location where the showtime takes place and is taxed, as the venue says. Absent: in the shop's own country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub location: Option<Destination>,
    /// The start as the clock at the venue shows it.
    pub local_start: LocalTime,
    /// The start. It follows from the local time and the rules of the time zone on that date.
    pub starts_at: Timestamp,
    /// The time at which the doors open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub doors_at: Option<Timestamp>,
    /// The time from which seats are sold.
    pub sales_start_at: Timestamp,
    /// The time from which seats are not sold any more.
    pub sales_end_at: Timestamp,
    /// Whether the seats are on sale.
    pub status: ShowtimeStatus,
    /// The price classes. Each zone of the plan is in exactly one. All prices have the same currency.
    #[schema(min_items = 1, max_items = 20)]
    pub prices: Vec<PriceClass>,
    /// The seats, once they exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seating: Option<Seating>,
    /// The waiting room whose admission a hold of seats needs. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waiting_room_id: Option<WaitingRoomId>,
    /// The time at which it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub published_at: Option<Timestamp>,
    /// The time at which its start was last changed after it was published. A customer who booked before gives seats back
    /// free of charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub moved_at: Option<Timestamp>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

/// Whether the seats of a showtime are on sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ShowtimeStatus {
    /// Only administrators see it. `publish-showtime` creates its seats.
    Draft,
    /// The seats are sold between `sales_start_at` and `sales_end_at`.
    OnSale,
    /// Everybody sees it, and no seat is sold.
    Closed,
    /// It does not take place. This is final.
    Cancelled,
}

/// The showtime cannot change from one status to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A showtime that is {from} cannot become {to}")]
pub struct IllegalMove {
    /// The present status.
    pub from: ShowtimeStatus,
    /// The status that was asked for.
    pub to: ShowtimeStatus,
}

impl fmt::Display for ShowtimeStatus {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Draft => "DRAFT",
            Self::OnSale => "ON_SALE",
            Self::Closed => "CLOSED",
            Self::Cancelled => "CANCELLED",
        })
    }
}

impl ShowtimeStatus {
    /// The next status.
    ///
    /// # Errors
    /// [`IllegalMove`] for any other way than draft → on sale or closed, on sale ⇄ closed, and each of them → cancelled.
    pub const fn transition(self, to: Self) -> Result<Self, IllegalMove> {
        use ShowtimeStatus::{Cancelled, Closed, Draft, OnSale};
        match (self, to) {
            (Draft, Draft | OnSale | Closed | Cancelled)
            | (OnSale | Closed, OnSale | Closed | Cancelled)
            | (Cancelled, Cancelled) => Ok(to),
            (from, to) => Err(IllegalMove { from, to }),
        }
    }
}

/// The price of the seats in some zones of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceClass {
    /// The class.
    pub class: ClassCode,
    /// The price of one seat.
    pub price: Money,
    /// The zones of the plan whose seats are in this class.
    #[schema(min_items = 1, max_items = 64)]
    pub zones: Vec<ZoneCode>,
}

/// The seats and the places of general admission of a showtime, which never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seating {
    /// The number of parts. The seats of a part are stored together.
    pub parts: u16,
    /// The number of seats and places.
    pub seats: u32,
    /// The zones of the plan, in the order of their numbers.
    pub zones: Vec<ZoneSeats>,
    /// The areas of general admission, whose parts follow on those of the seats. Absent without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub areas: Vec<Area>,
    /// The fewest seats of a row that the next row continues, because they are the seats of one run. Absent if each run is in one row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 2, maximum = 28)]
    pub shortest_continued: Option<u8>,
}

impl Seating {
    /// The number of parts with seats. Those of areas follow on them.
    pub fn seat_parts(&self) -> u16 {
        self.areas.first().map_or(self.parts, |area| area.part)
    }
}

/// A zone of a seating plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ZoneSeats {
    /// The zone.
    pub zone: ZoneCode,
    /// The number of its seats and places.
    pub seats: u32,
}

/// Declares a short code of letters, digits, `_` and `-`.
macro_rules! code {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, min_length = 1, max_length = 16, pattern = "^[A-Za-z0-9_-]{1,16}$", examples("VIP"))]
        pub struct $name(String);

        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidCode;

            fn try_from(text: String) -> Result<Self, InvalidCode> {
                is_code(&text).then_some(Self(text)).ok_or(InvalidCode)
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0
            }
        }
    };
}

code! {
    /// A price class of a showtime, such as `VIP`.
    ClassCode
}

code! {
    /// A zone, a section or an area of a seating plan, such as `stalls`.
    ZoneCode
}

/// The text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has 1 to 16 characters of A-Z a-z 0-9 _ -")]
pub struct InvalidCode;

fn is_code(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=16).contains(&text.len()) && text.bytes().all(is_allowed)
}

impl Showtime {
    /// The time for which a hold may take the former start for the present one: `hold-seats` remembers a showtime for a second.
    const REMEMBERED: SignedDuration = SignedDuration::from_secs(2);

    /// The prefix of its key in the shows table.
    pub const KEY_PREFIX: &'static str = "SHOW#";
    /// The most price classes.
    pub const MAX_CLASSES: usize = 20;

    /// Whether everybody sees the showtime. A draft that was cancelled stays hidden.
    pub const fn is_public(&self) -> bool {
        self.published_at.is_some()
    }

    /// Whether seats are sold at `now`.
    pub fn is_on_sale_at(&self, now: Timestamp) -> bool {
        self.status == ShowtimeStatus::OnSale && self.sales_start_at <= now && now < self.sales_end_at
    }

    /// Whether the showtime has got another start since a booking at `booked_at`.
    pub fn was_moved_since(&self, booked_at: Timestamp) -> bool {
        self.moved_at.is_some_and(|moved| booked_at < moved + Self::REMEMBERED)
    }

    /// The currency of the prices.
    pub fn currency(&self) -> Option<Currency> {
        self.prices.first().map(|class| class.price.currency())
    }

    /// The price class of the zone with this number.
    pub fn class_of(&self, zone: u8) -> Option<&PriceClass> {
        let zone = &self.seating.as_ref()?.zones.get(usize::from(zone))?.zone;
        self.prices.iter().find(|class| class.zones.contains(zone))
    }

    /// The areas of general admission.
    pub fn areas(&self) -> &[Area] {
        self.seating.as_ref().map_or(&[], |seating| &seating.areas)
    }

    /// The area of general admission that has the row.
    pub fn area_of(&self, row: RowKey) -> Option<&Area> {
        self.areas().iter().find(|area| area.has(row))
    }

    /// Whether a price class has seats. A class can have areas of general admission alone.
    pub fn has_seats_of(&self, class: &PriceClass) -> bool {
        let zones = self.seating.iter().flat_map(|seating| &seating.zones);
        let of_class = |code: &ZoneCode| class.zones.contains(code);
        let all: u32 = zones.filter(|zone| of_class(&zone.zone)).map(|zone| zone.seats).sum();
        let places: u32 = self
            .areas()
            .iter()
            .filter(|area| of_class(&area.zone))
            .map(|area| area.places)
            .sum();
        places < all
    }

    /// The numbers of the zones of a price class.
    pub fn zones_of(&self, class: &PriceClass) -> impl Iterator<Item = usize> {
        let zones = self.seating.iter().flat_map(|seating| seating.zones.iter().enumerate());
        zones
            .filter(|(_, zone)| class.zones.contains(&zone.zone))
            .map(|(number, _)| number)
    }

    /// The seats and places of a price class in `map`.
    pub fn count(&self, class: &PriceClass, map: &SeatMap) -> ZoneCount {
        self.zones_of(class).fold(ZoneCount::default(), |sum, number| {
            let zone = map.zone(number);
            ZoneCount {
                free: sum.free + zone.free,
                seats: sum.seats + zone.seats,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_showtime_never_returns_to_a_draft_and_stays_cancelled() {
        use ShowtimeStatus::{Cancelled, Closed, Draft, OnSale};
        for (from, to, is_legal) in [
            (Draft, OnSale, true),
            (Draft, Cancelled, true),
            (Draft, Closed, true),
            (OnSale, Closed, true),
            (OnSale, Draft, false),
            (Closed, OnSale, true),
            (Closed, Draft, false),
            (Closed, Cancelled, true),
            (Cancelled, OnSale, false),
            (Cancelled, Draft, false),
            (Cancelled, Closed, false),
        ] {
            assert_eq!(from.transition(to).is_ok(), is_legal, "{from:?} → {to:?}");
        }
    }

    #[test]
    fn a_code_is_short_and_of_plain_characters() {
        for good in ["A", "VIP", "stalls_1-2"] {
            assert!(ClassCode::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a b", "A/B", "가", "12345678901234567"] {
            assert!(ZoneCode::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
