//! `cargo bench -p bench --bench functions`: what each function costs, run as Lambda runs it, against a DynamoDB engine.
//!
//! Ends with a Markdown table and a line `BENCH functions/<function>/<metric> <value> <unit>` a figure.
//! Words behind `--` choose cases: `cargo bench -p bench --bench functions -- checkout`, or `checkout-vs-lock`.
//!
//! A function that has a peer (`tests/bench/peers`) is measured in turn with it; lines `…_ratio` are ours ÷ the peer's.
//! It needs Node 20 for the peer and PostgreSQL for the lock, and installs the peer's packages below the target folder.
//!
//! In the table, ranges are the 10th to the 90th percentile of cold starts, and the least to the greatest of
//! the rounds of warm invocations. A megabyte is 1,000,000 bytes.

mod checkout;
mod lock;

use std::env;
use std::path::Path;

use anyhow::Result;
use bench::case::Case;
use bench::engine;
use bench::measure::measure;
use bench::report::{Subject, lines, table};
use tokio::task::LocalSet;

fn main() -> Result<()> {
    if engine::serve_if_asked()? {
        return Ok(());
    }
    // Cargo gives `--bench` to what it runs as a benchmark; `cargo test --all-targets` runs this file too.
    if !env::args().any(|argument| argument == "--bench") {
        eprintln!("run it by `cargo bench`: a benchmark is no test");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, run())
}

/// Each case in turn; a new function is a file beside this one and a line here.
async fn run() -> Result<()> {
    if is_chosen(checkout::Checkout::FUNCTION) {
        let subjects = measure::<checkout::Checkout>(Path::new(env!("CARGO_TARGET_TMPDIR"))).await?;
        show(&subjects, &ratios(&subjects));
    }
    if is_chosen("checkout-vs-lock") {
        let (subjects, ratios) = lock::run().await?;
        show(&subjects, &ratios);
    }
    Ok(())
}

fn is_chosen(name: &str) -> bool {
    let mut chosen = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    chosen.peek().is_none() || chosen.any(|argument| argument == name)
}

fn show(subjects: &[Subject], ratios: &str) {
    println!("\n{}\n{}{ratios}", table(subjects), lines("functions", subjects));
}

/// Ours ÷ the peer's.
fn ratios(subjects: &[Subject]) -> String {
    let [ours, peer] = subjects else { return String::new() };
    let compared = [
        ("init_ms", "init_ratio"),
        ("first_ms", "first_ratio"),
        ("warm_p50_ms", "warm_p50_ratio"),
        ("warm_p99_ms", "warm_p99_ratio"),
        ("cpu_ms", "cpu_ratio"),
        ("peak_memory_mb", "memory_ratio"),
    ];
    let of = |subject: &Subject, metric| {
        subject
            .figures
            .iter()
            .find(|figure| figure.metric == metric)
            .map(|f| f.value)
    };
    let lines = compared.iter().filter_map(|(metric, ratio)| {
        let value = of(ours, *metric)? / of(peer, *metric)?;
        Some(format!("BENCH functions/{}/{ratio} {value:.3} ratio\n", ours.name))
    });
    lines.collect()
}
