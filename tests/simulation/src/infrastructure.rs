//! Event delivery: streams to `relay-events` and to the functions that look at what has changed, the bus to its targets, queues, webhooks and schedules. Each delivers at
//! least once: late, repeated, or in another order.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::SqsBatchResponse;
use function_tests::payment_fixture::webhook_call;
use harness::FakeQueue;
use harness::queue::{Delivery, IMPORT_STEPS_URL, SHOWTIME_UPDATES_URL, TICKET_UPDATES_URL};
use jiff::SignedDuration;
use sandbox::{FOREIGN_ORDER, Webhook};
use serde_json::{Value, json};
use shared::payments::Provider;
use shared::payments::provider::BillingKey;

use crate::actors::personal_data::MARKER;
use crate::lambda::Ended;
use crate::mutant::Mutant;
use crate::rules::{QueueRule, Rule};
use crate::services::stock_changes::StreamShard;
use crate::world::{INDEX_VISIBILITY, World};

/// Maximum records in a stream batch (template.yaml).
const BATCH: usize = 100;
/// Timeout of `relay-events` (template.yaml).
const RELAY_LIMIT: Duration = Duration::from_secs(60);
/// Batch window and timeout of the functions that look at what has changed (their templates).
const WATCH_WINDOW: Duration = Duration::from_secs(1);
const WATCH_LIMIT: Duration = Duration::from_secs(60);
/// The key of the product whose changes a mutant loses: one that is changed and not sold.
const LOST: &str = "PRODUCT#shelf-0";
/// Maximum messages in a batch of charges, and the timeout of a batch (template.yaml).
const CHARGES: usize = 10;
const CHARGE_LIMIT: Duration = Duration::from_secs(120);
/// How often the queue is polled.
const CHARGES_POLL: Duration = Duration::from_secs(15);
/// Timeout of a step of an import or export (functions/catalog/template.yaml), and how often their queues are polled. Those of
/// the cancellation and the tickets of an order are shorter.
const STEP_LIMIT: Duration = Duration::from_secs(60);
const STEPS_POLL: Duration = Duration::from_secs(10);
/// Maximum messages in a batch of the index, and the timeout of a batch (functions/search/template.yaml).
const INDEX_COMMANDS: usize = 10;
const INDEX_LIMIT: Duration = Duration::from_secs(120);
/// How often the queue is polled.
const INDEX_POLL: Duration = Duration::from_secs(5);
/// Minutes between attempts of a webhook, as Toss sends them.
const WEBHOOK_MINUTES: [u64; 7] = [1, 4, 16, 64, 256, 1024, 4096];

/// Starts all deliveries; they run until the world ends.
pub fn start(world: &Rc<World>) {
    for nth in 0..world.tables.changes().len() {
        world.spawn(relay(world.clone(), nth));
    }
    for shard in world.tables.stock_changes().shards() {
        world.spawn(watch(world.clone(), "watch-products", shard.clone()));
    }
    if world.fault_plan.actors.search {
        world.spawn(watch(
            world.clone(),
            "index-orders",
            world.tables.order_changes().clone(),
        ));
        world.spawn(watch(world.clone(), "erase-lookups", world.tables.erasures().clone()));
        world.spawn(watch(world.clone(), "watch-shows", world.tables.show_changes().clone()));
    }
    world.spawn(watch(
        world.clone(),
        "count-remaining-seats",
        world.tables.seat_changes().clone(),
    ));
    world.spawn(deliver_events(world.clone()));
    world.spawn(deliver_charges(world.clone()));
    world.spawn(deliver_steps(world.clone(), "run-import", world.import_steps.clone()));
    world.spawn(deliver_steps(world.clone(), "run-export", world.export_steps.clone()));
    world.spawn(deliver_steps(
        world.clone(),
        "cancel-unservable-orders",
        world.unservable_orders.clone(),
    ));
    world.spawn(deliver_steps(
        world.clone(),
        "update-order-tickets",
        world.ticket_updates.clone(),
    ));
    world.spawn(deliver_steps(
        world.clone(),
        "update-showtime-orders",
        world.showtime_updates.clone(),
    ));
    for index in INDEXES {
        world.spawn(deliver_index_commands(world.clone(), index));
    }
    world.spawn(deliver_webhooks(world.clone()));
    let network = world.clone();
    world.spawn(async move { network.net.deliver_all().await });
}

