//! `cargo simulate`: runs seeds in parallel and reports violations.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;
use simulation::workers::{Job, Report, dispatch, run_worker};
use simulation::{Mutant, Plan, shrink};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "\
cargo simulate [--seeds N] [--from SEED] [--operations N] [--at-once N] [--broken NAME]

  --seeds N        number of runs, each with its own seed (default 100)
  --from SEED      first seed (default 0)
  --operations N   number of invocations after which a run's actors stop (default 600)
  --at-once N      number of parallel runs, each in its own process (default: one per core)
  --broken NAME    run a mutant, a build that breaks a promise; `--broken list` shows their names";

/// Maximum number of trace lines to show.
const SHOWN: usize = 400;

fn main() -> Result<()> {
    if run_worker()? {
        return Ok(());
    }
    let arguments = Arguments::read()?;
    let began = Instant::now();
    let mut totals = Totals::default();
    let mut failed: Option<Report> = None;
    dispatch(arguments.jobs(), arguments.at_once, |report| {
        totals.runs += 1;
        totals.operations += report.operations;
        if !report.findings.is_empty() {
            totals.violations += 1;
            eprintln!("seed {} fails: {}", report.job.seed, report.findings.join("; "));
            failed.get_or_insert(report);
        }
        if totals.runs.is_multiple_of(20) {
            eprintln!("{totals}, {:.0} operations a second", totals.rate(began));
        }
        // One violation of a mutant is enough.
        Ok(totals.violations < if arguments.broken.is_some() { 1 } else { 3 })
    })?;
    let rate = totals.rate(began);
    println!("{totals} in {:.1} s", began.elapsed().as_secs_f64());
    if let Some(report) = failed {
        show(&report)?;
    }
    println!("BENCH simulation/{}/operations_per_second {rate:.0} ops/s", totals.runs);
    println!(
        "BENCH simulation/{}/violations {} count",
        totals.runs, totals.violations
    );
    if totals.violations > 0 {
        bail!("a promise is broken");
    }
    Ok(())
}

/// Totals of the runs so far.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    runs: u64,
    operations: u64,
    violations: u64,
}

impl Totals {
    fn rate(&self, began: Instant) -> f64 {
        self.operations as f64 / began.elapsed().as_secs_f64()
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            to,
            "{} runs, {} operations, {} violations",
            self.runs, self.operations, self.violations
        )
    }
}

/// The command-line arguments.
struct Arguments {
    seeds: u64,
    from: u64,
    operations: u64,
    at_once: usize,
    broken: Option<usize>,
}

impl Arguments {
    fn read() -> Result<Self> {
        let mut arguments = Self {
            seeds: 100,
            from: 0,
            operations: Plan::of(0).operations,
            at_once: std::thread::available_parallelism().map_or(1, usize::from),
            broken: None,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("seeds") => arguments.seeds = parser.value()?.parse()?,
                Long("from") => arguments.from = parser.value()?.parse()?,
                Long("operations") => arguments.operations = parser.value()?.parse()?,
                Long("at-once") => arguments.at_once = parser.value()?.parse()?,
                Long("broken") => {
                    let name = parser.value()?.string()?;
                    let known = Mutant::ALL.map(|mutant| format!("{mutant:?}"));
                    let place = known.iter().position(|each| *each == name);
                    arguments.broken = Some(place.with_context(|| format!("use one of {}", known.join(", ")))?);
                }
                Long("help") => {
                    println!("{HELP}");
                    std::process::exit(0);
                }
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(arguments)
    }

    fn jobs(&self) -> impl Iterator<Item = Job> {
        let (operations, broken) = (self.operations, self.broken);
        (self.from..self.from + self.seeds).map(move |seed| Job {
            seed,
            operations,
            broken,
            traced: false,
        })
    }
}

/// Prints a violation: its seed, the shortest run that has it, and the trace of the entities concerned.
fn show(report: &Report) -> Result<()> {
    let job = report.job;
    let rerun = |operations, traced| -> Result<Report> {
        let mut received = None;
        let once = Job {
            operations,
            traced,
            ..job
        };
        dispatch(std::iter::once(once), 1, |report| {
            received = Some(report);
            Ok(true)
        })?;
        received.context("the run has no report")
    };
    eprintln!("searching for the shortest failing run of seed {}", job.seed);
    let shortest = shrink::shortest(job.operations, |operations| {
        rerun(operations, false).is_ok_and(|report| !report.findings.is_empty())
    });
    let report = rerun(shortest, true)?;
    println!("\nseed {}, after {shortest} operations:", job.seed);
    for finding in &report.findings {
        println!("  {finding}");
    }
    let trace = shrink::concerned(&report.trace, &report.findings);
    println!("\ntrace of the entities concerned, {} lines:", trace.len());
    let skipped = trace.len().saturating_sub(SHOWN);
    for line in trace.iter().skip(skipped) {
        println!("  {line}");
    }
    println!(
        "\nrun it again: cargo simulate --seeds 1 --from {} --operations {shortest}",
        job.seed
    );
    Ok(())
}
