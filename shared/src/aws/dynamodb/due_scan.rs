//! Going through due work: a page of each shard in turn, until all is done or the time is over.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::aws::dynamodb::due::{DUE_SHARDS, DuePosition};
use crate::aws::lambda::Invocation;
use crate::aws::lambda::problem::Causes;
use crate::aws::telemetry;
use crate::aws::telemetry::Unit;
use crate::core::error::Error;

/// A page is begun only when this much time is left to finish it.
const PAGE_TIME: Duration = Duration::from_secs(5);

/// What a run over due work did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Entities about which it was done.
    pub processed: u64,
    /// Entities about which it could not be done; they will be tried again.
    pub failed: u64,
    /// How long the latest of them had been due, in seconds.
    pub lag_seconds: i64,
    /// Whether the deadline left due work to the next run.
    pub unfinished: bool,
}

impl Summary {
    /// Takes note of what was due at `now`.
    pub fn saw<Id>(&mut self, due: &[(Id, Timestamp)], now: Timestamp) {
        let lags = due.iter().map(|(_, at)| now.duration_since(*at).as_secs());
        self.lag_seconds = self.lag_seconds.max(lags.max().unwrap_or_default());
    }

    /// Takes note of what became of an entity: it was done, or it was not ours to do (somebody else was first, or the
    /// index runs behind), or it could not be.
    pub fn took(&mut self, outcome: Result<bool, Error>) {
        match outcome {
            Ok(true) => self.processed += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::error!(causes = %Causes(&error), "what is due could not be done");
                self.failed += 1;
            }
        }
    }

    /// Tells the run of `function` to the metrics and the log.
    pub fn tell(&self, function: &str, now: Timestamp) {
        telemetry::emit(
            function,
            now,
            &[
                ("Processed", Unit::Count, self.processed as f64),
                ("Failed", Unit::Count, self.failed as f64),
                ("LagSeconds", Unit::Seconds, self.lag_seconds as f64),
            ],
        );
        tracing::info!(summary = ?self, "a run over what was due");
    }
}

/// A walk over all shards of an index of due work.
///
/// It begins anywhere, so that no shard is the one that always waits when runs cannot finish, and one that cannot be read
/// does not stop the rest.
#[derive(Debug)]
pub struct DueScan {
    open: VecDeque<(u8, Option<DuePosition>)>,
    lost: Option<Error>,
    unfinished: bool,
}

impl Default for DueScan {
    fn default() -> Self {
        let first = fastrand::u8(..DUE_SHARDS);
        Self {
            open: (0..DUE_SHARDS).map(|nth| ((first + nth) % DUE_SHARDS, None)).collect(),
            lost: None,
            unfinished: false,
        }
    }
}

impl DueScan {
    /// The next shard to take a page of, and where it begins; none when all is done or the time is over.
    pub fn turn(&mut self, invocation: &Invocation) -> Option<(u8, Option<DuePosition>)> {
        let turn = self.open.pop_front()?;
        if invocation.has(PAGE_TIME) {
            return Some(turn);
        }
        self.unfinished = true;
        None
    }

    /// What became of a page of `shard`: where the next one begins, if there is one.
    pub fn took(&mut self, shard: u8, page: Result<Option<DuePosition>, Error>) {
        match page {
            Ok(Some(next)) => self.open.push_back((shard, Some(next))),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(shard, causes = %Causes(&error), "a shard of due work could not be read");
                self.lost = Some(error);
            }
        }
    }

    /// Whether the time was over before the work.
    pub const fn is_unfinished(&self) -> bool {
        self.unfinished
    }

    /// Ends the walk.
    ///
    /// # Errors
    /// The last of the shards that could not be read.
    pub fn end(self) -> Result<(), Error> {
        self.lost.map_or(Ok(()), Err)
    }
}
