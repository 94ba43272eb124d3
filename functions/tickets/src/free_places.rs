//! The places of an area of general admission that a hold takes. Customers who ask at the same moment get places of different rows,
//! at random; a hold takes places of several rows when no row that was read has enough.
//!
//! A hold first reads some rows at random, and if they have too few free places, the others too, part by part. So nobody is told
//! that places are missing before all rows of the area were read, consistently.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shared::Error;
use shared::aws::lambda::Invocation;
use shared::core::error::Rejection;
use shared::tickets::{Area, RowKey, SeatId, SeatRow, SeatState, Showtime, ShowtimeId};

use crate::hold_request::{GeneralPlaces, HoldOrders};
use crate::hold_rules::{invalid, remove_order, without_order};
use crate::hold_seats::{HoldSeats, Picked};
use crate::previous_hold::refuse_unless_placed;
use crate::reason;

/// How many rows a hold reads first. One has room for it, until few places are left.
const SOME_ROWS: usize = 4;
/// The number of parts that are then read at the same time.
const PARTS_AT_ONCE: usize = 4;
/// The number of places whose holds have ended that are looked at in one request, once one of them turned out to be
/// sold.
const DOUBTFUL: usize = 20;
/// The number of times that a hold ends the holds of others before it starts again.
const MAX_ENDINGS: usize = 8;

/// Some rows of an area, at random.
pub fn some_rows(area: &Area) -> Vec<RowKey> {
    let numbers = fastrand::choose_multiple(0..area.rows(), SOME_ROWS);
    numbers.into_iter().map(|number| area.row(number)).collect()
}

impl HoldSeats {
    /// Free places of an area, and their rows. `None` when something has changed: read again. `loaded` are rows of the area that were just read, if any. `sold` are places that turned
    /// out to be sold, in this attempt and earlier ones.
    ///
    /// # Errors
    /// `invalid-hold` for an unknown area, `too-few-places`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn pick_places(
        &self,
        showtime: &Showtime,
        general: &GeneralPlaces,
        orders: HoldOrders,
        loaded: BTreeMap<RowKey, SeatRow>,
        sold: &mut BTreeSet<SeatId>,
        invocation: &Invocation,
    ) -> Result<Option<Picked>, Error> {
        let mut areas = showtime.areas().iter();
        let Some(area) = areas.find(|area| area.area == general.area) else {
            let detail = format!("The showtime has no area {} of general admission.", general.area);
            return Err(invalid(detail).into());
        };
        let (id, deadline) = (showtime.showtime_id, invocation.deadline);
        let rows = match loaded.is_empty() {
            true => self.seats.rows(id, some_rows(area), deadline).await?,
            false => loaded,
        };
        let mut places = Places {
            rows: without_order(rows, orders.replaced),
            sold: std::mem::take(sold),
            now: invocation.now,
        };
        let picked = self
            .pick_among(&mut places, area, id, orders, general.count, invocation)
            .await;
        *sold = places.sold;
        Ok(picked?.map(|seats| Picked {
            seats,
            rows: places.rows,
        }))
    }

    /// As [`HoldSeats::pick_places`], among rows that were read and, where they have too few free places, all others of the area.
    async fn pick_among(
        &self,
        places: &mut Places,
        area: &Area,
        showtime_id: ShowtimeId,
        orders: HoldOrders,
        count: u8,
        invocation: &Invocation,
    ) -> Result<Option<Vec<SeatId>>, Error> {
        let deadline = invocation.deadline;
        let mut unread: Vec<u16> = area.parts().collect();
        fastrand::shuffle(&mut unread);
        let mut endings = 0;
        loop {
            let is_whole = places.rows.len() == usize::from(area.rows());
            let draw = |count: usize| fastrand::usize(..count);
            // A late payment gets the places of its ended hold back, so these are taken last.
            let chosen = match is_whole {
                true => places.choose(count, draw),
                false => places.choose_open(count, draw),
            };
            if chosen.len() == usize::from(count) {
                let doubtful: Vec<SeatId> = match places.sold.is_empty() {
                    true => chosen.clone(),
                    false => {
                        let others = places.ended().filter(|seat| !chosen.contains(seat));
                        chosen.iter().copied().chain(others).take(DOUBTFUL).collect()
                    }
                };
                let ended = self.end_expired(&doubtful, &places.rows, invocation).await?;
                if !ended.any && ended.kept.is_empty() {
                    return Ok(Some(chosen));
                }
                places.sold.extend(ended.kept);
                if ended.any {
                    endings += 1;
                    if endings == MAX_ENDINGS {
                        return Ok(None);
                    }
                    // These places are open now, unless somebody else was faster.
                    let rows: BTreeSet<RowKey> = doubtful.iter().map(|seat| seat.row).collect();
                    let rows = self.seats.rows(showtime_id, rows, deadline).await?;
                    places.rows.extend(without_order(rows, orders.replaced));
                }
            } else if is_whole {
                let refusal = too_few(area, places.free());
                return refuse_unless_placed(places.rows.values(), orders.placed, refusal);
            } else {
                let parts = unread.split_off(unread.len().saturating_sub(PARTS_AT_ONCE));
                if parts.is_empty() {
                    let lacks = format!("{showtime_id} lacks rows of {}", area.area);
                    return Err(Error::internal("hold places", lacks));
                }
                for mut row in self.seats.parts(showtime_id, parts, true, deadline).await? {
                    remove_order(&mut row, orders.replaced);
                    places.rows.insert(row.key, row);
                }
            }
        }
    }
}

