//! Sells out one product in a number of shards, with many concurrent functions, in virtual time.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use function_tests::{Shop, order_call};
use harness::engine::{ORDERS, create_tables};
use harness::partitions::{Limits, Partitions, Seen};
use harness::platform::variables;
use harness::{Embedded, Engine};
use orders::checkout::{Checkout, handle};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::Instant;

use crate::statistics::quantile;

/// The time of a `checkout` invocation (template.yaml), less the part reserved for the response.
const TIME: Duration = Duration::from_millis(9500);
const SKU: &str = "tea";
const SEED: u64 = 7;

/// The parameters of a sale.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Number of shards.
    pub shards: u8,
    /// Units per shard.
    pub units_a_shard: usize,
    /// Number of concurrent functions, each placing one order after another.
    pub functions: usize,
}

/// The result of a sale.
#[derive(Debug)]
pub struct Sale {
    /// Number of shards.
    pub shards: u8,
    /// Units sold.
    pub units: usize,
    /// Orders per second until the last 1 % of the stock.
    pub rate: f64,
    /// Orders per second of the last 1 %.
    pub tail_rate: f64,
    /// Median duration of an order, in milliseconds.
    pub p50: f64,
    /// 99th percentile of the duration, in milliseconds.
    pub p99: f64,
    /// The requests that DynamoDB received, including those that lost the race for the last units.
    pub seen: Seen,
    /// Number of 503 responses.
    pub gave_up: usize,
}

impl Sale {
    /// Returns `count` as a percentage of all transactions.
    pub fn share(&self, count: u64) -> f64 {
        100.0 * count as f64 / self.seen.transactions as f64
    }

    /// Returns the transactions per order.
    pub fn transactions_per_order(&self) -> f64 {
        self.seen.transactions as f64 / self.units as f64
    }

    /// Returns the read requests per order.
    pub fn reads_per_order(&self) -> f64 {
        self.seen.reads as f64 / self.units as f64
    }
}

/// Counts of the functions so far.
#[derive(Debug, Default)]
struct Tally {
    asked: usize,
    /// The time and duration of each order.
    placed: Vec<(Instant, Duration)>,
    gave_up: usize,
    wrong: Option<String>,
}

/// Sells all units, in virtual time.
///
/// # Errors
/// If a unit is oversold or left, or a checkout is sold out while there are units.
pub fn run(plan: Plan) -> Result<Sale> {
    fastrand::seed(SEED);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    LocalSet::new().block_on(&runtime, sell(plan))
}

async fn sell(plan: Plan) -> Result<Sale> {
    let shards = plan.shards;
    let units = plan.units_a_shard * usize::from(shards);
    let embedded = Embedded::new();
    let engine = Engine::embedded(embedded.clone());
    create_tables(&engine.direct).await;
    let shop = Shop::on(engine);
    shop.list(SKU, 12_900, shards).await;
    shop.receive(SKU, units as u64).await;
    let dynamodb = Partitions::new(embedded, Limits::default());
    let tally = Rc::new(RefCell::new(Tally::default()));

    let began = Instant::now();
    let functions = (0..plan.functions).map(|_| {
        let (function, dynamodb, tally) = (checkout_on(&dynamodb)?, dynamodb.clone(), Rc::clone(&tally));
        Ok(spawn_local(
            async move { serve(&function, &dynamodb, units, &tally).await },
        ))
    });
    for function in functions.collect::<Result<Vec<_>>>()? {
        function.await.context("a function panicked")?;
    }

    let tally = tally.take();
    ensure!(tally.wrong.is_none(), "{}", tally.wrong.unwrap_or_default());
    ensure!(
        tally.placed.len() == units,
        "{} of {units} units were sold",
        tally.placed.len()
    );
    let balance = shop.engine.balance(SKU).await;
    let sold = i64::try_from(units)?;
    ensure!(
        (balance.available, balance.held, balance.least) == (0, sold, 0),
        "{balance:?}"
    );
    ensure!(shop.engine.count(ORDERS).await == units, "one order per unit");

    let mut times: Vec<Instant> = tally.placed.iter().map(|placed| placed.0).collect();
    times.sort_unstable();
    let tail = units / 100;
    let (last, full) = (times[units - 1], times[units - 1 - tail]);
    let took: Vec<f64> = tally
        .placed
        .iter()
        .map(|placed| placed.1.as_secs_f64() * 1000.0)
        .collect();
    Ok(Sale {
        shards,
        units,
        rate: (units - tail) as f64 / (full - began).as_secs_f64(),
        tail_rate: tail as f64 / (last - full).as_secs_f64(),
        p50: quantile(&took, 0.5),
        p99: quantile(&took, 0.99),
        seen: dynamodb.seen(),
        gave_up: tally.gave_up,
    })
}

/// Builds the deployed function, with its own client as each process has.
fn checkout_on(dynamodb: &Partitions) -> Result<Checkout> {
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url("http://dynamodb.test")
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .http_client(dynamodb.client())
        .build();
    let function = Checkout::new(&Platform::new(aws, variables()));
    function.map_err(|error| anyhow::anyhow!("checkout cannot be built: {error:?}"))
}

/// Places one order after another until the product is sold out.
async fn serve(function: &Checkout, dynamodb: &Partitions, units: usize, tally: &RefCell<Tally>) {
    loop {
        let number = tally.borrow().asked;
        tally.borrow_mut().asked += 1;
        let call = order_call(&format!("customer-{number}"), "key", &[(SKU, 1)]);
        let began = Instant::now();
        let answer = loop {
            let invocation = Invocation::new(jiff::Timestamp::UNIX_EPOCH, TIME);
            let answer = call
                .send_unchecked(invocation, |request, invocation| handle(function, request, invocation))
                .await;
            if answer.status != 503 {
                break answer;
            }
            tally.borrow_mut().gave_up += 1;
        };
        let mut tally = tally.borrow_mut();
        match answer.status {
            201 => tally.placed.push((Instant::now(), began.elapsed())),
            409 if dynamodb.seen().committed == units as u64 => return,
            _ => {
                tally.wrong = Some(format!("{} of {units} are sold: {answer:?}", dynamodb.seen().committed));
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hot_product_sells_faster_with_more_shards_and_its_last_units_as_fast() {
        let plan = |shards| Plan {
            shards,
            units_a_shard: 100,
            functions: 100,
        };
        let (one, four) = (run(plan(1)).unwrap(), run(plan(4)).unwrap());
        assert!(four.rate > 3.0 * one.rate, "{} to {}", four.rate, one.rate);
        assert!(four.tail_rate > 0.5 * four.rate, "{} to {}", four.tail_rate, four.rate);
    }

    #[test]
    fn a_sale_depends_only_on_its_seed() {
        let plan = Plan {
            shards: 2,
            units_a_shard: 50,
            functions: 20,
        };
        let (one, again) = (run(plan).unwrap(), run(plan).unwrap());
        assert_eq!((one.seen, one.rate.to_bits()), (again.seen, again.rate.to_bits()));
    }
}
