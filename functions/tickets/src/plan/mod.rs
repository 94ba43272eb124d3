//! Seating plans: what administrators send, and what is kept of it.
//!
//! A plan never changes. A change of the house is a new plan, and showtimes keep theirs.

mod areas;
mod check;
pub mod layout;
pub mod objects;
mod rank;
pub mod sample;
pub mod tile;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::tickets::{Area, PlanId, VenueId, ZoneCode, ZoneSeats};
use utoipa::ToSchema;

pub use self::areas::MAX_AREAS;
pub use self::check::{MAX_ROWS, MAX_SEATS, MAX_SECTIONS, MAX_ZONES, checked};
use self::tile::Digest;

/// The longest request with a plan, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// A new seating plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePlanRequest {
    /// The plan's name. Text of one line.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The point that everybody looks at, such as the middle of the stage: the best rows are those whose middles are nearest to it.
    /// Without it, the best rows are the first ones of each section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub focus: Option<Point>,
    /// The sections, in the order of the seat map. A plan without sections has areas.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub sections: Vec<NewSection>,
    /// The areas of general admission.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub areas: Vec<NewArea>,
}

/// A point in the plan, in centimetres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// To the right.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub x: i32,
    /// Down.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub y: i32,
}

/// A section of a new plan, such as the stalls or a block of a balcony.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSection {
    /// The section's code. No other section of the plan has it.
    pub section: ZoneCode,
    /// The name that customers see. Text of one line.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The zone of its rows. A showtime gives each zone a price class.
    pub zone: ZoneCode,
    /// The rows, in the order of the seat map, from front to back.
    #[schema(min_items = 1, max_items = 5_000)]
    pub rows: Vec<NewRow>,
}

/// An area of general admission of a new plan: a standing area, or seats without numbers. Customers buy places of it, and do not
/// choose which ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewArea {
    /// The area's code. No other area and no section of the plan has it.
    pub area: ZoneCode,
    /// The name that customers see, also on their tickets. Text of one line.
    #[schema(min_length = 1, max_length = 40)]
    pub name: String,
    /// The area's zone. A showtime gives each zone a price class.
    pub zone: ZoneCode,
    /// The number of people that the area admits.
    #[schema(minimum = 1, maximum = 10_000)]
    pub places: u32,
    /// Whether each place has a number, which its ticket says: from 1, in no order of sale.
    #[serde(default)]
    #[schema(default = false)]
    pub numbered: bool,
    /// The corners of the area, for a drawing. Absent, or at least three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub outline: Vec<Point>,
}

/// A row of a new plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRow {
    /// The row's label. No other row of the section has it.
    #[schema(min_length = 1, max_length = 8, pattern = "^[A-Za-z0-9]{1,8}$", examples("12"))]
    pub row: String,
    /// The row's zone, if it is not that of its section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub zone: Option<ZoneCode>,
    /// The seats between two aisles, from one end of the row to the other.
    #[schema(min_items = 1, max_items = 20)]
    pub runs: Vec<SeatRun>,
    /// Notes on some seats. Each seat is named once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub notes: Vec<SeatNote>,
}

/// Seats side by side, without an aisle between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatRun {
    /// The number of the first seat.
    #[schema(minimum = 0, maximum = 9_999)]
    pub first: u16,
    /// The number of seats.
    #[schema(minimum = 1, maximum = 200)]
    pub count: u16,
    /// From one number to the next: 2 for odd numbers on one side, -1 for numbers that fall.
    #[serde(default = "one")]
    #[schema(minimum = -2, maximum = 2, default = 1)]
    pub step: i8,
    /// The place of the first seat.
    pub at: Point,
    /// From one seat to the next.
    #[serde(default = "half_a_metre")]
    #[schema(default = json!({ "x": 50, "y": 0 }))]
    pub spacing: Point,
}

const fn one() -> i8 {
    1
}

const fn half_a_metre() -> Point {
    Point { x: 50, y: 0 }
}

/// A note on a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatNote {
    /// The number of the seat.
    #[schema(minimum = 0, maximum = 9_999)]
    pub seat: u16,
    /// The properties of the seat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub flags: Vec<SeatFlag>,
    /// The number of the accessible seat of the row whose companions sit here. It has at most three, none further than three
    /// seats away and none beyond an aisle. A long row is not split between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 9_999)]
    pub companion_of: Option<u16>,
}

/// A property of a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SeatFlag {
    /// A place for a wheelchair, or a seat without steps.
    Accessible,
    /// A part of the stage cannot be seen.
    RestrictedView,
}

/// A seating plan. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// The plan's id.
    pub plan_id: PlanId,
    /// The venue.
    pub venue_id: VenueId,
    /// The plan's name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The point that everybody looks at. Absent if the plan has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub focus: Option<Point>,
    /// The number of seats and of places of general admission.
    #[schema(minimum = 1, maximum = 100_000)]
    pub seats: u32,
    /// The zones, in the order of their numbers.
    #[schema(min_items = 1, max_items = 64)]
    pub zones: Vec<ZoneSeats>,
    /// The sections, in the order of the seat map.
    #[schema(max_items = 500)]
    pub sections: Vec<PlanSection>,
    /// The areas of general admission. Absent without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub areas: Vec<PlanArea>,
    /// Names the list of all rows, from which a showtime gets its seats.
    pub layout: Digest,
    /// The time of the creation.
    pub created_at: Timestamp,
}

/// A section of a seating plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanSection {
    /// The section's code.
    pub section: ZoneCode,
    /// The name that customers see.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The number of its seats.
    pub seats: u32,
    /// Names its seats with their places: `GET /section-tiles/{digest}`.
    pub tile: Digest,
}

/// An area of general admission of a seating plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanArea {
    /// The area's code.
    pub area: ZoneCode,
    /// The name that customers see.
    #[schema(min_length = 1, max_length = 40)]
    pub name: String,
    /// The area's zone, which has a price class in each showtime.
    pub zone: ZoneCode,
    /// The number of people that the area admits.
    #[schema(minimum = 1, maximum = 10_000)]
    pub places: u32,
    /// Whether each place has a number.
    pub numbered: bool,
    /// The first number of the ids of its first places. An area of more than 588 places has the numbers after it too.
    pub part: u16,
    /// The corners of the area, for a drawing. Absent if it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub outline: Vec<Point>,
}

impl From<PlanArea> for Area {
    fn from(area: PlanArea) -> Self {
        Self {
            area: area.area,
            name: area.name,
            zone: area.zone,
            places: area.places,
            numbered: area.numbered,
            part: area.part,
        }
    }
}
