//! The rush on `claim-coupon` in virtual time, under a model of DynamoDB's limits ([`harness::partitions`]).

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use coupons::claim_coupon::{ClaimCoupon, handle};
use function_tests::coupons_fixture::claim_call;
use function_tests::{CouponsFixture, Shop};
use harness::engine::create_tables;
use harness::partitions::{Limits, Partitions, Seen};
use harness::platform::variables;
use harness::{Embedded, Engine};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::SEED;
use super::crowd::{Answer, Issuer, Rush, Sale, claim_all};

/// The time of a `claim-coupon` invocation (template.yaml), less the part reserved for the response.
const TIME: Duration = Duration::from_millis(9500);
/// The write units of a claim in the index of its table.
const INDEX_UNITS: f64 = 1.0;

/// The result of a rush.
#[derive(Clone, Debug)]
pub struct Run {
    /// The answers.
    pub sale: Sale,
    /// What DynamoDB received until the last unit was claimed.
    pub until_exhausted: Seen,
    /// What DynamoDB received in all.
    pub seen: Seen,
}

impl Run {
    /// Returns the read units a refusal: all those that were used after the last claim.
    #[must_use]
    pub fn units_a_refusal(&self) -> f64 {
        (self.seen.read_units - self.until_exhausted.read_units) / self.sale.refused as f64
    }

    /// Returns the write units a claim, with that of the index.
    #[must_use]
    pub fn units_a_claim(&self) -> f64 {
        self.until_exhausted.write_units / self.sale.units as f64 + INDEX_UNITS
    }

    /// Returns `count` as a percentage of all transactions.
    #[must_use]
    pub fn share(&self, count: u64) -> f64 {
        100.0 * count as f64 / self.seen.transactions as f64
    }
}

/// Lets all customers claim a coupon in `shards` shards, in virtual time. The table serves `table_units` write units a second and
/// as many read units.
///
/// # Errors
/// If there are more or fewer claims than units, a customer is told that the coupon is exhausted while there are units, or a customer
/// who has a claim is refused.
pub fn run(rush: Rush, shards: u8, table_units: f64) -> Result<Run> {
    fastrand::seed(SEED);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    LocalSet::new().block_on(&runtime, claim(rush, shards, table_units))
}

async fn claim(rush: Rush, shards: u8, table_units: f64) -> Result<Run> {
    let embedded = Embedded::new();
    let engine = Engine::embedded(embedded.clone());
    create_tables(&engine.direct).await;
    let shop = CouponsFixture::beside(Shop::on(engine));
    let coupon = shop.coupon(&json!({ "total": rush.units, "shards": shards })).await;

    let limits = Limits {
        table_write_units: Some(table_units),
        table_read_units: Some(table_units),
        ..Limits::default()
    };
    let dynamodb = Partitions::new(embedded, limits);
    let exhausted = Rc::new(Cell::new(None));
    let issuer = |_| {
        Ok(Function {
            function: claim_on(&dynamodb)?,
            dynamodb: dynamodb.clone(),
            coupon: coupon.clone(),
            units: rush.units as u64,
            exhausted: Rc::clone(&exhausted),
            opened: (shop.now(), Instant::now()),
        })
    };
    let issuers = (0..rush.functions).map(issuer).collect::<Result<Vec<_>>>()?;
    let sale = claim_all(rush, issuers).await?;

    let found = shop.units_and_claims(&coupon).await;
    ensure!(found == (0, rush.units), "{found:?} units and claims");
    Ok(Run {
        sale,
        until_exhausted: exhausted.get().context("the last claim")?,
        seen: dynamodb.seen(),
    })
}

/// Builds the deployed function, with its own client as each process has.
fn claim_on(dynamodb: &Partitions) -> Result<ClaimCoupon> {
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url("http://dynamodb.test")
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .http_client(dynamodb.client())
        .build();
    let function = ClaimCoupon::new(&Platform::new(aws, variables()));
    function.map_err(|error| anyhow::anyhow!("claim-coupon cannot be built: {error:?}"))
}

/// The function of one environment.
struct Function {
    function: ClaimCoupon,
    dynamodb: Partitions,
    coupon: String,
    units: u64,
    /// What DynamoDB had received when the last unit was claimed.
    exhausted: Rc<Cell<Option<Seen>>>,
    /// The same moment on both clocks.
    opened: (Timestamp, Instant),
}

impl Issuer for Function {
    async fn claim(&self, customer: usize) -> Result<Answer> {
        let (now, began) = self.opened;
        let passed = SignedDuration::try_from(began.elapsed()).unwrap_or_default();
        let answer = claim_call(&format!("customer-{customer}"), &self.coupon)
            .send_unchecked(Invocation::new(now + passed, TIME), |request, invocation| {
                handle(&self.function, request, invocation)
            })
            .await;
        let seen = self.dynamodb.seen();
        let is_exhausted = seen.committed == self.units;
        if is_exhausted && self.exhausted.get().is_none() {
            self.exhausted.set(Some(seen));
        }
        match (answer.status, answer.body["type"].as_str().unwrap_or_default()) {
            (201, _) => Ok(Answer::Claimed {
                claim: answer.body["coupon_claim_id"].as_str().context("a claim")?.to_owned(),
                is_repeated: answer.replayed,
            }),
            (503, _) => Ok(Answer::Busy),
            (409, "urn:madang:problem:coupon-exhausted") if is_exhausted => Ok(Answer::Exhausted),
            _ => bail!("{} of {} units are claimed: {answer:?}", seen.committed, self.units),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Rush = Rush {
        units: 200,
        customers: 1000,
        functions: 50,
    };

    #[test]
    fn a_coupon_is_claimed_to_the_last_unit_and_faster_with_more_shards() {
        let (one, four) = (run(SMALL, 1, 4000.0).unwrap(), run(SMALL, 4, 4000.0).unwrap());
        assert!(four.sale.rate > 1.5 * one.sale.rate, "{one:?} {four:?}");
        assert!(four.units_a_refusal() < 4.0, "{four:?}");
    }

    #[test]
    fn a_rush_depends_only_on_its_seed() {
        let rush = Rush {
            units: 100,
            customers: 200,
            ..SMALL
        };
        let (one, again) = (run(rush, 2, 4000.0).unwrap(), run(rush, 2, 4000.0).unwrap());
        assert_eq!((one.sale, one.seen), (again.sale, again.seen));
    }
}
