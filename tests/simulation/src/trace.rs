//! The trace of a run: always a fingerprint, and lines on request.

use std::fmt::Write as _;
use std::time::Duration;

use crate::net::Reply;
use crate::services::Request;

/// The trace.
#[derive(Debug, Default)]
pub struct Trace {
    fingerprint: u64,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// Creates a trace; `keeps_words` says whether it keeps lines.
    pub fn new(keeps_words: bool) -> Self {
        Self {
            fingerprint: 0xcbf2_9ce4_8422_2325,
            lines: keeps_words.then(Vec::new),
        }
    }

    /// Returns a hash of the run so far; it is the same for the same seed, in every process.
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Takes the lines.
    pub fn take(&mut self) -> Vec<String> {
        self.lines.take().unwrap_or_default()
    }

    /// Adds a line about an event outside the services.
    pub fn note(&mut self, at: Duration, what: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{} {}", seconds(at), what()));
        }
    }

    /// Adds a request and its result.
    pub fn served(&mut self, at: Duration, request: &Request, reply: Option<&Reply>) {
        let (status, response): (u64, &[u8]) = match reply {
            Some(Reply::Response(response)) => (response.status.into(), &response.body),
            Some(Reply::Lost) => (1, &[]),
            None => (0, &[]),
        };
        // Lengths only, since maps serialize in random order and encrypted data has random bytes.
        let length = |bytes: &[u8]| if request.is_of_index() { 0 } else { bytes.len() as u64 };
        for part in [
            at.as_micros() as u64,
            sum(request.what().as_bytes()),
            length(request.body()),
            status,
            length(response),
        ] {
            self.fingerprint = (self.fingerprint ^ part).wrapping_mul(0x0100_0000_01b3);
        }
        if let Some(lines) = &mut self.lines {
            let mut line = format!("{} {} {}", seconds(at), request.by(), request.what());
            let _ = write!(line, " {} => ", text(request.body()));
            match reply {
                Some(Reply::Response(response)) => drop(write!(line, "{} {}", response.status, text(&response.body))),
                Some(Reply::Lost) => line.push_str("the connection was closed"),
                None => line.push_str("silence"),
            }
            lines.push(line);
        }
    }
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte)).sum()
}

fn seconds(at: Duration) -> String {
    format!("{:10.3}", at.as_secs_f64())
}

fn text(body: &[u8]) -> String {
    std::str::from_utf8(body).map_or_else(|_| format!("{} bytes", body.len()), str::to_owned)
}
