//! An in-memory stand-in for SQS and Lambda's event source mapping: accepts messages from the real SDK and delivers
//! them in batches at least once, until they succeed or become dead letters.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_lambda_events::sqs::SqsBatchResponse;
use aws_sdk_dynamodb::config::{Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::aws::lambda::batch::{Batch, Message};

/// URL of the queue.
pub const URL: &str = "https://sqs.test/123456789012/queue";
/// URL of the queue of imports.
pub const IMPORT_STEPS_URL: &str = "https://sqs.test/123456789012/import-steps";
/// URL of the queue of exports.
pub const EXPORT_STEPS_URL: &str = "https://sqs.test/123456789012/export-steps";
/// URL of the queue of the search index.
pub const INDEX_URL: &str = "https://sqs.test/123456789012/index.fifo";

/// URL of the queue of orders that the shop cannot serve.
pub const UNSERVABLE_ORDERS_URL: &str = "https://sqs.test/123456789012/unservable-orders";

/// URL of the queue of events that change tickets.
pub const TICKET_UPDATES_URL: &str = "https://sqs.test/123456789012/ticket-updates";

/// URL of the queue of events of showtimes.
pub const SHOWTIME_UPDATES_URL: &str = "https://sqs.test/123456789012/showtime-updates";

/// URL of the queue of the private index.
pub const PRIVATE_INDEX_URL: &str = "https://sqs.test/123456789012/private-index.fifo";

/// The stand-in. Clones share their state.
#[derive(Clone, Debug)]
pub struct FakeQueue(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// How long a delivered message is invisible.
    visibility: SignedDuration,
    /// How often a message is delivered before it becomes a dead letter.
    max_receives: u32,
    waiting: Vec<Waiting>,
    dead: Vec<Value>,
    taken: u64,
    requests: Vec<usize>,
    outages: usize,
    lost: usize,
    refusals: VecDeque<String>,
    twice: bool,
    discards: bool,
    order: Option<fastrand::Rng>,
}

#[derive(Clone, Debug)]
struct Waiting {
    receipt: u64,
    message: Message,
    visible_at: Timestamp,
    receives: u32,
}

/// A delivered batch. [`FakeQueue::settle`] reports its result; a crashed function reports none.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The event that the function receives.
    pub batch: Batch,
    receipts: Vec<u64>,
}

impl FakeQueue {
    /// Creates a queue with this visibility timeout and maximum number of receives.
    pub fn new(visibility: SignedDuration, max_receives: u32) -> Self {
        Self(Arc::new(Mutex::new(State {
            visibility,
            max_receives,
            waiting: vec![],
            dead: vec![],
            taken: 0,
            requests: vec![],
            outages: 0,
            lost: 0,
            refusals: VecDeque::new(),
            twice: false,
            discards: false,
            order: None,
        })))
    }

    /// Returns an SDK configuration whose SQS client uses this stand-in.
    pub fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
                Credentials::for_tests(),
            ))
            .http_client(SharedHttpClient::new(self.clone()))
            .build()
    }

    /// Fails the next `count` requests.
    pub fn fail(&self, count: usize) {
        self.state(|state| state.outages = count);
    }

    /// Serves the next `count` requests and loses their responses.
    pub fn lose_answers(&self, count: usize) {
        self.state(|state| state.lost = count);
    }

    /// Refuses the next message whose body contains `text`; other messages of the request are accepted.
    pub fn refuse(&self, text: &str) {
        self.state(|state| state.refusals.push_back(text.to_owned()));
    }

    /// Sets whether accepted messages are delivered twice.
    pub fn deliver_twice(&self, twice: bool) {
        self.state(|state| state.twice = twice);
    }

    /// Accepts and discards all further messages.
    pub fn discard(&self) {
        self.state(|state| state.discards = true);
    }

    /// Delivers further messages in an order drawn from `seed`.
    pub fn shuffle(&self, seed: u64) {
        self.state(|state| state.order = Some(fastrand::Rng::with_seed(seed)));
    }

    /// Returns the next batch of at most `most` messages at `now`, or none if no message is visible.
    pub fn receive(&self, most: usize, now: Timestamp) -> Option<Delivery> {
        self.state(|state| state.receive(most, now))
    }

    /// Reports a batch's result: messages that succeeded are deleted; the others are delivered again after the
    /// visibility timeout.
    pub fn settle(&self, delivery: &Delivery, response: &SqsBatchResponse) {
        let has_failed = |message: &Message| {
            let mut failures = response.batch_item_failures.iter();
            failures.any(|failure| message.message_id == failure.item_identifier)
        };
        let messages = delivery.receipts.iter().zip(&delivery.batch.messages);
        let done: Vec<u64> = messages
            .filter(|(_, message)| !has_failed(message))
            .map(|(receipt, _)| *receipt)
            .collect();
        self.state(|state| state.waiting.retain(|waiting| !done.contains(&waiting.receipt)));
    }

    /// Returns the messages in the queue, visible or not.
    pub fn messages(&self) -> Vec<Value> {
        self.state(|state| state.waiting.iter().map(|waiting| json_of(&waiting.message)).collect())
    }

    /// Returns the dead letters.
    pub fn dead_letters(&self) -> Vec<Value> {
        self.state(|state| state.dead.clone())
    }

    /// Returns the number of messages in each request to the queue.
    pub fn requests(&self) -> Vec<usize> {
        self.state(|state| state.requests.clone())
    }

    /// Serves a request and returns the status and body of its response; none if the response is lost.
    pub fn serve(&self, target: &str, body: &Value) -> Option<(u16, Value)> {
        self.state(|state| state.answer(target, body))
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().expect("not poisoned"))
    }
}

