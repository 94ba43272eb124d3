//! A benchmark case: a function, its requests, and its expected results.

use anyhow::Result;
use function_tests::Shop;
use harness::gateway::Call;
use serde_json::Value;

/// A function to measure.
pub trait Case {
    /// The name of its package and binary.
    const FUNCTION: &'static str;
    /// Environment variables that only the peer reads.
    const ENVIRONMENT: &'static [(&'static str, &'static str)];
    /// Whether `peers/<function>` has a TypeScript implementation.
    const HAS_PEER: bool;

    /// Prepares an empty shop for any number of requests.
    ///
    /// # Errors
    /// If the engine refuses to create a table.
    fn prepare(shop: &Shop) -> impl Future<Output = Result<()>>;

    /// Returns request number `n`; each is a new one.
    fn call(n: usize) -> Call;

    /// Whether the response is correct.
    fn is_right(status: u16, body: &Value) -> bool;

    /// Checks the tables after `requests` requests.
    ///
    /// # Panics
    /// If they are wrong.
    fn audit(shop: &Shop, requests: usize) -> impl Future<Output = ()>;
}
