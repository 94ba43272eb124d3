//! Waiting between attempts: exponential with full jitter, never past a deadline.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_millis(500);

/// The waits between the attempts at one thing.
///
/// Full jitter, since it spreads competing callers best
/// (AWS Architecture Blog, "Exponential Backoff And Jitter").
#[derive(Debug)]
pub struct Backoff {
    deadline: Instant,
    ceiling: Duration,
}

impl Backoff {
    /// Waits until `deadline` at most, all waits taken together.
    pub const fn until(deadline: Instant) -> Self {
        Self {
            deadline,
            ceiling: FIRST,
        }
    }

    /// Waits before the next attempt; false, at once, when there is no time left for one.
    pub async fn wait(&mut self) -> bool {
        let pause = self.ceiling.mul_f64(fastrand::f64());
        if Instant::now() + pause >= self.deadline {
            return false;
        }
        self.ceiling = (self.ceiling * 2).min(LONGEST);
        sleep(pause).await;
        true
    }
}
