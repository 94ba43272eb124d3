//! How soon a change is found: the deployed stack on the emulator, with many changes a second.
//!
//! The changes are written to the table, as a function would write them, and take the whole way from there: the table's
//! stream, `watch-products`, the queue, `write-index`, the bucket, `search-documents`. The emulator shares two cores with
//! the functions and with this program.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bench::statistics::quantile;
use local_cloud::{LocalCloud, Options, Stack};
use serde_json::{Value, json};

/// The products, each of which changes once in two seconds.
const PRODUCTS: u64 = 100;
/// The changes of a second, and their number in all.
const RATE: u64 = 50;
const CHANGES: u64 = 60 * RATE;
/// One change in so many is searched.
const SAMPLE: u64 = 25;
/// How often a change is searched until it is found.
const POLL: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_secs(120);

/// A change that is searched.
struct Sampled {
    number: u64,
    written: Instant,
}

/// Starts the stack, changes products, and prints how soon the changes are found.
pub fn run() -> Result<()> {
    let cloud = LocalCloud::start(&Options::test("freshness"))?;
    let stack = cloud.stack();
    let admin = stack.sign_up("admin", &["admin"])?;
    let api = stack.api();
    for number in 0..PRODUCTS {
        let product = json!({
            "sku": sku(number), "name": "Before", "price": { "amount": 1000, "currency": "KRW" }, "status": "LISTED",
        });
        let call = api.call("POST", "/admin/products").token(&admin).key(&sku(number));
        call.json(&product).send()?.expect(201)?;
    }
    let everything = Instant::now();
    while title(stack, &sku(PRODUCTS - 1))?.is_none() {
        ensure!(everything.elapsed() < TIMEOUT, "the products are not found");
        thread::sleep(POLL);
    }
    let seconds = thread::scope(|scope| {
        let (sender, sampled) = std::sync::mpsc::channel::<Sampled>();
        let searching = scope.spawn(move || {
            let found = sampled.iter().map(|change| wait(stack, &change));
            found.collect::<Result<Vec<f64>>>()
        });
        write(stack, &sender)?;
        drop(sender);
        searching.join().map_err(|_| anyhow::anyhow!("the search panicked"))?
    })?;
    println!(
        "{RATE} changes a second, {CHANGES} in all, {} of them searched",
        seconds.len()
    );
    for (name, share) in [("p50", 0.5), ("p95", 0.95), ("max", 1.0)] {
        println!(
            "BENCH search/freshness/{name}_seconds {:.2} s",
            quantile(&seconds, share)
        );
    }
    Ok(())
}

/// Writes the changes at their rate, and sends the sampled ones.
fn write(stack: &Stack, sampled: &std::sync::mpsc::Sender<Sampled>) -> Result<()> {
    let (began, dynamodb) = (Instant::now(), stack.aws("dynamodb"));
    let table = stack.outputs.get("CatalogTableName").context("the catalog table")?;
    thread::scope(|scope| {
        let mut writes = vec![];
        for number in 0..CHANGES {
            let due = Duration::from_secs_f64(number as f64 / RATE as f64);
            thread::sleep(due.saturating_sub(began.elapsed()));
            let (dynamodb, update) = (dynamodb.clone(), update(table, number));
            writes.push(scope.spawn(move || dynamodb.call("UpdateItem", &update).map(drop)));
            if number % SAMPLE == 0 {
                let written = Instant::now();
                sampled.send(Sampled { number, written })?;
            }
        }
        writes.into_iter().try_for_each(|write| match write.join() {
            Ok(written) => written,
            Err(_) => bail!("a write panicked"),
        })
    })
}

/// The request that gives a product its next version, with a name of its own.
fn update(table: &str, number: u64) -> Value {
    json!({
        "TableName": table,
        "Key": { "pk": { "S": format!("PRODUCT#{}", sku(number % PRODUCTS)) } },
        "UpdateExpression": "SET #name = :name, version = version + :one",
        "ExpressionAttributeNames": { "#name": "name" },
        "ExpressionAttributeValues": { ":name": { "S": name(number) }, ":one": { "N": "1" } },
    })
}

/// Searches a change until it is found, or a later change of its product. Returns the seconds.
fn wait(stack: &Stack, change: &Sampled) -> Result<f64> {
    loop {
        let title = title(stack, &sku(change.number % PRODUCTS))?;
        let found = title.and_then(|title| title.strip_prefix("change")?.parse::<u64>().ok());
        if found.is_some_and(|found| found >= change.number) {
            return Ok(change.written.elapsed().as_secs_f64());
        }
        ensure!(
            change.written.elapsed() < TIMEOUT,
            "change {} is not found",
            change.number
        );
        thread::sleep(POLL);
    }
}

/// The title of a product in the search.
fn title(stack: &Stack, sku: &str) -> Result<Option<String>> {
    let path = format!("/search?q={sku}&limit=5");
    let page = stack.api().call("GET", &path).send()?.expect(200)?;
    let items = page["items"].as_array().context("the search has no items")?;
    let item = items.iter().find(|item| item["id"] == sku);
    Ok(item.and_then(|item| item["title"].as_str().map(str::to_owned)))
}

fn sku(number: u64) -> String {
    format!("fresh{number}")
}

fn name(number: u64) -> String {
    format!("change{number}")
}
