//! `checkout-vs-lock`: a thousand concurrent buyers of one product, with `checkout` and with a relational shop that
//! locks the stock's row (`SELECT … FOR UPDATE`).
//!
//! Both shops run in this process and place orders until the stock is gone; their engines run in their own processes
//! and keep everything in memory. The relational shop holds its lock as briefly as possible: it uses prepared
//! statements, and reads everything that needs no lock before. It runs with small and large connection pools, and the
//! best result counts. It runs twice: on loopback, and with a network latency of a millisecond as functions have it,
//! where the lock is held for four round trips.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bench::engine::EngineProcess;
use bench::postgres::{Connection, Postgres};
use bench::report::{Figure, Subject};
use bench::statistics::quantile;
use function_tests::{Shop, order_call};
use harness::Engine;
use harness::engine::ORDERS;
use harness::latency::Latency;
use tokio::sync::Semaphore;
use tokio::task::spawn_local;

const BUYERS: usize = 1000;
const UNITS: usize = 5000;
/// Number of shards of our stock.
const SHARDS: u8 = 16;
/// Sizes of the relational shop's connection pool.
const POOLS: [usize; 2] = [16, 64];
const PRICE: i64 = 12_900;
const SKU: &str = "tea";

/// Network latencies, with the names of their subjects.
const NETWORKS: [(&str, &str, Duration); 2] = [
    ("checkout-1ms", "lock-1ms", Duration::from_millis(1)),
    ("checkout-loopback", "lock-loopback", Duration::ZERO),
];

/// The result of a sale.
struct Sale {
    rate: f64,
    p50: f64,
    p99: f64,
}

/// Returns the measured subjects, and the lines that compare ours to the lock's.
pub async fn run() -> Result<(Vec<Subject>, String)> {
    let (mut subjects, mut ratios) = (vec![], String::new());
    let postgres = Postgres::start()?;
    for (our_name, their_name, round_trip) in NETWORKS {
        let network = Latency(round_trip);
        eprintln!("{our_name}: {BUYERS} buyers of {UNITS} units");
        let ours = sell_ours(network).await?;
        eprintln!("{our_name}: {:.0} orders a second", ours.rate);
        let mut theirs: Option<Sale> = None;
        for pool in POOLS {
            eprintln!("{their_name}: {BUYERS} buyers of {UNITS} units, {pool} connections");
            let sale = sell_locked(&postgres, pool, network).await?;
            eprintln!("{their_name}: {:.0} orders a second", sale.rate);
            if theirs.as_ref().is_none_or(|best| best.rate < sale.rate) {
                theirs = Some(sale);
            }
        }
        let theirs = theirs.context("a pool")?;
        let case = our_name.replace("checkout", "checkout-vs-lock").replace("-1ms", "");
        let (rate, p99) = (ours.rate / theirs.rate, ours.p99 / theirs.p99);
        ratios += &format!("BENCH functions/{case}/rate_ratio {rate:.2} ratio\n");
        ratios += &format!("BENCH functions/{case}/p99_ratio {p99:.2} ratio\n");
        subjects.push(subject(our_name, &ours));
        subjects.push(subject(their_name, &theirs));
    }
    Ok((subjects, ratios))
}

fn subject(name: &str, sale: &Sale) -> Subject {
    let figure = |metric, meaning, unit, value| Figure {
        metric,
        meaning,
        unit,
        value,
        range: None,
    };
    Subject {
        name: name.to_owned(),
        figures: vec![
            figure("orders_per_s", "Orders a second", "1/s", sale.rate),
            figure("order_p50_ms", "An order, median", "ms", sale.p50),
            figure("order_p99_ms", "An order, 99th percentile", "ms", sale.p99),
        ],
    }
}

/// Runs a thousand buyers; `order` places an order and returns whether there was a unit for it.
async fn sell_out(order: impl AsyncFn(usize) -> Result<bool> + 'static) -> Result<Sale> {
    let order = Rc::new(order);
    let (asked, took) = (Rc::new(RefCell::new(0)), Rc::new(RefCell::new(vec![])));
    let began = Instant::now();
    let buyers = (0..BUYERS).map(|_| {
        let (order, asked, took) = (Rc::clone(&order), Rc::clone(&asked), Rc::clone(&took));
        spawn_local(async move {
            loop {
                let number = asked.replace_with(|asked| *asked + 1);
                let began = Instant::now();
                if !order(number).await? {
                    return anyhow::Ok(());
                }
                took.borrow_mut().push(began.elapsed().as_secs_f64() * 1000.0);
            }
        })
    });
    for buyer in buyers.collect::<Vec<_>>() {
        buyer.await??;
    }
    let (wall, took) = (began.elapsed().as_secs_f64(), took.take());
    ensure!(took.len() == UNITS, "{} of {UNITS} units were sold", took.len());
    Ok(Sale {
        rate: UNITS as f64 / wall,
        p50: quantile(&took, 0.5),
        p99: quantile(&took, 0.99),
    })
}

