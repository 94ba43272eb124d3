//! The rush: joins, places, entries.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use function_tests::WaitingRoomsFixture;
use function_tests::waiting_rooms_fixture::{enter_call, join_call, status_call};
use futures::future::join_all;
use harness::Fault;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::Value;
use shared::aws::lambda::action::Handler;

use crate::place;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const SECOND: SignedDuration = SignedDuration::from_secs(1);
/// The seconds after the opening in which later customers join.
const LATER: usize = 10;
/// How many requests are sent at the same time.
const AT_ONCE: usize = 200;
/// How many customers' places are compared with what the join tells.
const COMPARED: usize = 200;
/// The seconds after the first call by which the turns of those who left are given again.
const MADE_UP: usize = 30;
/// The seconds over which a rate is measured.
const WINDOW: usize = 20;

/// A customer who waits.
struct Waiting {
    place: u64,
    name: String,
}

/// A room, its functions as they stay warm, and its customers by the buckets in which they joined.
struct Rush {
    shop: WaitingRoomsFixture,
    room: String,
    join: Handler,
    get: Handler,
    enter: Handler,
    /// The people a second.
    rate: usize,
}

/// Runs the rush with this many customers.
pub async fn run(count: usize) -> Result<()> {
    let shop = WaitingRoomsFixture::open().await;
    let rate = count / 125;
    let rush = Rush {
        room: shop.room(HOUR, u32::try_from(rate * 60)?).await,
        join: shop.handler("join-waiting-room"),
        get: shop.handler("get-waiting-room"),
        enter: shop.handler("enter-waiting-room"),
        shop,
        rate,
    };
    let names = |bucket: usize, count: usize| (0..count).map(move |nth| format!("customer-{bucket}-{nth}")).collect();
    let early: Vec<String> = names(0, count * 4 / 5);
    let later: Vec<Vec<String>> = (1..=LATER).map(|second| names(second, count / 5 / LATER)).collect();
    rush.join_early(&early).await?;
    rush.shop.advance(HOUR);
    rush.wait_and_enter(early, later).await
}

impl Rush {
    async fn join_early(&self, names: &[String]) -> Result<()> {
        self.shop.engine.faults.measure();
        let start = Instant::now();
        self.join_all(names).await?;
        let seconds = start.elapsed().as_secs_f64();
        let cost = self.shop.engine.faults.cost();
        let joins = names.len() as f64;
        let transactions = cost.requests.get("TransactWriteItems").copied().unwrap_or_default();
        ensure!(transactions as usize == names.len(), "{transactions} transactions");
        ensure!(cost.write_units <= 4.0 * joins, "{cost:?}");
        println!("BENCH waiting_room/rush/early {joins} customers");
        println!(
            "BENCH waiting_room/rush/write_units_a_join {:.3} units",
            cost.write_units / joins
        );
        println!(
            "BENCH waiting_room/rush/read_units_a_join {:.3} units",
            cost.read_units / joins
        );
        println!("BENCH waiting_room/rush/time_a_join {:.0} us", seconds * 1e6 / joins);
        // A reload, or a second tab, of some.
        let again: Vec<Call> = names
            .iter()
            .step_by(50)
            .map(|name| join_call(name, &self.room).key("another-tab"))
            .collect();
        let answers = self.call_all(&self.join, again).await;
        ensure!(
            answers.iter().all(|answer| answer.status == 201 && answer.replayed),
            "a second join"
        );
        let (joins, counted) = self.shop.joins(&self.room).await;
        ensure!(
            joins.len() == names.len() && counted == names.len() as u64,
            "{counted} are counted"
        );
        Ok(())
    }

    /// Joins customers for the first time.
    async fn join_all(&self, names: &[String]) -> Result<()> {
        let calls = names.iter().map(|name| join_call(name, &self.room)).collect();
        let answers = self.call_all(&self.join, calls).await;
        ensure!(answers.iter().all(|answer| answer.status == 201), "a join is refused");
        Ok(())
    }

