//! The rules of showtimes: the instant of a local time, doors, sales and prices.

use std::collections::{BTreeMap, BTreeSet};

use iso_currency::Currency;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use shared::core::calendar::{LocalInstants, LocalTime, Timezone};
use shared::core::error::Rejection;
use shared::core::money::Money;
use shared::tickets::{
    ClassCode, PerformanceId, PlanId, PriceClass, Showtime, ShowtimeId, ShowtimeStatus, VenueId, ZoneCode, ZoneSeats,
};
use shared::waiting_rooms::WaitingRoomId;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::event::{ShowtimeState, TicketEvent};
use crate::fields::{self, invalid};
use crate::performance::RefundPolicy;
use crate::plan::Plan;
use crate::reason::{self, OffsetChoice};
use crate::remaining_seats::RemainingSeats;
use crate::store::Entity;

impl Entity for Plan {
    const PREFIX: &'static str = "PLAN#";
    const MISSING: &'static str = "There is no such seating plan.";

    fn id(&self) -> Uuid {
        self.plan_id.0
    }

    fn place(&self) -> (String, Timestamp) {
        (plans_of(self.venue_id), self.created_at)
    }
}

impl Entity for Showtime {
    const PREFIX: &'static str = Self::KEY_PREFIX;
    const MISSING: &'static str = "There is no such showtime.";

    fn id(&self) -> Uuid {
        self.showtime_id.0
    }

    fn place(&self) -> (String, Timestamp) {
        (showtimes_of(self.performance_id, self.is_public()), self.starts_at)
    }

    fn event_of_change(&self, previous: &Self) -> Option<TicketEvent> {
        let (was, is) = (previous.status, self.status);
        let event = match is {
            _ if !self.is_public() => return None,
            _ if !previous.is_public() => TicketEvent::ShowtimePublished,
            ShowtimeStatus::Cancelled if was != ShowtimeStatus::Cancelled => TicketEvent::ShowtimeCancelled,
            _ => TicketEvent::ShowtimeChanged,
        };
        Some(event(ShowtimeState::from(self)))
    }
}

/// The list of a venue's plans.
pub fn plans_of(venue: VenueId) -> String {
    format!("PLANS#{venue}")
}

/// The list of a performance's showtimes: those that everybody sees, or the others.
pub fn showtimes_of(performance: PerformanceId, is_public: bool) -> String {
    let name = if is_public { "SHOWTIMES" } else { "DRAFTS" };
    format!("{name}#{performance}")
}

/// A new showtime.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateShowtimeRequest {
    /// The seating plan, which names the venue.
    pub plan_id: PlanId,
    /// The start as the clock at the venue shows it.
    pub local_start: LocalTime,
    /// The offset from UTC. Needed only for a local time that occurs twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[+-][0-9]{2}:[0-9]{2}$", examples("-04:00"))]
    pub utc_offset: Option<String>,
    /// The time at which the doors open, before the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub doors_at: Option<Timestamp>,
    /// The time from which seats are sold. Default: that of the performance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sales_start_at: Option<Timestamp>,
    /// The time from which seats are not sold any more. Default: the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sales_end_at: Option<Timestamp>,
    /// The waiting room whose admission a hold of seats needs. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waiting_room_id: Option<WaitingRoomId>,
    /// The price classes. Each zone of the plan is in exactly one. All prices have the same currency.
    #[schema(min_items = 1, max_items = 20)]
    pub prices: Vec<PriceClass>,
}

/// A showtime as everybody sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShowtimeView {
    /// The showtime's id.
    pub showtime_id: ShowtimeId,
    /// The performance.
    pub performance_id: PerformanceId,
    /// The venue.
    pub venue_id: VenueId,
    /// The seating plan.
    pub plan_id: PlanId,
    /// The time zone of the venue.
    pub time_zone: Timezone,
    /// The start as the clock at the venue shows it.
    pub local_start: LocalTime,
    /// The start.
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
    /// The waiting room whose admission a hold of seats needs. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waiting_room_id: Option<WaitingRoomId>,
    /// The price classes.
    #[schema(min_items = 1, max_items = 20)]
    pub classes: Vec<ClassView>,
    /// The time at which the remaining seats were counted, in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub counted_at: Option<Timestamp>,
}

/// A price class as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClassView {
    /// The class.
    pub class: ClassCode,
    /// The price of one seat.
    pub price: Money,
    /// The zones of the plan whose seats are in this class.
    pub zones: Vec<ZoneCode>,
    /// About how many seats are free. Absent in lists until they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub remaining: Option<u32>,
}

