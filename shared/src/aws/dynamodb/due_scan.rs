//! Scans an index of due work: reads one page of each shard in turn, until all pages are read or time runs out.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::aws::dynamodb::due::{self, DuePosition};
use crate::aws::lambda::Invocation;
use crate::aws::lambda::problem::Causes;
use crate::aws::telemetry::{self, Unit};
use crate::core::error::Error;

/// Time that must be left to start a page.
const PAGE_TIME: Duration = Duration::from_secs(5);

/// Counts of one run over due work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Processed entities.
    pub processed: u64,
    /// Entities that failed. The next run retries them.
    pub failed: u64,
    /// The longest delay after a due time, in seconds.
    pub lag_seconds: i64,
    /// Whether the deadline passed before all due work was processed.
    pub unfinished: bool,
}

impl Summary {
    /// Records the delay of entities that are due at `now`.
    pub fn record_due<Id>(&mut self, due: &[(Id, Timestamp)], now: Timestamp) {
        let lags = due.iter().map(|(_, at)| now.duration_since(*at).as_secs());
        self.lag_seconds = self.lag_seconds.max(lags.max().unwrap_or_default());
    }

    /// Records the outcome for an entity: true when processed, false when there was nothing to do (another process was
    /// first, or the index lags behind the table).
    pub fn record(&mut self, outcome: Result<bool, Error>) {
        match outcome {
            Ok(true) => self.processed += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::error!(causes = %Causes(&error), "due item failed");
                self.failed += 1;
            }
        }
    }

    /// Emits the counts of `function` as metrics and a log line.
    pub fn report(&self, function: &str, now: Timestamp) {
        telemetry::emit(
            function,
            now,
            &[
                ("Processed", Unit::Count, self.processed as f64),
                ("Failed", Unit::Count, self.failed as f64),
                ("LagSeconds", Unit::Seconds, self.lag_seconds as f64),
            ],
        );
        tracing::info!(summary = ?self, "due scan finished");
    }
}

/// A scan over shards of an index of due work.
///
/// It starts at a random shard, so that no shard is always last when runs do not finish. A shard that cannot be read
/// does not stop the scan of the others.
#[derive(Debug)]
pub struct DueScan {
    pages: VecDeque<(u8, Option<DuePosition>)>,
    error: Option<Error>,
    unfinished: bool,
}

impl Default for DueScan {
    fn default() -> Self {
        Self::of(due::SHARDS)
    }
}

impl DueScan {
    /// A scan over these shards.
    pub fn of(shards: Range<u8>) -> Self {
        let mut pages: VecDeque<_> = shards.map(|shard| (shard, None)).collect();
        pages.rotate_left(fastrand::usize(..pages.len()));
        Self {
            pages,
            error: None,
            unfinished: false,
        }
    }

    /// The shard and start position of the next page. `None` when all pages are read or time runs out.
    pub fn next_page(&mut self, invocation: &Invocation) -> Option<(u8, Option<DuePosition>)> {
        let page = self.pages.pop_front()?;
        if invocation.has(PAGE_TIME) {
            return Some(page);
        }
        self.unfinished = true;
        None
    }

    /// Records the result of a page of `shard`: the start position of the shard's next page, if it has one.
    pub fn finish_page(&mut self, shard: u8, page: Result<Option<DuePosition>, Error>) {
        match page {
            Ok(Some(next)) => self.pages.push_back((shard, Some(next))),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(shard, causes = %Causes(&error), "reading a shard of due work failed");
                self.error = Some(error);
            }
        }
    }

    /// Whether time ran out before the last page.
    pub const fn is_unfinished(&self) -> bool {
        self.unfinished
    }

    /// Ends the scan.
    ///
    /// # Errors
    /// The last error, when a shard could not be read.
    pub fn finish(self) -> Result<(), Error> {
        self.error.map_or(Ok(()), Err)
    }
}
