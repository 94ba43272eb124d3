//! The rules of seating plans.

use std::collections::BTreeMap;

use shared::core::error::Rejection;
use shared::core::text::DisplayText;
use shared::tickets::{Aisles, RowKey, SeatRow, ZoneCode, ZoneSeats};

use super::layout::{Layout, LayoutRow};
use super::rank::rank;
use super::tile::{SectionTile, TileRow, TileSeat};
use super::{CreatePlanRequest, MAX_AREAS, NewRow, NewSection, PlanArea, Point, SeatFlag, SeatNote, SeatRun};
use crate::reason;

/// The most seats and places of a plan.
pub const MAX_SEATS: usize = 100_000;
/// The most rows of a plan, counted after long rows are split.
pub const MAX_ROWS: usize = 10_000;
/// The most seats of a section: its tile is one response.
pub const MAX_SECTION_SEATS: usize = 10_000;
/// The most sections of a plan.
pub const MAX_SECTIONS: usize = 500;
/// The most rows of a section, before long rows are split.
const MAX_SECTION_ROWS: usize = 5_000;
/// The most notes of a row.
const MAX_NOTES: usize = 200;
/// The most zones of a plan.
pub const MAX_ZONES: usize = 64;
/// The most seats of a part. The seats of a part are one partition of the table, which serves 1,000 write units a second.
const MAX_PART_SEATS: usize = 600;
/// The most rows of a part: a row's number has three digits in its key.
const MAX_PART_ROWS: usize = 600;
const MAX_NAME: usize = 100;
const MAX_COORDINATE: i32 = 1_000_000;
const MAX_NUMBER: i32 = 9_999;
/// The most companions of an accessible seat, and how far away they may sit.
const COMPANIONS: usize = 3;

/// A plan that keeps the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedPlan {
    /// The plan's name, as it is stored.
    pub name: String,
    /// The zones, in the order of their numbers.
    pub zones: Vec<ZoneSeats>,
    /// The number of seats and places.
    pub seats: usize,
    /// A tile a section.
    pub tiles: Vec<SectionTile>,
    /// The areas of general admission.
    pub areas: Vec<PlanArea>,
    /// All rows.
    pub layout: Layout,
}

/// Checks a plan. Splits rows of more than [`SeatRow::MAX_SEATS`] seats, at aisles where there are some, and groups the rows of
/// each section into parts. Rows keep where their aisles are.
///
/// # Errors
/// `invalid-plan`.
pub fn checked(plan: &CreatePlanRequest) -> Result<CheckedPlan, Rejection> {
    let name = DisplayText::line(&plan.name, MAX_NAME);
    let name = name.map_err(|refused| invalid(None, None, format!("name: {refused}.")))?;
    let focus = plan.focus.map_or(Ok(()), check_point);
    focus.map_err(|detail| invalid(None, None, format!("focus: {detail}.")))?;
    if plan.sections.is_empty() && plan.areas.is_empty() {
        return Err(invalid(None, None, "A plan has sections or areas.".to_owned()));
    }
    if plan.sections.len() > MAX_SECTIONS || plan.areas.len() > MAX_AREAS {
        let detail = format!("A plan has at most {MAX_SECTIONS} sections and at most {MAX_AREAS} areas.");
        return Err(invalid(None, None, detail));
    }
    let mut building = Building::default();
    for section in &plan.sections {
        building.add(section, plan.focus)?;
    }
    for area in &plan.areas {
        building.add_area(area)?;
    }
    Ok(CheckedPlan {
        name: name.into(),
        zones: building.zones,
        seats: building.seats,
        tiles: building.tiles,
        areas: building.areas,
        layout: Layout { parts: building.parts },
    })
}

/// The part of a plan that has been checked.
#[derive(Debug, Default)]
pub struct Building {
    /// The zones, in the order of their numbers.
    pub zones: Vec<ZoneSeats>,
    /// The number of seats and places.
    pub seats: usize,
    /// The number of rows.
    pub rows: usize,
    /// A tile a section.
    pub tiles: Vec<SectionTile>,
    /// The areas.
    pub areas: Vec<PlanArea>,
    /// The rows of each part.
    pub parts: Vec<Vec<LayoutRow>>,
}