impl ShowtimeView {
    /// The view of `showtime`, with what `remaining` says about each class.
    pub fn of(showtime: &Showtime, remaining: impl Fn(&PriceClass) -> Option<u32>) -> Self {
        let classes = showtime.prices.iter().map(|class| ClassView {
            class: class.class.clone(),
            price: class.price,
            zones: class.zones.clone(),
            remaining: remaining(class),
        });
        Self {
            showtime_id: showtime.showtime_id,
            performance_id: showtime.performance_id,
            venue_id: showtime.venue_id,
            plan_id: showtime.plan_id,
            time_zone: showtime.time_zone.clone(),
            local_start: showtime.local_start,
            starts_at: showtime.starts_at,
            doors_at: showtime.doors_at,
            sales_start_at: showtime.sales_start_at,
            sales_end_at: showtime.sales_end_at,
            status: showtime.status,
            waiting_room_id: showtime.waiting_room_id,
            classes: classes.collect(),
            counted_at: None,
        }
    }

    /// The view of `showtime` in a list, with the latest count of its seats.
    pub fn counted(showtime: &Showtime, count: Option<&RemainingSeats>) -> Self {
        let remaining = |class: &PriceClass| Some(count?.of_class(showtime, class));
        Self {
            counted_at: count.map(|count| count.counted_at),
            ..Self::of(showtime, remaining)
        }
    }
}

/// The instant of a local time, by the rules of the time zone on that very date.
///
/// # Errors
/// `local-time-skipped` when the clocks never show it. `local-time-ambiguous` when they show it twice and `utc_offset` does not
/// tell which one is meant. `invalid-show` when the offset is not that of the time zone.
pub fn start_of(zone: &Timezone, local: LocalTime, utc_offset: Option<&str>) -> Result<Timestamp, Rejection> {
    let local = local.date_time();
    let name = zone.as_str();
    let beyond = || invalid("local_start", "the calendar ends before it");
    let (choices, detail) = match zone.instants(local).ok_or_else(beyond)? {
        LocalInstants::Skipped => {
            let detail = format!("The clocks of {name} are set forward over {local}. Choose another time.");
            return Err(Rejection::new(&reason::LOCAL_TIME_SKIPPED, detail));
        }
        LocalInstants::Once(at) => {
            let Some(wanted) = utc_offset else { return Ok(at) };
            return if offset_at(local, at) == wanted {
                Ok(at)
            } else {
                let detail = format!("{name} has the offset {} at {local}", offset_at(local, at));
                Err(invalid("utc_offset", &detail))
            };
        }
        LocalInstants::Twice(choices) => (
            choices.map(|(_, at)| at),
            format!("The clocks of {name} show {local} twice. Send utc_offset to tell which one."),
        ),
    };
    let named = choices
        .into_iter()
        .find(|&at| Some(offset_at(local, at).as_str()) == utc_offset);
    named.ok_or_else(|| {
        let choices = choices.map(|starts_at| OffsetChoice {
            utc_offset: offset_at(local, starts_at),
            starts_at,
        });
        let choices = choices.to_vec();
        Rejection::with(reason::LocalTimeAmbiguous { choices }, detail)
    })
}

/// The offset at which `local` is the instant `at`, such as `+09:00`.
fn offset_at(local: DateTime, at: Timestamp) -> String {
    let as_utc = local.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp());
    let seconds = as_utc.map_or(0, |as_utc| as_utc.as_second() - at.as_second());
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Checks the times of a showtime against each other.
///
/// # Errors
/// `invalid-show`.
pub fn check_times(showtime: &Showtime) -> Result<(), Rejection> {
    if showtime.doors_at.is_some_and(|doors| doors >= showtime.starts_at) {
        return Err(invalid("doors_at", "the doors open before the start"));
    }
    if showtime.sales_start_at >= showtime.sales_end_at {
        return Err(invalid("sales_end_at", "the sales end after they start"));
    }
    if showtime.sales_end_at > showtime.starts_at {
        return Err(invalid("sales_end_at", "the sales end at the start at the latest"));
    }
    Ok(())
}

/// Checks that a showtime starts after `now`.
///
/// # Errors
/// `invalid-show`.
pub fn require_future(starts_at: Timestamp, now: Timestamp) -> Result<(), Rejection> {
    if now < starts_at {
        return Ok(());
    }
    Err(invalid("local_start", &format!("{starts_at} has passed")))
}

/// Moves what belongs to the start of a showtime, after that has changed from `previous`: the doors by the same time, and the end
/// of the sales if it was the start.
pub fn move_with_start(showtime: &mut Showtime, previous: Timestamp) {
    let moved = showtime.starts_at.duration_since(previous);
    showtime.doors_at = showtime.doors_at.map(|doors| doors.checked_add(moved).unwrap_or(doors));
    if showtime.sales_end_at == previous {
        showtime.sales_end_at = showtime.starts_at;
    }
}

