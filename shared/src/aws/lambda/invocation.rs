//! What an invocation brings beside its payload: the time, the deadline, and the trace that it belongs to.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lambda_runtime::Context;
use tokio::time::Instant;
use uuid::Builder;

use crate::core::error::Error;
use crate::core::event::{DomainEvent, Record, Stamp};

/// Time kept back for the answer to get out before Lambda ends the invocation.
const RESERVE: Duration = Duration::from_millis(500);

/// One invocation of a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// When it began, to the millisecond; the one clock of everything that it decides.
    pub now: Timestamp,
    /// The same moment on the clock that deadlines are measured by.
    pub began: Instant,
    /// When its work must be done.
    pub deadline: Instant,
    /// Its X-Ray trace header.
    pub trace: Option<String>,
}

impl Invocation {
    /// An invocation at `now` that has `time` to do its work.
    pub fn new(now: Timestamp, time: Duration) -> Self {
        let began = Instant::now();
        Self {
            now: to_millisecond(now),
            began,
            deadline: began + time,
            trace: None,
        }
    }

    /// The invocation that Lambda describes by `context`.
    pub fn of(context: &Context) -> Self {
        let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        Self {
            trace: context.xray_trace_id.clone(),
            ..Self::new(Timestamp::now(), left.saturating_sub(RESERVE))
        }
    }

    /// A stamp for an event of this invocation: its id is a UUIDv7 (RFC 9562 §5.7), new each time.
    pub fn stamp(&self) -> Stamp {
        let millis = u64::try_from(self.now.as_millisecond()).unwrap_or_default();
        let random: [u8; 10] = std::array::from_fn(|_| fastrand::u8(..));
        Stamp {
            now: self.now,
            event_id: Builder::from_unix_timestamp_millis(millis, &random).into_uuid(),
            trace: self.trace.clone(),
        }
    }

    /// `event` as its entity carries it, with a stamp of its own.
    ///
    /// # Errors
    /// [`Error::Internal`] when its data cannot be written as JSON.
    pub fn record(&self, event: &impl DomainEvent) -> Result<Record, Error> {
        let record = event.record(self.stamp());
        record.map_err(|error| Error::internal("write the event", error))
    }

    /// The moment at which half of the time that is left now will be over.
    pub fn halfway(&self) -> Instant {
        let now = Instant::now();
        now + self.deadline.saturating_duration_since(now) / 2
    }

    /// The deadline of one step, after which `time` is left for the next ones, or half of all that is left when that is
    /// less.
    pub fn deadline_keeping(&self, time: Duration) -> Instant {
        let now = Instant::now();
        let left = self.deadline.saturating_duration_since(now);
        now + left.saturating_sub(time).max(left / 2)
    }

    /// The invocation's deadline, or `at` when that comes first: what is right only until then is not sent later.
    pub fn deadline_before(&self, at: Timestamp) -> Instant {
        let left = Duration::try_from(at.duration_since(self.now)).unwrap_or_default();
        self.deadline.min(self.began + left)
    }

    /// Whether `time` is left before the deadline.
    pub fn has(&self, time: Duration) -> bool {
        Instant::now() + time < self.deadline
    }
}

/// Stored times have milliseconds, so a time that was read equals the one that was written.
fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