impl Building {
    fn add(&mut self, section: &NewSection, focus: Option<Point>) -> Result<(), Rejection> {
        let code = &section.section;
        if self.tiles.iter().any(|tile| tile.section == *code) {
            return Err(invalid(Some(code), None, format!("There are two sections {code}.")));
        }
        let name = DisplayText::line(&section.name, MAX_NAME);
        let name = name.map_err(|refused| invalid(Some(code), None, format!("Section {code}: name: {refused}.")))?;
        if !(1..=MAX_SECTION_ROWS).contains(&section.rows.len()) {
            let detail = format!("Section {code}: a section has 1 to {MAX_SECTION_ROWS} rows.");
            return Err(invalid(Some(code), None, detail));
        }
        let mut tile = SectionTile {
            section: code.clone(),
            name: name.into(),
            rows: vec![],
        };
        // Each section begins a part of its own.
        self.parts.push(vec![]);
        let (mut labels, before) = (BTreeMap::new(), self.seats);
        for (number, row) in section.rows.iter().enumerate() {
            if labels.insert(row.row.as_str(), ()).is_some() {
                return Err(invalid(
                    Some(code),
                    Some(row),
                    format!("Section {code} has two rows {}.", row.row),
                ));
            }
            let refused = |detail: String| {
                invalid(
                    Some(code),
                    Some(row),
                    format!("Section {code}, row {}: {detail}.", row.row),
                )
            };
            let zone = self.zone(row.zone.as_ref().unwrap_or(&section.zone))?;
            let seats = seats_of(row).map_err(refused)?;
            let rank = rank(&Vec::from_iter(seats.iter().flatten()), number, focus);
            let pieces = split(&seats).map_err(refused)?;
            for (nth, piece) in pieces.iter().enumerate() {
                // The pieces of one run stay in one part, in which each continues the row before it.
                let run = 1 + pieces[nth + 1..]
                    .iter()
                    .take_while(|next| next.aisles.continues())
                    .count();
                if !piece.aisles.continues() && !self.has_room_for(&pieces[nth..nth + run]) {
                    self.parts.push(vec![]);
                }
                tile.rows.push(self.row(row, zone, piece, rank)?);
            }
        }
        if self.seats - before > MAX_SECTION_SEATS {
            let detail = format!("Section {code} has more than {MAX_SECTION_SEATS} seats. Divide it.");
            return Err(invalid(Some(code), None, detail));
        }
        self.tiles.push(tile);
        Ok(())
    }

    /// The number of a zone.
    ///
    /// # Errors
    /// `invalid-plan` for too many zones.
    pub fn zone(&mut self, zone: &ZoneCode) -> Result<u8, Rejection> {
        let known = self.zones.iter().position(|known| known.zone == *zone);
        let number = known.unwrap_or(self.zones.len());
        if number == MAX_ZONES {
            return Err(invalid(None, None, format!("A plan has at most {MAX_ZONES} zones.")));
        }
        if known.is_none() {
            let zone = zone.clone();
            self.zones.push(ZoneSeats { zone, seats: 0 });
        }
        Ok(u8::try_from(number).unwrap_or_default())
    }

    /// Whether the last part has room for these rows.
    fn has_room_for(&self, pieces: &[Piece]) -> bool {
        let more: usize = pieces.iter().map(|piece| piece.seats.len()).sum();
        self.parts.last().is_some_and(|part| {
            let taken: usize = part.iter().map(|row| usize::from(row.seats)).sum();
            part.len() + pieces.len() <= MAX_PART_ROWS && taken + more <= MAX_PART_SEATS
        })
    }

