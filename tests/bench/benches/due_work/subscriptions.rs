//! `enqueue-due-charges`: finds due subscriptions through the due index and enqueues their charges.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bench::engine::EngineProcess;
use bench::process::{forget_peak, usage};
use bench::report::Subject;
use billing::store::SubscriptionStore;
use function_tests::Shop;
use function_tests::billing_fixture::BillingFixture;
use harness::Engine;
use harness::engine::SUBSCRIPTIONS;
use jiff::SignedDuration;
use shared::aws::dynamodb::due::DUE_SHARDS;

use crate::items::{copy, find, put};
use crate::work::{Work, subject};

/// Enqueues `count` due subscriptions. Fails if one is still due, or was not enqueued exactly once.
pub async fn run(count: usize) -> Result<Subject> {
    let process = EngineProcess::start()?;
    let shop = Shop::on(Engine::at(&process.endpoint)).with_time(Duration::from_secs(59));
    shop.list("tea", 1000, 1).await;
    let shop = BillingFixture::in_shop(shop).await;
    eprintln!("letting {count} subscriptions begin");
    fill(&shop, count).await?;
    shop.advance(SignedDuration::from_hours(24));
    // Queued messages would count as this process's memory.
    shop.queue.discard();
    let already = shop.queue.requests().len();

    forget_peak()?;
    let before = usage()?;
    shop.engine.faults.measure();
    let began = Instant::now();
    let (mut commanded, mut invocations) = (0, 0);
    while commanded < count {
        let summary = shop.enqueue_due_charges().await;
        ensure!(summary.failed == 0 && summary.processed > 0, "{summary:?}");
        commanded += usize::try_from(summary.processed)?;
        invocations += 1;
        eprintln!("{commanded} enqueued after {:.0} s", began.elapsed().as_secs_f64());
    }
    let requests = shop.queue.requests().split_off(already);
    let work = Work {
        count,
        invocations,
        wall: began.elapsed(),
        before,
        after: usage()?,
        cost: shop.engine.faults.cost(),
        requests_to_sqs: requests.len(),
    };
    ensure!(commanded == count, "{commanded} of {count}");
    ensure!(
        requests.iter().sum::<usize>() == count,
        "the queue has another number of messages"
    );
    let (subscriptions, deadline) = (
        SubscriptionStore::new(&shop.platform())?,
        tokio::time::Instant::now() + Duration::from_secs(60),
    );
    for shard in 0..DUE_SHARDS {
        let left = subscriptions.due(shard, shop.now(), None, deadline).await?;
        ensure!(left.due.is_empty(), "a subscription of shard {shard} is still due");
    }
    Ok(subject("enqueue-due-charges", &work))
}

/// Writes `count` subscriptions that fall due within the day: copies of one that its function created, with other ids
/// and customers.
async fn fill(shop: &BillingFixture, count: usize) -> Result<()> {
    let model = shop.subscribed("model", "tea").await;
    let client = &shop.engine.direct;
    let partition = format!("SUBSCRIPTION#{model}");
    let item = find(client, SUBSCRIPTIONS, &partition, "SUBSCRIPTION").await?;
    let mut writes = vec![];
    for nth in 1..count {
        let name = format!("customer-{nth}");
        let id = function_tests::auction_fixture::derived(&["subscription", &name]);
        let key = function_tests::auction_fixture::derived(&["billing key", &name]);
        let key_id = item["key"].as_m().ok().and_then(|key| key["key_id"].as_s().ok());
        let key_id = key_id.context("the model has a billing key")?;
        let renamed = [(model.as_str(), id.as_str()), (key_id, &key), ("model", &name)];
        writes.push(copy(&item, &renamed, Some(&id)));
        if writes.len() == 25 {
            put(client, SUBSCRIPTIONS, std::mem::take(&mut writes)).await?;
        }
    }
    put(client, SUBSCRIPTIONS, writes).await
}
