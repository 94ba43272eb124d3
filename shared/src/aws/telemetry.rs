//! Logs as JSON lines and metrics in the CloudWatch embedded metric format, both on standard output.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of all metrics.
const NAMESPACE: &str = "Madang";

/// Starts logging with the level and format of Lambda's logging controls. Panics are logged too.
pub fn init() {
    lambda_runtime::tracing::init_default_subscriber();
    // The line has the id of the request, unlike what the standard hook prints.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, message = panic.payload_as_str(), "panicked");
    }));
}

/// A CloudWatch metric unit.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    /// A count.
    Count,
    /// Seconds.
    Seconds,
}

/// Emits metrics of `function` at `now`. CloudWatch extracts them from the log line
/// (CloudWatch user guide, "Embedded metric format").
///
/// Values that are all zero are not emitted: a custom metric costs for each hour in which it is reported, and the alarms
/// treat silence as zero.
pub fn emit(function: &str, now: Timestamp, metrics: &[(&str, Unit, f64)]) {
    if is_worth_reporting(metrics) {
        println!("{}", embedded(function, now, metrics));
    }
}

fn is_worth_reporting(metrics: &[(&str, Unit, f64)]) -> bool {
    metrics.iter().any(|(_, _, value)| *value != 0.0)
}

fn embedded(function: &str, now: Timestamp, metrics: &[(&str, Unit, f64)]) -> Value {
    let definitions: Vec<Value> = metrics
        .iter()
        .map(|(name, unit, _)| json!({ "Name": name, "Unit": format!("{unit:?}") }))
        .collect();
    let mut line = Map::from_iter([
        (
            "_aws".to_owned(),
            json!({
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [["Function"]],
                    "Metrics": definitions,
                }],
            }),
        ),
        ("Function".to_owned(), json!(function)),
    ]);
    line.extend(metrics.iter().map(|&(name, _, value)| (name.to_owned(), json!(value))));
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_anything_to_report_emits_no_metrics() {
        assert!(!is_worth_reporting(&[
            ("Processed", Unit::Count, 0.0),
            ("LagSeconds", Unit::Seconds, 0.0)
        ]));
        assert!(is_worth_reporting(&[
            ("Processed", Unit::Count, 0.0),
            ("Failed", Unit::Count, 1.0)
        ]));
    }

    #[test]
    fn a_metric_line_has_the_embedded_metric_format() {
        let now = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
        let line = embedded("expire-orders", now, &[("Processed", Unit::Count, 3.0)]);
        assert_eq!(
            line,
            json!({
                "_aws": {
                    "Timestamp": 1_700_000_000_123_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Madang",
                        "Dimensions": [["Function"]],
                        "Metrics": [{ "Name": "Processed", "Unit": "Count" }],
                    }],
                },
                "Function": "expire-orders",
                "Processed": 3.0,
            })
        );
    }
}
