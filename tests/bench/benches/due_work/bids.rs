//! `expire-bids`: expires bids found through the due index and releases their points.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use bench::engine::EngineProcess;
use bench::process::{forget_peak, usage};
use bench::report::Subject;
use function_tests::auction_fixture::{AuctionFixture, CARD, bid_call};
use harness::Engine;
use harness::engine::AUCTIONS;
use jiff::SignedDuration;

use crate::items::{Item, copy, find, put};
use crate::work::{Work, subject};

/// Bids per customer, as a busy customer has.
const BIDS_EACH: usize = 100;
const PRICE: u64 = 1_000;

/// Expires `count` due bids. Fails if a bid is left or points are still held afterwards.
pub async fn run(count: usize) -> Result<Subject> {
    let process = EngineProcess::start()?;
    let shop = AuctionFixture::on(Engine::at(&process.endpoint), Duration::from_secs(59)).await;
    let customers = count.div_ceil(BIDS_EACH);
    eprintln!("writing {count} bids of {customers} customers");
    fill(&shop, count).await?;
    shop.advance(SignedDuration::from_hours(2));

    forget_peak()?;
    let before = usage()?;
    shop.engine.faults.measure();
    let began = Instant::now();
    let (mut expired, mut invocations) = (0, 0);
    while expired < count {
        let summary = shop.expire_bids().await?;
        ensure!(summary.failed == 0 && summary.processed > 0, "{summary:?}");
        expired += usize::try_from(summary.processed)?;
        invocations += 1;
        eprintln!("{expired} expired after {:.0} s", began.elapsed().as_secs_f64());
    }
    let work = Work {
        count,
        invocations,
        wall: began.elapsed(),
        before,
        after: usage()?,
        cost: shop.engine.faults.cost(),
        requests_to_sqs: 0,
    };
    ensure!(expired == count, "{expired} of {count}");
    ensure!(shop.count_of("BOOK#").await == 0, "a bid is still in the order book");
    for customer in [0, customers / 2, customers - 1] {
        let (_, held) = shop.wallet(&format!("customer-{customer}")).await;
        ensure!(held == 0, "customer {customer} has {held} points held");
    }
    Ok(subject("expire-bids", &work))
}

/// Writes `count` due bids: copies of one that its function placed, with other ids and customers.
async fn fill(shop: &AuctionFixture, count: usize) -> Result<()> {
    shop.credit_points("model", PRICE).await;
    let call = bid_call("model", "model", "BUY", PRICE, shop.in_an_hour(), None);
    let placed = shop.place(call).await;
    ensure!(placed.status == 201, "{placed:?}");
    let model = placed.body["bid_id"].as_str().context("a bid")?.to_owned();
    let client = &shop.engine.direct;
    let bid = find(client, AUCTIONS, &format!("BID#{model}"), "BID").await?;
    let found = client
        .query()
        .table_name(AUCTIONS)
        .key_condition_expression("pk = :book")
        .expression_attribute_values(":book", AttributeValue::S(format!("BOOK#{CARD}#BUY")))
        .send()
        .await?;
    let entry = found
        .items
        .unwrap_or_default()
        .pop()
        .context("the order book has the bid")?;

    let mut writes = vec![];
    for customer in 0..count.div_ceil(BIDS_EACH) {
        let of_customer = BIDS_EACH.min(count - customer * BIDS_EACH);
        let name = format!("customer-{customer}");
        writes.push(wallet(&name, of_customer));
        for nth in 0..of_customer {
            let id = shared_id(&name, nth);
            let renamed = [(model.as_str(), id.as_str()), ("model", &name)];
            writes.push(copy(&bid, &renamed, Some(&id)));
            writes.push(copy(&entry, &renamed, None));
            if writes.len() >= 20 {
                put(client, AUCTIONS, std::mem::take(&mut writes)).await?;
            }
        }
    }
    put(client, AUCTIONS, writes).await?;
    // The template bid itself is not measured.
    let cancelled = shop.cancel_bid("model", &model).await;
    ensure!(cancelled.status == 200, "{cancelled:?}");
    Ok(())
}

/// Derives an id whose first byte spreads over the shards.
fn shared_id(name: &str, nth: usize) -> String {
    function_tests::auction_fixture::derived(&[name, &nth.to_string()])
}

fn wallet(customer: &str, bids: usize) -> Item {
    let held = PRICE * bids as u64;
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(format!("WALLET#{customer}"))),
        ("sk".to_owned(), AttributeValue::S("WALLET".to_owned())),
        ("available".to_owned(), AttributeValue::N("0".to_owned())),
        ("held".to_owned(), AttributeValue::N(held.to_string())),
        ("open_bids".to_owned(), AttributeValue::N(bids.to_string())),
    ])
}
