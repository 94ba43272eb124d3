//! `cargo bench -p bench --bench due-work`: what it costs `expire-bids` to work through 100,000 due bids, in invocations
//! of a minute, against a DynamoDB engine in a process of its own.
//!
//! Words behind `--` set the number: `cargo bench -p bench --bench due-work -- 10000`. It fails when a bid is left, or a
//! point is not free afterwards. Ends with a line `BENCH due-work/expire-bids/<metric> <value> <unit>` a figure.

use std::collections::HashMap;
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use bench::engine::{self, EngineProcess};
use bench::report::{Figure, Subject, lines, table};
use function_tests::exchange::{CARD, Exchange, bid_call};
use harness::Engine;
use harness::engine::AUCTIONS;
use jiff::SignedDuration;

/// Bids of one customer: as many as a busy one has.
const BIDS_EACH: usize = 100;
const PRICE: u64 = 1_000;

type Item = HashMap<String, AttributeValue>;

fn main() -> Result<()> {
    if engine::serve_if_asked()? {
        return Ok(());
    }
    if !env::args().any(|argument| argument == "--bench") {
        eprintln!("run it by `cargo bench`: a benchmark is no test");
        return Ok(());
    }
    let count = env::args().skip(1).find_map(|argument| argument.parse().ok());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let subject = runtime.block_on(run(count.unwrap_or(100_000)))?;
    let subjects = [subject];
    println!("\n{}\n{}", table(&subjects), lines("due-work", &subjects));
    Ok(())
}

async fn run(count: usize) -> Result<Subject> {
    let process = EngineProcess::start()?;
    let exchange = Exchange::on(Engine::at(&process.endpoint), Duration::from_secs(59)).await;
    let customers = count.div_ceil(BIDS_EACH);
    eprintln!("putting {count} bids of {customers} customers on the book");
    fill(&exchange, count).await?;
    exchange.pass(SignedDuration::from_hours(2));

    let memory_before = peak_memory()?;
    exchange.engine.faults.measure();
    let began = Instant::now();
    let (mut expired, mut invocations) = (0, 0);
    while expired < count {
        let summary = exchange.expire_bids().await?;
        ensure!(summary.failed == 0 && summary.processed > 0, "{summary:?}");
        expired += usize::try_from(summary.processed)?;
        invocations += 1;
        eprintln!("{expired} expired after {:.0} s", began.elapsed().as_secs_f64());
    }
    let wall = began.elapsed().as_secs_f64();
    let cost = exchange.engine.faults.cost();
    let memory = peak_memory()?;
    ensure!(expired == count, "{expired} of {count}");
    ensure!(exchange.count_of("BOOK#").await == 0, "a bid is on the book still");
    for customer in [0, customers / 2, customers - 1] {
        let (_, held) = exchange.wallet(&format!("customer-{customer}")).await;
        ensure!(held == 0, "customer {customer} has {held} points held");
    }
    let requests: u32 = cost.requests.values().sum();
    let figure = |metric, meaning, unit, value| Figure {
        metric,
        meaning,
        unit,
        value,
        range: None,
    };
    let each = |total: f64| total / count as f64;
    Ok(Subject {
        name: "expire-bids".to_owned(),
        figures: vec![
            figure("bids", "Due bids", "count", count as f64),
            figure(
                "invocations",
                "Invocations of at most a minute",
                "count",
                f64::from(invocations),
            ),
            figure("wall_s", "Time in all", "s", wall),
            figure("bids_per_s", "Bids a second", "1/s", count as f64 / wall),
            figure(
                "requests_per_bid",
                "Requests to DynamoDB a bid",
                "count",
                each(f64::from(requests)),
            ),
            figure(
                "write_units_per_bid",
                "Write capacity a bid, indexes included",
                "units",
                each(cost.write_units),
            ),
            figure(
                "read_units_per_bid",
                "Read capacity a bid",
                "units",
                each(cost.read_units),
            ),
            figure("peak_memory_mb", "Peak memory", "MB", memory),
            figure(
                "memory_growth_mb",
                "of which while working through them",
                "MB",
                memory - memory_before,
            ),
        ],
    })
}