    fn row(&mut self, row: &NewRow, zone: u8, piece: &Piece, rank: u16) -> Result<TileRow, Rejection> {
        if self.seats + piece.seats.len() > MAX_SEATS {
            return Err(invalid(None, None, format!("A plan has at most {MAX_SEATS} seats.")));
        }
        if self.rows == MAX_ROWS {
            let detail = format!("A plan has at most {MAX_ROWS} rows, and a long row counts once for each 28 seats.");
            return Err(invalid(None, None, detail));
        }
        let count = piece.seats.len();
        let part = u16::try_from(self.parts.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let in_part = self.parts.last_mut();
        let number = in_part.as_ref().map_or(0, |part| part.len());
        let key = RowKey {
            part,
            row: u16::try_from(number).unwrap_or(u16::MAX),
        };
        let seats_in_row = u8::try_from(count).unwrap_or(u8::MAX);
        if let Some(in_part) = in_part {
            in_part.push(LayoutRow {
                seats: seats_in_row,
                zone,
                aisles: piece.aisles,
                rank,
                middle: piece.middle,
                accessible: accessible(&piece.seats),
            });
        }
        let zone = &mut self.zones[usize::from(zone)];
        zone.seats += u32::from(seats_in_row);
        let tile = TileRow::new(row.row.clone(), zone.zone.clone(), key, self.seats, piece.seats.clone());
        self.seats += count;
        self.rows += 1;
        Ok(tile)
    }
}

/// The seats of a row, in its runs.
fn seats_of(row: &NewRow) -> Result<Vec<Vec<TileSeat>>, String> {
    let is_label = (1..=8).contains(&row.row.len()) && row.row.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_label {
        return Err("a row's label has 1 to 8 letters and digits".to_owned());
    }
    if !(1..=20).contains(&row.runs.len()) {
        return Err("a row has 1 to 20 runs of seats".to_owned());
    }
    if row.notes.len() > MAX_NOTES {
        return Err(format!("a row has at most {MAX_NOTES} notes"));
    }
    let runs: Vec<Vec<TileSeat>> = row.runs.iter().map(run).collect::<Result<_, _>>()?;
    // Where each number is: its run, and its place in that.
    let mut places: BTreeMap<u16, (usize, usize)> = BTreeMap::new();
    for (of, run) in runs.iter().enumerate() {
        for (place, seat) in run.iter().enumerate() {
            if places.insert(seat.number, (of, place)).is_some() {
                return Err(format!("there are two seats {}", seat.number));
            }
        }
    }
    annotate(runs, &places, &row.notes)
}

fn run(run: &SeatRun) -> Result<Vec<TileSeat>, String> {
    if !(1..=200).contains(&run.count) {
        return Err("a run has 1 to 200 seats".to_owned());
    }
    if run.step == 0 || !(-2..=2).contains(&run.step) {
        return Err("step is -2, -1, 1 or 2".to_owned());
    }
    (0..i32::from(run.count))
        .map(|nth| {
            let number = i32::from(run.first) + i32::from(run.step) * nth;
            if !(0..=MAX_NUMBER).contains(&number) {
                return Err(format!("a seat's number is 0 to {MAX_NUMBER}, not {number}"));
            }
            let along = |from: i32, by: i32| from.checked_add(by.checked_mul(nth)?);
            let out = || outside();
            let at = Point {
                x: along(run.at.x, run.spacing.x).ok_or_else(out)?,
                y: along(run.at.y, run.spacing.y).ok_or_else(out)?,
            };
            check_point(at)?;
            Ok(TileSeat {
                number: u16::try_from(number).unwrap_or_default(),
                at,
                flags: vec![],
                companion_of: None,
            })
        })
        .collect()
}

/// Adds the notes to the seats.
fn annotate(
    mut runs: Vec<Vec<TileSeat>>,
    places: &BTreeMap<u16, (usize, usize)>,
    notes: &[SeatNote],
) -> Result<Vec<Vec<TileSeat>>, String> {
    let mut noted = BTreeMap::new();
    for note in notes {
        let seat = note.seat;
        if noted.insert(seat, note).is_some() {
            return Err(format!("seat {seat} has two notes"));
        }
        let &(of, place) = places.get(&seat).ok_or_else(|| format!("there is no seat {seat}"))?;
        let mut flags = note.flags.clone();
        flags.sort_unstable();
        flags.dedup();
        if flags.len() != note.flags.len() {
            return Err(format!("seat {seat} has a flag twice"));
        }
        if flags.is_empty() && note.companion_of.is_none() {
            return Err(format!("the note on seat {seat} says nothing"));
        }
        let found = &mut runs[of][place];
        found.flags = flags;
        found.companion_of = note.companion_of;
    }
    let mut companions: BTreeMap<u16, usize> = BTreeMap::new();
    for (&seat, note) in &noted {
        let Some(main) = note.companion_of else { continue };
        let is_accessible = noted
            .get(&main)
            .is_some_and(|note| note.flags.contains(&SeatFlag::Accessible));
        if !is_accessible || main == seat {
            return Err(format!(
                "seat {seat} is the companion of {main}, which is no other accessible seat"
            ));
        }
        let (mine, its) = (places[&seat], places[&main]);
        if mine.0 != its.0 || mine.1.abs_diff(its.1) > COMPANIONS {
            return Err(format!("seat {seat} is too far from seat {main} for its companion"));
        }
        let count = companions.entry(main).or_default();
        *count += 1;
        if *count > COMPANIONS {
            return Err(format!("seat {main} has more than {COMPANIONS} companions"));
        }
    }
    Ok(runs)
}

/// A row as it is stored: a row of the plan, or a piece of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Piece {
    seats: Vec<TileSeat>,
    aisles: Aisles,
    /// Twice the number of seats from its left end to the middle of the row of the plan.
    middle: i16,
}

