//! Responses stored under idempotency keys. Each provider has its own rules for their scope and lifetime.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::http::Answer;

/// How a fault changes a call that the provider answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerFault {
    /// Not at all.
    Plain,
    /// The call is refused with this code instead of being served.
    Code(String),
    /// The call is served, but the response is replaced by this status.
    ErrorAfter(u16),
    /// The response takes this long.
    Late(Duration),
}

/// The result of looking up a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The key is new: serve the call.
    New,
    /// The first call is still in progress.
    InFlight,
    /// The key was used for a different call.
    Different,
    /// The stored response.
    Answer(Answer),
}

/// The stored responses.
#[derive(Debug, Default)]
pub struct Records(HashMap<String, Record>);

#[derive(Debug)]
struct Record {
    fingerprint: String,
    answer: Answer,
    until: Timestamp,
    in_flight_until: Option<Instant>,
}

impl Records {
    /// Looks up a key; calls with different fingerprints are different calls.
    pub fn find(&self, key: &str, fingerprint: &str, now: Timestamp) -> Found {
        match self.0.get(key) {
            None => Found::New,
            Some(record) if record.until <= now => Found::New,
            Some(record) if record.in_flight_until.is_some_and(|end| Instant::now() < end) => Found::InFlight,
            Some(record) if record.fingerprint != fingerprint => Found::Different,
            Some(record) => Found::Answer(record.answer.clone()),
        }
    }

    /// Stores a response until a time. A late response keeps its call in progress for that long.
    pub fn keep(&mut self, key: String, fingerprint: String, answer: Answer, until: Timestamp, fault: &AnswerFault) {
        let in_flight_until = match fault {
            AnswerFault::Late(time) => Some(Instant::now() + *time),
            _ => None,
        };
        let record = Record {
            fingerprint,
            answer,
            until,
            in_flight_until,
        };
        self.0.insert(key, record);
    }
}
