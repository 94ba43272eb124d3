//! Runs seeds in parallel worker processes: SQLite connections of a process share locks, and functions print metrics.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::mutant::Mutant;
use crate::run::{Plan, run};

/// The argument that starts this program as a worker.
const ROLE: &str = "--worker";
/// The prefix of a report; panics print other lines.
const REPORT: &str = "report ";

/// A run for a worker.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The seed.
    pub seed: u64,
    /// The number of operations after which the actors stop.
    pub operations: u64,
    /// The mutant's index in [`Mutant::ALL`].
    pub broken: Option<usize>,
    /// Whether the trace is returned.
    pub traced: bool,
}

/// The result of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The run.
    pub job: Job,
    /// Number of invocations.
    pub operations: u64,
    /// Number of invocations by function.
    pub by_function: BTreeMap<String, u64>,
    /// Violations.
    pub findings: Vec<String>,
    /// The trace, if requested.
    pub trace: Vec<String>,
    /// Simulated duration.
    pub lasted: Duration,
}

/// Runs `jobs` in `at_once` parallel workers and calls `on_report` with each report; it returns whether to continue.
///
/// # Errors
/// If a worker cannot be started, or ends early.
pub fn dispatch(
    jobs: impl Iterator<Item = Job>,
    at_once: usize,
    mut on_report: impl FnMut(Report) -> Result<bool>,
) -> Result<()> {
    let (reports, reported) = mpsc::channel();
    let mut jobs = jobs.fuse();
    let mut workers = vec![];
    for nth in 0..at_once {
        workers.push(Worker::start(nth, reports.clone())?);
    }
    drop(reports);
    let mut running = 0;
    for worker in &mut workers {
        running += usize::from(worker.assign(jobs.next())?);
    }
    while running > 0 {
        let (nth, line): (usize, Option<String>) = reported.recv()?;
        let Some(line) = line else {
            // A worker without jobs has ended.
            ensure!(workers[nth].jobs.is_none(), "a worker crashed: run its seed alone");
            continue;
        };
        running -= 1;
        let continues = on_report(serde_json::from_str(&line)?)?;
        let next = jobs.next().filter(|_| continues);
        running += usize::from(workers[nth].assign(next)?);
    }
    Ok(())
}

struct Worker {
    process: Child,
    jobs: Option<ChildStdin>,
}

impl Worker {
    fn start(nth: usize, reports: mpsc::Sender<(usize, Option<String>)>) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let jobs = process.stdin.take();
        let output = process.stderr.take().context("the worker's output")?;
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(report) = line.strip_prefix(REPORT) {
                    let _ = reports.send((nth, Some(report.to_owned())));
                }
            }
            let _ = reports.send((nth, None));
        });
        Ok(Self { process, jobs })
    }

    /// Assigns a run, or ends the worker if there is none.
    fn assign(&mut self, job: Option<Job>) -> Result<bool> {
        let Some(job) = job else {
            self.jobs = None;
            return Ok(false);
        };
        let jobs = self.jobs.as_mut().context("the worker has ended")?;
        writeln!(jobs, "{}", serde_json::to_string(&job)?)?;
        Ok(true)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        let _ = self.process.wait();
    }
}

/// Acts as a worker if this process was started as one: runs each run read from standard input.
///
/// # Errors
/// If the input is invalid.
pub fn run_worker() -> Result<bool> {
    if std::env::args().nth(1).as_deref() != Some(ROLE) {
        return Ok(false);
    }
    for line in std::io::stdin().lines() {
        let job: Job = serde_json::from_str(&line?)?;
        let outcome = run(&Plan {
            seed: job.seed,
            operations: job.operations,
            mutant: job.broken.map(|place| Mutant::ALL[place]),
            traced: job.traced,
        });
        let report = Report {
            job,
            operations: outcome.operations,
            by_function: outcome
                .by_function
                .into_iter()
                .map(|(function, count)| (function.to_owned(), count))
                .collect(),
            findings: outcome.findings,
            trace: outcome.trace,
            lasted: outcome.lasted,
        };
        eprintln!("{REPORT}{}", serde_json::to_string(&report)?);
    }
    Ok(true)
}
