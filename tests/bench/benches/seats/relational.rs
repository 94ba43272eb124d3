//! `seats-vs-lock`: the same buyers in a relational shop that locks the rows of the chosen seats, in real time.
//!
//! The shop waits for locked seats (`SELECT … FOR UPDATE`), or passes over them (`SKIP LOCKED`). It does as little as possible
//! under its locks: it looks at the seats first without a lock, as `hold-seats` does, uses prepared statements, and sends
//! statements that need no answer together. It locks the seats in the order of their numbers, so that there are no
//! deadlocks. It runs with small and large connection pools, and the best result counts. Between the shop and the database is a
//! network of one millisecond; the database keeps everything in memory on the same machine, and has no other limit.
//!
//! The shop leaves out what `hold-seats` checks besides: single seats, deadlines, and the time that a customer may hold seats.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bench::postgres::{Connection, Postgres};
use bench::report::{Figure, Subject};
use bench::storm::{Answer, House, SEED, Sale, Seller, Visit, sell_out};
use harness::latency::Latency;
use shared::tickets::SeatId;
use tokio::sync::Semaphore;
use tokio::task::LocalSet;

const NETWORK: Latency = Latency(Duration::from_millis(1));
/// Sizes of the shop's connection pool.
const POOLS: [usize; 2] = [16, 64];
/// How seats are locked, with the names of the subjects.
const LOCKS: [(&str, &str); 2] = [("lock", "FOR UPDATE"), ("skip-locked", "FOR UPDATE SKIP LOCKED")];

/// Returns the best sale with each lock.
pub fn run(house: House, buyers: usize, functions: usize) -> Result<Vec<(&'static str, Sale)>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, sell_all(house, buyers, functions))
}

async fn sell_all(house: House, buyers: usize, functions: usize) -> Result<Vec<(&'static str, Sale)>> {
    let postgres = Postgres::start()?;
    let mut sales = vec![];
    for (name, lock) in LOCKS {
        let mut best: Option<Sale> = None;
        for pool in POOLS {
            eprintln!("{name}: {buyers} buyers of {} seats, {pool} connections", house.count());
            let sale = sell(&postgres, house, buyers, functions, pool, lock).await?;
            eprintln!("{name}: {:.0} seats a second", sale.rate());
            if best.as_ref().is_none_or(|best| best.rate() < sale.rate()) {
                best = Some(sale);
            }
        }
        sales.push((name, best.context("a pool")?));
    }
    Ok(sales)
}

/// Returns the figures of a sale.
pub fn subject(name: &str, sale: &Sale) -> Subject {
    let figure = |metric, meaning, unit, value| Figure {
        metric,
        meaning,
        unit,
        value,
        range: None,
    };
    let share = 100.0 * sale.taken as f64 / sale.requests as f64;
    Subject {
        name: name.to_owned(),
        figures: vec![
            figure("seconds", "To the last seat", "s", sale.seconds),
            figure("seats_per_second", "Seats a second", "1/s", sale.rate()),
            figure("hold_p50_ms", "A hold, median", "ms", sale.hold_p50),
            figure("hold_p99_ms", "A hold, 99th percentile", "ms", sale.hold_p99),
            figure("requests", "Requests answered", "count", sale.requests as f64),
            figure("taken", "… of which for a seat that was taken", "%", share),
        ],
    }
}

const SCHEMA: &str = "
    DROP TABLE IF EXISTS outbox, orders, allowance, seat, showtime;
    CREATE TABLE showtime (showtime_id int PRIMARY KEY, status text NOT NULL, price bigint NOT NULL, most int NOT NULL);
    CREATE TABLE seat (seat_id int PRIMARY KEY, order_id text);
    CREATE TABLE allowance (customer_id text PRIMARY KEY, seats int NOT NULL CHECK (seats <= 4));
    CREATE TABLE orders (
        order_id text PRIMARY KEY, customer_id text NOT NULL, status text NOT NULL, seats int[] NOT NULL,
        total bigint NOT NULL, placed_at timestamptz NOT NULL, expires_at timestamptz NOT NULL
    );
    CREATE INDEX by_customer ON orders (customer_id, placed_at DESC);
    CREATE INDEX due ON orders (expires_at) WHERE status = 'PENDING_PAYMENT';
    CREATE TABLE outbox (event_id bigserial PRIMARY KEY, detail_type text NOT NULL, detail jsonb NOT NULL);
    INSERT INTO showtime VALUES (1, 'ON_SALE', 90000, 4);
";

/// Statements that each connection prepares, so that the server plans them once.
fn statements(lock: &str) -> String {
    format!(
        "
    PREPARE look (int[], text) AS SELECT status, price, (SELECT status FROM orders WHERE order_id = $2),
        (SELECT string_agg(seat_id::text, ',') FROM seat WHERE seat_id = ANY($1) AND order_id IS NOT NULL)
        FROM showtime WHERE showtime_id = 1;
    PREPARE lock (int[]) AS SELECT count(*), string_agg(seat_id::text, ',') FILTER (WHERE order_id IS NULL)
        FROM (SELECT seat_id, order_id FROM seat WHERE seat_id = ANY($1) ORDER BY seat_id {lock}) AS locked;
    PREPARE take (int[], text) AS UPDATE seat SET order_id = $2 WHERE seat_id = ANY($1);
    PREPARE allow (text, int) AS INSERT INTO allowance VALUES ($1, $2)
        ON CONFLICT (customer_id) DO UPDATE SET seats = allowance.seats + excluded.seats;
    PREPARE record (text, text, int[], bigint) AS INSERT INTO orders VALUES ($1, $2, 'PENDING_PAYMENT', $3, $4, now(),
        now() + interval '8 minutes');
    PREPARE tell (text) AS INSERT INTO outbox (detail_type, detail)
        VALUES ('OrderPlaced', jsonb_build_object('order_id', $1));
    "
    )
}