/// Delivers a table's stream: batches in order, each retried from its first failure.
async fn relay(world: Rc<World>, nth: usize) {
    let changes = &world.tables.changes()[nth];
    let mut waiting: VecDeque<Value> = VecDeque::new();
    loop {
        if waiting.is_empty() {
            changes.wait().await;
            let lag = world.below(400);
            world.clock.sleep(Duration::from_millis(lag)).await;
        }
        waiting.extend(fetch(&world, nth));
        let most = world.below(BATCH as u64) as usize + 1;
        let batch: Vec<Value> = waiting.iter().take(most).cloned().collect();
        if batch.is_empty() {
            continue;
        }
        let event = json!({ "Records": batch });
        let ended = world
            .invoke("relay-events", RELAY_LIMIT, |stack, invocation| {
                stack.event("relay-events", &event, invocation)
            })
            .await;
        let done = match ended {
            Ended::Returned(Ok(response)) => match &response["batchItemFailures"][0]["itemIdentifier"] {
                Value::Null => batch.len(),
                failure => {
                    let from = |record: &Value| record["dynamodb"]["SequenceNumber"] == *failure;
                    batch.iter().position(from).unwrap_or_default()
                }
            },
            Ended::Returned(Err(_)) | Ended::Crashed | Ended::TimedOut => 0,
        };
        // The stream may redeliver a batch that succeeded.
        if !world.net.happens(world.net.faults().twice) {
            waiting.drain(..done);
        }
        if done < batch.len() {
            world.clock.sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Delivers a shard of a table's stream to a function that looks at what has changed: the changes of a window, until they
/// succeed.
async fn watch(world: Rc<World>, function: &'static str, changes: Arc<StreamShard>) {
    loop {
        changes.wait().await;
        // Windows of all shards end at the same time, so that runs overlap.
        let into = world.clock.elapsed().as_secs_f64() % WATCH_WINDOW.as_secs_f64();
        world.clock.sleep(WATCH_WINDOW - Duration::from_secs_f64(into)).await;
        let mut records = changes.read();
        if world.mutant == Some(Mutant::ChangeLost) {
            records.retain(|record| record["dynamodb"]["Keys"]["pk"]["S"] != LOST);
        }
        let event = json!({ "Records": records });
        loop {
            let ended = world
                .invoke(function, WATCH_LIMIT, |stack, invocation| {
                    stack.event(function, &event, invocation)
                })
                .await;
            let is_done = matches!(ended, Ended::Returned(Ok(_)));
            // The stream may redeliver a batch that succeeded.
            if is_done && !world.net.happens(world.net.faults().twice) {
                break;
            }
            world.clock.sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Returns the changes since the last call.
fn fetch(world: &World, nth: usize) -> Vec<Value> {
    let changes = &world.tables.changes()[nth];
    let mut records = changes.read();
    for record in &records {
        let event = &record["dynamodb"]["NewImage"]["event"]["M"];
        let of = |name: &str| event[name]["S"].as_str().unwrap_or_default().to_owned();
        world.state().emitted.insert(of("id"), of("detail_type"));
    }
    records.extend(changes.invented());
    for record in &mut records {
        record["dynamodb"]["ApproximateCreationDateTime"] = json!(world.clock.now().as_second());
    }
    records
}

/// Delivers each event of the bus to each of its targets.
async fn deliver_events(world: Rc<World>) {
    loop {
        let entry = world.bus.take().await;
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().expect("a detail")).expect("JSON");
        let id = detail["metadata"]["id"].as_str().expect("an id").to_owned();
        let is_caused = if entry["DetailType"] == "BillingKeyDeleted" {
            // It reports a change at the provider, not in a table.
            let key = detail["data"]["key_id"].as_str().expect("a key").to_owned();
            let is_reported = world.state().deleted_keys.contains_key(&key);
            world.state().published_keys.insert(key);
            is_reported
        } else {
            world.state().emitted.contains_key(&id)
        };
        if !is_caused {
            world.report(format!("published without a change: {entry}"));
        }
        if entry.to_string().contains(MARKER) {
            world.report(format!("personal data cannot be read: an event has them: {entry}"));
        }
        world.state().published.insert(id);
        if entry["DetailType"] == "PaymentReviewNeeded" {
            let payment = detail["data"]["payment_id"].as_str().expect("a payment");
            world.state().reviews.insert(payment.to_owned());
        }
        let event = json!({ "source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail });
        for rule in Rule::of_bus().iter().filter(|rule| rule.is_for(&event)) {
            let is_refund = rule.function == "credit-points" && entry["Source"] == "madang.payments";
            if is_refund && world.mutant == Some(Mutant::PointsKept) {
                continue;
            }
            let times = 1 + u8::from(world.net.happens(world.net.faults().twice));
            for _ in 0..times {
                world.spawn(invoke_asynchronously(world.clone(), rule, event.clone()));
            }
        }
        for rule in QueueRule::of_bus().iter().filter(|rule| rule.is_for(&event)) {
            let (queue, url) = match rule.queue.as_str() {
                "TicketUpdates" => (&world.ticket_updates, TICKET_UPDATES_URL),
                "ShowtimeUpdates" => (&world.showtime_updates, SHOWTIME_UPDATES_URL),
                other => panic!("the simulation has no queue {other}"),
            };
            send(&world, queue, url, &event);
        }
    }
}

/// Sends S3's event of an upload.
pub fn send_upload_event(world: &Rc<World>, event: &Value) {
    for rule in Rule::of_uploads() {
        let times = 1 + u8::from(world.net.happens(world.net.faults().twice));
        for _ in 0..times {
            world.spawn(invoke_asynchronously(world.clone(), rule, event.clone()));
        }
    }
}

/// Sends the change of an alarm, sometimes twice.
pub fn send_alarm_change(world: &Rc<World>, event: &Value) {
    for rule in Rule::of_alarms() {
        let times = 1 + u8::from(world.net.happens(world.net.faults().twice));
        for _ in 0..times {
            world.spawn(invoke_asynchronously(world.clone(), rule, event.clone()));
        }
    }
}

/// Invokes a function asynchronously: Lambda retries after one and two minutes, then records a dead letter.
pub async fn invoke_asynchronously(world: Rc<World>, rule: &'static Rule, event: Value) {
    let longest = if world.net.happens(world.net.faults().slow * 4) {
        60_000
    } else {
        500
    };
    let lag = world.below(longest);
    world.clock.sleep(Duration::from_millis(lag)).await;
    for attempt in 0..=rule.retries {
        world.clock.sleep(Duration::from_mins(attempt)).await;
        let ended = world
            .invoke(rule.function, rule.limit, |stack, invocation| {
                stack.event(rule.function, &event, invocation)
            })
            .await;
        if matches!(ended, Ended::Returned(Ok(_))) {
            return;
        }
    }
    world.state().dead_letters.push((rule.function, event));
}

/// Delivers the queue of charges to `charge-subscription`; failed messages are redelivered after the visibility
/// timeout.
async fn deliver_charges(world: Rc<World>) {
    loop {
        world.clock.sleep(CHARGES_POLL).await;
        let most = 1 + world.below(CHARGES as u64) as usize;
        while let Some(delivery) = world.charges.receive(most, world.clock.now()) {
            let times = 1 + u8::from(world.net.happens(world.net.faults().twice));
            for _ in 0..times {
                world.spawn(charge(world.clone(), delivery.clone()));
            }
        }
    }
}

async fn charge(world: Rc<World>, delivery: Delivery) {
    let batch = serde_json::to_value(&delivery.batch).expect("JSON");
    let ended = world
        .invoke("charge-subscription", CHARGE_LIMIT, |stack, invocation| {
            stack.event("charge-subscription", &batch, invocation)
        })
        .await;
    // A crashed function reports nothing to the queue.
    if let Ended::Returned(Ok(response)) = ended {
        let response = serde_json::from_value(response).expect("a response to the queue");
        world.charges.settle(&delivery, &response);
    }
}

/// Delivers a queue to its function, one message at a time; two can run at once.
async fn deliver_steps(world: Rc<World>, function: &'static str, steps: FakeQueue) {
    loop {
        world.clock.sleep(STEPS_POLL).await;
        while let Some(delivery) = steps.receive(1, world.clock.now()) {
            let times = 1 + u8::from(world.net.happens(world.net.faults().twice));
            for _ in 0..times {
                let (world_too, steps, delivery) = (world.clone(), steps.clone(), delivery.clone());
                world.spawn(async move {
                    let batch = serde_json::to_value(&delivery.batch).expect("JSON");
                    let run = world_too.invoke(function, STEP_LIMIT, |stack, invocation| {
                        stack.event(function, &batch, invocation)
                    });
                    // A crashed function reports nothing to the queue.
                    if let Ended::Returned(Ok(response)) = run.await {
                        let response = serde_json::from_value(response).expect("a response to the queue");
                        steps.settle(&delivery, &response);
                    }
                });
            }
        }
    }
}

/// Sends S3's event of an uploaded import to the queue of its steps, sometimes twice.
pub fn send_import_event(world: &World, event: &Value) {
    send(world, &world.import_steps, IMPORT_STEPS_URL, event);
}

/// Sends an event to a queue, sometimes twice.
fn send(world: &World, queue: &FakeQueue, url: &str, event: &Value) {
    let times = 1 + u8::from(world.net.happens(world.net.faults().twice));
    for _ in 0..times {
        let message = json!({ "QueueUrl": url, "MessageBody": event.to_string() });
        queue.serve("AmazonSQS.SendMessage", &message);
    }
}

/// An index of the search: its writer, and its queue.
struct Index {
    function: &'static str,
    queue: fn(&World) -> &FakeQueue,
}

/// The public and the private index.
const INDEXES: [Index; 2] = [
    Index {
        function: "write-index",
        queue: |world| &world.index,
    },
    Index {
        function: "write-private-index",
        queue: |world| &world.private_index,
    },
];

/// Delivers the queue of an index to its writer, one batch at a time: after a failure, all messages wait.
async fn deliver_index_commands(world: Rc<World>, Index { function, queue }: Index) {
    if !world.fault_plan.actors.search {
        return;
    }
    loop {
        world.clock.sleep(INDEX_POLL).await;
        let most = 1 + world.below(INDEX_COMMANDS as u64) as usize;
        let Some(delivery) = queue(&world).receive(most, world.clock.now()) else {
            continue;
        };
        let batch = serde_json::to_value(&delivery.batch).expect("JSON");
        if world.net.happens(world.net.faults().twice) {
            world.spawn(write_again(world.clone(), function, batch.clone()));
        }
        let ended = world
            .invoke(function, INDEX_LIMIT, |stack, invocation| {
                stack.event(function, &batch, invocation)
            })
            .await;
        if matches!(ended, Ended::Returned(Ok(_))) {
            queue(&world).settle(&delivery, &SqsBatchResponse::default());
        } else {
            let visible = INDEX_VISIBILITY + SignedDuration::from_secs(1);
            world.clock.sleep(visible.unsigned_abs()).await;
        }
    }
}

/// Writes a batch by a second instance, some time later: it competes with the writer of this or of a later batch.
async fn write_again(world: Rc<World>, function: &'static str, batch: Value) {
    let lag = world.below(2 * INDEX_POLL.as_millis() as u64);
    world.clock.sleep(Duration::from_millis(lag)).await;
    let written = world.invoke(function, INDEX_LIMIT, |stack, invocation| {
        stack.second_index_writer(function, &batch, invocation)
    });
    drop(written.await);
}

/// Delivers the providers' webhooks.
async fn deliver_webhooks(world: Rc<World>) {
    loop {
        world.webhooks_ready.notified().await;
        for webhook in world.sandbox.webhooks() {
            world.spawn(deliver_webhook(world.clone(), webhook));
        }
    }
}

async fn deliver_webhook(world: Rc<World>, mut webhook: Webhook) {
    let faults = world.net.faults();
    // A provider without an API is only heard by its messages, so it sends them until they arrive.
    if world.net.happens(faults.never) && webhook.provider != sandbox::Provider::Standard {
        return;
    }
    let is_foreign = is_foreign(&webhook);
    if let Some(mutant) = world.mutant {
        break_webhook(&world, mutant, &mut webhook);
    }
    let longest = if world.net.happens(faults.slow * 4) {
        100_000
    } else {
        1_000
    };
    let lag = world.below(longest);
    world.clock.sleep(Duration::from_millis(lag)).await;
    let mut again = world.net.happens(faults.twice);
    let deleted_key = deleted_key(&webhook);
    if let Some(key) = &deleted_key {
        world.state().deleted_keys.entry(key.clone()).or_default();
    }
    for minutes in WEBHOOK_MINUTES {
        // Each attempt is signed anew.
        webhook = world.sandbox.again(&webhook);
        let answer = world.http("receive-webhook", webhook_call(&webhook)).await;
        if is_foreign && matches!(answer.status, 400..500) {
            world.report(format!("another shop's event was refused: {}", webhook.json()));
        }
        if answer.status / 100 == 2 {
            if let Some(key) = &deleted_key {
                world.state().deleted_keys.insert(key.clone(), true);
            }
            if !std::mem::take(&mut again) {
                return;
            }
        }
        world.clock.sleep(Duration::from_secs(minutes * 60)).await;
    }
}

/// Whether a webhook is about another shop's payment on the same account.
fn is_foreign(webhook: &Webhook) -> bool {
    webhook.json()["data"]["object"]["metadata"]["order_id"] == FOREIGN_ORDER
}

/// Changes a webhook to what a broken build reads.
fn break_webhook(world: &World, mutant: Mutant, webhook: &mut Webhook) {
    let mut body = webhook.json();
    if mutant == Mutant::TakingBackIgnored && body["type"] == "payment.failed" {
        body["type"] = "payment.ignored".into();
    }
    if mutant == Mutant::ForeignTaken && is_foreign(webhook) {
        take_for_ours(world, &mut body["data"]["object"]);
    }
    mutant.break_report(&mut body["data"]["object"]);
    webhook.body = body.to_string().into_bytes();
    *webhook = world.sandbox.again(webhook);
}

/// Changes the object of another shop's event to one about a payment of ours.
fn take_for_ours(world: &World, object: &mut Value) {
    let ledger = world.sandbox.ledger();
    let ours = ledger.iter().find(|entry| entry.provider == sandbox::Provider::Stripe);
    let field = if object["payment_intent"].is_string() {
        "payment_intent"
    } else {
        "id"
    };
    if let Some(ours) = ours {
        object[field] = ours.reference.clone().into();
    }
}

/// Returns the id of the billing key that a webhook reports as deleted.
fn deleted_key(webhook: &Webhook) -> Option<String> {
    let body: Value = serde_json::from_slice(&webhook.body).ok()?;
    let key = body["data"]["billingKey"].as_str()?;
    (body["eventType"] == "BILLING_DELETED").then(|| BillingKey::id_of(Provider::Toss, key).to_string())
}

/// Runs each scheduled function whose period has begun once, or sometimes twice or not at all.
pub async fn run_schedules(world: &Rc<World>) {
    let faults = world.net.faults();
    for rule in Rule::of_schedule() {
        let period = world.clock.elapsed().as_secs() / 60 / rule.minutes;
        let last = world.state().periods.insert(rule.function, period);
        if (rule.minutes > 1 && last == Some(period)) || world.net.happens(faults.never) {
            continue;
        }
        let times = 1 + u8::from(world.net.happens(faults.twice));
        for _ in 0..times {
            let world_too = world.clone();
            world.spawn(async move {
                let lag = world_too.below(2_000);
                world_too.clock.sleep(Duration::from_millis(lag)).await;
                let run = world_too.invoke(rule.function, rule.limit, |stack, invocation| {
                    stack.event(rule.function, &json!({}), invocation)
                });
                // A failed run is not retried: the next run is its retry.
                drop(run.await);
            });
        }
    }
    // A provider acts on elapsed time only when it is called.
    world.webhooks_ready.notify_one();
}
