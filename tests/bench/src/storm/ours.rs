//! The storm on `hold-seats` in virtual time, under a model of DynamoDB's limits ([`harness::partitions`]).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use function_tests::tickets_fixture::{hold_call, seat_map_call};
use function_tests::{Shop, TicketsFixture};
use harness::audit::check_seats;
use harness::engine::{ORDERS, SEATS, create_tables};
use harness::partitions::{Limits, Partitions, Seen};
use harness::platform::variables;
use harness::{Embedded, Engine};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::tickets::{SeatId, SeatMap, SeatState};
use tickets::get_seat_map::{self, GetSeatMap};
use tickets::hold_seats::{self, HoldSeats};
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::SEED;
use super::crowd::{Answer, Sale, Seller, Visit, sell_out};
use super::house::House;
use super::unread::{Rows, Unread};

/// The time of a `hold-seats` invocation (template.yaml), less the part reserved for the response.
const TIME: Duration = Duration::from_millis(9500);
/// The write units of an order in the indexes of its table: one in each.
const INDEX_UNITS: f64 = 2.0;
/// All places of a row have an aisle beside them.
const AISLES: u32 = (1 << 27) - 1;

/// The parameters of a storm.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// The house.
    pub house: House,
    /// The number of buyers.
    pub buyers: usize,
    /// How many buyers a second are let in. `None`: all at once.
    pub room: Option<f64>,
    /// The number of concurrent functions.
    pub functions: usize,
    /// Write units per second of each table.
    pub write_units: f64,
    /// Read units per second of each table.
    pub read_units: f64,
    /// Whether the function reads the rows before its transaction, as the deployed one does.
    pub reads_first: bool,
}

/// The result of a storm.
#[derive(Clone, Debug)]
pub struct Run {
    /// The sale.
    pub sale: Sale,
    /// The requests that DynamoDB received.
    pub seen: Seen,
    /// What the map of the sold house costs.
    pub map: MapCost,
}

/// What a derivation of a seat map costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapCost {
    /// Read units.
    pub read_units: f64,
    /// The bytes of the response.
    pub bytes: usize,
}

impl Run {
    /// Returns the write units a seat, with those of the orders' indexes.
    #[must_use]
    pub fn units_a_seat(&self) -> f64 {
        (self.seen.write_units + INDEX_UNITS * self.sale.holds as f64) / self.sale.seats as f64
    }

    /// Returns `count` as a percentage of all transactions.
    #[must_use]
    pub fn share(&self, count: u64) -> f64 {
        100.0 * count as f64 / self.seen.transactions as f64
    }
}

/// Sells the house, in virtual time.
///
/// # Errors
/// If a seat is sold twice or left, or if a buyer is told that a seat is taken that is free.
pub fn run(storm: Storm) -> Result<Run> {
    fastrand::seed(SEED);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    LocalSet::new().block_on(&runtime, sell(storm))
}

async fn sell(storm: Storm) -> Result<Run> {
    let embedded = Embedded::new();
    let engine = Engine::embedded(embedded.clone());
    create_tables(&engine.direct).await;
    let shop = TicketsFixture::in_shop(Shop::on(engine));
    let House { sections, rows, seats } = storm.house;
    let hall = shop
        .hall("Asia/Seoul", sections.into(), rows.into(), seats.into())
        .await;
    let showtime = shop.on_sale(&hall).await;
    shop.open_sale();

    let dynamodb = Partitions::new(embedded.clone(), limits(storm));
    let unread_rows = unread_rows(&embedded);
    let seller = |_| {
        let wire = Unread::new(dynamodb.clone(), Arc::clone(&unread_rows));
        let client = if storm.reads_first {
            dynamodb.client()
        } else {
            wire.client()
        };
        let platform = platform(client);
        let built = || Ok::<_, shared::Error>((HoldSeats::new(&platform)?, GetSeatMap::new(&platform)?));
        let (hold, map) = built().map_err(|error| anyhow::anyhow!("the functions cannot be built: {error:?}"))?;
        Ok(Functions {
            hold,
            map,
            unread: (!storm.reads_first).then_some(wire),
            engine: embedded.clone(),
            showtime: showtime.clone(),
            opened: (shop.now(), Instant::now()),
        })
    };
    let sellers = (0..storm.functions).map(seller).collect::<Result<Vec<_>>>()?;
    let sale = sell_out(storm.house, storm.buyers, storm.room, seller(0)?, sellers).await?;

    let (orders, seats) = (embedded.items(ORDERS), embedded.items(SEATS));
    check_seats(&orders, &seats)?;
    ensure!(orders.len() == sale.holds, "one order for each hold");
    let named: usize = seats
        .iter()
        .filter_map(|row| row["h"].as_object())
        .map(|row| row.len())
        .sum();
    ensure!(named == storm.house.count(), "{named} seats have an order");
    Ok(Run {
        sale,
        seen: dynamodb.seen(),
        map: map_cost(&shop, &showtime).await?,
    })
}

fn limits(storm: Storm) -> Limits {
    Limits {
        table_write_units: Some(storm.write_units),
        table_read_units: Some(storm.read_units),
        ..Limits::default()
    }
}

pub(super) fn platform(client: SharedHttpClient) -> Platform {
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url("http://dynamodb.test")
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .http_client(client)
        .build();
    Platform::new(aws, variables())
}

