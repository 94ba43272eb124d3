//! A tap on the event bus: a queue behind a rule that lets every event of the shop through.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::aws::Service;
use crate::interrupt;
use crate::stack::{Stack, unique};

/// An event as the bus delivered it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `madang.orders`
    pub source: String,
    /// `OrderPlaced`
    pub detail_type: String,
    /// `{ metadata, data }`
    pub detail: Value,
}

/// Hears every event from the moment it was opened; dropping it takes it off the bus.
#[derive(Debug)]
pub struct Tap {
    sqs: Service,
    events: Service,
    bus: String,
    rule: String,
    queue: String,
    heard: Mutex<Vec<Event>>,
}

impl Tap {
    pub(crate) fn open(stack: &Stack) -> Result<Self> {
        let (sqs, events) = (stack.aws("sqs"), stack.aws("events"));
        let name = format!("{}-tap-{}", stack.bus, unique()?);
        let queue = sqs.call("CreateQueue", &json!({ "QueueName": name }))?;
        let queue = queue["QueueUrl"]
            .as_str()
            .context("CreateQueue answered without an address")?
            .to_owned();
        // From here on, dropping the tap cleans up whatever was made.
        let tap = Self {
            sqs,
            events,
            bus: stack.bus.clone(),
            rule: name,
            queue,
            heard: Mutex::default(),
        };

        let ask = json!({ "QueueUrl": tap.queue, "AttributeNames": ["QueueArn"] });
        let attributes = tap.sqs.call("GetQueueAttributes", &ask)?;
        let arn = attributes["Attributes"]["QueueArn"]
            .as_str()
            .context("a queue without ARN")?
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
            bail!("the bus takes no target: {put}");
        }
        Ok(tap)
    }

    /// Waits for an event of this type that `wanted` accepts; what was heard before counts too.
    ///
    /// # Errors
    /// When it has not come `within` the time; the message lists what came instead.
    pub fn wait_for(&self, detail_type: &str, wanted: impl Fn(&Event) -> bool, within: Duration) -> Result<Event> {
        let deadline = Instant::now() + within;
        loop {
            let found = self
                .heard()
                .into_iter()
                .find(|event| event.detail_type == detail_type && wanted(event));
            if let Some(event) = found {
                return Ok(event);
            }
            if Instant::now() > deadline {
                let heard: Vec<String> = self.heard().into_iter().map(|event| event.detail_type).collect();
                bail!(
                    "no such {detail_type} came over the bus within {within:?}; heard: {}",
                    if heard.is_empty() {
                        "nothing".to_owned()
                    } else {
                        heard.join(", ")
                    }
                );
            }
            interrupt::check()?;
            self.listen()?;
        }
    }

    /// All that was heard so far, after asking once more. Duplicates are kept: the bus may send some.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub fn events(&self) -> Result<Vec<Event>> {
        self.listen()?;
        Ok(self.heard())
    }

    fn heard(&self) -> Vec<Event> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what waits in the queue, waiting a moment for the first.
    fn listen(&self) -> Result<()> {
        let ask = json!({ "QueueUrl": self.queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1 });
        let answer = self.sqs.call("ReceiveMessage", &ask)?;
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let body = message["Body"].as_str().unwrap_or_default();
            let event: Value = serde_json::from_str(body).with_context(|| format!("no event: {body}"))?;
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            let event = Event {
                source: text("source"),
                detail_type: text("detail-type"),
                detail: event["detail"].clone(),
            };
            self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            let done = json!({ "QueueUrl": self.queue, "ReceiptHandle": message["ReceiptHandle"] });
            self.sqs.call("DeleteMessage", &done)?;
        }
        Ok(())
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // As far as it goes: the emulator may be gone by now, and then so is all this.
        let rule = json!({ "Rule": self.rule, "EventBusName": self.bus, "Ids": ["tap"] });
        let _ = self.events.call("RemoveTargets", &rule);
        let _ = self
            .events
            .call("DeleteRule", &json!({ "Name": self.rule, "EventBusName": self.bus }));
        let _ = self.sqs.call("DeleteQueue", &json!({ "QueueUrl": self.queue }));
    }
}
