//! The showtimes of a performance that are published and not over.

use shared::Error;
use shared::aws::lambda::Invocation;
use shared::core::error::Rejection;
use shared::tickets::{Showtime, ShowtimeStatus};

use crate::performance::Performance;
use crate::performance_reviews::attendance::{length_of, over_at};
use crate::reason;
use crate::showtimes::showtimes_of;
use crate::store::{List, ShowStore};

/// How many showtimes are read at once.
const PAGE: u8 = 100;
/// How often. A performance has fewer showtimes to come.
const MAX_PAGES: u8 = 20;

/// Checks that each published showtime of the performance is over or cancelled. Reads the index from the first one on that may not be
/// over.
///
/// # Errors
/// `performance-has-showtimes`, [`Error::Unavailable`] and [`Error::Internal`].
pub async fn require_none_to_come(
    shows: &ShowStore,
    performance: &Performance,
    invocation: &Invocation,
) -> Result<(), Error> {
    let since = invocation.now - length_of(performance);
    let list = List {
        name: showtimes_of(performance.performance_id, true),
        from: since.as_millisecond().max(0).unsigned_abs(),
        is_newest_first: false,
    };
    let mut after = None;
    for _ in 0..MAX_PAGES {
        let read = shows.list::<Showtime>(&list, after, PAGE, invocation.deadline);
        let page = read.await?;
        let is_to_come = |showtime: &&Showtime| {
            showtime.status != ShowtimeStatus::Cancelled && invocation.now < over_at(showtime, performance)
        };
        if let Some(showtime) = page.items.iter().find(is_to_come) {
            let detail = format!(
                "The showtime {} is published and not over, so its performance stays LISTED and cannot be deleted.",
                showtime.showtime_id
            );
            return Err(Rejection::new(&reason::PERFORMANCE_HAS_SHOWTIMES, detail).into());
        }
        let Some(next) = page.next else { return Ok(()) };
        after = Some(next);
    }
    let detail = "The performance has too many cancelled showtimes to come. Try again when some would be over.";
    Err(Rejection::new(&reason::PERFORMANCE_HAS_SHOWTIMES, detail).into())
}
