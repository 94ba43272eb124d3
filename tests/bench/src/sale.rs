//! A sale: one product in so many shards, sold to the last unit by many functions at once, in virtual time.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use function_tests::{Shop, order_call};
use harness::engine::{ORDERS, create_tables};
use harness::gateway::Answer;
use harness::partitions::{Limits, Partitions, Seen};
use harness::platform::variables;
use harness::{Embedded, Engine};
use orders::checkout::{Checkout, handle};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::Instant;

use crate::statistics::quantile;

/// What an invocation of `checkout` has (template.yaml), but for what is kept back for its answer.
const TIME: Duration = Duration::from_millis(9500);
const SKU: &str = "tea";
const SEED: u64 = 7;

/// What is sold, and by how many.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Over how many shards the stock is spread.
    pub shards: u8,
    /// The units of each of them.
    pub units_a_shard: usize,
    /// The functions that run at once, each placing one order after another.
    pub functions: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Sale {
    /// Over how many shards the stock was spread.
    pub shards: u8,
    /// The units that were sold.
    pub units: usize,
    /// Orders a second until the last 1 % of the stock.
    pub rate: f64,
    /// Orders a second of the last 1 %.
    pub tail_rate: f64,
    /// The median of an order, in milliseconds.
    pub p50: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// What DynamoDB saw, the losers of the last units included.
    pub seen: Seen,
    /// Answers of 503.
    pub gave_up: usize,
}

impl Sale {
    /// `count` of all transactions, in percent.
    pub fn share(&self, count: u64) -> f64 {
        100.0 * count as f64 / self.seen.transactions as f64
    }

    /// Transactions an order.
    pub fn transactions_per_order(&self) -> f64 {
        self.seen.transactions as f64 / self.units as f64
    }

    /// Requests to read an order.
    pub fn reads_per_order(&self) -> f64 {
        self.seen.reads as f64 / self.units as f64
    }
}

/// What the functions have done so far.
#[derive(Debug, Default)]
struct Tally {
    asked: usize,
    /// When each order was answered, and how long it took.
    placed: Vec<(Instant, Duration)>,
    gave_up: usize,
    wrong: Option<String>,
}

/// Sells everything, in virtual time.
///
/// # Errors
/// When a unit is oversold or left, or when somebody is wrongly told that there is none.
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
    create_tables(&engine.quiet).await;
    let shop = Shop::on(engine);
    shop.list(SKU, 12_900, shards).await;
    shop.receive(SKU, units as u64).await;
    let dynamodb = Partitions::new(embedded, Limits::default());
    let tally = Rc::new(RefCell::new(Tally::default()));

    let began = Instant::now();
    let functions = (0..plan.functions).map(|_| {
        let (function, dynamodb, tally) = (checkout_on(&dynamodb), dynamodb.clone(), Rc::clone(&tally));
        spawn_local(async move { serve(&function, &dynamodb, units, &tally).await })
    });
    for function in functions.collect::<Vec<_>>() {
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
    ensure!(
        shop.engine.count(ORDERS).await == units,
        "there is an order for each unit"
    );

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

/// The function as it is deployed, with a client of its own as each process has one.
fn checkout_on(dynamodb: &Partitions) -> Checkout {
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url("http://dynamodb.test")
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .http_client(dynamodb.client())
        .build();
    Checkout::new(&Platform::new(aws, variables())).expect("its variables")
}

/// Places one order after another until it is told that there is nothing left.
async fn serve(function: &Checkout, dynamodb: &Partitions, units: usize, tally: &RefCell<Tally>) {
    loop {
        let number = tally.borrow().asked;
        tally.borrow_mut().asked += 1;
        let call = order_call(&format!("customer-{number}"), "key", &[(SKU, 1)]);
        let began = Instant::now();
        let answer = loop {
            let invocation = Invocation::new(jiff::Timestamp::UNIX_EPOCH, TIME);
            let answer = Answer::of(handle(function, call.request(), invocation).await);
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
    fn a_hot_product_sells_by_its_shards_and_its_last_units_as_fast() {
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
    fn a_sale_depends_on_its_seed_alone() {
        let plan = Plan {
            shards: 2,
            units_a_shard: 50,
            functions: 20,
        };
        let (one, again) = (run(plan).unwrap(), run(plan).unwrap());
        assert_eq!((one.seen, one.rate.to_bits()), (again.seen, again.rate.to_bits()));
    }
}
