//! The rows in which one request looks for the best seats, and what it learns from one attempt for the next.

use std::collections::{BTreeMap, BTreeSet};

use shared::Error;
use shared::aws::lambda::Invocation;
use shared::core::error::Rejection;
use shared::tickets::{RowKey, SeatId, SeatRow, Seating, Showtime, Taken};

use crate::best_seats::{Search, best_seats, most_together};
use crate::hold_request::{BestSeats, HoldOrders};
use crate::hold_rules::{invalid, remove_order, taken, without_order};
use crate::hold_seats::{HoldSeats, Picked};
use crate::previous_hold::refuse_unless_placed;
use crate::reason;

/// The rows in which the best seats are looked for.
#[derive(Debug, Default)]
pub struct Candidates {
    rows: Vec<SeatRow>,
    /// Whether the rows were read consistently and nothing is known to have changed since.
    is_fresh: bool,
    /// The number of lost races.
    lost: usize,
    /// Places of general admission whose holds have ended, and that turned out to be sold.
    pub sold: BTreeSet<SeatId>,
}

impl Candidates {
    /// After each lost race, chooses among so many more seats.
    const SPREAD: usize = 16;

    /// The best free seats, and their rows. `None` when something has changed: read again.
    ///
    /// # Errors
    /// `invalid-hold` for an unknown class, `no-seats-together`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn pick(
        &mut self,
        function: &HoldSeats,
        showtime: &Showtime,
        best: &BestSeats,
        orders: HoldOrders,
        invocation: &Invocation,
    ) -> Result<Option<Picked>, Error> {
        let mut classes = showtime.prices.iter();
        let Some(class) = classes.find(|class| class.class == best.class) else {
            return Err(invalid(format!("The showtime has no class {}.", best.class)).into());
        };
        if !showtime.has_seats_of(class) {
            let detail = format!(
                "The class {} has no seats. Ask for places of its areas with `general`.",
                best.class
            );
            return Err(invalid(detail).into());
        }
        let parts = showtime.seating.as_ref().map_or(0, Seating::seat_parts);
        let (id, deadline) = (showtime.showtime_id, invocation.deadline);
        if self.rows.is_empty() {
            self.rows = function.seats.all(id, parts, false, deadline).await?;
            self.rows.iter_mut().for_each(|row| remove_order(row, orders.replaced));
        }
        let mut chosen = self.choose(showtime, best, invocation);
        if chosen.is_none() && !self.is_fresh {
            // Nobody is refused because of rows that may be old.
            self.rows = function.seats.all(id, parts, true, deadline).await?;
            self.rows.iter_mut().for_each(|row| remove_order(row, orders.replaced));
            self.is_fresh = true;
            chosen = self.choose(showtime, best, invocation);
        }
        let Some(chosen) = chosen else {
            let together = most_together(self.of_class(showtime, best), search(best, invocation));
            let accessible = if best.accessible { "accessible " } else { "" };
            let detail = format!(
                "No {} {accessible}seats of this class are free side by side.",
                best.count
            );
            let refusal = Rejection::with(reason::NoSeatsTogether { together }, detail);
            return refuse_unless_placed(self.rows.iter(), orders.placed, refusal);
        };
        let keys = chosen.iter().map(|seat| seat.row).collect::<BTreeSet<_>>();
        let rows = without_order(function.seats.rows(id, keys, deadline).await?, orders.replaced);
        let ended = function.end_expired(&chosen, &rows, invocation).await?;
        if !ended.any && taken(&chosen, &rows, &ended.kept, invocation).is_empty() {
            return Ok(Some(Picked { seats: chosen, rows }));
        }
        self.learn(&rows, &ended.kept);
        Ok(None)
    }

    fn choose(&self, showtime: &Showtime, best: &BestSeats, invocation: &Invocation) -> Option<Vec<SeatId>> {
        let (rows, among) = (self.of_class(showtime, best), 1 + Self::SPREAD * self.lost);
        best_seats(rows, search(best, invocation), among, |count| fastrand::usize(..count))
    }

    fn of_class(&self, showtime: &Showtime, best: &BestSeats) -> impl Iterator<Item = &SeatRow> {
        let is_in_class = |row: &&SeatRow| {
            showtime
                .class_of(row.zone)
                .is_some_and(|class| class.class == best.class)
        };
        self.rows.iter().filter(is_in_class)
    }

    /// Replaces rows by newer ones, in which the seats at `kept` are taken.
    fn learn(&mut self, newer: &BTreeMap<RowKey, SeatRow>, kept: &[SeatId]) {
        self.lost += 1;
        for row in &mut self.rows {
            if let Some(newer) = newer.get(&row.key) {
                *row = newer.clone();
            }
        }
        self.take(kept);
    }

    /// Another customer was faster.
    pub fn lost(&mut self, chosen: &[SeatId]) {
        self.lost += 1;
        self.is_fresh = false;
        self.take(chosen);
    }

    fn take(&mut self, seats: &[SeatId]) {
        for row in &mut self.rows {
            for seat in seats.iter().filter(|seat| seat.row == row.key) {
                row.taken.insert(seat.place, Taken::Blocked);
            }
        }
    }
}

fn search(best: &BestSeats, invocation: &Invocation) -> Search {
    Search {
        count: best.count,
        accessible: best.accessible,
        now: invocation.now,
    }
}
