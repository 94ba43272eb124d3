//! Runs for batches of the seats table's stream, five seconds after seats have changed: counts the free seats of each showtime anew, for
//! lists.
//!
//! A change only says which showtime to count, so changes may arrive in any order and repeatedly.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::stream::iter;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::stream::Changes;
use shared::tickets::{SeatMap, SeatStore, Showtime, ShowtimeId};
use uuid::Uuid;

use crate::remaining_seats::{RemainingSeats, RemainingSeatsStore};
use crate::store::ShowStore;

/// The number of showtimes that are counted at the same time.
const CONCURRENT: usize = 4;

/// The function's stores.
#[derive(Debug)]
pub struct CountRemainingSeats {
    /// Showtimes.
    pub shows: ShowStore,
    /// Seats.
    pub seats: SeatStore,
    /// The counts.
    pub remaining: RemainingSeatsStore,
}

impl CountRemainingSeats {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            seats: SeatStore::new(platform)?,
            remaining: RemainingSeatsStore::new(platform)?,
        })
    }
}

/// Counts the seats of each showtime of the batch once.
///
/// # Errors
/// The error of a showtime that failed, after all others were counted. The stream delivers the batch again.
pub async fn handle(function: &CountRemainingSeats, changes: Changes, invocation: Invocation) -> Result<(), Error> {
    let counts = showtimes_in(&changes).into_iter();
    let counts = counts.map(|showtime| function.count(showtime, &invocation));
    let outcomes: Vec<Result<(), Error>> = iter(counts).buffer_unordered(CONCURRENT).collect().await;
    outcomes.into_iter().collect()
}

impl CountRemainingSeats {
    async fn count(&self, showtime_id: ShowtimeId, invocation: &Invocation) -> Result<(), Error> {
        let deadline = invocation.deadline;
        let Some(found) = self.shows.find::<Showtime>(showtime_id.0, deadline).await? else {
            return Ok(());
        };
        let showtime = found.entity;
        let Some(seating) = &showtime.seating else {
            return Ok(());
        };
        let counted_at = invocation.at_present().now;
        // Consistent: after the last change nothing would count again.
        let rows = self.seats.all(showtime_id, seating.parts, true, deadline).await?;
        let map = SeatMap::of(&rows, &seating.areas, counted_at);
        // Rows are still being created, and each of them leads to another count.
        if map.places() != seating.seats as usize {
            return Ok(());
        }
        let count = RemainingSeats::of(&showtime, &map, counted_at);
        self.remaining.save(&count, deadline).await
    }
}

/// The showtimes whose rows have changed: their keys are `SHOW#<showtime>#SEC#<part>`.
fn showtimes_in(changes: &Changes) -> BTreeSet<ShowtimeId> {
    let showtime = |key: &str| {
        let (showtime, _) = key.strip_prefix(Showtime::KEY_PREFIX)?.split_once("#SEC#")?;
        Uuid::parse_str(showtime).ok().map(ShowtimeId)
    };
    changes.keys().filter_map(showtime).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_batch_names_each_showtime_once_and_nothing_else() {
        let id = "018f0000-0000-8000-8000-000000000001";
        let keys = [
            format!("SHOW#{id}#SEC#0"),
            format!("SHOW#{id}#SEC#7"),
            format!("SHOW#{id}"),
            format!("SHOW#{id}#CUSTOMER#ann"),
            "REQUEST#018f0000-0000-8000-8000-000000000002".to_owned(),
        ];
        let records = keys.map(|key| json!({ "dynamodb": { "Keys": { "pk": { "S": key } } } }));
        let changes: Changes = serde_json::from_value(json!({ "Records": records })).unwrap();
        let named: Vec<String> = showtimes_in(&changes).iter().map(ShowtimeId::to_string).collect();
        assert_eq!(named, [id]);
    }
}
