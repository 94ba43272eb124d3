//! `cargo bench -p bench --bench hot_stock`: how fast one product sells by its number of stock shards, to the last unit,
//! under a model of DynamoDB's limits for one key.
//!
//! A thousand functions place one order after another, each
//! for one unit of the product. The model ([`harness::partitions`]) and all waiting are in virtual time: the figures are
//! a seed's, whatever machine this runs on. It fails when a unit is sold twice or left, or when anybody is told "sold
//! out" while one is there. Words behind `--` choose the numbers of shards, `--units` those of a shard, and
//! `--functions` how many run at once: `-- 1 16 --units 500`.
//!
//! Ends with a table, a plot (and the same as `hot_stock.svg` in the target folder), and lines
//! `BENCH hot_stock/<shards>-shards/<metric> <value> <unit>`.

mod plot;

use std::path::Path;
use std::{env, fs};

use anyhow::{Context, Result};
use bench::report::{Figure, Subject, lines, table};
use bench::sale::{self, Plan, Sale};

/// The numbers of shards that are tried.
const SHARDS: [u8; 6] = [1, 2, 4, 8, 16, 32];
/// The units of each shard.
const UNITS_A_SHARD: usize = 1000;
/// As many as an AWS account runs at once unless its limit is raised.
const FUNCTIONS: usize = 1000;
/// The number that the targets speak of.
const TARGET: u8 = 16;

fn main() -> Result<()> {
    if !env::args().any(|argument| argument == "--bench") {
        eprintln!("run it by `cargo bench`: a benchmark is no test");
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

/// What the command line asks for.
fn plans() -> Result<Vec<Plan>> {
    let mut numbers = vec![];
    let (mut units_a_shard, mut functions) = (UNITS_A_SHARD, FUNCTIONS);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} is followed by a number"));
        match word.as_str() {
            "--bench" => {}
            "--units" => units_a_shard = value()?.parse()?,
            "--functions" => functions = value()?.parse()?,
            number => numbers.push(
                number
                    .parse()
                    .with_context(|| format!("{number} is no number of shards"))?,
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

/// The figures that the design is held to.
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
