//! `cargo bench -p bench --bench functions`: what each function costs, run as Lambda runs it, against a DynamoDB engine.
//!
//! Ends with a Markdown table and a line `BENCH functions/<function>/<metric> <value> <unit>` a figure.
//! Words behind `--` choose functions: `cargo bench -p bench --bench functions -- checkout`.
//!
//! In the table, ranges are the 10th to the 90th percentile of cold starts, and the least to the greatest of
//! the rounds of warm invocations. A megabyte is 1,000,000 bytes.

mod checkout;

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
    let subjects = LocalSet::new().block_on(&runtime, run())?;
    println!("\n{}\n{}", table(&subjects), lines("functions", &subjects));
    Ok(())
}

/// Each case in turn; a new one is a file beside this one and a line here.
async fn run() -> Result<Vec<Subject>> {
    let mut subjects = vec![];
    add::<checkout::Checkout>(&mut subjects).await?;
    Ok(subjects)
}

async fn add<C: Case>(subjects: &mut Vec<Subject>) -> Result<()> {
    let mut chosen = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    if chosen.peek().is_none() || chosen.any(|name| name == C::FUNCTION) {
        subjects.push(measure::<C>(Path::new(env!("CARGO_TARGET_TMPDIR"))).await?);
    }
    Ok(())
}