/// Puts `count` due bids into the table: a real one, placed by its function, copied under other ids and customers.
async fn fill(exchange: &Exchange, count: usize) -> Result<()> {
    exchange.give("model", PRICE).await;
    let call = bid_call("model", "model", "buy", PRICE, exchange.in_an_hour(), None);
    let placed = exchange.place(call).await;
    ensure!(placed.status == 201, "{placed:?}");
    let model = placed.body["bid_id"].as_str().context("a bid")?.to_owned();
    let bid = item(exchange, &format!("BID#{model}"), "BID").await?;
    let query = exchange.engine.quiet.query().table_name(AUCTIONS);
    let found = query
        .key_condition_expression("pk = :book")
        .expression_attribute_values(":book", AttributeValue::S(format!("BOOK#{CARD}#buy")))
        .send()
        .await?;
    let entry = found.items.unwrap_or_default().pop().context("the book has the bid")?;

    let mut writes = vec![];
    for customer in 0..count.div_ceil(BIDS_EACH) {
        let of_customer = BIDS_EACH.min(count - customer * BIDS_EACH);
        let name = format!("customer-{customer}");
        writes.push(wallet(&name, of_customer));
        for nth in 0..of_customer {
            let id = shared_id(&name, nth);
            writes.push(copy(&bid, &model, &id, &name, "BID"));
            writes.push(copy(&entry, &model, &id, &name, "BOOK"));
            if writes.len() >= 20 {
                put(exchange, std::mem::take(&mut writes)).await?;
            }
        }
    }
    put(exchange, writes).await?;
    // The model itself is none of them.
    let gone = exchange.cancel_bid("model", &model).await;
    ensure!(gone.status == 200, "{gone:?}");
    Ok(())
}

async fn item(exchange: &Exchange, pk: &str, sk: &str) -> Result<Item> {
    let get = exchange.engine.quiet.get_item().table_name(AUCTIONS);
    let get = get.key("pk", AttributeValue::S(pk.to_owned()));
    let got = get.key("sk", AttributeValue::S(sk.to_owned())).send().await?;
    got.item.context("the model is there")
}

/// An id as hashes are: its first byte spreads over the shards.
fn shared_id(name: &str, nth: usize) -> String {
    function_tests::exchange::derived(&[name, &nth.to_string()])
}

/// The model under another id, of another customer, on the shard that its id says.
fn copy(model: &Item, old: &str, id: &str, customer: &str, kind: &str) -> Item {
    let renamed = |value: &AttributeValue| match value {
        AttributeValue::S(text) => AttributeValue::S(text.replace(old, id).replace("model", customer)),
        other => other.clone(),
    };
    let mut item: Item = model
        .iter()
        .map(|(name, value)| (name.clone(), renamed(value)))
        .collect();
    if kind == "BID" {
        let first = u8::from_str_radix(&id[..2], 16).unwrap_or_default();
        item.insert("due_shard".to_owned(), AttributeValue::N((first % 16).to_string()));
    }
    item
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

async fn put(exchange: &Exchange, items: Vec<Item>) -> Result<()> {
    let mut open: Vec<WriteRequest> = vec![];
    for item in items {
        let put = PutRequest::builder().set_item(Some(item)).build()?;
        open.push(WriteRequest::builder().put_request(put).build());
    }
    while !open.is_empty() {
        let write = exchange.engine.quiet.batch_write_item().request_items(AUCTIONS, open);
        let mut answer = write.send().await?;
        let unprocessed = answer.unprocessed_items.take().unwrap_or_default();
        open = unprocessed.into_values().flatten().collect();
    }
    Ok(())
}

/// The most memory that this process has had, in MB.
fn peak_memory() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status").context("no /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .context("no VmHWM")?;
    Ok(kb.trim().parse::<f64>()? * 1024.0 / 1e6)
}
