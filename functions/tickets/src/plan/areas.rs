//! The rules of areas of general admission, whose rows follow on those of the seats.

use shared::core::error::Rejection;
use shared::core::text::DisplayText;
use shared::tickets::{Aisles, Area};

use super::check::{Building, MAX_ROWS, MAX_SEATS, check_point, invalid_area};
use super::layout::LayoutRow;
use super::{NewArea, PlanArea};

/// The most areas of a plan: a showtime has them all in its item.
pub const MAX_AREAS: usize = 20;
/// The longest name, in characters. It is on each ticket, whose item should stay within one write unit.
const MAX_NAME: usize = 40;
/// The most corners of an area.
const MAX_CORNERS: usize = 50;

impl Building {
    /// Adds an area with its rows. All sections are there already.
    ///
    /// # Errors
    /// `invalid-plan`.
    pub fn add_area(&mut self, new: &NewArea) -> Result<(), Rejection> {
        let refused = |detail: String| invalid_area(&new.area, format!("Area {}: {detail}.", new.area));
        let is_taken = self.tiles.iter().any(|tile| tile.section == new.area)
            || self.areas.iter().any(|area| area.area == new.area);
        if is_taken {
            return Err(refused("another area or section has this code".to_owned()));
        }
        let name = DisplayText::line(&new.name, MAX_NAME);
        let name = name.map_err(|error| refused(format!("name: {error}")))?;
        if !(1..=Area::MAX_PLACES).contains(&new.places) {
            return Err(refused(format!("an area has 1 to {} places", Area::MAX_PLACES)));
        }
        if !new.outline.is_empty() && !(3..=MAX_CORNERS).contains(&new.outline.len()) {
            return Err(refused(format!("an outline has 3 to {MAX_CORNERS} corners")));
        }
        new.outline
            .iter()
            .try_for_each(|&corner| check_point(corner))
            .map_err(refused)?;
        let zone = self.zone(&new.zone)?;
        let planned = PlanArea {
            area: new.area.clone(),
            name: name.into(),
            zone: new.zone.clone(),
            places: new.places,
            numbered: new.numbered,
            part: u16::try_from(self.parts.len()).unwrap_or(u16::MAX),
            outline: new.outline.clone(),
        };
        let area = Area::from(planned.clone());
        let (places, rows) = (area.places as usize, usize::from(area.rows()));
        if self.seats + places > MAX_SEATS {
            return Err(refused(format!("a plan has at most {MAX_SEATS} seats and places")));
        }
        if self.rows + rows > MAX_ROWS {
            let detail = format!("a plan has at most {MAX_ROWS} rows, and an area counts as one for each 28 places");
            return Err(refused(detail));
        }
        let layout = (0..area.rows()).map(|number| LayoutRow {
            seats: area.places_of(number),
            zone,
            aisles: Aisles::NONE,
            rank: 0,
            middle: area.places_of(number).into(),
            accessible: vec![],
        });
        let layout: Vec<LayoutRow> = layout.collect();
        let parts = layout.chunks(Area::PART_ROWS.into());
        self.parts.extend(parts.map(<[LayoutRow]>::to_vec));
        self.zones[usize::from(zone)].seats += area.places;
        self.seats += places;
        self.rows += rows;
        self.areas.push(planned);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{area, hall};
    use super::super::{CreatePlanRequest, MAX_SEATS, NewArea, Point, checked};
    use super::*;
    use proptest::prelude::*;

    fn plan(areas: Vec<NewArea>) -> CreatePlanRequest {
        CreatePlanRequest { areas, ..hall(1, 2, 4) }
    }

    fn refusal(change: impl Fn(&mut CreatePlanRequest)) -> String {
        let mut plan = plan(vec![area("B", "floor", 100)]);
        change(&mut plan);
        let refused = checked(&plan).unwrap_err();
        assert_eq!(refused.members["area"], "B", "{}", refused.detail);
        refused.detail
    }

    #[test]
    fn an_area_has_a_code_and_a_name_of_its_own_and_1_to_10_000_places() {
        for (detail, change) in [
            (
                "another area or section",
                (|plan| plan.areas.push(plan.areas[0].clone())) as fn(&mut CreatePlanRequest),
            ),
            ("another area or section", |plan| {
                plan.sections[0].section = plan.areas[0].area.clone();
            }),
            ("name", |plan| plan.areas[0].name = String::new()),
            ("1 to 10000 places", |plan| plan.areas[0].places = 0),
            ("1 to 10000 places", |plan| plan.areas[0].places = 10_001),
            ("3 to 50 corners", |plan| {
                plan.areas[0].outline = vec![Point::default(); 2]
            }),
            ("3 to 50 corners", |plan| {
                plan.areas[0].outline = vec![Point::default(); 51]
            }),
            ("cm away", |plan| {
                plan.areas[0].outline = vec![Point { x: 1_000_001, y: 0 }; 3];
            }),
        ] {
            let refused = refusal(change);
            assert!(refused.contains(detail), "{detail}: {refused}");
        }
    }

    #[test]
    fn a_plan_has_sections_or_areas_and_at_most_50_of_these() {
        let standing = |areas| CreatePlanRequest {
            sections: vec![],
            ..plan(areas)
        };
        let checked_area = checked(&standing(vec![area("B", "floor", 700)])).unwrap();
        assert_eq!((checked_area.seats, checked_area.tiles.len()), (700, 0));
        assert!(
            checked(&standing(vec![]))
                .unwrap_err()
                .detail
                .contains("sections or areas")
        );
        let many = |count: usize| {
            let areas = (0..count).map(|number| area(&format!("A{number}"), "floor", 10));
            checked(&plan(areas.collect()))
        };
        assert!(many(MAX_AREAS).is_ok());
        assert!(many(MAX_AREAS + 1).unwrap_err().detail.contains("at most 20 areas"));
    }

    #[test]
    fn seats_and_places_count_together_to_the_limit_of_a_plan() {
        let full = |more: u32| {
            let areas = (0..10).map(|number| area(&format!("A{number}"), "floor", 10_000 - 1));
            let rest = area("B", "floor", 10 - 8 + more);
            checked(&plan(areas.chain([rest]).collect()))
        };
        assert_eq!(full(0).unwrap().seats, MAX_SEATS);
        assert!(full(1).unwrap_err().detail.contains("100000 seats"));
    }

    proptest! {
        #[test]
        fn the_rows_of_areas_follow_on_those_of_seats_and_are_where_the_area_says(
            places in proptest::collection::vec(1_u32..2_000, 1..5), sections in 0_usize..3,
        ) {
            let areas = (0..).zip(&places).map(|(number, &places)| area(&format!("A{number}"), "floor", places));
            let plan = CreatePlanRequest { areas: areas.collect(), ..hall(sections, 3, 10) };
            let checked = checked(&plan).unwrap();
            let rows: Vec<_> = checked.layout.rows().collect();
            let areas: Vec<Area> = checked.areas.iter().cloned().map(Area::from).collect();
            let mut expected = rows.iter().filter(|row| row.key.part >= areas[0].part);
            for area in &areas {
                for number in 0..area.rows() {
                    let row = expected.next().unwrap();
                    prop_assert_eq!((row.key, row.seats), (area.row(number), area.places_of(number)));
                    prop_assert_eq!(&checked.zones[usize::from(row.zone)].zone, &area.zone);
                }
            }
            prop_assert!(expected.next().is_none());
            let in_zones: u32 = checked.zones.iter().map(|zone| zone.seats).sum();
            prop_assert_eq!(in_zones as usize, checked.seats);
            prop_assert_eq!(checked.seats, sections * 30 + places.iter().sum::<u32>() as usize);
            for part in &checked.layout.parts {
                let seats: usize = part.iter().map(|row| usize::from(row.seats)).sum();
                prop_assert!((1..=600).contains(&seats));
            }
        }
    }
}
