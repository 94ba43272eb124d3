//! Invocations: what a function may use of time, and how it dies.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

tokio::task_local! {
    static CURRENT: Arc<Invoked>;
}

/// An invocation that is under way.
#[derive(Debug)]
pub struct Invoked {
    /// The function.
    pub function: &'static str,
    /// Its number in this run.
    pub id: u64,
    /// How many more messages it will send or receive before it crashes.
    steps: AtomicU32,
    crashed: Notify,
    is_over: AtomicBool,
}

/// How an invocation ended.
#[derive(Debug)]
pub enum Ended<T> {
    /// The function returned.
    Returned(T),
    /// Its process died.
    Crashed,
    /// Lambda ended it.
    TimedOut,
}

impl Invoked {
    /// An invocation that crashes when it has sent or received `steps` messages, if that many come.
    pub fn new(function: &'static str, id: u64, steps: Option<u32>) -> Arc<Self> {
        Arc::new(Self {
            function,
            id,
            steps: AtomicU32::new(steps.unwrap_or(u32::MAX)),
            crashed: Notify::new(),
            is_over: AtomicBool::new(false),
        })
    }

    /// The invocation that is running.
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// Whether it has ended, in whichever way: nothing that it was sending goes on.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Counts a message; whether this is the one at which the function crashes.
    pub fn is_last_step(&self) -> bool {
        self.steps.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// Ends the invocation; it never sees what comes after.
    pub async fn crash<T>(invoked: Option<Arc<Self>>) -> T {
        if let Some(invoked) = invoked {
            invoked.crashed.notify_one();
        }
        pending().await
    }

    /// Runs the function until it returns, crashes, or has had `limit`. What it has sent by then is on its way.
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
