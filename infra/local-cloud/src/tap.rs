//! A tap on the event bus: a rule that sends every event of the shop to a queue.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::aws::Service;
use crate::interrupt;
use crate::stack::{Stack, unique};

/// An event, as delivered by the bus.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `madang.orders`
    pub source: String,
    /// `OrderPlaced`
    pub detail_type: String,
    /// `{ metadata, data }`
    pub detail: Value,
}

/// Receives every event after it was opened. Dropping it deletes its rule and queue.
#[derive(Debug)]
pub struct Tap {
    sqs: Service,
    events: Service,
    bus: String,
    rule: String,
    queue: String,
    received: Mutex<Vec<Event>>,
}

impl Tap {
    pub(crate) fn open(stack: &Stack) -> Result<Self> {
        let (sqs, events) = (stack.aws("sqs"), stack.aws("events"));
        let name = format!("{}-tap-{}", stack.bus, unique()?);
        let queue = sqs.call("CreateQueue", &json!({ "QueueName": name }))?;
        let queue = queue["QueueUrl"]
            .as_str()
            .context("CreateQueue returned no QueueUrl")?
            .to_owned();
        // From here on, dropping the tap deletes its resources, even after an error.
        let tap = Self {
            sqs,
            events,
            bus: stack.bus.clone(),
            rule: name,
            queue,
            received: Mutex::default(),
        };

        let request = json!({ "QueueUrl": tap.queue, "AttributeNames": ["QueueArn"] });
        let attributes = tap.sqs.call("GetQueueAttributes", &request)?;
        let arn = attributes["Attributes"]["QueueArn"]
            .as_str()
            .context("the queue has no QueueArn")?
            .to_owned();
        let rule = json!({
            "Name": tap.rule,
            "EventBusName": tap.bus,
            "EventPattern": json!({ "source": [{ "prefix": "madang." }] }).to_string(),
        });
        let rule = tap.events.call("PutRule", &rule)?;
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "events.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": { "ArnEquals": { "aws:SourceArn": rule["RuleArn"] } },
            }],
        });
        let attributes = json!({ "QueueUrl": tap.queue, "Attributes": { "Policy": policy.to_string() } });
        tap.sqs.call("SetQueueAttributes", &attributes)?;
        let target = json!({
            "Rule": tap.rule, "EventBusName": tap.bus, "Targets": [{ "Id": "tap", "Arn": arn }]
        });
        let put = tap.events.call("PutTargets", &target)?;
        if put["FailedEntryCount"].as_u64().unwrap_or(0) > 0 {
            bail!("PutTargets failed: {put}");
        }
        Ok(tap)
    }

    /// Waits for an event of this type that `matches` accepts. Events received before count too.
    ///
    /// # Errors
    /// When no such event arrives `within` the time. The message lists the events that were received.
    pub fn wait_for(&self, detail_type: &str, matches: impl Fn(&Event) -> bool, within: Duration) -> Result<Event> {
        let deadline = Instant::now() + within;
        loop {
            let found = self
                .received()
                .into_iter()
                .find(|event| event.detail_type == detail_type && matches(event));
            if let Some(event) = found {
                return Ok(event);
            }
            if Instant::now() > deadline {
                let received: Vec<String> = self.received().into_iter().map(|event| event.detail_type).collect();
                bail!(
                    "no matching {detail_type} event within {within:?}; received: {}",
                    if received.is_empty() {
                        "nothing".to_owned()
                    } else {
                        received.join(", ")
                    }
                );
            }
            interrupt::check()?;
            self.receive()?;
        }
    }

    /// Polls the queue once and returns all events so far, with duplicates: the bus may deliver an event twice.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub fn events(&self) -> Result<Vec<Event>> {
        self.receive()?;
        Ok(self.received())
    }

    fn received(&self) -> Vec<Event> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Receives up to ten messages from the queue. Waits up to a second for the first.
    fn receive(&self) -> Result<()> {
        let request = json!({ "QueueUrl": self.queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1 });
        let answer = self.sqs.call("ReceiveMessage", &request)?;
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let body = message["Body"].as_str().unwrap_or_default();
            let event: Value = serde_json::from_str(body).with_context(|| format!("not an event: {body}"))?;
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            let event = Event {
                source: text("source"),
                detail_type: text("detail-type"),
                detail: event["detail"].clone(),
            };
            self.received.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            let done = json!({ "QueueUrl": self.queue, "ReceiptHandle": message["ReceiptHandle"] });
            self.sqs.call("DeleteMessage", &done)?;
        }
        Ok(())
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // Errors are ignored: if the emulator has exited, nothing is left to delete.
        let rule = json!({ "Rule": self.rule, "EventBusName": self.bus, "Ids": ["tap"] });
        let _ = self.events.call("RemoveTargets", &rule);
        let _ = self
            .events
            .call("DeleteRule", &json!({ "Name": self.rule, "EventBusName": self.bus }));
        let _ = self.sqs.call("DeleteQueue", &json!({ "QueueUrl": self.queue }));
    }
}
