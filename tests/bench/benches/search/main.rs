//! `cargo bench -p bench --bench search [-- DOCUMENTS]`: the search engine on a million made-up documents, and beside two
//! peers on a part of them: PostgreSQL with `pg_trgm`, and Typesense.
//!
//! Prints a table of query shapes and lines `BENCH search/<case>/<metric> <value> <unit>`. Fails when a search finds too
//! little or too much, never when it is slow. Needs PostgreSQL with its contributed extensions (`postgresql`) and Python 3,
//! which installs Typesense below `target/`. Words after `--` choose: `ours`, `recall`, `freshness`, `trigram`,
//! `typesense`.

mod freshness;
mod ours;
mod queries;
mod recall;
mod trigram;
mod typesense;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The documents of our engine, unless an argument says otherwise.
const DOCUMENTS: u64 = 1_000_000;
/// The documents that the peers get, and ours beside them. PostgreSQL and Typesense take minutes for more.
const PEER_DOCUMENTS: u64 = 200_000;

fn main() -> Result<()> {
    // Cargo passes `--bench` to benchmarks; `cargo test --all-targets` runs this file too.
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [step, folder, count] = &arguments[..] {
        return ours::step(step, Path::new(folder), count.parse()?);
    }
    if !env::args().any(|argument| argument == "--bench") {
        eprintln!("run it with `cargo bench`");
        return Ok(());
    }
    let documents = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(DOCUMENTS);
    let words: Vec<&String> = arguments
        .iter()
        .filter(|argument| argument.parse::<u64>().is_err())
        .collect();
    let is_chosen = |name: &str| words.is_empty() || words.iter().any(|word| *word == name);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("search");
    if is_chosen("ours") {
        run(&["build", "read", "batch"], &folder.join("ours"), documents)?;
    }
    if is_chosen("recall") {
        recall::run(&folder.join("recall"))?;
    }
    if is_chosen("freshness") {
        freshness::run()?;
    }
    let (trigram, typesense) = (is_chosen("trigram"), is_chosen("typesense"));
    if trigram || typesense {
        let small = folder.join("peers");
        run(&["build"], &small, PEER_DOCUMENTS)?;
        let ours = ours::Opened::at(&small)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        if trigram {
            runtime.block_on(trigram::run(&ours, PEER_DOCUMENTS))?;
        }
        if typesense {
            runtime.block_on(typesense::run(&ours, PEER_DOCUMENTS, &folder))?;
        }
    }
    Ok(())
}

/// Runs steps in processes of their own, so that the memory of each is only its own.
fn run(steps: &[&str], folder: &PathBuf, documents: u64) -> Result<()> {
    for step in steps {
        let mut command = Command::new(env::current_exe()?);
        let ran = command.arg(step).arg(folder).arg(documents.to_string()).status();
        ensure!(ran.context("cannot start a step")?.success(), "{step} failed");
    }
    Ok(())
}
