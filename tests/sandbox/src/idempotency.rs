//! Answers kept under idempotency keys; how long and for what is the provider's own rule.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::http::Answer;

/// What a fault makes of a call that the provider answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Twist {
    /// Nothing.
    Plain,
    /// The call is refused with this code instead of being served.
    Code(String),
    /// The call is served, and its answer hidden behind this status.
    ErrorAfter(u16),
    /// The answer is under way for this long.
    Late(Duration),
}

/// What is known under a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Nothing: serve it.
    Nothing,
    /// The first such call has not been answered yet.
    InFlight,
    /// The key was used for something else.
    SomethingElse,
    /// The first answer.
    Answer(Answer),
}

/// The answers kept.
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
    /// What is known under `key`; `fingerprint` is what has to be the same for it to be the same call.
    pub fn find(&self, key: &str, fingerprint: &str, now: Timestamp) -> Found {
        match self.0.get(key) {
            None => Found::Nothing,
            Some(record) if record.until <= now => Found::Nothing,
            Some(record) if record.in_flight_until.is_some_and(|end| Instant::now() < end) => Found::InFlight,
            Some(record) if record.fingerprint != fingerprint => Found::SomethingElse,
            Some(record) => Found::Answer(record.answer.clone()),
        }
    }

    /// Keeps an answer until a time. One that is sent late leaves its call in flight for as long.
    pub fn keep(&mut self, key: String, fingerprint: String, answer: Answer, until: Timestamp, twist: &Twist) {
        let in_flight_until = match twist {
            Twist::Late(time) => Some(Instant::now() + *time),
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
