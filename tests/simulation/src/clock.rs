//! The world's one clock: it stands still while anything can be done, and jumps to the next thing that is due.
//!
//! It is tokio's, paused: timeouts, backoffs and deadlines of the functions go by it as well.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

/// When every run begins: 2026-01-01.
const EPOCH_MS: i64 = 1_767_225_600_000;

/// The clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// A clock that begins now; within the run's runtime only.
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let epoch = Timestamp::from_millisecond(EPOCH_MS).expect("a time");
        epoch + SignedDuration::try_from(self.elapsed()).expect("a short run")
    }

    /// How long the run has gone on.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The clock for others to go by.
    pub fn shared(self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        Arc::new(move || self.now())
    }

    /// Lets time pass; it costs none.
    pub async fn pass(&self, time: Duration) {
        sleep(time).await;
    }
}