fn too_few(area: &Area, free: u32) -> Rejection {
    let detail = match free {
        0 => format!("{} is sold out.", area.name),
        _ => format!("Only {free} places of {} are free.", area.name),
    };
    let area = area.area.clone();
    Rejection::with(reason::TooFewPlaces { area, places: free }, detail)
}

/// The rows of an area that were read.
struct Places {
    rows: BTreeMap<RowKey, SeatRow>,
    /// Places whose holds have ended, but whose orders are paid or are being paid for.
    sold: BTreeSet<SeatId>,
    now: Timestamp,
}

impl Places {
    /// `count` free places, or fewer if the rows have no more: those that no order has, as [`Places::choose_open`] chooses them, and then
    /// those whose holds have ended.
    fn choose(&self, count: u8, pick: impl Fn(usize) -> usize + Copy) -> Vec<SeatId> {
        let mut places = self.choose_open(count, pick);
        let missing = usize::from(count) - places.len();
        let mut ended: Vec<SeatId> = self.ended().collect();
        if missing > 0 && !ended.is_empty() {
            let first = pick(ended.len());
            ended.rotate_left(first);
            places.extend(ended.into_iter().take(missing));
        }
        places
    }

    /// `count` places that no order has, or fewer if the rows have no more: of one row that has enough, at random, or else of as few
    /// rows as possible. `pick` draws a number below another one.
    fn choose_open(&self, count: u8, pick: impl Fn(usize) -> usize) -> Vec<SeatId> {
        let count = usize::from(count);
        let mut open: Vec<Vec<SeatId>> = self
            .rows
            .values()
            .map(open_places)
            .filter(|row| !row.is_empty())
            .collect();
        for row in &mut open {
            // Two holds that meet in a row want different places.
            let first = pick(row.len());
            row.rotate_left(first);
        }
        let wide: Vec<&Vec<SeatId>> = open.iter().filter(|row| row.len() >= count).collect();
        if !wide.is_empty() {
            return wide[pick(wide.len())][..count].to_vec();
        }
        if !open.is_empty() {
            let first = pick(open.len());
            open.rotate_left(first);
        }
        open.sort_by_key(|row| Reverse(row.len()));
        open.into_iter().flatten().take(count).collect()
    }

    /// The places that are free because the hold of an order has ended.
    fn ended(&self) -> impl Iterator<Item = SeatId> {
        let seats = self.rows.values().flat_map(|row| {
            let places = row
                .taken
                .keys()
                .filter(|&&place| row.state(place, self.now) == SeatState::Free);
            places.map(|&place| SeatId { row: row.key, place })
        });
        seats.filter(|seat| !self.sold.contains(seat))
    }

    /// The number of free places.
    fn free(&self) -> u32 {
        let open: usize = self.rows.values().map(|row| open_places(row).len()).sum();
        u32::try_from(open + self.ended().count()).unwrap_or(u32::MAX)
    }
}

