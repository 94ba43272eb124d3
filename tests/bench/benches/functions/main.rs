//! `cargo bench -p bench --bench functions`: what each function costs, run as Lambda runs it, against a DynamoDB
//! engine.
//!
//! Ends with a Markdown table and a line `BENCH functions/<function>/<metric> <value> <unit>` per figure. Arguments
//! after `--` select cases: `cargo bench -p bench --bench functions -- checkout`, or `checkout-vs-lock`.
//!
//! A function with a peer (`tests/bench/peers`) is measured in alternation with it; lines `…_ratio` are ours divided by
//! the peer's. `--against=<label>=<file>` adds another build of the function, such as the commit before. The peer needs Node 20 and the lock needs PostgreSQL; the peer's packages are installed in the target
//! folder.
//!
//! In the table, ranges are the 10th to the 90th percentile of cold starts, and the minimum to the maximum of the
//! rounds of warm invocations. A megabyte is 1,000,000 bytes.

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
    // Cargo passes `--bench` to benchmarks; `cargo test --all-targets` runs this file too.
    if !env::args().any(|argument| argument == "--bench") {
        eprintln!("run it with `cargo bench`");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, run())
}

/// Runs each case; a new function needs a file beside this one and a line here.
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

/// Returns ours divided by each other subject's: by the peer's under our name, by another build's under its name.
fn ratios(subjects: &[Subject]) -> String {
    let [ours, others @ ..] = subjects else {
        return String::new();
    };
    let lines = others.iter().map(|other| {
        let name = if other.name.ends_with("-typescript") {
            &ours.name
        } else {
            &other.name
        };
        ratios_to(ours, other, name)
    });
    lines.collect()
}

fn ratios_to(ours: &Subject, other: &Subject, name: &str) -> String {
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
        let value = of(ours, *metric)? / of(other, *metric)?;
        Some(format!("BENCH functions/{name}/{ratio} {value:.3} ratio\n"))
    });
    lines.collect()
}
