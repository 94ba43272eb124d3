//! A case: one function, what it is asked, and what must be true afterwards.

use anyhow::Result;
use function_tests::Shop;
use harness::gateway::Call;
use serde_json::Value;

/// One function under measurement.
pub trait Case {
    /// Its package, which is its binary's name too.
    const FUNCTION: &'static str;
    /// Its own environment, beside what Lambda gives to each function; what only the peer reads is in it too.
    const ENVIRONMENT: &'static [(&'static str, &'static str)];
    /// Whether there is the same in TypeScript, in `peers/<function>`.
    const HAS_PEER: bool;

    /// Prepares an empty shop for any number of requests.
    ///
    /// # Errors
    /// When the engine makes no table.
    fn prepare(shop: &Shop) -> impl Future<Output = Result<()>>;

    /// The request number `n`; each is a new one.
    fn call(n: usize) -> Call;

    /// Whether this is the right answer.
    fn is_right(status: u16, body: &Value) -> bool;

    /// Whether the tables say what they must after `requests` requests.
    ///
    /// # Panics
    /// When they do not.
    fn audit(shop: &Shop, requests: usize) -> impl Future<Output = ()>;
}