/// Splits a row at aisles into rows of at most [`SeatRow::MAX_SEATS`] seats. A run that is longer is split into rows of about the
/// same length, but not between an accessible seat and its companion.
fn split(runs: &[Vec<TileSeat>]) -> Result<Vec<Piece>, String> {
    let most = usize::from(SeatRow::MAX_SEATS);
    let count = |seats: usize| i16::try_from(seats).unwrap_or(i16::MAX);
    let all = count(runs.iter().map(Vec::len).sum());
    let (mut pieces, mut before): (Vec<Piece>, usize) = (vec![], 0);
    for run in runs {
        if let Some(last) = pieces.last_mut()
            && last.seats.len() + run.len() <= most
        {
            let place = u8::try_from(last.seats.len() - 1).unwrap_or(u8::MAX);
            last.aisles = last.aisles.with_aisle_after(place);
            last.seats.extend_from_slice(run);
            before += run.len();
            continue;
        }
        let mut aisles = Aisles::NONE;
        for seats in split_run(run)? {
            let middle = all - 2 * count(before);
            before += seats.len();
            let seats = seats.to_vec();
            pieces.push(Piece { seats, aisles, middle });
            aisles = Aisles::NONE.continuing();
        }
    }
    Ok(pieces)
}

/// Splits a run into as few rows of about the same length as possible.
fn split_run(run: &[TileSeat]) -> Result<Vec<&[TileSeat]>, String> {
    let most = usize::from(SeatRow::MAX_SEATS);
    let place_of = |number: u16| run.iter().position(|seat| seat.number == number);
    let companions = run.iter().enumerate().filter_map(|(place, seat)| {
        let main = place_of(seat.companion_of?)?;
        Some((place.min(main), place.max(main)))
    });
    let companions: Vec<(usize, usize)> = companions.collect();
    // Whether the seat at `place` may be the first of a row.
    let is_allowed = |place: usize| !companions.iter().any(|&(first, last)| first < place && place <= last);
    let (mut pieces, mut begin) = (vec![], 0);
    while run.len() - begin > most {
        let left = run.len() - begin;
        let equal = left.div_ceil(left.div_ceil(most));
        let shortest = usize::from(SeatRow::MIN_CONTINUED);
        let mut lengths = (shortest..=equal).rev().chain(equal + 1..=most);
        let length = lengths.find(|length| is_allowed(begin + length)).ok_or_else(|| {
            format!(
                "seats {} to {} are too many for one row, and companions connect them all",
                run[begin].number,
                run[begin + most].number
            )
        })?;
        pieces.push(&run[begin..begin + length]);
        begin += length;
    }
    pieces.push(&run[begin..]);
    Ok(pieces)
}