/// Checks that a showtime keeps its classes with their zones, and its currency, once its seats exist.
///
/// # Errors
/// `seats-exist`.
pub fn require_same_classes(previous: &Showtime, showtime: &Showtime) -> Result<(), Rejection> {
    if previous.seating.is_none()
        || (classes(previous) == classes(showtime) && previous.currency() == showtime.currency())
    {
        return Ok(());
    }
    let detail =
        "The seats of the showtime exist already, so each class keeps its zones and its currency. Amounts may change.";
    Err(Rejection::new(&reason::SEATS_EXIST, detail))
}

/// The classes and their zones, whose order means nothing.
fn classes(showtime: &Showtime) -> BTreeMap<&ClassCode, BTreeSet<&ZoneCode>> {
    let classes = showtime.prices.iter();
    classes
        .map(|class| (&class.class, class.zones.iter().collect()))
        .collect()
}

/// Checks that each class has a zone, that each zone of the plan is in exactly one class, and that there is one currency.
///
/// # Errors
/// `invalid-show`.
pub fn check_prices(prices: &[PriceClass], zones: &[ZoneSeats], policy: &RefundPolicy) -> Result<(), Rejection> {
    const FIELD: &str = "prices";
    if !(1..=Showtime::MAX_CLASSES).contains(&prices.len()) {
        return Err(invalid(
            FIELD,
            &format!("there are 1 to {} classes", Showtime::MAX_CLASSES),
        ));
    }
    let classes: Vec<&ClassCode> = prices.iter().map(|class| &class.class).collect();
    fields::require_unique(FIELD, &classes)?;
    if let Some(empty) = prices.iter().find(|class| class.zones.is_empty()) {
        return Err(invalid(FIELD, &format!("the class {} has no zone", empty.class)));
    }
    let priced: Vec<&ZoneCode> = prices.iter().flat_map(|class| &class.zones).collect();
    fields::require_unique(FIELD, &priced)?;
    if let Some(unknown) = priced
        .iter()
        .find(|code| !zones.iter().any(|zone| zone.zone == ***code))
    {
        return Err(invalid(FIELD, &format!("the plan has no zone {unknown}")));
    }
    if let Some(missing) = zones.iter().find(|zone| !priced.contains(&&zone.zone)) {
        return Err(invalid(FIELD, &format!("the zone {} has no price", missing.zone)));
    }
    require_one_currency(prices, policy)
}

