//! Logs as JSON lines and metrics in the CloudWatch embedded metric format, both on standard output.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of all metrics.
const NAMESPACE: &str = "Madang";

/// Starts logging with the level and format of Lambda's logging controls.
pub fn init() {
    lambda_runtime::tracing::init_default_subscriber();
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
pub fn emit(function: &str, now: Timestamp, metrics: &[(&str, Unit, f64)]) {
    println!("{}", embedded(function, now, metrics));
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
