//! The context of an invocation: its time, its deadline, who acts, and its trace header.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use lambda_runtime::Context;
use tokio::time::Instant;
use uuid::{Builder, Uuid};

use crate::core::actor::Actor;
use crate::core::error::Error;
use crate::core::event::{DomainEvent, Record, Stamp};

/// Time reserved for sending the response before Lambda ends the invocation.
const RESERVE: Duration = Duration::from_millis(500);

/// One invocation of a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Its start time, to the millisecond. All decisions use this time.
    pub now: Timestamp,
    /// The time of the start on the monotonic clock, which the deadline is compared with.
    pub began: Instant,
    /// The deadline of its work.
    pub deadline: Instant,
    /// The actor of the invocation. `None` for a request without a token, until the action has found out who sent it.
    pub actor: Option<Actor>,
    /// The X-Ray trace header of the invocation. `None` if it is not traced.
    pub trace: Option<String>,
    /// Lambda's id of it, which is in every line of its log. Empty when it was not created from a Lambda context.
    pub request_id: String,
}

impl Invocation {
    /// Creates an invocation at `now` whose deadline is after `time`.
    pub fn new(now: Timestamp, time: Duration) -> Self {
        let began = Instant::now();
        Self {
            now: to_millisecond(now),
            began,
            deadline: began + time,
            actor: None,
            trace: None,
            request_id: String::new(),
        }
    }

    /// Creates the invocation of a Lambda context.
    pub fn of(context: &Context) -> Self {
        let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        Self {
            trace: context.xray_trace_id.clone(),
            request_id: context.request_id.clone(),
            ..Self::new(Timestamp::now(), left.saturating_sub(RESERVE))
        }
    }

    /// The same invocation at its present time, for a part of long work.
    #[must_use]
    pub fn at_present(&self) -> Self {
        let began = Instant::now();
        let passed = SignedDuration::try_from(began.duration_since(self.began)).unwrap_or_default();
        Self {
            now: to_millisecond(self.now + passed),
            began,
            ..self.clone()
        }
    }

    /// The same invocation, in which `actor` acts.
    #[must_use]
    pub fn by(&self, actor: Actor) -> Self {
        Self {
            actor: Some(actor),
            ..self.clone()
        }
    }

    /// The actor of the invocation.
    ///
    /// # Errors
    /// [`Error::Internal`] in a request without a token whose sender was not found out.
    pub fn actor(&self) -> Result<&Actor, Error> {
        let actor = self.actor.as_ref();
        actor.ok_or_else(|| Error::internal("record who acts", "the request has no token"))
    }

    /// Creates an id: a UUIDv7 (RFC 9562 §5.7).
    pub fn new_id(&self) -> Uuid {
        let millis = u64::try_from(self.now.as_millisecond()).unwrap_or_default();
        let random: [u8; 10] = std::array::from_fn(|_| fastrand::u8(..));
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// Creates the record of `event`, with a new id, to store with its entity.
    ///
    /// # Errors
    /// [`Error::Internal`] when its data cannot be serialized, and those of [`Invocation::actor`].
    pub fn record(&self, event: &impl DomainEvent) -> Result<Record, Error> {
        let record = event.record(Stamp {
            now: self.now,
            actor: self.actor()?.clone(),
            event_id: self.new_id(),
            trace: self.trace.clone(),
        });
        record.map_err(|error| Error::internal("serialize the event", error))
    }

    /// The middle between now and the deadline.
    pub fn halfway(&self) -> Instant {
        let now = Instant::now();
        now + self.deadline.saturating_duration_since(now) / 2
    }

    /// The deadline of a step that keeps `time` for the next steps, or half of the remaining time when that is less.
    pub fn deadline_keeping(&self, time: Duration) -> Instant {
        let now = Instant::now();
        let left = self.deadline.saturating_duration_since(now);
        now + left.saturating_sub(time).max(left / 2)
    }

    /// The invocation's deadline or `at`, whichever is first. For requests that must not be sent after `at`.
    pub fn deadline_before(&self, at: Timestamp) -> Instant {
        let left = Duration::try_from(at.duration_since(self.now)).unwrap_or_default();
        self.deadline.min(self.began + left)
    }

    /// Whether more than `time` is left before the deadline.
    pub fn has(&self, time: Duration) -> bool {
        Instant::now() + time < self.deadline
    }
}

/// Rounds down to milliseconds, the precision of stored times, so that a time that was read equals the one written.
fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_with_any_deadline_is_an_invocation() {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or_default();
        for (deadline, has_time) in [(0, false), (now, false), (now + 60_000, true), (u64::MAX, true)] {
            let mut context = Context::default();
            context.deadline = deadline;
            let invocation = Invocation::of(&context);
            assert_eq!(invocation.has(Duration::from_secs(1)), has_time, "{deadline}");
            assert!(invocation.halfway() <= invocation.deadline.max(Instant::now()));
            assert!(invocation.deadline_keeping(Duration::MAX) <= invocation.deadline.max(Instant::now()));
            assert!(invocation.deadline_before(Timestamp::MAX) <= invocation.deadline);
            assert_eq!(invocation.deadline_before(Timestamp::MIN), invocation.began);
        }
    }
}