/// The places of the accessible seats of a row and of their companions, each with the place of the accessible seat.
fn accessible(seats: &[TileSeat]) -> Vec<(u8, u8)> {
    let place_of = |number: u16| seats.iter().position(|seat| seat.number == number);
    let places = seats.iter().enumerate().filter_map(|(place, seat)| {
        let of = match seat.flags.contains(&SeatFlag::Accessible) {
            true => place,
            false => place_of(seat.companion_of?)?,
        };
        Some((u8::try_from(place).ok()?, u8::try_from(of).ok()?))
    });
    places.collect()
}

/// Checks a place.
///
/// # Errors
/// How far away a place may be.
pub fn check_point(point: Point) -> Result<(), String> {
    let range = -MAX_COORDINATE..=MAX_COORDINATE;
    (range.contains(&point.x) && range.contains(&point.y))
        .then_some(())
        .ok_or_else(outside)
}

fn outside() -> String {
    format!("a place is at most {MAX_COORDINATE} cm away from the origin")
}

fn invalid(section: Option<&ZoneCode>, row: Option<&NewRow>, detail: String) -> Rejection {
    let members = reason::InvalidPlan {
        section: section.cloned(),
        row: row.map(|row| row.row.clone()),
        area: None,
    };
    Rejection::with(members, detail)
}

/// An area that breaks a rule.
pub fn invalid_area(area: &ZoneCode, detail: String) -> Rejection {
    let members = reason::InvalidPlan {
        section: None,
        row: None,
        area: Some(area.clone()),
    };
    Rejection::with(members, detail)
}

#[cfg(test)]
mod tests {
    use super::super::sample::hall;
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn row(runs: &[(u16, u16)]) -> Value {
        let runs = runs
            .iter()
            .map(|&(first, count)| json!({ "first": first, "count": count, "at": { "x": 0, "y": 0 } }));
        json!({ "row": "1", "runs": runs.collect::<Vec<_>>() })
    }

    fn plan(row: Value) -> CreatePlanRequest {
        let section = json!({ "section": "A", "name": "Stalls", "zone": "front", "rows": [row] });
        serde_json::from_value(json!({ "name": "Hall", "sections": [section] })).unwrap()
    }

    fn lengths(runs: &[(u16, u16)]) -> Vec<usize> {
        let checked = checked(&plan(row(runs))).unwrap();
        checked.tiles[0].rows.iter().map(|row| row.seats.len()).collect()
    }

    fn refusal(change: impl Fn(&mut Value)) -> String {
        let mut row = row(&[(1, 14), (15, 14)]);
        change(&mut row);
        checked(&plan(row)).unwrap_err().detail
    }

    #[test]
    fn a_long_row_is_split_at_its_aisles() {
        assert_eq!(
            lengths(&[(1, 14), (15, 14)]),
            [28],
            "28 seats are one row, also with an aisle"
        );
        assert_eq!(lengths(&[(1, 10), (11, 20), (31, 10)]), [10, 20, 10], "not 30 seats");
        assert_eq!(lengths(&[(1, 40)]), [20, 20], "without an aisle into equal rows");
        assert_eq!(lengths(&[(1, 4), (5, 29), (34, 4)]), [4, 15, 18]);
    }

    /// The places after which each row has an aisle, and whether it continues the row before it.
    fn aisles(runs: &[(u16, u16)]) -> Vec<(Vec<u8>, bool)> {
        let rows = checked(&plan(row(runs))).unwrap().layout;
        let rows = rows.rows().map(|row| {
            let after = (0..row.seats - 1).filter(|&place| !row.is_beside(place, place + 1));
            (after.collect(), row.continues())
        });
        rows.collect()
    }

