//! `coupons-vs-lock` and `coupons-vs-counter`: the same requests in a relational shop, in real time.
//!
//! The shop keeps one row with the units that are left. `lock` locks the row (`SELECT … FOR UPDATE`), writes in a second trip and
//! commits in a third. `counter` calls a stored function, which takes a unit by a conditional update and records the claim, all in
//! one trip: the lock is held for no round trip. Both look at the row and the customer's claim first without a lock, which also
//! answers those who come too late. They run with small and large connection pools, and the best result counts. Between the
//! shop and the database is a network of one millisecond; the database keeps everything in memory on the same machine.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bench::claims::{Answer, Issuer, Rush, SEED, Sale, claim_all};
use bench::postgres::{Connection, Postgres};
use harness::latency::Latency;
use tokio::sync::Semaphore;
use tokio::task::LocalSet;

const NETWORK: Latency = Latency(Duration::from_millis(1));
/// Sizes of the shop's connection pool.
const POOLS: [usize; 2] = [16, 64];
/// How a unit is taken, with the names of the subjects.
const WAYS: [(&str, Way); 2] = [("lock", Way::Lock), ("counter", Way::Counter)];

#[derive(Clone, Copy, Debug)]
enum Way {
    Lock,
    Counter,
}

/// Returns the best result of each way.
pub fn run(rush: Rush) -> Result<Vec<(&'static str, Sale)>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, claim_in_all_ways(rush))
}

async fn claim_in_all_ways(rush: Rush) -> Result<Vec<(&'static str, Sale)>> {
    let postgres = Postgres::start()?;
    let mut sales = vec![];
    for (name, way) in WAYS {
        let mut best: Option<Sale> = None;
        for pool in POOLS {
            eprintln!(
                "{name}: {} customers, {} units, {pool} connections",
                rush.customers, rush.units
            );
            let sale = claim(&postgres, rush, pool, way).await?;
            eprintln!("{name}: {:.0} claims a second", sale.rate);
            if best.as_ref().is_none_or(|best| best.rate < sale.rate) {
                best = Some(sale);
            }
        }
        sales.push((name, best.context("a pool")?));
    }
    Ok(sales)
}

const SCHEMA: &str = "
    DROP TABLE IF EXISTS claim, coupon;
    CREATE TABLE coupon (
        coupon_id int PRIMARY KEY, available bigint NOT NULL CHECK (available >= 0), claims_start_at timestamptz NOT NULL,
        claims_end_at timestamptz NOT NULL
    );
    CREATE TABLE claim (
        coupon_id int, customer_id text, status text NOT NULL, claimed_at timestamptz NOT NULL, PRIMARY KEY (coupon_id, customer_id)
    );
    CREATE INDEX by_customer ON claim (customer_id, claimed_at DESC);
    CREATE OR REPLACE FUNCTION issue (customer text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE coupon SET available = available - 1 WHERE coupon_id = 1 AND available > 0;
        IF NOT FOUND THEN RETURN 'exhausted'; END IF;
        INSERT INTO claim VALUES (1, customer, 'ISSUED', now());
        RETURN 'claimed';
    EXCEPTION WHEN unique_violation THEN RETURN 'repeated';
    END $$;
";

/// Statements that each connection prepares, so that the server plans them once. `take` returns no row if the customer has a claim,
/// and then takes no unit.
const STATEMENTS: &str = "
    PREPARE look (text) AS SELECT available, now() BETWEEN claims_start_at AND claims_end_at,
        (SELECT status FROM claim WHERE coupon_id = 1 AND customer_id = $1) FROM coupon WHERE coupon_id = 1;
    PREPARE lock AS SELECT available FROM coupon WHERE coupon_id = 1 FOR UPDATE;
    PREPARE take (text) AS WITH issued AS (
            INSERT INTO claim VALUES (1, $1, 'ISSUED', now()) ON CONFLICT DO NOTHING RETURNING customer_id
        ) UPDATE coupon SET available = available - 1 WHERE coupon_id = 1 AND EXISTS (SELECT FROM issued) RETURNING available;
    PREPARE issue (text) AS SELECT issue($1);
";

async fn claim(postgres: &Postgres, rush: Rush, pool: usize, way: Way) -> Result<Sale> {
    fastrand::seed(SEED);
    let mut admin = postgres.connect().await?;
    admin.query(SCHEMA).await?;
    let coupon = format!(
        "INSERT INTO coupon VALUES (1, {}, now(), now() + interval '1 day'); ANALYZE",
        rush.units
    );
    admin.query(&coupon).await?;
    let mut connections = vec![];
    for _ in 0..pool {
        let mut connection = postgres.connect().await?;
        connection.query(STATEMENTS).await?;
        connections.push(connection);
    }
    let shop = Rc::new(Relational {
        way,
        idle: RefCell::new(connections),
        free: Semaphore::new(pool),
    });
    let functions = (0..rush.functions).map(|_| Function(Rc::clone(&shop))).collect();
    let sale = claim_all(rush, functions).await?;
    let left = admin
        .query("SELECT available, (SELECT count(*) FROM claim) FROM coupon")
        .await?;
    ensure!(
        left == Some(vec!["0".to_owned(), rush.units.to_string()]),
        "units are lost: {left:?}"
    );
    Ok(sale)
}

struct Relational {
    way: Way,
    idle: RefCell<Vec<Connection>>,
    free: Semaphore,
}

/// One of the shop's functions. All share its connections.
struct Function(Rc<Relational>);

impl Issuer for Function {
    async fn claim(&self, customer: usize) -> Result<Answer> {
        let shop = &self.0;
        let _permit = shop.free.acquire().await?;
        let mut connection = shop.idle.borrow_mut().pop().context("a free connection")?;
        let answer = shop.issue(&mut connection, customer).await;
        shop.idle.borrow_mut().push(connection);
        answer
    }
}

impl Relational {
    async fn issue(&self, connection: &mut Connection, customer: usize) -> Result<Answer> {
        let claimed = |is_repeated| Answer::Claimed {
            claim: format!("claim-of-{customer}"),
            is_repeated,
        };
        let customer = format!("customer-{customer}");
        let mut ask = async |sql: &str| {
            NETWORK.wait().await;
            connection.query(sql).await
        };
        let seen = ask(&format!("EXECUTE look ('{customer}')"))
            .await?
            .context("the coupon")?;
        ensure!(seen[1] == "t", "the coupon is open");
        if !seen[2].is_empty() {
            return Ok(claimed(true));
        }
        if seen[0] == "0" {
            return Ok(Answer::Exhausted);
        }
        match self.way {
            Way::Counter => {
                let issued = ask(&format!("EXECUTE issue ('{customer}')"))
                    .await?
                    .context("an answer")?;
                match issued[0].as_str() {
                    "claimed" => return Ok(claimed(false)),
                    "repeated" => return Ok(claimed(true)),
                    _ => {}
                }
            }
            Way::Lock => {
                // BEGIN is sent with the next statement, as pipelining drivers do.
                let locked = ask("BEGIN; EXECUTE lock").await?.context("the units")?;
                if locked[0] != "0" {
                    let taken = ask(&format!("EXECUTE take ('{customer}')")).await?;
                    ask("COMMIT").await?;
                    return Ok(claimed(taken.is_none()));
                }
                ask("ROLLBACK").await?;
            }
        }
        // The last units were claimed meanwhile, one of them perhaps by the customer's other device.
        let seen = ask(&format!("EXECUTE look ('{customer}')"))
            .await?
            .context("the coupon")?;
        Ok(if seen[2].is_empty() {
            Answer::Exhausted
        } else {
            claimed(true)
        })
    }
}
