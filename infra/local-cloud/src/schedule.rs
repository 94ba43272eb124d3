//! Runs a schedule once at a chosen time, so that nobody has to wait for its minute.

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::json;

use crate::stack::{Stack, unique};

/// Runs the schedule with the logical id `name` within the second after `time`, besides its regular runs.
///
/// Creates a one-time schedule with the same target, so the role, the input and the dead-letter queue are the deployed
/// ones. EventBridge Scheduler on AWS is precise to a minute.
pub(crate) fn run_once(stack: &Stack, name: &str, time: Timestamp) -> Result<()> {
    let scheduler = stack.aws("scheduler");
    let deployed = stack.schedules.get(name);
    let deployed = deployed.with_context(|| format!("template.yaml has no schedule called {name}"))?;
    let schedule = scheduler.call("GetSchedule", &json!({ "Name": deployed }))?;
    // The expression has whole seconds.
    let time = (time + SignedDuration::from_secs(1)).to_zoned(TimeZone::UTC);
    let once = json!({
        "Name": format!("once-{}", unique()?),
        "ScheduleExpression": format!("at({})", time.strftime("%Y-%m-%dT%H:%M:%S")),
        "FlexibleTimeWindow": { "Mode": "OFF" },
        "ActionAfterCompletion": "DELETE",
        "Target": schedule["Target"],
    });
    scheduler.call("CreateSchedule", &once)?;
    Ok(())
}