/// The places of a row that no order has and nobody has blocked.
fn open_places(row: &SeatRow) -> Vec<SeatId> {
    let open = (0..row.seats).filter(|place| !row.taken.contains_key(place));
    open.map(|place| SeatId { row: row.key, place }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shared::tickets::Taken;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// Rows of places: `.` open, `x` sold, `o` with an order whose hold has ended.
    fn places(rows: &[&str]) -> Places {
        let row = |(number, states): (u16, &&str)| {
            let taken = (0..).zip(states.chars()).filter(|(_, state)| *state != '.');
            let taken = taken.map(|(place, state)| {
                let order_id = Uuid::from_u128(place.into());
                let until = (state == 'o').then_some(NOW);
                (place, Taken::Order { order_id, until })
            });
            let key = RowKey { part: 3, row: number };
            let row = SeatRow {
                taken: taken.collect(),
                ..SeatRow::free(key, u8::try_from(states.len()).unwrap())
            };
            (key, row)
        };
        Places {
            rows: (0..).zip(rows).map(row).collect(),
            sold: BTreeSet::new(),
            now: NOW,
        }
    }

    fn chosen(rows: &[&str], count: u8) -> Vec<String> {
        let chosen = places(rows).choose(count, |_| 0);
        chosen.iter().map(SeatId::to_string).collect()
    }

    #[test]
    fn a_hold_takes_places_of_one_row_if_one_has_enough() {
        assert_eq!(chosen(&["..x", "x...", "xxx"], 3), ["3-1-1", "3-1-2", "3-1-3"]);
        assert_eq!(
            chosen(&["xxx.", "x.x."], 2),
            ["3-1-1", "3-1-3"],
            "they are not side by side"
        );
    }

    #[test]
    fn a_hold_takes_places_of_several_rows_when_none_has_enough() {
        assert_eq!(
            chosen(&["xx.", "..x", "xxx"], 3),
            ["3-1-0", "3-1-1", "3-0-2"],
            "as few rows as possible"
        );
        assert_eq!(chosen(&["xx.", "..x"], 4).len(), 3, "all that there are");
    }

    #[test]
    fn places_of_ended_holds_come_last_and_those_that_are_sold_not_at_all() {
        assert_eq!(chosen(&["oxo", "x.x"], 2), ["3-1-1", "3-0-0"]);
        let mut places = places(&["oxo"]);
        assert_eq!(places.free(), 2);
        places.sold.insert("3-0-0".parse().unwrap());
        assert_eq!(places.choose(2, |_| 0), ["3-0-2".parse().unwrap()]);
        assert_eq!(places.free(), 1);
    }

    #[test]
    fn customers_who_ask_at_once_are_offered_different_rows_and_places() {
        let places = places(&["....", "....", "...."]);
        let mut offered = BTreeSet::new();
        for seed in 0..100 {
            let mut random = fastrand::Rng::with_seed(seed);
            let random = std::cell::RefCell::new(&mut random);
            offered.insert(places.choose(1, |count| random.borrow_mut().usize(..count))[0]);
        }
        assert_eq!(offered.len(), 12);
    }

    /// A change of an area: a hold of so many places, or the end of the hold with this number among those that are left.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Hold(u8),
        Return(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            2 => (1_u8..=20).prop_map(Step::Hold),
            1 => (0_usize..1000).prop_map(Step::Return),
        ];
        proptest::collection::vec(step, 0..60)
    }

    proptest! {
        #[test]
        fn a_hold_has_too_few_places_only_if_fewer_are_free_and_what_is_free_is_what_nobody_has(
            sizes in proptest::collection::vec(1_usize..=28, 1..8), steps in steps(), seed in any::<u64>(),
        ) {
            let rows: Vec<String> = sizes.iter().map(|&size| ".".repeat(size)).collect();
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            let mut area = places(&rows);
            let capacity: usize = sizes.iter().sum();
            let random = std::cell::RefCell::new(fastrand::Rng::with_seed(seed));
            let mut held: Vec<Vec<SeatId>> = vec![];
            for step in steps {
                let live: usize = held.iter().map(Vec::len).sum();
                prop_assert_eq!(area.free() as usize, capacity - live);
                match step {
                    Step::Hold(count) => {
                        let chosen = area.choose(count, |count| random.borrow_mut().usize(..count));
                        prop_assert_eq!(chosen.len(), usize::from(count).min(capacity - live));
                        if chosen.len() == usize::from(count) {
                            for seat in &chosen {
                                let row = area.rows.get_mut(&seat.row).unwrap();
                                prop_assert!(row.has(*seat), "it is a place of the area");
                                let taken = Taken::Order { order_id: Uuid::nil(), until: None };
                                prop_assert_eq!(row.taken.insert(seat.place, taken), None, "nobody had it");
                            }
                            held.push(chosen);
                        }
                    }
                    Step::Return(nth) if !held.is_empty() => {
                        let nth = nth % held.len();
                        for seat in held.swap_remove(nth) {
                            area.rows.get_mut(&seat.row).unwrap().taken.remove(&seat.place);
                        }
                    }
                    Step::Return(_) => {}
                }
            }
        }
    }
}
