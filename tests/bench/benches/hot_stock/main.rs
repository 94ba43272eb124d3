//! `cargo bench -p bench --bench hot_stock`: how fast one product sells out, by its number of stock shards, under a
//! model of DynamoDB's limits for one key.
//!
//! A thousand functions place one order after another, each for one unit. The model ([`harness::partitions`]) and all
//! waits use virtual time: the figures depend on the seed, not on the machine. Fails if a unit is sold twice or left
//! over, or if a checkout is sold out while there are units. Arguments after `--` select the numbers of shards,
//! `--units` the units of a shard, and `--functions` the number of functions: `-- 1 16 --units 500`.
//!
//! Ends with a table, a plot (also written to `hot_stock.svg` in the target folder), and lines `BENCH
//! hot_stock/<shards>-shards/<metric> <value> <unit>`.

mod plot;

use std::path::Path;
use std::{env, fs};

use anyhow::{Context, Result};
use bench::report::{Figure, Subject, lines, table};
use bench::sale::{self, Plan, Sale};

/// The numbers of shards to measure.
const SHARDS: [u8; 6] = [1, 2, 4, 8, 16, 32];
/// Units per shard.
const UNITS_A_SHARD: usize = 1000;
/// The default limit of an AWS account's concurrent executions.
const FUNCTIONS: usize = 1000;
/// The number of shards that the targets refer to.
const TARGET: u8 = 16;

fn main() -> Result<()> {
    if !env::args().any(|argument| argument == "--bench") {
        eprintln!("run it with `cargo bench`");
        return Ok(());
    }
    let mut sales = vec![];
    for plan in plans()? {
        eprintln!("selling from {} shards", plan.shards);
        sales.push(sale::run(plan)?);
    }
    let subjects: Vec<Subject> = sales.iter().map(subject).collect();
    println!("\n{}", table(&subjects));
    let rates: Vec<(u8, f64)> = sales.iter().map(|sale| (sale.shards, sale.rate)).collect();
    println!("{}", plot::text(&rates));
    let svg = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hot_stock.svg");
    fs::write(&svg, plot::svg(&rates)).with_context(|| format!("cannot write {}", svg.display()))?;
    println!("the plot: {}\n\n{}", svg.display(), lines("hot_stock", &subjects));
    targets(&sales);
    Ok(())
}

/// Parses the command line.
fn plans() -> Result<Vec<Plan>> {
    let mut numbers = vec![];
    let (mut units_a_shard, mut functions) = (UNITS_A_SHARD, FUNCTIONS);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} needs a number"));
        match word.as_str() {
            "--bench" => {}
            "--units" => units_a_shard = value()?.parse()?,
            "--functions" => functions = value()?.parse()?,
            number => numbers.push(
                number
                    .parse()
                    .with_context(|| format!("{number} is not a number of shards"))?,
            ),
        }
    }
    if numbers.is_empty() {
        numbers = SHARDS.to_vec();
    }
    let plan = |shards| Plan {
        shards,
        units_a_shard,
        functions,
    };
    Ok(numbers.into_iter().map(plan).collect())
}

/// Prints the figures that have targets in the design.
fn targets(sales: &[Sale]) {
    let of = |shards| sales.iter().find(|sale| sale.shards == shards);
    let Some(target) = of(TARGET) else { return };
    if let Some(one) = of(1) {
        println!(
            "BENCH hot_stock/{TARGET}-shards/speedup {:.2} ratio",
            target.rate / one.rate
        );
    }
    println!(
        "BENCH hot_stock/tail/rate_ratio {:.2} ratio",
        target.tail_rate / target.rate
    );
}

fn subject(sale: &Sale) -> Subject {
    let figure = |metric, meaning, unit, value| Figure {
        metric,
        meaning,
        unit,
        value,
        range: None,
    };
    Subject {
        name: format!("{}-shards", sale.shards),
        figures: vec![
            figure("orders_per_s", "Orders a second", "1/s", sale.rate),
            figure(
                "tail_ratio",
                "The last 1 % of the stock, to the rest",
                "ratio",
                sale.tail_rate / sale.rate,
            ),
            figure("p50_ms", "An order, median", "ms", sale.p50),
            figure("p99_ms", "An order, 99th percentile", "ms", sale.p99),
            figure(
                "conflicts",
                "Transactions that met another",
                "%",
                sale.share(sale.seen.conflicts),
            ),
            figure(
                "throttled",
                "Transactions that a key had no units for",
                "%",
                sale.share(sale.seen.throttled),
            ),
            figure(
                "refused",
                "Transactions that found too few units",
                "%",
                sale.share(sale.seen.refused),
            ),
            figure(
                "transactions_per_order",
                "Transactions an order",
                "count",
                sale.transactions_per_order(),
            ),
            figure(
                "reads_per_order",
                "Requests to read an order",
                "count",
                sale.reads_per_order(),
            ),
            figure(
                "read_units_per_order",
                "Read units an order",
                "units",
                sale.seen.read_units / sale.units as f64,
            ),
            figure(
                "gave_up",
                "Answers of 503, sent again with their key",
                "count",
                sale.gave_up as f64,
            ),
        ],
    }
}