async fn sell(
    postgres: &Postgres,
    house: House,
    buyers: usize,
    functions: usize,
    pool: usize,
    lock: &str,
) -> Result<Sale> {
    fastrand::seed(SEED);
    let mut admin = postgres.connect().await?;
    admin.query(SCHEMA).await?;
    let seats = house.count();
    let fill = format!("INSERT INTO seat SELECT generate_series(0, {}); ANALYZE", seats - 1);
    admin.query(&fill).await?;
    let mut connections = vec![];
    for _ in 0..pool {
        let mut connection = postgres.connect().await?;
        connection.query(&statements(lock)).await?;
        connections.push(connection);
    }
    let shop = Function(Rc::new(Relational {
        house,
        idle: RefCell::new(connections),
        free: Semaphore::new(pool),
    }));
    let sale = sell_out(house, buyers, None, shop.clone(), vec![shop; functions]).await?;
    let counted = "SELECT count(*), (SELECT sum(array_length(seats, 1)) FROM orders), (SELECT count(*) FROM orders)
        FROM seat JOIN orders USING (order_id) WHERE seat_id = ANY(orders.seats)";
    let found = admin.query(counted).await?;
    let expected = [seats, seats, sale.holds].map(|count| count.to_string()).to_vec();
    ensure!(found == Some(expected), "seats are lost: {found:?}");
    Ok(sale)
}

struct Relational {
    house: House,
    idle: RefCell<Vec<Connection>>,
    free: Semaphore,
}

impl Relational {
    async fn with<T>(&self, work: impl AsyncFnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let _permit = self.free.acquire().await?;
        let mut connection = self.idle.borrow_mut().pop().context("a free connection")?;
        let done = work(&mut connection).await;
        self.idle.borrow_mut().push(connection);
        done
    }

    fn number(&self, seat: SeatId) -> usize {
        let row = usize::from(seat.row.part) * usize::from(self.house.rows) + usize::from(seat.row.row);
        row * usize::from(self.house.seats) + usize::from(seat.place)
    }

    /// The seats of a request that `is_it` of their numbers.
    fn seats(&self, visit: &Visit, is_it: impl Fn(&str) -> bool) -> Vec<SeatId> {
        let seats = visit.seats.iter().copied();
        seats.filter(|&seat| is_it(&self.number(seat).to_string())).collect()
    }

    async fn order(&self, connection: &mut Connection, visit: &Visit) -> Result<Answer> {
        let (customer, id) = (format!("buyer-{}", visit.buyer), format!("order-{}", visit.number));
        let numbers: Vec<String> = visit.seats.iter().map(|&seat| self.number(seat).to_string()).collect();
        let seats = format!("'{{{}}}'", numbers.join(","));
        let mut ask = async |sql: &str| {
            NETWORK.wait().await;
            connection.query(sql).await
        };
        let look = ask(&format!("EXECUTE look ({seats}, '{id}')"))
            .await?
            .context("the showtime")?;
        ensure!((look[0].as_str(), look[2].as_str()) == ("ON_SALE", ""), "{look:?}");
        let among = |list: &str, number: &str| list.split(',').any(|listed| listed == number);
        if !look[3].is_empty() {
            return Ok(Answer::Taken(self.seats(visit, |number| among(&look[3], number))));
        }
        let total = look[1].parse::<usize>()? * visit.seats.len();
        // BEGIN is sent with the next statement, as pipelining drivers do.
        let locked = ask(&format!("BEGIN; EXECUTE lock ({seats})"))
            .await?
            .context("a count")?;
        let taken = self.seats(visit, |number| !among(&locked[1], number));
        if !taken.is_empty() {
            ask("ROLLBACK").await?;
            return Ok(Answer::Taken(taken));
        }
        let count = visit.seats.len();
        ask(&format!(
            "EXECUTE take ({seats}, '{id}'); EXECUTE allow ('{customer}', {count}); \
             EXECUTE record ('{id}', '{customer}', {seats}, {total}); EXECUTE tell ('{id}')"
        ))
        .await?;
        ask("COMMIT").await?;
        Ok(Answer::Held)
    }
}

/// One of the shop's functions. All share its connections.
#[derive(Clone)]
struct Function(Rc<Relational>);

impl Seller for Function {
    async fn hold(&self, visit: &Visit) -> Result<Answer> {
        let shop = &self.0;
        shop.with(async |connection| shop.order(connection, visit).await).await
    }

    async fn map(&self) -> Result<Vec<bool>> {
        const MAP: &str =
            "SELECT string_agg(CASE WHEN order_id IS NULL THEN '0' ELSE '1' END, '' ORDER BY seat_id) FROM seat";
        let states = self.0.with(async |connection| connection.query(MAP).await).await?;
        let states = states.context("a map")?;
        Ok(states[0].bytes().map(|state| state == b'0').collect())
    }
}