async fn sell_ours(network: Latency) -> Result<Sale> {
    let process = EngineProcess::start()?;
    let shop = Shop::on(Engine::far(&process.endpoint, network));
    shop.list(SKU, PRICE.unsigned_abs(), SHARDS).await;
    shop.receive(SKU, UNITS as u64).await;
    let function = orders::checkout::Checkout::new(&shop.platform())?;
    let buying = shop.again();
    let sale = sell_out(async move |number| {
        let call = order_call(&format!("customer-{number}"), "key", &[(SKU, 1)]);
        let answer = call
            .send_unchecked(buying.invocation(), |request, invocation| {
                orders::checkout::handle(&function, request, invocation)
            })
            .await;
        ensure!(matches!(answer.status, 201 | 409), "{answer:?}");
        Ok(answer.status == 201)
    })
    .await?;
    let balance = shop.engine.balance(SKU).await;
    let sold = i64::try_from(UNITS)?;
    ensure!(
        (balance.available, balance.held, balance.least) == (0, sold, 0),
        "{balance:?}"
    );
    ensure!(shop.engine.count(ORDERS).await == UNITS, "one order per unit");
    Ok(sale)
}

const SCHEMA: &str = "
    DROP TABLE IF EXISTS outbox, orders, stock, product;
    CREATE TABLE product (sku text PRIMARY KEY, name text NOT NULL, price bigint NOT NULL, listed bool NOT NULL);
    CREATE TABLE stock (sku text PRIMARY KEY REFERENCES product, available bigint NOT NULL CHECK (available >= 0));
    CREATE TABLE orders (
        order_id text PRIMARY KEY, customer_id text NOT NULL, status text NOT NULL, lines jsonb NOT NULL,
        total bigint NOT NULL, placed_at timestamptz NOT NULL, expires_at timestamptz NOT NULL
    );
    CREATE INDEX by_customer ON orders (customer_id, placed_at DESC);
    CREATE INDEX due ON orders (expires_at) WHERE status = 'PENDING_PAYMENT';
    CREATE TABLE outbox (event_id bigserial PRIMARY KEY, detail_type text NOT NULL, detail jsonb NOT NULL);
";

/// Statements that each connection prepares, so that the server plans them once.
const STATEMENTS: &str = "
    PREPARE read (text, text) AS SELECT name, price, listed, (SELECT status FROM orders WHERE order_id = $2)
        FROM product WHERE sku = $1;
    PREPARE lock (text) AS SELECT available FROM stock WHERE sku = $1 FOR UPDATE;
    PREPARE take (text, bigint) AS UPDATE stock SET available = available - $2 WHERE sku = $1;
    PREPARE record (text, text, text, text, bigint) AS INSERT INTO orders VALUES ($1, $2, 'PENDING_PAYMENT',
        jsonb_build_array(jsonb_build_object('sku', $3, 'name', $4, 'quantity', 1, 'price', $5)), $5, now(),
        now() + interval '15 minutes');
    PREPARE tell (text) AS INSERT INTO outbox (detail_type, detail)
        VALUES ('OrderPlaced', jsonb_build_object('order_id', $1));
";

async fn sell_locked(postgres: &Postgres, pool: usize, network: Latency) -> Result<Sale> {
    let mut admin = postgres.connect().await?;
    admin.query(SCHEMA).await?;
    let stocked = format!(
        "INSERT INTO product VALUES ('{SKU}', 'Green tea, 100 g', {PRICE}, true); INSERT INTO stock VALUES ('{SKU}', {UNITS})"
    );
    admin.query(&stocked).await?;
    let mut connections = vec![];
    for _ in 0..pool {
        let mut connection = postgres.connect().await?;
        connection.query(STATEMENTS).await?;
        connections.push(connection);
    }
    let (idle, free) = (RefCell::new(connections), Semaphore::new(pool));
    let sale = sell_out(async move |number| {
        let _permit = free.acquire().await?;
        let mut connection = idle.borrow_mut().pop().context("a free connection")?;
        let placed = order(&mut connection, network, number).await;
        idle.borrow_mut().push(connection);
        placed
    })
    .await?;
    let left = admin
        .query("SELECT available, (SELECT count(*) FROM orders) FROM stock")
        .await?;
    ensure!(
        left == Some(vec!["0".to_owned(), UNITS.to_string()]),
        "units are lost: {left:?}"
    );
    Ok(sale)
}

/// Places an order: reads without the lock, then the lock with four round trips.
async fn order(connection: &mut Connection, network: Latency, number: usize) -> Result<bool> {
    let (customer, id) = (format!("customer-{number}"), format!("order-{number}"));
    let mut ask = async |sql: &str| {
        network.wait().await;
        connection.query(sql).await
    };
    let product = ask(&format!("EXECUTE read ('{SKU}', '{id}')")).await?;
    let [name, price, listed, status] = &product.context("the product")?[..] else {
        bail!("four columns");
    };
    ensure!(
        (listed.as_str(), status.as_str()) == ("t", ""),
        "the order is new and the product is listed"
    );
    // BEGIN is sent with the next statement, as pipelining drivers do.
    let available = ask(&format!("BEGIN; EXECUTE lock ('{SKU}')"))
        .await?
        .context("the stock")?;
    if available[0] == "0" {
        ask("ROLLBACK").await?;
        return Ok(false);
    }
    ask(&format!("EXECUTE take ('{SKU}', 1)")).await?;
    ask(&format!(
        "EXECUTE record ('{id}', '{customer}', '{SKU}', '{name}', {price})"
    ))
    .await?;
    ask(&format!("EXECUTE tell ('{id}')")).await?;
    ask("COMMIT").await?;
    Ok(true)
}
