//! `cargo bench -p bench --bench catalog [-- PRODUCTS]`: pages of a list of a million products, at the beginning, in the
//! middle and at the end, beside PostgreSQL with an index for each order, paged by OFFSET and by the last key.
//!
//! Walks the whole list and fails if a product is missing or shown twice. Prints a table and lines
//! `BENCH catalog/<size>/<metric> <value> <unit>`. Needs PostgreSQL. Both engines keep everything in memory on the same two
//! cores: ours is SQLite behind DynamoDB's API, called in this process.

mod ours;
mod relational;

use std::env;

use anyhow::Result;
use bench::statistics::quantile;

use ours::Listing;
use relational::Relational;

/// The products, unless an argument says otherwise.
const PRODUCTS: u64 = 1_000_000;
/// Products of a page.
pub const PAGE: u64 = 20;
/// Each page is read so often.
const READS: usize = 200;

/// The times of one page in milliseconds, and what it costs.
struct Page {
    number: u64,
    ours: Vec<f64>,
    read_units: f64,
    requests: u32,
    by_offset: Vec<f64>,
    by_key: Vec<f64>,
}

fn main() -> Result<()> {
    // Cargo passes `--bench` to benchmarks; `cargo test --all-targets` runs this file too.
    if !env::args().any(|argument| argument == "--bench") {
        eprintln!("run it with `cargo bench`");
        return Ok(());
    }
    let products = env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(PRODUCTS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(products))
}

async fn run(products: u64) -> Result<()> {
    let listing = Listing::fill(products).await?;
    let positions = listing.walk(products).await?;
    let mut relational = Relational::fill(products).await?;
    let mut pages = vec![];
    for number in [1, 1_000, products / PAGE] {
        let mut page = Page {
            number,
            ours: vec![],
            read_units: 0.0,
            requests: 0,
            by_offset: vec![],
            by_key: vec![],
        };
        let before = (number - 1) * PAGE;
        let after = positions.before(number);
        for _ in 0..READS {
            let read = listing.page(after).await?;
            page.ours.push(read.milliseconds);
            (page.read_units, page.requests) = (read.read_units, read.requests);
            page.by_key.push(relational.by_key(before).await?);
        }
        // OFFSET reads everything before the page.
        for _ in 0..READS / 10 {
            page.by_offset.push(relational.by_offset(before).await?);
        }
        pages.push(page);
    }
    report(products, &pages);
    Ok(())
}

fn report(products: u64, pages: &[Page]) {
    println!(
        "\n| Page of {products} products | ours, ms | 99th percentile | read units | requests | OFFSET, ms | last key, ms |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let median = |times: &[f64]| quantile(times, 0.5);
    for page in pages {
        println!(
            "| {} | {:.2} | {:.2} | {} | {} | {:.2} | {:.2} |",
            page.number,
            median(&page.ours),
            quantile(&page.ours, 0.99),
            page.read_units,
            page.requests,
            median(&page.by_offset),
            median(&page.by_key),
        );
    }
    let size = match products {
        1_000_000.. => format!("{}m", products / 1_000_000),
        _ => format!("{}k", products / 1_000),
    };
    let [first, .., last] = pages else { return };
    let all: Vec<f64> = pages.iter().flat_map(|page| page.ours.iter().copied()).collect();
    println!(
        "\nBENCH catalog/{size}/units_page_{}_over_page_1 {:.3} ratio",
        last.number,
        last.read_units / first.read_units
    );
    println!("BENCH catalog/{size}/units_page_1 {} units", first.read_units);
    println!("BENCH catalog/{size}/p50_ms {:.2} ms", quantile(&all, 0.5));
    println!("BENCH catalog/{size}/p99_ms {:.2} ms", quantile(&all, 0.99));
    println!(
        "BENCH catalog-vs-offset/p50_ratio {:.4} ratio",
        median(&last.ours) / median(&last.by_offset)
    );
    println!(
        "BENCH catalog-vs-keyset/p50_ratio {:.2} ratio",
        median(&last.ours) / median(&last.by_key)
    );
}
