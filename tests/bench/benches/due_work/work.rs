//! The cost of processing due entities.

use std::time::Duration;

use bench::process::Usage;
use bench::report::{Figure, Subject};
use harness::faults::Cost;

/// The measured work.
pub struct Work {
    /// Number of due entities.
    pub count: usize,
    /// Number of invocations of at most a minute.
    pub invocations: u32,
    /// Duration.
    pub wall: Duration,
    /// This process's usage before.
    pub before: Usage,
    /// This process's usage afterwards.
    pub after: Usage,
    /// Requests to DynamoDB and their capacity.
    pub cost: Cost,
    /// Number of requests to SQS.
    pub requests_to_sqs: usize,
}

/// Returns the figures of `function`.
pub fn subject(function: &str, work: &Work) -> Subject {
    let figure = |metric, meaning, unit, value| Figure {
        metric,
        meaning,
        unit,
        value,
        range: None,
    };
    let each = |total: f64| total / work.count as f64;
    let requests: u32 = work.cost.requests.values().sum();
    let cpu = (work.after.cpu_time - work.before.cpu_time).as_secs_f64();
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let growth = work.after.peak_memory.saturating_sub(work.before.peak_memory);
    Subject {
        name: function.to_owned(),
        figures: vec![
            figure("due", "Due", "count", work.count as f64),
            figure(
                "invocations",
                "Invocations of at most a minute",
                "count",
                f64::from(work.invocations),
            ),
            figure("wall_s", "Time in all", "s", work.wall.as_secs_f64()),
            figure("per_s", "A second", "1/s", work.count as f64 / work.wall.as_secs_f64()),
            figure(
                "per_cpu_s",
                "A second of the function's own processor time",
                "1/s",
                work.count as f64 / cpu,
            ),
            figure(
                "requests_each",
                "Requests to DynamoDB each",
                "count",
                each(f64::from(requests)),
            ),
            figure(
                "sqs_requests_each",
                "Requests to SQS each",
                "count",
                each(work.requests_to_sqs as f64),
            ),
            figure(
                "write_units_each",
                "Write capacity each, indexes included",
                "units",
                each(work.cost.write_units),
            ),
            figure(
                "read_units_each",
                "Read capacity each",
                "units",
                each(work.cost.read_units),
            ),
            figure("peak_memory_mb", "Peak memory", "MB", megabytes(work.after.peak_memory)),
            figure(
                "memory_growth_mb",
                "of which while working through them",
                "MB",
                megabytes(growth),
            ),
        ],
    }
}