    /// Lets the later ones join, and all enter at their turns who have not left.
    async fn wait_and_enter(&self, early: Vec<String>, later: Vec<Vec<String>>) -> Result<()> {
        let faults = &self.shop.engine.faults;
        let mut waiting: Vec<Waiting> = vec![];
        let mut told: HashMap<String, u64> = HashMap::new();
        let (mut entered, mut by_second, mut stay, mut writes) = (0, vec![], 0, 0.0);
        let everybody = early.len() + later.iter().map(Vec::len).sum::<usize>();
        let start = Instant::now();
        let mut seconds = 0;
        while entered < stay || seconds < LATER + 10 {
            if let Some(names) = later.get(seconds) {
                // The response to one join is lost, and its request is sent again.
                faults.plan("TransactWriteItems", Fault::LoseAnswer);
                self.join_all(names).await?;
            }
            faults.measure();
            let status = self.status().await?;
            let closed = match seconds {
                2 => self.early_places(&status, &early).await?,
                3.. => match later.get(seconds - 3) {
                    Some(names) => self.later_places(names).await?,
                    None => vec![],
                },
                _ => vec![],
            };
            for (nth, (place, name)) in closed.into_iter().enumerate() {
                told.insert(name.clone(), place);
                if nth % 3 > 0 {
                    waiting.push(Waiting { place, name });
                    stay += 1;
                }
            }
            self.check_places(&told, seconds).await?;
            let before = faults.cost().write_units;
            ensure!(
                before.abs() < f64::EPSILON,
                "{before} units are written while customers wait"
            );
            let serving = status["serving_number"].as_u64().context("no serving number")?;
            let (called, others): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|waiting| waiting.place <= serving);
            waiting = others;
            let calls = called
                .iter()
                .map(|waiting| enter_call(&waiting.name, &self.room))
                .collect();
            let answers = self.call_all(&self.enter, calls).await;
            ensure!(
                answers.iter().all(|answer| answer.status == 200),
                "a customer who is called is refused"
            );
            writes += faults.cost().write_units;
            entered += called.len();
            by_second.push(entered);
            self.shop.advance(SECOND);
            seconds += 1;
            ensure!(seconds < 400, "{} are stuck", stay - entered);
        }
        let time = start.elapsed().as_secs_f64();
        self.check_rate(&by_second, stay)?;
        let (joins, in_time, late) = self.shop.entries(&self.room).await;
        ensure!(
            joins.len() == stay && in_time + late == stay as u64,
            "{in_time} and {late} are counted"
        );
        ensure!(writes <= 4.0 * stay as f64, "{writes} units for {stay} entries");
        println!("BENCH waiting_room/rush/customers {everybody} customers");
        println!("BENCH waiting_room/rush/entered {entered} customers");
        println!("BENCH waiting_room/rush/seconds_of_the_room {seconds} s");
        println!(
            "BENCH waiting_room/rush/write_units_an_entry {:.3} units",
            writes / stay as f64
        );
        println!("BENCH waiting_room/rush/write_units_while_waiting 0 units");
        println!("BENCH waiting_room/rush/time_of_all {time:.0} s");
        Ok(())
    }

    /// From 30 seconds after the first call on, as many enter as the rate says, until most have entered.
    fn check_rate(&self, by_second: &[usize], stay: usize) -> Result<()> {
        let end = by_second.partition_point(|&entered| entered < stay * 9 / 10);
        let turns = (self.rate * WINDOW) as f64;
        let mut worst = turns;
        for from in 2 + MADE_UP..end.saturating_sub(WINDOW) {
            let people = (by_second[from + WINDOW] - by_second[from]) as f64;
            if (people - turns).abs() > (worst - turns).abs() {
                worst = people;
            }
        }
        // And the few by whom a small room is uneven.
        let allowed = 0.02 * turns + 5.0;
        ensure!(
            (worst - turns).abs() <= allowed,
            "{worst} enter in {WINDOW} seconds with {turns} turns"
        );
        println!("BENCH waiting_room/rush/share_of_the_rate {:.3} of_1", worst / turns);
        Ok(())
    }

    /// The places of the early comers, and that they are in the order of the draws.
    async fn early_places(&self, status: &Value, names: &[String]) -> Result<Vec<(u64, String)>> {
        let places = names.iter().map(|name| Ok((place::early(status, name)?, name.clone())));
        let mut places = places.collect::<Result<Vec<_>>>()?;
        places.sort();
        let off = places
            .iter()
            .zip(1_u64..)
            .map(|((place, _), rank)| place.abs_diff(rank));
        println!(
            "BENCH waiting_room/rush/place_from_rank {} places",
            off.max().unwrap_or_default()
        );
        Ok(places)
    }

    /// The places of those who joined in a second, from what one of them is told.
    async fn later_places(&self, names: &[String]) -> Result<Vec<(u64, String)>> {
        let first = names.first().context("nobody joined")?;
        let join = self.shop.call_with(&self.join, join_call(first, &self.room)).await;
        let places = names
            .iter()
            .map(|name| Ok((place::later(&join.body["lottery"], name)?, name.clone())));
        places.collect()
    }

    /// Compares the places of some with what a join that is repeated now tells.
    async fn check_places(&self, told: &HashMap<String, u64>, second: usize) -> Result<()> {
        let some = told
            .iter()
            .skip(second * COMPARED % told.len().max(1))
            .take(COMPARED / 10);
        for (name, place) in some {
            let join = self.shop.call_with(&self.join, join_call(name, &self.room)).await;
            ensure!(
                join.replayed && join.body["place"] == *place,
                "{name} had place {place}: {join:?}"
            );
        }
        Ok(())
    }

    async fn status(&self) -> Result<Value> {
        let answer = self.shop.call_with(&self.get, status_call(&self.room)).await;
        ensure!(answer.status == 200, "{answer:?}");
        Ok(answer.body)
    }

    async fn call_all(&self, handler: &Handler, calls: Vec<Call>) -> Vec<Answer> {
        let mut answers = vec![];
        for calls in calls.chunks(AT_ONCE) {
            let sent = calls.iter().map(|call| self.shop.call_with(handler, call.clone()));
            answers.extend(join_all(sent).await);
        }
        answers
    }
}