    #[test]
    fn a_row_keeps_where_its_aisles_are() {
        assert_eq!(aisles(&[(1, 28)]), [(vec![], false)]);
        assert_eq!(aisles(&[(1, 14), (15, 14)]), [(vec![13], false)]);
        assert_eq!(aisles(&[(1, 1), (2, 1), (3, 26)]), [(vec![0, 1], false)]);
        assert_eq!(
            aisles(&[(1, 10), (11, 20), (31, 10)]),
            [(vec![], false), (vec![], false), (vec![], false)],
            "an aisle is between two of them"
        );
        assert_eq!(aisles(&[(1, 40)]), [(vec![], false), (vec![], true)], "side by side");
        assert_eq!(
            aisles(&[(1, 4), (5, 29), (34, 4)]),
            [(vec![], false), (vec![], false), (vec![13], true)]
        );
    }

    #[test]
    fn the_parts_of_a_row_have_its_rank_and_know_where_its_middle_is() {
        let ranked = |plan: &CreatePlanRequest| -> Vec<(u16, i16)> {
            let layout = checked(plan).unwrap().layout;
            layout.rows().map(|row| (row.rank, row.middle)).collect()
        };
        let mut two_rows = plan(row(&[(1, 10), (11, 20), (31, 10)]));
        let first = two_rows.sections[0].rows[0].clone();
        two_rows.sections[0].rows.push(NewRow {
            row: "2".to_owned(),
            ..first
        });
        assert_eq!(
            ranked(&two_rows),
            [(0, 40), (0, 20), (0, -20), (1, 40), (1, 20), (1, -20)],
            "20 seats from the left end of the row, of the second part 10"
        );
        assert_eq!(ranked(&plan(row(&[(1, 40)]))), [(0, 40), (0, 0)]);
        assert_eq!(ranked(&plan(row(&[(1, 14), (15, 14)]))), [(0, 28)]);
        assert_eq!(
            ranked(&plan(row(&[(1, 4), (5, 29), (34, 4)]))),
            [(0, 37), (0, 29), (0, -1)]
        );
    }

    #[test]
    fn the_rows_of_a_section_of_several_parts_are_ranked_from_its_front_to_its_back() {
        let checked = checked(&hall(2, 48, 25)).unwrap();
        assert_eq!(checked.layout.parts.len(), 4, "two for each section of 1,200 seats");
        let ranks: Vec<u16> = checked.layout.rows().map(|row| row.rank).collect();
        let section: Vec<u16> = (0..48).collect();
        assert_eq!(ranks, [section.clone(), section].concat());
    }

    #[test]
    fn the_rows_of_a_plan_with_a_focus_are_ranked_by_their_distance_from_it() {
        let mut arena = hall(1, 5, 4);
        // The third row is at y = 700, and the middle of each row at x = 175.
        arena.focus = Some(Point { x: 175, y: 700 });
        let ranks: Vec<u16> = checked(&arena).unwrap().layout.rows().map(|row| row.rank).collect();
        assert_eq!(ranks, [4, 2, 0, 2, 4]);
    }

    #[test]
    fn the_rows_of_accessible_seats_know_these_and_their_companions() {
        let mut noted = row(&[(1, 4), (5, 30)]);
        noted["notes"] = json!([
            { "seat": 1, "flags": ["ACCESSIBLE"] },
            { "seat": 2, "companion_of": 1 },
            { "seat": 3, "flags": ["RESTRICTED_VIEW"] },
            { "seat": 33, "companion_of": 34 },
            { "seat": 34, "flags": ["ACCESSIBLE", "RESTRICTED_VIEW"] },
        ]);
        let layout = checked(&plan(noted)).unwrap().layout;
        let found: Vec<Vec<(u8, u8)>> = layout.rows().map(|row| Vec::from_iter(row.accessible)).collect();
        assert_eq!(found, [vec![(0, 0), (1, 0)], vec![], vec![(13, 14), (14, 14)]]);
    }

    #[test]
    fn a_layout_knows_the_shortest_row_that_another_one_continues() {
        let shortest = |runs: &[(u16, u16)]| checked(&plan(row(runs))).unwrap().layout.shortest_continued();
        assert_eq!(shortest(&[(1, 10), (11, 20), (31, 10)]), None);
        assert_eq!(shortest(&[(1, 40)]), Some(20));
        assert_eq!(shortest(&[(1, 40), (41, 29)]), Some(15));
    }

