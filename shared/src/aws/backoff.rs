//! Exponential backoff with full jitter and a deadline.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const INITIAL_CEILING: Duration = Duration::from_millis(20);
const MAX_CEILING: Duration = Duration::from_millis(500);

/// The delays between the attempts of one operation.
///
/// Full jitter distributes competing callers best
/// (AWS Architecture Blog, "Exponential Backoff And Jitter").
#[derive(Debug)]
pub struct Backoff {
    deadline: Instant,
    ceiling: Duration,
}

impl Backoff {
    /// Creates a backoff that ends at `deadline`.
    pub const fn until(deadline: Instant) -> Self {
        Self {
            deadline,
            ceiling: INITIAL_CEILING,
        }
    }

    /// Waits before the next attempt. Returns false at once when no time is left for it.
    pub async fn wait(&mut self) -> bool {
        let pause = self.ceiling.mul_f64(fastrand::f64());
        if Instant::now() + pause >= self.deadline {
            return false;
        }
        self.ceiling = (self.ceiling * 2).min(MAX_CEILING);
        sleep(pause).await;
        true
    }
}
