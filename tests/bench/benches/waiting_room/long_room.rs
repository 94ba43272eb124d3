//! A function that starts in a room that has been open for a day.

use std::collections::HashMap;
use std::env;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use bench::binary;
use bench::meter::Meter;
use bench::process::{FunctionProcess, Program};
use bench::runtime_api::RuntimeApi;
use function_tests::waiting_rooms_fixture::status_call;
use function_tests::{Shop, WaitingRoomsFixture};
use harness::engine::WAITING_ROOMS;
use jiff::{SignedDuration, Timestamp};

const FUNCTION: &str = "get-waiting-room";
/// The hours that the room is open, unless `--hours=` says so: as long as its rates count.
const HOURS: u32 = 24;
/// The parts of the numbers.
const PARTS: u32 = 16;
/// The customers who join, and enter, in a second.
const RATE: u32 = 10;
/// The most items in one request.
const ITEMS: usize = 25;

/// Starts the function and asks once.
pub async fn start() -> Result<()> {
    let meter = Meter::start().await?;
    let shop = WaitingRoomsFixture::in_shop(Shop::on(meter.engine.clone()));
    let asked = env::args().find_map(|argument| argument.strip_prefix("--hours=")?.parse().ok());
    // The last minutes are left for the measurement.
    let minutes = asked.unwrap_or(HOURS) * 60 - 5;
    let opens = Timestamp::now() - SignedDuration::from_mins(minutes.into());
    shop.advance(opens.duration_since(shop.now()));
    let room = shop.room(SignedDuration::ZERO, RATE * 60).await;
    let items = fill(&shop, &room, minutes).await?;
    let mut builds = binary::other_builds()?;
    if builds.is_empty() {
        builds.push(("release".to_owned(), binary::build(FUNCTION)?));
    }
    for (label, file) in builds {
        let program = Program {
            binary: file,
            arguments: vec![],
        };
        let mut runtime = RuntimeApi::start().await?;
        let log = env::temp_dir().join(format!("{FUNCTION}-{label}.log"));
        let process = FunctionProcess::start(FUNCTION, &program, &[], runtime.address, &meter.endpoint, log)?;
        runtime.started().await.with_context(|| process.output())?;
        let idle = process.peak_memory()?;
        meter.take();
        let answered = runtime.invoke(status_call(&room).event()).await;
        let (answer, time) = answered.with_context(|| process.output())?;
        ensure!(answer["statusCode"] == 200, "{answer}");
        let (cost, used) = (meter.take(), process.cpu_time()?);
        println!("BENCH waiting_room/start-{label}/items {items} items");
        println!("BENCH waiting_room/start-{label}/requests {} requests", cost.requests);
        println!(
            "BENCH waiting_room/start-{label}/read_units {:.0} units",
            cost.read_units
        );
        println!(
            "BENCH waiting_room/start-{label}/memory_before {:.1} MB",
            idle as f64 / 1e6
        );
        println!(
            "BENCH waiting_room/start-{label}/peak_memory {:.1} MB",
            process.peak_memory()? as f64 / 1e6
        );
        println!("BENCH waiting_room/start-{label}/time {:.2} s", time.as_secs_f64());
        println!(
            "BENCH waiting_room/start-{label}/processor_time {:.2} s",
            used.as_secs_f64()
        );
    }
    Ok(())
}

/// Stores the numbers of the room, and returns how many items they are.
async fn fill(shop: &WaitingRoomsFixture, room: &str, minutes: u32) -> Result<usize> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut items = 0;
    let mut requests = vec![];
    for minute in 0..minutes {
        let mut joins: Vec<HashMap<String, u32>> = vec![HashMap::new(); PARTS as usize];
        let mut entries = joins.clone();
        for second in 0..60 {
            for _ in 0..RATE {
                *joins[random.usize(..PARTS as usize)]
                    .entry(format!("s{second:02}"))
                    .or_default() += 1;
                *entries[random.usize(..PARTS as usize)]
                    .entry(format!("i{second:02}"))
                    .or_default() += 1;
            }
        }
        for (kind, parts) in [("", joins), ("#E", entries)] {
            for (part, numbers) in parts.into_iter().enumerate() {
                requests.push(put(room, part, &format!("M#{minute:06}{kind}"), numbers)?);
                items += 1;
            }
        }
        while requests.len() >= ITEMS {
            let rest = requests.split_off(ITEMS);
            let write = shop.engine.direct.batch_write_item();
            write.request_items(WAITING_ROOMS, requests).send().await?;
            requests = rest;
        }
    }
    Ok(items)
}

fn put(room: &str, part: usize, sk: &str, numbers: HashMap<String, u32>) -> Result<WriteRequest> {
    let numbers = numbers.into_iter();
    let mut item: HashMap<String, AttributeValue> = numbers
        .map(|(name, people)| (name, AttributeValue::N(people.to_string())))
        .collect();
    item.insert("pk".to_owned(), AttributeValue::S(format!("COUNTS#{room}#{part}")));
    item.insert("sk".to_owned(), AttributeValue::S(sk.to_owned()));
    let put = PutRequest::builder().set_item(Some(item)).build()?;
    Ok(WriteRequest::builder().put_request(put).build())
}
