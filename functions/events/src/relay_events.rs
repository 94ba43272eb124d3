//! Runs for each batch of a table's stream: publishes the events of the changes to the bus, or sends them to the queue of
//! undelivered events.
//!
//! Events of one entity keep their order: a request to the bus contains at most one of them, and nothing is sent after an
//! event that has to be retried. Events that fail now are reported to the stream, which retries from the first of them.
//! Events that can never be published (too large, malformed), and those that the stream is about to drop, go to the queue.

use std::collections::HashSet;

use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::streams::DynamoDbBatchItemFailure;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::event_bus::{EventBus, MAX_BYTES, MAX_ENTRIES, PublishOutcome, size_of};
use shared::aws::lambda::Invocation;
use shared::aws::lambda::problem::Causes;
use shared::aws::telemetry::{self, Unit};
use shared::core::event::Record;
use tokio::time::{Instant, timeout_at};

/// The function's bus and queue.
#[derive(Debug)]
pub struct RelayEvents {
    /// The event bus.
    pub bus: EventBus,
    /// The queue for events that the bus never accepts.
    pub undelivered: Undelivered,
}

/// The queue of undelivered events. An alarm watches it.
#[derive(Clone, Debug)]
pub struct Undelivered {
    client: aws_sdk_sqs::Client,
    queue_url: String,
}

/// The response to the stream, which retries from the first failure on.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// The first change to retry. Empty when all are done.
    pub batch_item_failures: Vec<DynamoDbBatchItemFailure>,
}

/// The age from which an unpublished event goes to the queue. The stream drops a change after 24 hours, and its own dead
/// letter is only a pointer into the stream.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(20);

/// A change of an entity that has a new event.
struct Change {
    sequence_number: String,
    entity: String,
    changed_at: Timestamp,
    /// The event, or the reason why it is unreadable: a bug, sent to the queue for a person to investigate.
    event: Result<Record, String>,
}

/// Publishes the events of a batch of changes, in order.
///
/// # Errors
/// None: failures are part of the response to the stream.
pub async fn handle(
    function: &RelayEvents,
    batch: StreamEvent,
    invocation: Invocation,
) -> Result<BatchResponse, Error> {
    let changes: Vec<Change> = batch.records.into_iter().filter_map(change_of).collect();
    let mut counts = Counts::default();
    let mut failure = None;
    for request in requests(&changes) {
        failure = relay(function, request, &invocation, &mut counts).await;
        // Nothing is sent after an event that has to be retried.
        if failure.is_some() {
            break;
        }
    }
    telemetry::emit(
        "relay-events",
        invocation.now,
        &[
            ("Published", Unit::Count, f64::from(counts.published)),
            ("Undelivered", Unit::Count, f64::from(counts.undelivered)),
        ],
    );
    Ok(report(failure))
}

#[derive(Default)]
struct Counts {
    published: u32,
    undelivered: u32,
}

/// Publishes the changes of one request. Returns the first that has to be retried, with all after it.
async fn relay(
    function: &RelayEvents,
    request: &[Change],
    invocation: &Invocation,
    counts: &mut Counts,
) -> Option<String> {
    let events: Vec<&Record> = request.iter().filter_map(|change| change.event.as_ref().ok()).collect();
    // Sending events to the queue needs time too.
    let may_queue = request.iter().any(|change| change.is_dropped_soon(invocation));
    let deadline = if may_queue {
        invocation.halfway()
    } else {
        invocation.deadline
    };
    let mut outcomes = function.bus.publish(&events, deadline).await.into_iter();
    let mut failure = None;
    for change in request {
        let outcome = match &change.event {
            Ok(_) => outcomes
                .next()
                .unwrap_or_else(|| PublishOutcome::Retryable("no outcome".to_owned())),
            Err(why) => PublishOutcome::Rejected(why.clone()),
        };
        let outcome = match outcome {
            PublishOutcome::Retryable(why) if change.is_dropped_soon(invocation) => PublishOutcome::Rejected(why),
            outcome => outcome,
        };
        let reason = match outcome {
            PublishOutcome::Published => {
                counts.published += 1;
                continue;
            }
            // The change is after a failure: it is retried, and queued then.
            PublishOutcome::Rejected(_) if failure.is_some() => continue,
            PublishOutcome::Rejected(why) => match function.undelivered.send(change, &why, invocation.deadline).await {
                Ok(()) => {
                    counts.undelivered += 1;
                    continue;
                }
                Err(error) => Causes(&error).to_string(),
            },
            PublishOutcome::Retryable(why) => why,
        };
        tracing::warn!(entity = change.entity, reason, "event will be retried");
        failure = failure.or_else(|| Some(change.sequence_number.clone()));
    }
    failure
}

