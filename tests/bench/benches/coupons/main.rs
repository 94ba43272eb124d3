//! `cargo bench -p bench --bench coupons`: a rush on a coupon of 10,000 units: 100,000 customers claim it, each twice, through
//! `claim-coupon` under a model of DynamoDB's limits, and through a relational shop that counts the units in a row.
//!
//! The claims through `claim-coupon` use virtual time: their figures depend on the seed and not on the machine. The relational
//! shop runs in real time and needs PostgreSQL. Fails if there are more or fewer claims than units, if a customer gets two claims,
//! or if anybody is told that the coupon is exhausted while there are units, or who has a claim. Arguments after `--` select
//! numbers of shards, and `lock`, the relational shop, which is compared with 16 shards if both run. `--small` takes a tenth of
//! the units, the customers and the functions; the table's units and the shards stay.
//!
//! Ends with a table for each kind, and lines `BENCH coupons/<shards>-shards/<metric> <value> <unit>`.

mod relational;

use std::env;

use anyhow::{Context, Result};
use bench::claims::{self, Run, Rush, Sale};
use bench::report::{Figure, Subject, lines, table};

/// The numbers of shards to measure.
const SHARDS: [u8; 3] = [4, 16, 64];
/// The number of shards of a coupon that does not say how many, to which the targets refer.
const TARGET: u8 = 16;
/// Write units a second of the table, and its read units: the quota of an account for one table.
const TABLE_UNITS: f64 = 40_000.0;
/// The default limit of an AWS account's concurrent executions is that of `functions`.
const FULL: Rush = Rush {
    units: 10_000,
    customers: 100_000,
    functions: 1000,
};

fn main() -> Result<()> {
    if !env::args().any(|argument| argument == "--bench") {
        eprintln!("run it with `cargo bench`");
        return Ok(());
    }
    let part = if env::args().any(|argument| argument == "--small") {
        10
    } else {
        1
    };
    let rush = Rush {
        units: FULL.units / part,
        customers: FULL.customers / part,
        functions: FULL.functions / part,
    };
    let (shards, is_compared) = chosen()?;
    let mut runs: Vec<(u8, Run)> = vec![];
    for shards in shards {
        eprintln!("{shards} shards: {} customers, {} units", rush.customers, rush.units);
        runs.push((shards, claims::run(rush, shards, TABLE_UNITS)?));
    }
    show(
        &runs
            .iter()
            .map(|(shards, run)| subject(*shards, run))
            .collect::<Vec<_>>(),
    );
    let target = runs.iter().find(|(shards, _)| *shards == TARGET).map(|(_, run)| run);
    if let Some(run) = target {
        println!(
            "BENCH coupons/tail/rate_ratio {:.2} ratio\nBENCH coupons/exhausted/read_units_per_refusal {:.3} units",
            run.sale.tail_rate / run.sale.rate,
            run.units_a_refusal()
        );
    }
    if is_compared {
        let theirs = relational::run(rush)?;
        let subjects = theirs.iter().map(|(name, sale)| Subject {
            name: (*name).to_owned(),
            figures: of_sale(sale),
        });
        show(&subjects.collect::<Vec<_>>());
        if let Some(ours) = target {
            print!(
                "{}",
                theirs
                    .iter()
                    .map(|theirs| ratios(&ours.sale, theirs))
                    .collect::<String>()
            );
        }
    }
    Ok(())
}

/// The numbers of shards, and whether the relational shop runs.
fn chosen() -> Result<(Vec<u8>, bool)> {
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if words.is_empty() {
        return Ok((SHARDS.to_vec(), true));
    }
    let numbers = words.iter().filter(|word| *word != "lock").map(|word| {
        word.parse()
            .with_context(|| format!("{word} is not a number of shards"))
    });
    Ok((numbers.collect::<Result<_>>()?, words.iter().any(|word| word == "lock")))
}

fn ratios(ours: &Sale, (name, theirs): &(&str, Sale)) -> String {
    let (rate, p99) = (ours.rate / theirs.rate, ours.claim_p99 / theirs.claim_p99);
    format!("BENCH coupons-vs-{name}/rate_ratio {rate:.3} ratio\nBENCH coupons-vs-{name}/p99_ratio {p99:.3} ratio\n")
}

fn show(subjects: &[Subject]) {
    if !subjects.is_empty() {
        println!("\n{}\n{}", table(subjects), lines("coupons", subjects));
    }
}

const fn figure(metric: &'static str, meaning: &'static str, unit: &'static str, value: f64) -> Figure {
    Figure {
        metric,
        meaning,
        unit,
        value,
        range: None,
    }
}

/// The figures that all kinds have.
fn of_sale(sale: &Sale) -> Vec<Figure> {
    vec![
        figure("per_second", "Claims a second", "1/s", sale.rate),
        figure(
            "tail_ratio",
            "The last 1 % of the units, to the rest",
            "ratio",
            sale.tail_rate / sale.rate,
        ),
        figure("claim_p50_ms", "A claim, median", "ms", sale.claim_p50),
        figure("claim_p99_ms", "A claim, 99th percentile", "ms", sale.claim_p99),
        figure(
            "repeated",
            "Requests answered with an earlier claim",
            "count",
            sale.repeated as f64,
        ),
        figure("refused", "Requests refused", "count", sale.refused as f64),
        figure("refused_p50_ms", "A refusal, median", "ms", sale.refused_p50),
        figure("refused_p99_ms", "A refusal, 99th percentile", "ms", sale.refused_p99),
        figure(
            "gave_up",
            "Answers of 503, sent again with their key",
            "count",
            sale.busy as f64,
        ),
    ]
}

fn subject(shards: u8, run: &Run) -> Subject {
    let mut figures = of_sale(&run.sale);
    figures.extend([
        figure("wcu_per_claim", "Write units a claim", "units", run.units_a_claim()),
        figure(
            "rcu_per_refusal",
            "Read units a refusal",
            "units",
            run.units_a_refusal(),
        ),
        figure(
            "transactions_per_claim",
            "Transactions a claim",
            "count",
            run.seen.transactions as f64 / run.sale.units as f64,
        ),
        figure(
            "conflict_share",
            "Transactions that met another",
            "%",
            run.share(run.seen.conflicts),
        ),
        figure(
            "throttled_share",
            "… that had no units",
            "%",
            run.share(run.seen.throttled),
        ),
        figure(
            "refused_share",
            "… that found a shard empty, or a claim",
            "%",
            run.share(run.seen.refused),
        ),
    ]);
    Subject {
        name: format!("{shards}-shards"),
        figures,
    }
}
