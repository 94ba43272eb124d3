//! `cargo simulate`: runs seeds, as many at once as there are cores, and shows what they found.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;
use simulation::workers::{Order, Report, dispatch, work_if_asked};
use simulation::{Mutant, Plan, shrink};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "\
cargo simulate [--seeds N] [--from SEED] [--operations N] [--at-once N] [--broken NAME]

  --seeds N        how many runs, a seed each (default 100)
  --from SEED      the first of them (default 0)
  --operations N   after so many invocations a run's actors go home (default 600)
  --at-once N      runs at the same time, a process each (default: one a core)
  --broken NAME    break a promise on the wire, to see it caught; `--broken list` names them";

/// Lines of a trace that are shown.
const SHOWN: usize = 400;

fn main() -> Result<()> {
    if work_if_asked()? {
        return Ok(());
    }
    let wanted = Wanted::read()?;
    let began = Instant::now();
    let mut done = Done::default();
    let mut failed: Option<Report> = None;
    dispatch(wanted.orders(), wanted.at_once, |report| {
        done.runs += 1;
        done.operations += report.operations;
        if !report.findings.is_empty() {
            done.violations += 1;
            eprintln!("seed {} fails: {}", report.order.seed, report.findings.join("; "));
            failed.get_or_insert(report);
        }
        if done.runs.is_multiple_of(20) {
            eprintln!("{done}, {:.0} operations a second", done.rate(began));
        }
        // A broken build is caught once.
        Ok(done.violations < if wanted.broken.is_some() { 1 } else { 3 })
    })?;
    let rate = done.rate(began);
    println!("{done} in {:.1} s", began.elapsed().as_secs_f64());
    if let Some(report) = failed {
        show(&report)?;
    }
    println!("BENCH simulation/{}/operations_per_second {rate:.0} ops/s", done.runs);
    println!("BENCH simulation/{}/violations {} count", done.runs, done.violations);
    if done.violations > 0 {
        bail!("a promise was broken");
    }
    Ok(())
}

/// What came of the runs so far.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    runs: u64,
    operations: u64,
    violations: u64,
}

impl Done {
    fn rate(&self, began: Instant) -> f64 {
        self.operations as f64 / began.elapsed().as_secs_f64()
    }
}

impl std::fmt::Display for Done {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            to,
            "{} runs, {} operations, {} violations",
            self.runs, self.operations, self.violations
        )
    }
}

/// What was asked for.
struct Wanted {
    seeds: u64,
    from: u64,
    operations: u64,
    at_once: usize,
    broken: Option<usize>,
}

impl Wanted {
    fn read() -> Result<Self> {
        let mut wanted = Self {
            seeds: 100,
            from: 0,
            operations: Plan::of(0).operations,
            at_once: std::thread::available_parallelism().map_or(1, usize::from),
            broken: None,
        };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("seeds") => wanted.seeds = arguments.value()?.parse()?,
                Long("from") => wanted.from = arguments.value()?.parse()?,
                Long("operations") => wanted.operations = arguments.value()?.parse()?,
                Long("at-once") => wanted.at_once = arguments.value()?.parse()?,
                Long("broken") => {
                    let name = arguments.value()?.string()?;
                    let known = Mutant::ALL.map(|mutant| format!("{mutant:?}"));
                    let place = known.iter().position(|each| *each == name);
                    wanted.broken = Some(place.with_context(|| format!("one of {}", known.join(", ")))?);
                }
                Long("help") => {
                    println!("{HELP}");
                    std::process::exit(0);
                }
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(wanted)
    }

    fn orders(&self) -> impl Iterator<Item = Order> {
        let (operations, broken) = (self.operations, self.broken);
        (self.from..self.from + self.seeds).map(move |seed| Order {
            seed,
            operations,
            broken,
            traced: false,
        })
    }
}

/// Shows a violation: its seed, the shortest run that has it, and what happened to those concerned.
fn show(report: &Report) -> Result<()> {
    let order = report.order;
    let again = |operations, traced| -> Result<Report> {
        let mut told = None;
        let once = Order {
            operations,
            traced,
            ..order
        };
        dispatch(std::iter::once(once), 1, |report| {
            told = Some(report);
            Ok(true)
        })?;
        told.context("the run was not told of")
    };
    eprintln!("looking for the shortest run of seed {} that fails", order.seed);
    let shortest = shrink::shortest(order.operations, |operations| {
        again(operations, false).is_ok_and(|report| !report.findings.is_empty())
    });
    let report = again(shortest, true)?;
    println!("\nseed {}, after {shortest} operations:", order.seed);
    for finding in &report.findings {
        println!("  {finding}");
    }
    let trace = shrink::concerned(&report.trace, &report.findings);
    println!("\nwhat happened to those concerned, {} lines:", trace.len());
    let skipped = trace.len().saturating_sub(SHOWN);
    for line in trace.iter().skip(skipped) {
        println!("  {line}");
    }
    println!(
        "\nthe same again: cargo simulate --seeds 1 --from {} --operations {shortest}",
        order.seed
    );
    Ok(())
}
