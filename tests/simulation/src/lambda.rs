//! Invocations: their timeouts and crashes.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

tokio::task_local! {
    static CURRENT: Arc<Invoked>;
}

/// A running invocation.
#[derive(Debug)]
pub struct Invoked {
    /// The function's name.
    pub function: &'static str,
    /// The invocation's number in this run.
    pub id: u64,
    /// Messages left to send or receive before it crashes.
    steps: AtomicU32,
    crashed: Notify,
    is_over: AtomicBool,
}

/// How an invocation ended.
#[derive(Debug)]
pub enum Ended<T> {
    /// The function returned.
    Returned(T),
    /// The function crashed.
    Crashed,
    /// Lambda's timeout ended it.
    TimedOut,
}

impl Invoked {
    /// Creates an invocation that crashes at the `steps`th message that it sends or receives.
    pub fn new(function: &'static str, id: u64, steps: Option<u32>) -> Arc<Self> {
        Arc::new(Self {
            function,
            id,
            steps: AtomicU32::new(steps.unwrap_or(u32::MAX)),
            crashed: Notify::new(),
            is_over: AtomicBool::new(false),
        })
    }

    /// Returns the current invocation.
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// Whether the invocation has ended; it sends nothing after that.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Counts a message and returns whether the function crashes at it.
    pub fn is_last_step(&self) -> bool {
        self.steps.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// Crashes the invocation: the returned future never completes.
    pub async fn crash<T>(invoked: Option<Arc<Self>>) -> T {
        if let Some(invoked) = invoked {
            invoked.crashed.notify_one();
        }
        pending().await
    }

    /// Runs the function until it returns, crashes or reaches `limit`. Messages already sent are still delivered.
    pub async fn run<T>(self: Arc<Self>, limit: Duration, function: impl Future<Output = T>) -> Ended<T> {
        let invoked = self.clone();
        let function = timeout(limit, CURRENT.scope(self, function));
        let ended = tokio::select! {
            biased;
            () = invoked.crashed.notified() => Ended::Crashed,
            returned = function => returned.map_or(Ended::TimedOut, Ended::Returned),
        };
        invoked.is_over.store(true, Ordering::Relaxed);
        ended
    }
}