/// Checks that all prices, and the highest fees of the refund policy, have one currency. The policy of a performance can change
/// after a showtime was created, so each step that copies the policy checks it again: a publication and a booking.
///
/// # Errors
/// `invalid-show`.
pub fn require_one_currency(prices: &[PriceClass], policy: &RefundPolicy) -> Result<(), Rejection> {
    let of_classes = prices.iter().map(|class| class.price.currency());
    let mut currencies: Vec<Currency> = of_classes.chain(policy.currencies()).collect();
    currencies.dedup();
    if currencies.len() > 1 {
        return Err(invalid(
            "prices",
            "all prices, and the fees of the refund policy, have one currency",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn new_york() -> Timezone {
        Timezone::parse("America/New_York").unwrap()
    }

    fn start(local: &str, offset: Option<&str>) -> Result<String, Rejection> {
        start_of(&new_york(), local.parse().unwrap(), offset).map(|at| at.to_string())
    }

    #[test]
    fn a_local_time_that_the_clocks_skip_is_refused() {
        for offset in [None, Some("-05:00"), Some("-04:00")] {
            let refused = start("2026-03-08T02:30:00", offset).unwrap_err();
            assert_eq!(refused.reason, &reason::LOCAL_TIME_SKIPPED);
        }
        assert_eq!(start("2026-03-08T03:00:00", None).unwrap(), "2026-03-08T07:00:00Z");
        assert_eq!(start("2026-03-08T01:59:59", None).unwrap(), "2026-03-08T06:59:59Z");
    }

    #[test]
    fn a_local_time_that_occurs_twice_needs_an_offset() {
        let refused = start("2026-11-01T01:30:00", None).unwrap_err();
        assert_eq!(refused.reason, &reason::LOCAL_TIME_AMBIGUOUS);
        let choices = Value::Object(refused.members)["choices"].clone();
        let expected = json!([
            { "utc_offset": "-04:00", "starts_at": "2026-11-01T05:30:00Z" },
            { "utc_offset": "-05:00", "starts_at": "2026-11-01T06:30:00Z" },
        ]);
        assert_eq!(choices, expected);
        assert_eq!(
            start("2026-11-01T01:30:00", Some("-04:00")).unwrap(),
            "2026-11-01T05:30:00Z"
        );
        assert_eq!(
            start("2026-11-01T01:30:00", Some("-05:00")).unwrap(),
            "2026-11-01T06:30:00Z"
        );
        assert!(start("2026-11-01T01:30:00", Some("+09:00")).is_err());
    }

    #[test]
    fn a_weekly_series_stays_at_19_00_over_the_clock_change() {
        let weeks = ["2026-10-25", "2026-11-01", "2026-11-08"];
        let starts = weeks.map(|date| start(&format!("{date}T19:00:00"), None).unwrap());
        assert_eq!(
            starts,
            ["2026-10-25T23:00:00Z", "2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z"]
        );
    }

    #[test]
    fn an_offset_of_another_season_is_refused() {
        assert!(start("2026-07-01T19:00:00", Some("-04:00")).is_ok());
        assert_eq!(
            start("2026-07-01T19:00:00", Some("-05:00")).unwrap_err().reason,
            &reason::INVALID_SHOW
        );
    }

    proptest! {
        #[test]
        fn the_start_is_the_local_time_in_the_zone_of_the_venue(
            zone in prop::sample::select(&["Asia/Seoul", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"][..]),
            second in 1_700_000_000_i64..2_000_000_000,
        ) {
            let rules = jiff::tz::TimeZone::get(zone).unwrap();
            let local = rules.to_datetime(Timestamp::from_second(second).unwrap());
            let start: LocalTime = local.to_string().parse().unwrap();
            let zone = Timezone::parse(zone).unwrap();
            let at = match start_of(&zone, start, None) {
                Ok(at) => at,
                Err(refused) => {
                    prop_assert_eq!(refused.reason, &reason::LOCAL_TIME_AMBIGUOUS);
                    let offset = offset_at(local, Timestamp::from_second(second).unwrap());
                    start_of(&zone, start, Some(&offset)).unwrap()
                }
            };
            prop_assert_eq!(at.as_second(), second);
        }
    }

    fn priced(prices: &Value) -> Result<(), Rejection> {
        let zone = |name: &str| ZoneSeats {
            zone: ZoneCode::try_from(name.to_owned()).unwrap(),
            seats: 1,
        };
        let policy = RefundPolicy {
            free_days: 0,
            free_days_before: 0,
            steps: vec![],
        };
        let prices: Vec<PriceClass> = serde_json::from_value(prices.clone()).unwrap();
        check_prices(&prices, &[zone("front"), zone("back")], &policy)
    }

    fn class(class: &str, currency: &str, zones: &[&str]) -> Value {
        json!({ "class": class, "price": { "amount": 1, "currency": currency }, "zones": zones })
    }

    #[test]
    fn each_zone_has_one_price_in_one_currency() {
        assert!(priced(&json!([class("R", "KRW", &["front"]), class("S", "KRW", &["back"])])).is_ok());
        assert!(priced(&json!([class("R", "KRW", &["front", "back"])])).is_ok());
        for (bad, why) in [
            (json!([]), "1 to 20"),
            (json!([class("R", "KRW", &["front"])]), "back has no price"),
            (
                json!([class("R", "KRW", &["front", "back"]), class("S", "KRW", &[])]),
                "S has no zone",
            ),
            (json!([class("R", "KRW", &["front", "back", "top"])]), "no zone top"),
            (
                json!([class("R", "KRW", &["front"]), class("R", "KRW", &["back"])]),
                "R is listed twice",
            ),
            (
                json!([class("R", "KRW", &["front", "back"]), class("S", "KRW", &["back"])]),
                "back is listed twice",
            ),
            (
                json!([class("R", "KRW", &["front"]), class("S", "USD", &["back"])]),
                "one currency",
            ),
        ] {
            let detail = priced(&bad).unwrap_err().detail;
            assert!(detail.contains(why), "{detail}");
        }
    }

    #[test]
    fn a_policy_in_another_currency_than_the_prices_is_refused() {
        let prices: Vec<PriceClass> = serde_json::from_value(json!([class("R", "KRW", &["front"])])).unwrap();
        let policy = |currency: &str| -> RefundPolicy {
            let fee = json!({ "amount": 4000, "currency": currency });
            let steps = json!([{ "days_before": 10, "percent": 10, "at_most": fee }]);
            serde_json::from_value(json!({ "steps": steps })).unwrap()
        };
        assert!(require_one_currency(&prices, &policy("KRW")).is_ok());
        assert!(require_one_currency(&prices, &policy("USD")).is_err());
    }
}