/// The rows as a function without a read has them: free, with aisles everywhere, so that no rule refuses a choice.
fn unread_rows(embedded: &Embedded) -> Rows {
    let rows = embedded.items(SEATS).into_iter().map(|row| {
        let key = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let item = json!({
            "pk": { "S": key("pk") },
            "sk": { "S": key("sk") },
            "n": { "N": row["n"].to_string() },
            "z": { "N": row["z"].to_string() },
            "a": { "N": AISLES.to_string() },
            "h": { "M": {} },
        });
        ((key("pk"), key("sk")), item)
    });
    Arc::new(rows.collect::<HashMap<_, _>>())
}

async fn map_cost(shop: &TicketsFixture, showtime: &str) -> Result<MapCost> {
    shop.engine.faults.measure();
    let map = shop.seat_map(showtime).await;
    ensure!(map.status == 200, "{map:?}");
    Ok(MapCost {
        read_units: shop.engine.faults.cost().read_units,
        bytes: map.body.to_string().len(),
    })
}

/// The functions of one environment.
struct Functions {
    hold: HoldSeats,
    map: GetSeatMap,
    unread: Option<Unread>,
    engine: Embedded,
    showtime: String,
    /// The same moment on both clocks.
    opened: (Timestamp, Instant),
}

impl Functions {
    fn invocation(&self) -> Invocation {
        let (now, began) = self.opened;
        let passed = SignedDuration::try_from(began.elapsed()).unwrap_or_default();
        Invocation::new(now + passed, TIME)
    }

    /// Checks that nobody is told that a free seat is taken. No seat becomes free in a storm.
    fn require_taken(&self, seat: SeatId) -> Result<()> {
        let key = json!({
            "pk": { "S": format!("SHOW#{}#SEC#{}", self.showtime, seat.row.part) },
            "sk": { "S": format!("ROW#{:03}", seat.row.row) },
        });
        let row = self.engine.image(SEATS, key);
        let taken = &row["h"]["M"][seat.place.to_string()];
        ensure!(taken.is_object(), "the free seat {seat} was said to be taken");
        Ok(())
    }
}

impl Seller for Functions {
    async fn hold(&self, visit: &Visit) -> Result<Answer> {
        if let Some(unread) = &self.unread {
            unread.begin();
        }
        let (customer, key) = (format!("buyer-{}", visit.buyer), format!("{}", visit.number));
        let call = hold_call(&customer, &key, &self.showtime, &json!({ "seats": visit.seats }));
        let answer = call
            .send_unchecked(self.invocation(), |request, invocation| {
                hold_seats::handle(&self.hold, request, invocation)
            })
            .await;
        match (answer.status, answer.body["type"].as_str().unwrap_or_default()) {
            (201, _) => Ok(Answer::Held),
            (503, _) => Ok(Answer::Busy),
            (409, "urn:madang:problem:seats-taken") => {
                let seats: Vec<Value> = answer.body["seats"].as_array().cloned().unwrap_or_default();
                let seats = seats
                    .into_iter()
                    .map(|seat| serde_json::from_value(seat["seat"].clone()));
                let seats: Vec<SeatId> = seats.collect::<Result<_, _>>()?;
                seats.iter().try_for_each(|&seat| self.require_taken(seat))?;
                Ok(Answer::Taken(seats))
            }
            (409, "urn:madang:problem:single-seat-left") => Ok(Answer::SingleLeft),
            _ => bail!("{visit:?}: {answer:?}"),
        }
    }

    async fn map(&self) -> Result<Vec<bool>> {
        let answer = seat_map_call(&self.showtime)
            .send_unchecked(self.invocation(), |request, invocation| {
                get_seat_map::handle(&self.map, request, invocation)
            })
            .await;
        ensure!(answer.status == 200, "{answer:?}");
        let seats = usize::try_from(answer.body["seats"].as_u64().context("a count")?)?;
        let map = SeatMap::parse(seats, answer.body["states"].as_str().context("states")?).context("a map")?;
        Ok((0..seats)
            .map(|seat| map.state(seat) == Some(SeatState::Free))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Storm = Storm {
        house: House {
            sections: 2,
            rows: 5,
            seats: 6,
        },
        buyers: 150,
        room: None,
        functions: 20,
        write_units: 400.0,
        read_units: 1200.0,
        reads_first: true,
    };

    #[test]
    fn a_house_is_sold_to_the_last_seat_and_reading_first_spares_write_units() {
        let read = run(SMALL).unwrap();
        let unread = run(Storm {
            reads_first: false,
            ..SMALL
        })
        .unwrap();
        assert!(read.sale.taken > 0, "{read:?}");
        assert!(unread.units_a_seat() > 2.0 * read.units_a_seat(), "{read:?} {unread:?}");
    }

    #[test]
    fn behind_a_room_holds_are_faster_and_meet_fewer_others() {
        let storm = run(SMALL).unwrap();
        let room = run(Storm {
            room: Some(50.0),
            ..SMALL
        })
        .unwrap();
        assert!(10.0 * room.sale.hold_p99 < storm.sale.hold_p99, "{storm:?} {room:?}");
        assert!(
            room.share(room.seen.conflicts) < storm.share(storm.seen.conflicts),
            "{storm:?} {room:?}"
        );
    }

    #[test]
    fn a_storm_depends_only_on_its_seed() {
        let (one, again) = (run(SMALL).unwrap(), run(SMALL).unwrap());
        assert_eq!((one.sale, one.seen), (again.sale, again.seen));
    }
}