    #[test]
    fn a_long_run_is_in_one_part() {
        let mut wide = plan(row(&[(1, 190)]));
        let first = wide.sections[0].rows[0].clone();
        let rows = (1..=4).map(|label| NewRow {
            row: label.to_string(),
            ..first.clone()
        });
        wide.sections[0].rows = rows.collect();
        let checked = checked(&wide).unwrap();
        let parts: Vec<usize> = checked.layout.parts.iter().map(Vec::len).collect();
        assert_eq!(parts, [21, 7], "7 rows of a run, and 3 runs of a part of 600 seats");
        for row in checked.layout.rows() {
            assert_eq!(row.continues(), row.key.row % 7 != 0, "{:?}", row.key);
        }
    }

    #[test]
    fn a_long_run_is_not_split_between_an_accessible_seat_and_its_companion() {
        let with = |notes: &Value| {
            let mut row = row(&[(1, 40)]);
            row["notes"] = notes.clone();
            checked(&plan(row))
        };
        let lengths = |notes: Value| -> Vec<usize> {
            let checked = with(&notes).unwrap();
            checked.tiles[0].rows.iter().map(|row| row.seats.len()).collect()
        };
        let accessible = |seat: u16| json!({ "seat": seat, "flags": ["ACCESSIBLE"] });
        let companion = |seat: u16, of: u16| json!({ "seat": seat, "companion_of": of });
        assert_eq!(lengths(json!([accessible(20), companion(19, 20)])), [20, 20]);
        assert_eq!(lengths(json!([accessible(20), companion(21, 20)])), [19, 21]);
        assert_eq!(lengths(json!([accessible(22), companion(19, 22)])), [18, 22]);
        // Each seat is accessible and the companion of the next one, so no row can end between them.
        let both = |seat: u16| json!({ "seat": seat, "flags": ["ACCESSIBLE"], "companion_of": seat % 40 + 1 });
        let mut notes: Vec<Value> = (1..40).map(both).collect();
        notes.push(accessible(40));
        let refused = with(&json!(notes)).unwrap_err();
        assert!(refused.detail.contains("seats 1 to 29"), "{}", refused.detail);
        assert_eq!(
            (&refused.members["section"], &refused.members["row"]),
            (&json!("A"), &json!("1"))
        );
    }

    #[test]
    fn a_section_has_at_most_5_000_rows_and_a_row_200_notes() {
        let mut tall = plan(row(&[(1, 1)]));
        let first = tall.sections[0].rows[0].clone();
        let rows = |count: usize| {
            (0..count).map(|label| NewRow {
                row: label.to_string(),
                ..first.clone()
            })
        };
        tall.sections[0].rows = rows(MAX_SECTION_ROWS).collect();
        assert!(checked(&tall).is_ok());
        tall.sections[0].rows = rows(MAX_SECTION_ROWS + 1).collect();
        assert!(checked(&tall).unwrap_err().detail.contains("1 to 5000 rows"));
        let noted = |count: u16| {
            let mut row = row(&[(1, 150), (151, 150)]);
            let notes = (1..=count).map(|seat| json!({ "seat": seat, "flags": ["RESTRICTED_VIEW"] }));
            row["notes"] = notes.collect();
            checked(&plan(row))
        };
        assert!(noted(200).is_ok());
        assert!(noted(201).unwrap_err().detail.contains("at most 200 notes"));
    }

