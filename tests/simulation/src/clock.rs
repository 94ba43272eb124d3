//! The simulated clock: it stops while any task can run, then jumps to the next timer.
//!
//! It is tokio's paused clock, so timeouts, backoffs and deadlines of the functions use it too.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

/// Start time of every run: 2026-01-01.
const EPOCH_MS: i64 = 1_767_225_600_000;

/// The clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// Starts the clock, within the run's runtime.
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        let epoch = Timestamp::from_millisecond(EPOCH_MS).expect("a time");
        epoch + SignedDuration::try_from(self.elapsed()).expect("a short run")
    }

    /// Returns the time since the run's start.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Returns the clock as a function.
    pub fn shared(self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        Arc::new(move || self.now())
    }

    /// Waits in simulated time.
    pub async fn sleep(&self, time: Duration) {
        sleep(time).await;
    }
}
