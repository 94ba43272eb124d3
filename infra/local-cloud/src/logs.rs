//! Collects the functions' logs from their log groups into one file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::aws::Service;
use crate::cloudformation::Deployed;

/// How far back each query goes. An invocation's lines arrive when it ends.
const WINDOW_MS: u64 = 120_000;

/// Collects the log groups of a stack.
#[derive(Debug)]
pub(crate) struct Logs {
    service: Service,
    groups: Vec<String>,
    /// The functions' logical ids, by their names in Lambda.
    functions: BTreeMap<String, String>,
    pub(crate) file: PathBuf,
    since: u64,
    seen: BTreeSet<(u64, String)>,
}

impl Logs {
    pub(crate) fn of(deployed: &Deployed, service: Service, file: PathBuf) -> Self {
        let groups = deployed.all("AWS::Logs::LogGroup").map(|group| group.id.clone());
        let functions = deployed.all("AWS::Lambda::Function");
        Self {
            service,
            groups: groups.collect(),
            functions: functions
                .map(|function| (function.id.clone(), function.name.clone()))
                .collect(),
            file,
            since: 0,
            seen: BTreeSet::new(),
        }
    }

    /// Appends the new lines to the file.
    pub(crate) fn gather(&mut self) -> Result<()> {
        let mut new_lines = BTreeSet::new();
        for group in &self.groups {
            let request = json!({ "logGroupName": group, "startTime": self.since });
            let answer = self.service.call("FilterLogEvents", &request)?;
            for event in answer["events"].as_array().into_iter().flatten() {
                if let Some((time, message)) = log_line(event) {
                    let function = event["logStreamName"].as_str().and_then(function);
                    let name = function
                        .and_then(|function| self.functions.get(function))
                        .map_or("?", String::as_str);
                    new_lines.insert((time, format!("{name} {message}")));
                }
            }
        }
        new_lines.retain(|line| !self.seen.contains(line));
        if new_lines.is_empty() {
            return Ok(());
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)
            .with_context(|| format!("cannot write {}", self.file.display()))?;
        for (_, line) in &new_lines {
            writeln!(file, "{line}")?;
        }
        let newest = new_lines.last().map_or(0, |(time, _)| *time);
        self.since = self.since.max(newest.saturating_sub(WINDOW_MS));
        self.seen.append(&mut new_lines);
        self.seen.retain(|(time, _)| *time >= self.since);
        Ok(())
    }
}

/// The function of a log stream such as `2026/11/28/madang-Orders-Checkout[$LATEST]0a1b`.
fn function(stream: &str) -> Option<&str> {
    stream.rsplit('/').next()?.split('[').next()
}

/// Time and text of a function's own log line. Lambda's lines and metrics are skipped.
fn log_line(event: &Value) -> Option<(u64, String)> {
    let message = event["message"].as_str()?.trim_end();
    let platform = ["START RequestId", "END RequestId", "REPORT RequestId", "INIT_START"];
    let noise =
        message.is_empty() || platform.iter().any(|word| message.starts_with(word)) || message.contains("\"_aws\":");
    (!noise).then(|| Some((event["timestamp"].as_u64()?, message.to_owned())))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_name_contains_the_function_name() {
        assert_eq!(
            function("2026/11/28/madang-Orders-Checkout[$LATEST]0a1b"),
            Some("madang-Orders-Checkout")
        );
    }

    #[test]
    fn lines_of_lambda_and_metrics_are_skipped() {
        let event = |message: &str| json!({ "timestamp": 7, "message": message });
        assert_eq!(log_line(&event("START RequestId: 1 Version: $LATEST")), None);
        assert_eq!(log_line(&event(r#"{"Failed":0,"_aws":{"Timestamp":1}}"#)), None);
        assert_eq!(
            log_line(&event("{\"level\":\"ERROR\"}\n")),
            Some((7, "{\"level\":\"ERROR\"}".to_owned()))
        );
    }
}
