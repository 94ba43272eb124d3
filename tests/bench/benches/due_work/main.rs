//! `cargo bench -p bench --bench due_work`: what scheduled functions need to process 100,000 due entities in
//! invocations of a minute, against a DynamoDB engine in its own process.
//!
//! Arguments after `--` select `bids` or `subscriptions` and the number: `cargo bench -p bench --bench due_work --
//! subscriptions 10000`. Fails if an entity is left over or processed twice. Ends with a line `BENCH
//! due_work/<function>/<metric> <value> <unit>` per figure.

mod bids;
mod items;
mod subscriptions;
mod work;

use std::env;

use anyhow::Result;
use bench::engine;
use bench::report::{lines, table};

fn main() -> Result<()> {
    if engine::serve_if_asked()? {
        return Ok(());
    }
    let words: Vec<String> = env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        eprintln!("run it with `cargo bench`");
        return Ok(());
    }
    let count = words.iter().find_map(|word| word.parse().ok()).unwrap_or(100_000);
    let is_chosen = |name: &str| {
        let mut named = words
            .iter()
            .filter(|word| matches!(word.as_str(), "bids" | "subscriptions"));
        words.iter().any(|word| word == name) || named.next().is_none()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut subjects = vec![];
    if is_chosen("subscriptions") {
        subjects.push(runtime.block_on(subscriptions::run(count))?);
    }
    // Last, because its audit reads all bids at once and the freed memory stays with this process.
    if is_chosen("bids") {
        subjects.push(runtime.block_on(bids::run(count))?);
    }
    println!("\n{}\n{}", table(&subjects), lines("due_work", &subjects));
    Ok(())
}
