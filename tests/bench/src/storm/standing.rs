//! A storm on a standing area in virtual time, under a model of DynamoDB's limits ([`harness::partitions`]): everybody wants some
//! places at once, and nobody chooses which.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use function_tests::tickets_fixture::{hold_call, plan_call, plan_with_area, showtime_call, showtime_with_area, text};
use function_tests::{Shop, TicketsFixture};
use harness::audit::check_seats;
use harness::engine::{ORDERS, SEATS, create_tables};
use harness::partitions::{Limits, Partitions, Seen};
use harness::{Embedded, Engine};
use jiff::SignedDuration;
use serde_json::json;
use shared::aws::lambda::Invocation;
use tickets::hold_seats::{self, HoldSeats};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::Instant;

use super::SEED;
use super::ours::platform;

/// The time of a `hold-seats` invocation (template.yaml), less the part reserved for the response.
const TIME: Duration = Duration::from_millis(9500);

/// The parameters of a storm.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The places of the area.
    pub places: u32,
    /// The number of buyers, each of whom wants one to four places.
    pub buyers: usize,
    /// The number of concurrent functions.
    pub functions: usize,
    /// Write units per second of each table, which serves three times as many read units.
    pub write_units: f64,
}

/// The result of a storm.
#[derive(Clone, Debug)]
pub struct StandingRun {
    /// Places sold.
    pub sold: usize,
    /// Holds.
    pub holds: usize,
    /// Seconds until the last place was held.
    pub seconds: f64,
    /// Requests that were told that too few places are free.
    pub refused: usize,
    /// Answers that asked to repeat the request.
    pub busy: usize,
    /// The requests that DynamoDB received.
    pub seen: Seen,
}

/// Sells the area, in virtual time.
///
/// # Errors
/// If a place is sold twice, or if a buyer is told that too few are free while enough are.
pub fn run(storm: Standing) -> Result<StandingRun> {
    fastrand::seed(SEED);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    LocalSet::new().block_on(&runtime, sell(storm))
}

#[derive(Default)]
struct Line {
    /// The number of a buyer, and how many places that one wants.
    waiting: RefCell<VecDeque<(usize, u8)>>,
    sold: Cell<usize>,
    holds: Cell<usize>,
    refused: Cell<usize>,
    busy: Cell<usize>,
    seconds: Cell<f64>,
}

fn more(count: &Cell<usize>, by: usize) {
    count.set(count.get() + by);
}

async fn sell(storm: Standing) -> Result<StandingRun> {
    let embedded = Embedded::new();
    let engine = Engine::embedded(embedded.clone());
    create_tables(&engine.direct).await;
    let shop = TicketsFixture::in_shop(Shop::on(engine));
    let venue = shop.venue("Asia/Seoul").await;
    let plan = plan_call(&venue, &plan_with_area((1, 2, 4), storm.places));
    let plan = text(&shop.created("create-plan", plan).await, "plan_id");
    let performance = shop.performance().await;
    let showtime = showtime_call(&performance, &showtime_with_area(&plan));
    let showtime = text(&shop.created("create-showtime", showtime).await, "showtime_id");
    ensure!(shop.publish(&showtime).await.status == 200, "it is published");
    shop.open_sale();

    let dynamodb = Partitions::new(
        embedded.clone(),
        Limits {
            table_write_units: Some(storm.write_units),
            table_read_units: Some(3.0 * storm.write_units),
            ..Limits::default()
        },
    );
    let line = Rc::new(Line::default());
    let wants = (0..storm.buyers).map(|buyer| (buyer, [1, 2, 2, 4][fastrand::usize(..4)]));
    line.waiting.borrow_mut().extend(wants);
    let (opened, began) = (shop.now(), Instant::now());
    let functions = (0..storm.functions).map(|_| {
        let hold = HoldSeats::new(&platform(dynamodb.client()));
        let hold = hold.map_err(|error| anyhow::anyhow!("the function cannot be built: {error:?}"))?;
        let (line, showtime, embedded) = (Rc::clone(&line), showtime.clone(), embedded.clone());
        Ok(spawn_local(async move {
            loop {
                let next = line.waiting.borrow_mut().pop_front();
                let Some((buyer, count)) = next else {
                    return Ok(());
                };
                let body = json!({ "general": { "area": "B", "count": count } });
                let call = hold_call(&format!("buyer-{buyer}"), "k", &showtime, &body);
                let passed = SignedDuration::try_from(began.elapsed()).unwrap_or_default();
                let send = call.send_unchecked(Invocation::new(opened + passed, TIME), |request, invocation| {
                    hold_seats::handle(&hold, request, invocation)
                });
                let answer = send.await;
                match (answer.status, answer.body["type"].as_str().unwrap_or_default()) {
                    (201, _) => {
                        more(&line.sold, usize::from(count));
                        more(&line.holds, 1);
                        line.seconds.set(began.elapsed().as_secs_f64());
                    }
                    (409, "urn:madang:problem:too-few-places") => {
                        more(&line.refused, 1);
                        // No place becomes free in a storm.
                        let free = storm.places as usize - named(&embedded);
                        ensure!(free < count.into(), "{free} places are free, and {count} were refused");
                    }
                    (503, _) => {
                        more(&line.busy, 1);
                        line.waiting.borrow_mut().push_back((buyer, count));
                    }
                    _ => bail!("{answer:?}"),
                }
            }
        }))
    });
    let functions: Vec<_> = functions.collect::<Result<_>>()?;
    for function in functions {
        function.await??;
    }
    check_seats(&embedded.items(ORDERS), &embedded.items(SEATS))?;
    ensure!(named(&embedded) == line.sold.get(), "a place is sold twice");
    Ok(StandingRun {
        sold: line.sold.get(),
        holds: line.holds.get(),
        seconds: line.seconds.get(),
        refused: line.refused.get(),
        busy: line.busy.get(),
        seen: dynamodb.seen(),
    })
}

/// How many places have an order.
fn named(embedded: &Embedded) -> usize {
    let rows = embedded.items(SEATS);
    let taken = rows.iter().filter_map(|row| row["h"].as_object());
    taken.map(serde_json::Map::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_area_is_sold_to_its_last_place_and_nobody_is_refused_while_enough_are_free() {
        let storm = Standing {
            places: 300,
            buyers: 250,
            functions: 40,
            write_units: 800.0,
        };
        let run = run(storm).unwrap();
        assert_eq!(run.sold, 300, "{run:?}");
        assert!(run.refused > 0 && run.holds + run.refused == 250, "{run:?}");
        assert!(run.seen.conflicts * 4 < run.seen.transactions, "{run:?}");
    }
}
