//! What the functions write, gathered from their log groups into one file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::aws::Service;
use crate::cloudformation::Deployed;

/// How far back each look goes: an invocation's lines arrive when it ends.
const WINDOW_MS: u64 = 120_000;

/// Follows the log groups of a stack.
#[derive(Debug)]
pub(crate) struct Logs {
    service: Service,
    groups: Vec<String>,
    /// The functions' names in the templates, by their names at Lambda.
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

    /// Appends what is new to the file.
    pub(crate) fn gather(&mut self) -> Result<()> {
        let mut news = BTreeSet::new();
        for group in &self.groups {
            let ask = json!({ "logGroupName": group, "startTime": self.since });
            let answer = self.service.call("FilterLogEvents", &ask)?;
            for event in answer["events"].as_array().into_iter().flatten() {
                if let Some((time, message)) = said(event) {
                    let function = event["logStreamName"].as_str().and_then(function);
                    let name = function
                        .and_then(|function| self.functions.get(function))
                        .map_or("?", String::as_str);
                    news.insert((time, format!("{name} {message}")));
                }
            }
        }
        news.retain(|line| !self.seen.contains(line));
        if news.is_empty() {
            return Ok(());
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)
            .with_context(|| format!("cannot write {}", self.file.display()))?;
        for (_, line) in &news {
            writeln!(file, "{line}")?;
        }
        let newest = news.last().map_or(0, |(time, _)| *time);
        self.since = self.since.max(newest.saturating_sub(WINDOW_MS));
        self.seen.append(&mut news);
        self.seen.retain(|(time, _)| *time >= self.since);
        Ok(())
    }
}

/// The function that writes to a stream such as `2026/11/28/madang-Orders-Checkout[$LATEST]0a1b`.
fn function(stream: &str) -> Option<&str> {
    stream.rsplit('/').next()?.split('[').next()
}

/// Time and text of what a function said itself: neither Lambda's own lines nor metrics.
fn said(event: &Value) -> Option<(u64, String)> {
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
    fn a_stream_tells_its_function() {
        assert_eq!(
            function("2026/11/28/madang-Orders-Checkout[$LATEST]0a1b"),
            Some("madang-Orders-Checkout")
        );
    }

    #[test]
    fn only_what_functions_say_is_kept() {
        let event = |message: &str| json!({ "timestamp": 7, "message": message });
        assert_eq!(said(&event("START RequestId: 1 Version: $LATEST")), None);
        assert_eq!(said(&event(r#"{"Failed":0,"_aws":{"Timestamp":1}}"#)), None);
        assert_eq!(
            said(&event("{\"level\":\"ERROR\"}\n")),
            Some((7, "{\"level\":\"ERROR\"}".to_owned()))
        );
    }
}