fn report(first_failure: Option<String>) -> BatchResponse {
    let failures = first_failure.into_iter().map(|sequence_number| {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(sequence_number);
        failure
    });
    BatchResponse {
        batch_item_failures: failures.collect(),
    }
}

/// The change, if it has a new event: the newest event of the entity differs from the one before.
fn change_of(record: EventRecord) -> Option<Change> {
    #[derive(Deserialize)]
    struct Key {
        pk: String,
    }
    #[derive(Deserialize)]
    struct Image<E> {
        event: Option<E>,
    }
    #[derive(Deserialize)]
    struct EventId {
        id: String,
    }
    let change = record.change;
    if change.new_image.is_empty() {
        return None;
    }
    let sequence_number = change.sequence_number.unwrap_or_default();
    let entity = serde_dynamo::from_item(change.keys).map_or_else(|_| sequence_number.clone(), |key: Key| key.pk);
    let event = match serde_dynamo::from_item(change.new_image) {
        Ok(Image::<Record> { event }) => Ok(event?),
        Err(error) => Err(error.to_string()),
    };
    let before = serde_dynamo::from_item(change.old_image).ok();
    let known = before.and_then(|before: Image<EventId>| before.event);
    if let (Some(known), Ok(event)) = (known, &event)
        && known.id == event.id.to_string()
    {
        return None;
    }
    let changed_at = change.approximate_creation_date_time.timestamp();
    Some(Change {
        sequence_number,
        entity,
        changed_at: Timestamp::from_second(changed_at).unwrap_or(Timestamp::MAX),
        event,
    })
}

/// Splits the changes, in order, into requests that the bus accepts and that contain each entity at most once.
fn requests(changes: &[Change]) -> Vec<&[Change]> {
    let mut requests = vec![];
    let mut rest = changes;
    while !rest.is_empty() {
        let mut entities = HashSet::new();
        let mut bytes = 0;
        let fitting = rest.iter().take(MAX_ENTRIES).take_while(|change| {
            bytes += change.event.as_ref().map_or(0, size_of);
            entities.insert(&change.entity) && bytes < MAX_BYTES
        });
        // An event that is too large is sent alone and rejected.
        let (request, after) = rest.split_at(fitting.count().max(1));
        requests.push(request);
        rest = after;
    }
    requests
}

impl Change {
    fn is_dropped_soon(&self, invocation: &Invocation) -> bool {
        invocation.now.duration_since(self.changed_at) > MAX_AGE
    }
}

impl Undelivered {
    /// Sends an event that the bus never accepts to the queue. A large event is only named: its entity still contains it.
    async fn send(&self, change: &Change, why: &str, deadline: Instant) -> Result<(), Error> {
        const DOING: &str = "queue an undelivered event";
        tracing::error!(entity = change.entity, why, "event cannot be delivered");
        let event = change.event.as_ref().ok();
        let message = serde_json::json!({
            "entity": change.entity,
            "reason": why,
            "event_id": event.map(|event| event.id),
            "event": event.filter(|event| size_of(event) < MAX_BYTES / 2),
        });
        let message = self.client.send_message().message_body(message.to_string());
        match timeout_at(deadline, message.queue_url(&self.queue_url).send()).await {
            Ok(sent) => sent.map(drop).map_err(|error| Error::unavailable(DOING, error)),
            Err(elapsed) => Err(Error::unavailable(DOING, elapsed)),
        }
    }
}

impl RelayEvents {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            bus: EventBus::new(platform)?,
            undelivered: Undelivered {
                client: aws_sdk_sqs::Client::new(platform.aws()),
                queue_url: platform.variable("UNDELIVERED_EVENTS_URL")?,
            },
        })
    }
}