impl State {
    fn receive(&mut self, most: usize, now: Timestamp) -> Option<Delivery> {
        let max_receives = self.max_receives;
        let is_over = |waiting: &mut Waiting| waiting.visible_at <= now && waiting.receives >= max_receives;
        self.dead.extend(
            self.waiting
                .extract_if(.., is_over)
                .map(|waiting| json_of(&waiting.message)),
        );
        if let Some(rng) = &mut self.order {
            rng.shuffle(&mut self.waiting);
        }
        let mut out = Delivery {
            batch: Batch::default(),
            receipts: vec![],
        };
        let visible = self.waiting.iter_mut().filter(|waiting| waiting.visible_at <= now);
        for waiting in visible.take(most) {
            waiting.visible_at = now + self.visibility;
            waiting.receives += 1;
            out.batch.messages.push(waiting.message.clone());
            out.receipts.push(waiting.receipt);
        }
        (!out.receipts.is_empty()).then_some(out)
    }

    /// Returns the response to a request; none if it is lost.
    fn answer(&mut self, target: &str, body: &Value) -> Option<(u16, Value)> {
        let (entries, is_single) = match target {
            "AmazonSQS.SendMessageBatch" => (body["Entries"].as_array().expect("entries").clone(), false),
            "AmazonSQS.SendMessage" => (vec![json!({ "Id": "0", "MessageBody": body["MessageBody"] })], true),
            other => panic!("no stand-in for {other}"),
        };
        assert!(
            (1..=10).contains(&entries.len()),
            "a request has 1 to 10 messages: {body}"
        );
        let is_fifo = body["QueueUrl"].as_str().is_some_and(|url| url.ends_with(".fifo"));
        let is_grouped =
            |entry: &Value| entry["MessageGroupId"].is_string() && entry["MessageDeduplicationId"].is_string();
        assert_eq!(
            is_fifo,
            entries.iter().any(is_grouped),
            "messages of a FIFO queue have a group: {body}"
        );
        self.requests.push(entries.len());
        if self.outages > 0 {
            self.outages -= 1;
            return Some((503, json!({ "__type": "ServiceUnavailable" })));
        }
        let (mut successful, mut failed) = (vec![], vec![]);
        for entry in entries {
            let text = entry["MessageBody"].as_str().expect("a body");
            let refusal = self.refusals.iter().position(|refused| text.contains(refused.as_str()));
            if let Some(place) = refusal {
                self.refusals.remove(place);
                failed.push(json!({ "Id": entry["Id"], "Code": "InternalError", "SenderFault": false }));
                continue;
            }
            let id = self.take(text);
            successful.push(json!({ "Id": entry["Id"], "MessageId": id, "MD5OfMessageBody": "" }));
        }
        if self.lost > 0 {
            self.lost -= 1;
            return None;
        }
        Some(match (is_single, failed.is_empty()) {
            (true, true) => (200, successful.remove(0)),
            (true, false) => (500, json!({ "__type": "InternalFailure" })),
            (false, _) => (200, json!({ "Successful": successful, "Failed": failed })),
        })
    }

    fn take(&mut self, body: &str) -> String {
        self.taken += 1;
        let message = Message {
            message_id: format!("message-{}", self.taken),
            body: body.to_owned(),
        };
        let copies = match (self.discards, self.twice) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2,
        };
        for nth in 0..copies {
            self.waiting.push(Waiting {
                receipt: self.taken * 2 + nth,
                message: message.clone(),
                visible_at: Timestamp::MIN,
                receives: 0,
            });
        }
        message.message_id
    }
}

fn json_of(message: &Message) -> Value {
    serde_json::from_str(&message.body).expect("JSON")
}

impl HttpClient for FakeQueue {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for FakeQueue {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let body = serde_json::from_slice(request.body().bytes().expect("a body in memory")).expect("JSON");
        HttpConnectorFuture::ready(match self.state(|state| state.answer(&target, &body)) {
            Some((status, body)) => {
                let status = StatusCode::try_from(status).expect("a status");
                Ok(HttpResponse::new(status, SdkBody::from(body.to_string())))
            }
            None => Err(ConnectorError::io("the response is lost".into())),
        })
    }
}
