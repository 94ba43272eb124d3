//! `cargo bench -p bench --bench seats`: a storm on a house of 10,000 seats: 50,000 buyers at once, through `hold-seats` under a
//! model of DynamoDB's limits, and through a relational shop that locks the rows of the seats.
//!
//! The storms on `hold-seats` use virtual time: their figures depend on the seed and not on the machine. The relational shop runs
//! in real time and needs PostgreSQL. Fails if a seat is sold twice or left over, or if anybody is told that a free seat is
//! taken. Arguments after `--` select cases: `4000-wcu`, `12000-wcu`, `40000-wcu`, `unread` (a function that does not read the
//! rows before its transaction, at 12,000 units), `room`, and `lock`, which is compared with `12000-wcu` if both run. `--small`
//! takes a tenth of everything (seats, buyers, functions, units of the tables), so that the times are about the same.
//!
//! Ends with a table for each kind of sale, and lines `BENCH seats/<case>/<metric> <value> <unit>`.

mod relational;

use std::env;

use anyhow::Result;
use bench::report::{Figure, Subject, lines, table};
use bench::storm::{self, House, Run, Sale, Storm};

/// The default limit of an AWS account's concurrent executions.
const FUNCTIONS: usize = 1000;
const BUYERS: usize = 50_000;
/// How many buyers a second the room lets in.
const ROOM: f64 = 1000.0;
/// The case with which the relational shop is compared.
const COMPARED: &str = "12000-wcu";

fn main() -> Result<()> {
    if !env::args().any(|argument| argument == "--bench") {
        eprintln!("run it with `cargo bench`");
        return Ok(());
    }
    let is_small = env::args().any(|argument| argument == "--small");
    let mut runs: Vec<(&str, Run)> = vec![];
    for (name, storm) in cases(is_small) {
        if is_chosen(name) {
            eprintln!("{name}: {} buyers of {} seats", storm.buyers, storm.house.count());
            runs.push((name, storm::run(storm)?));
        }
    }
    show(&runs.iter().map(|(name, run)| subject(name, run)).collect::<Vec<_>>());
    if let Some((_, run)) = runs.first() {
        println!(
            "BENCH seats/map-{}/read_units {} units",
            run.sale.seats, run.map.read_units
        );
        println!("BENCH seats/map-{}/bytes {} B", run.sale.seats, run.map.bytes);
    }
    if is_chosen("lock") {
        let (house, part) = size(is_small);
        let theirs = relational::run(house, BUYERS / part, FUNCTIONS / part)?;
        show(
            &theirs
                .iter()
                .map(|(name, sale)| relational::subject(name, sale))
                .collect::<Vec<_>>(),
        );
        if let Some((_, ours)) = runs.iter().find(|(name, _)| *name == COMPARED) {
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

fn ratios(ours: &Sale, (name, theirs): &(&str, Sale)) -> String {
    let (rate, p99) = (ours.rate() / theirs.rate(), ours.hold_p99 / theirs.hold_p99);
    format!("BENCH seats-vs-{name}/rate_ratio {rate:.3} ratio\nBENCH seats-vs-{name}/p99_ratio {p99:.3} ratio\n")
}

fn show(subjects: &[Subject]) {
    if !subjects.is_empty() {
        println!("\n{}\n{}", table(subjects), lines("seats", subjects));
    }
}

fn is_chosen(name: &str) -> bool {
    let mut chosen = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    chosen.peek().is_none() || chosen.any(|argument| argument == name)
}

/// The house, and the share of everything that is measured.
const fn size(is_small: bool) -> (House, usize) {
    const SMALL: House = House {
        sections: 2,
        ..House::LARGE
    };
    if is_small { (SMALL, 10) } else { (House::LARGE, 1) }
}

/// The storms. A table reads three times as many units as it writes, as a new table does, and at most 40,000, the quota of an
/// account for one table.
fn cases(is_small: bool) -> Vec<(&'static str, Storm)> {
    let (house, part) = size(is_small);
    let storm = |write_units: f64| Storm {
        house,
        buyers: BUYERS / part,
        room: None,
        functions: FUNCTIONS / part,
        write_units: write_units / part as f64,
        read_units: (3.0 * write_units).min(40_000.0) / part as f64,
        reads_first: true,
    };
    let room = Storm {
        room: Some(ROOM / part as f64),
        ..storm(12_000.0)
    };
    let unread = Storm {
        reads_first: false,
        ..storm(12_000.0)
    };
    vec![
        ("4000-wcu", storm(4_000.0)),
        (COMPARED, storm(12_000.0)),
        ("40000-wcu", storm(40_000.0)),
        ("unread", unread),
        ("room", room),
    ]
}

fn subject(name: &str, run: &Run) -> Subject {
    let figure = |metric, meaning, unit, value| Figure {
        metric,
        meaning,
        unit,
        value,
        range: None,
    };
    let (sale, seen) = (&run.sale, &run.seen);
    let share = |count: usize| 100.0 * count as f64 / sale.requests as f64;
    let units = |units: f64| units / sale.seats as f64;
    Subject {
        name: name.to_owned(),
        figures: vec![
            figure("seconds", "To the last seat", "s", sale.seconds),
            figure("seats_per_second", "Seats a second", "1/s", sale.rate()),
            figure("wcu_per_seat", "Write units a seat", "units", run.units_a_seat()),
            figure("rcu_per_seat", "Read units a seat", "units", units(seen.read_units)),
            figure("hold_p50_ms", "A hold, median", "ms", sale.hold_p50),
            figure("hold_p99_ms", "A hold, 99th percentile", "ms", sale.hold_p99),
            figure("requests", "Requests answered", "count", sale.requests as f64),
            figure("taken", "… of which for a seat that was taken", "%", share(sale.taken)),
            figure(
                "single_left",
                "… that would leave a single seat",
                "%",
                share(sale.single_left),
            ),
            figure(
                "gave_up",
                "Answers of 503, sent again with their key",
                "count",
                sale.busy as f64,
            ),
            figure(
                "transactions_per_hold",
                "Transactions a hold",
                "count",
                seen.transactions as f64 / sale.holds as f64,
            ),
            figure(
                "conflict_share",
                "Transactions that met another",
                "%",
                run.share(seen.conflicts),
            ),
            figure("throttled_share", "… that had no units", "%", run.share(seen.throttled)),
            figure(
                "refused_share",
                "… that found a seat taken",
                "%",
                run.share(seen.refused),
            ),
        ],
    }
}