    #[test]
    fn a_seat_is_there_once_and_a_note_is_about_a_seat() {
        for (detail, change) in [
            (
                "two seats 14",
                (|row| row["runs"][1]["first"] = json!(14)) as fn(&mut Value),
            ),
            ("step is", |row| row["runs"][0]["step"] = json!(0)),
            ("not -1", |row| row["runs"][0]["step"] = json!(-1)),
            ("1 to 200 seats", |row| row["runs"][0]["count"] = json!(0)),
            ("1 to 20 runs", |row| row["runs"] = json!([])),
            ("label", |row| row["row"] = json!("1/2")),
            ("cm away", |row| row["runs"][0]["at"]["x"] = json!(1_000_001)),
            ("cm away", |row| {
                row["runs"][0]["spacing"] = json!({ "x": 2_147_483_647, "y": 0 })
            }),
            ("no seat 99", |row| {
                row["notes"] = json!([{ "seat": 99, "flags": ["ACCESSIBLE"] }])
            }),
            ("says nothing", |row| row["notes"] = json!([{ "seat": 1 }])),
            ("two notes", |row| {
                row["notes"] =
                    json!([{ "seat": 1, "flags": ["ACCESSIBLE"] }, { "seat": 1, "flags": ["RESTRICTED_VIEW"] }]);
            }),
            ("no other accessible", |row| {
                row["notes"] = json!([{ "seat": 1, "companion_of": 2 }])
            }),
            ("too far", |row| {
                row["notes"] = json!([{ "seat": 1, "flags": ["ACCESSIBLE"] }, { "seat": 5, "companion_of": 1 }]);
            }),
            ("too far", |row| {
                row["notes"] = json!([{ "seat": 14, "flags": ["ACCESSIBLE"] }, { "seat": 15, "companion_of": 14 }]);
            }),
            ("more than 3", |row| {
                let mut notes = vec![json!({ "seat": 4, "flags": ["ACCESSIBLE"] })];
                notes.extend([1, 2, 3, 5].map(|seat| json!({ "seat": seat, "companion_of": 4 })));
                row["notes"] = json!(notes);
            }),
        ] {
            assert!(refusal(change).contains(detail), "{detail}: {}", refusal(change));
        }
    }

    #[test]
    fn two_sections_or_rows_of_one_name_are_refused() {
        let mut twice = plan(row(&[(1, 4)]));
        twice.sections.push(twice.sections[0].clone());
        assert!(checked(&twice).unwrap_err().detail.contains("two sections A"));
        let mut twice = plan(row(&[(1, 4)]));
        let again = twice.sections[0].rows[0].clone();
        twice.sections[0].rows.push(again);
        assert!(checked(&twice).unwrap_err().detail.contains("two rows 1"));
    }

    #[test]
    fn a_plan_has_at_most_100_000_seats() {
        assert_eq!(checked(&hall(100, 40, 25)).unwrap().seats, MAX_SEATS);
        assert!(checked(&hall(100, 40, 26)).unwrap_err().detail.contains("100000 seats"));
    }

    proptest! {
        #[test]
        fn each_seat_of_a_plan_is_in_exactly_one_row_of_its_order(
            sections in 1_usize..4, rows in 1_usize..40, seats in 1_usize..90,
        ) {
            let plan = checked(&hall(sections, rows, seats)).unwrap();
            prop_assert_eq!(plan.seats, sections * rows * seats);
            let in_zones: u32 = plan.zones.iter().map(|zone| zone.seats).sum();
            prop_assert_eq!(in_zones as usize, plan.seats);
            let laid_out: Vec<_> = plan.layout.rows().collect();
            let shown: Vec<_> = plan.tiles.iter().flat_map(|tile| &tile.rows).collect();
            prop_assert_eq!(laid_out.len(), shown.len());
            let mut first = 0;
            for (row, tile) in laid_out.iter().zip(shown) {
                prop_assert_eq!(row.key, RowKey { part: tile.part, row: tile.number });
                prop_assert_eq!(usize::from(row.seats), tile.seats.len());
                prop_assert!(row.seats <= SeatRow::MAX_SEATS);
                prop_assert_eq!(tile.first as usize, first);
                prop_assert_eq!(&plan.zones[usize::from(row.zone)].zone, &tile.zone);
                first += tile.seats.len();
            }
            for part in &plan.layout.parts {
                let seats: usize = part.iter().map(|row| usize::from(row.seats)).sum();
                prop_assert!((1..=MAX_PART_SEATS).contains(&seats));
            }
        }
    }
}
