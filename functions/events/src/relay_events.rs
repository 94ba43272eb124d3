//! A table's stream brings changes; it leaves their events on the bus, or in the queue of what cannot be delivered.
//!
//! Events of one entity keep their order: a request to the bus never holds two of them, and nothing is sent behind an
//! event that has yet to get through. What cannot pass now is reported to the stream and comes again from there on;
//! what never can (too large, malformed), and what the stream is about to forget, goes to the queue.

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
use shared::aws::telemetry;
use shared::aws::telemetry::Unit;
use shared::core::event::Record;
use tokio::time::{Instant, timeout_at};

/// The function's bus and queue.
#[derive(Debug)]
pub struct RelayEvents {
    /// Where events go.
    pub bus: EventBus,
    /// Where events go that the bus will never take.
    pub undelivered: Undelivered,
}

/// The queue of events that cannot be delivered; an alarm stands on it.
#[derive(Clone, Debug)]
pub struct Undelivered {
    client: aws_sdk_sqs::Client,
    queue_url: String,
}

/// What the stream is told: it comes again from the first of these on.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// The change to begin with next time; none when all is done.
    pub batch_item_failures: Vec<DynamoDbBatchItemFailure>,
}

/// What has not got through by then goes to the queue whole: the stream forgets a change after 24 hours, and its own
/// dead letter is only a pointer into it.
const LAST_CALL: SignedDuration = SignedDuration::from_hours(20);

/// A change of an entity that brought an event.
struct Change {
    sequence_number: String,
    entity: String,
    happened: Timestamp,
    /// The event, or why it cannot be read: a fault of ours, kept for a person to look at.
    event: Result<Record, String>,
}

/// Publishes the events of a batch of changes, in order.
///
/// # Errors
/// None of its own: what cannot be done now is reported to the stream.
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
        // Nothing overtakes an event that has yet to get through.
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

/// Relays the changes of one request, and answers the first that has to come again: with all behind it.
async fn relay(
    function: &RelayEvents,
    request: &[Change],
    invocation: &Invocation,
    counts: &mut Counts,
) -> Option<String> {
    let events: Vec<&Record> = request.iter().filter_map(|change| change.event.as_ref().ok()).collect();
    // Keeping what the bus does not take needs time too.
    let last_call = request.iter().any(|change| change.is_forgotten_soon(invocation));
    let deadline = if last_call {
        invocation.halfway()
    } else {
        invocation.deadline
    };
    let mut fates = function.bus.publish(&events, deadline).await.into_iter();
    let mut failure = None;
    for change in request {
        let fate = match &change.event {
            Ok(_) => fates
                .next()
                .unwrap_or_else(|| PublishOutcome::Retryable("no outcome".to_owned())),
            Err(why) => PublishOutcome::Rejected(why.clone()),
        };
        let fate = match fate {
            PublishOutcome::Retryable(why) if change.is_forgotten_soon(invocation) => PublishOutcome::Rejected(why),
            fate => fate,
        };
        let again = match fate {
            PublishOutcome::Published => {
                counts.published += 1;
                continue;
            }
            // What stands behind a failure comes again, and is kept then.
            PublishOutcome::Rejected(_) if failure.is_some() => continue,
            PublishOutcome::Rejected(why) => match function.undelivered.keep(change, &why, invocation.deadline).await {
                Ok(()) => {
                    counts.undelivered += 1;
                    continue;
                }
                Err(error) => Causes(&error).to_string(),
            },
            PublishOutcome::Retryable(why) => why,
        };
        tracing::warn!(entity = change.entity, why = again, "an event comes again");
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

/// The event that a change brought; none when the entity's newest event is the one that it had before.
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
    let happened = change.approximate_creation_date_time.timestamp();
    Some(Change {
        sequence_number,
        entity,
        happened: Timestamp::from_second(happened).unwrap_or(Timestamp::MAX),
        event,
    })
}

/// Cuts the changes, in order, into requests that the bus takes and that hold each entity once.
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
        // One that is too large goes alone, and is told so.
        let (request, after) = rest.split_at(fitting.count().max(1));
        requests.push(request);
        rest = after;
    }
    requests
}

impl Change {
    fn is_forgotten_soon(&self, invocation: &Invocation) -> bool {
        invocation.now.duration_since(self.happened) > LAST_CALL
    }
}

impl Undelivered {
    /// Keeps an event that the bus will never take. A large one is named only: its entity still carries it.
    async fn keep(&self, change: &Change, why: &str, deadline: Instant) -> Result<(), Error> {
        const DOING: &str = "keep an undelivered event";
        tracing::error!(entity = change.entity, why, "an event cannot be delivered");
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
