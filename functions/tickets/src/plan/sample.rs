//! A generator of plans, for tests and measurements.

use shared::tickets::ZoneCode;

use super::{CreatePlanRequest, NewArea, NewRow, NewSection, Point, SeatFlag, SeatNote, SeatRun};

/// A hall of `sections` × `rows` × `seats`. Each row has an aisle in its middle, if it has more than one seat; the first row of each section has
/// an accessible seat with a companion, if it has two seats between aisles. The first half of the rows are in the zone `front`, the others in `back`.
pub fn hall(sections: usize, rows: usize, seats: usize) -> CreatePlanRequest {
    let sections = (0..sections).map(|section| NewSection {
        section: code(format!("S{section}")),
        name: format!("Section {section}"),
        zone: code("front".to_owned()),
        rows: (0..rows)
            .map(|number| NewRow {
                row: (number + 1).to_string(),
                zone: (number >= rows.div_ceil(2)).then(|| code("back".to_owned())),
                runs: runs(section, number, seats),
                notes: if number == 0 && seats >= 4 { notes() } else { vec![] },
            })
            .collect(),
    });
    CreatePlanRequest {
        name: "Hall".to_owned(),
        focus: None,
        sections: sections.collect(),
        areas: vec![],
    }
}

/// An area of general admission whose places have numbers: a rectangle beside the hall.
pub fn area(area: &str, zone: &str, places: u32) -> NewArea {
    let corner = |x, y| Point { x, y };
    NewArea {
        area: code(area.to_owned()),
        name: format!("Standing {area}"),
        zone: code(zone.to_owned()),
        places,
        numbered: true,
        outline: vec![corner(-900, 0), corner(-100, 0), corner(-100, 600), corner(-900, 600)],
    }
}

fn code(text: String) -> ZoneCode {
    ZoneCode::try_from(text).unwrap_or_else(|_| unreachable!("a code"))
}

/// Two runs with an aisle of a metre between them.
fn runs(section: usize, row: usize, seats: usize) -> Vec<SeatRun> {
    let small = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let left = seats.div_ceil(2);
    let y = i32::from(small(row)) * 100 + 500;
    let x = i32::from(small(section)) * 6_000;
    let run = |first: usize, count: usize| SeatRun {
        first: small(first),
        count: small(count),
        step: 1,
        at: Point {
            x: x + i32::from(small(first)) * 50 + if first > 1 { 100 } else { 0 },
            y,
        },
        spacing: Point { x: 50, y: 0 },
    };
    let both = [run(1, left), run(left + 1, seats - left)];
    both.into_iter().filter(|run| run.count > 0).collect()
}

fn notes() -> Vec<SeatNote> {
    let note = |seat, flags, companion_of| SeatNote {
        seat,
        flags,
        companion_of,
    };
    vec![note(1, vec![SeatFlag::Accessible], None), note(2, vec![], Some(1))]
}
