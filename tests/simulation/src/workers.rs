//! Several runs at once, a process each: SQLite has locks that its connections share, and functions print their metrics.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::mutant::Mutant;
use crate::run::{Plan, run};

/// The argument that makes this program one of the workers.
const ROLE: &str = "--worker";
/// What a line with a report begins with; panics print others.
const REPORT: &str = "report ";

/// What one of the crew is to run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The seed.
    pub seed: u64,
    /// The operations after which the actors go home.
    pub operations: u64,
    /// What is broken: its place among [`Mutant::ALL`].
    pub broken: Option<usize>,
    /// Whether the trace is wanted.
    pub traced: bool,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// What was run.
    pub order: Order,
    /// Invocations.
    pub operations: u64,
    /// Invocations, a function each.
    pub by_function: BTreeMap<String, u64>,
    /// What was wrong.
    pub findings: Vec<String>,
    /// What happened, if that was wanted.
    pub trace: Vec<String>,
    /// How long it went on in its world.
    pub lasted: Duration,
}

/// Runs `orders`, `at_once` of them at the same time, and tells of each as it is done; `told` says whether to go on.
///
/// # Errors
/// When this program cannot be started once more, or one of the crew dies.
pub fn dispatch(
    orders: impl Iterator<Item = Order>,
    at_once: usize,
    mut told: impl FnMut(Report) -> Result<bool>,
) -> Result<()> {
    let (reports, reported) = mpsc::channel();
    let mut orders = orders.fuse();
    let mut workers = vec![];
    for nth in 0..at_once {
        workers.push(Worker::start(nth, reports.clone())?);
    }
    drop(reports);
    let mut under_way = 0;
    for worker in &mut workers {
        under_way += usize::from(worker.give(orders.next())?);
    }
    while under_way > 0 {
        let (nth, line): (usize, Option<String>) = reported.recv()?;
        let Some(line) = line else {
            // One that was let go has gone.
            ensure!(workers[nth].orders.is_none(), "a worker died: run its seed by itself");
            continue;
        };
        under_way -= 1;
        let goes_on = told(serde_json::from_str(&line)?)?;
        let next = orders.next().filter(|_| goes_on);
        under_way += usize::from(workers[nth].give(next)?);
    }
    Ok(())
}

struct Worker {
    process: Child,
    orders: Option<ChildStdin>,
}

impl Worker {
    fn start(nth: usize, reports: mpsc::Sender<(usize, Option<String>)>) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let orders = process.stdin.take();
        let output = process.stderr.take().context("it has an output")?;
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(report) = line.strip_prefix(REPORT) {
                    let _ = reports.send((nth, Some(report.to_owned())));
                }
            }
            let _ = reports.send((nth, None));
        });
        Ok(Self { process, orders })
    }

    /// Gives it something to do; without anything it may go.
    fn give(&mut self, order: Option<Order>) -> Result<bool> {
        let Some(order) = order else {
            self.orders = None;
            return Ok(false);
        };
        let orders = self.orders.as_mut().context("it has gone already")?;
        writeln!(orders, "{}", serde_json::to_string(&order)?)?;
        Ok(true)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.process.wait();
    }
}

/// Is one of the crew, when this process was started as one: runs what it is given until there is no more.
///
/// # Errors
/// When what it is given cannot be read.
pub fn work_if_asked() -> Result<bool> {
    if std::env::args().nth(1).as_deref() != Some(ROLE) {
        return Ok(false);
    }
    for line in std::io::stdin().lines() {
        let order: Order = serde_json::from_str(&line?)?;
        let outcome = run(&Plan {
            seed: order.seed,
            operations: order.operations,
            mutant: order.broken.map(|place| Mutant::ALL[place]),
            traced: order.traced,
        });
        let report = Report {
            order,
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
