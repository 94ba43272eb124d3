//! `cargo bench -p bench --bench door`: the tickets of a house of 10,000 seats at the door.
//!
//! - `offline`: a scanner that has the public keys alone takes each of the 10,000 codes, and refuses each of 1,000,000 codes of
//!   which one character was altered.
//! - `scans`: two devices scan each ticket at the same moment, and then send the same scans again. `check-in-ticket` runs as a
//!   library on the engine, in this process, so its time is a processor's time and no network's.
//!
//! Fails if an altered code passes, if a ticket admits another number of people than one, or if a repeated scan is answered in
//! another way than the first time. Arguments after `--` select one of the two. `--small` takes a hundredth.
//!
//! Ends with lines `BENCH door/<case>/<metric> <value> <unit>`.

mod scanner;

use std::collections::HashMap;
use std::env;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use function_tests::TicketsFixture;
use function_tests::tickets_fixture::{KEY, check_in_call};
use futures::future::try_join_all;
use harness::engine::TICKETS;
use harness::gateway::{Answer, Call};
use serde_json::{Value, json};
use shared::aws::lambda::action::Handler;
use shared::core::idempotency::derive_id;
use shared::tickets::ShowtimeId;
use tickets::admission::code::TicketCode;
use tickets::admission::keys::TicketKeys;
use tickets::admission::store::StoredTicket;

use scanner::Scanner;

const TICKETS_OF_HOUSE: usize = 10_000;
const ALTERED: usize = 1_000_000;
/// The seats of a row.
const ROW: usize = 25;
/// How many tickets are scanned at the same time.
const GATES: usize = 16;
/// The most items in one request.
const ITEMS: usize = 25;
/// The characters of a code (RFC 4648).
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn main() -> Result<()> {
    if !env::args().any(|argument| argument == "--bench") {
        eprintln!("run it with `cargo bench`");
        return Ok(());
    }
    let part = if env::args().any(|argument| argument == "--small") {
        100
    } else {
        1
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let door = Door::open(TICKETS_OF_HOUSE / part).await?;
        if is_chosen("offline") {
            door.offline(ALTERED / part).await?;
        }
        if is_chosen("scans") {
            door.scans().await?;
        }
        Ok(())
    })
}

fn is_chosen(name: &str) -> bool {
    let mut chosen = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    chosen.peek().is_none() || chosen.any(|argument| argument == name)
}

/// A showtime whose seats all have a ticket.
struct Door {
    shop: TicketsFixture,
    showtime: String,
    /// The codes of the tickets.
    codes: Vec<String>,
}

impl Door {
    async fn open(count: usize) -> Result<Self> {
        let shop = TicketsFixture::open().await;
        let keys: TicketKeys = serde_json::from_value(json!({ "1": KEY }))?;
        let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
        let showtime: ShowtimeId = serde_json::from_value(json!(shop.on_sale(&hall).await))?;
        let tickets: Vec<StoredTicket> = (0..count)
            .map(|nth| ticket(nth, showtime, &shop))
            .collect::<Result<_>>()?;
        for tickets in tickets.chunks(ITEMS) {
            store(&shop, tickets).await?;
        }
        Ok(Self {
            shop,
            showtime: showtime.to_string(),
            codes: tickets
                .iter()
                .map(|stored| TicketCode::of(&stored.ticket).sign(&keys))
                .collect(),
        })
    }

    async fn offline(&self, altered: usize) -> Result<()> {
        let keys = self
            .shop
            .call("get-ticket-keys", Call::new("GET", "/ticket-keys"))
            .await;
        let scanner = Scanner::new(&keys.body)?;
        for code in &self.codes {
            ensure!(scanner.admits(code), "a code of the shop is refused");
        }
        let longest = self.codes.iter().map(String::len).max().unwrap_or_default();
        let mut random = fastrand::Rng::with_seed(1);
        let start = Instant::now();
        for nth in 0..altered {
            let code = alter(&self.codes[nth % self.codes.len()], &mut random)?;
            ensure!(!scanner.admits(&code), "an altered code passes: {code}");
        }
        let seconds = start.elapsed().as_secs_f64();
        let microseconds = seconds * 1e6 / altered as f64;
        println!("BENCH door/offline/taken {} codes", self.codes.len());
        println!("BENCH door/offline/altered_refused {altered} codes");
        println!("BENCH door/offline/check {microseconds:.1} us");
        println!("BENCH door/offline/code_length {longest} characters");
        Ok(())
    }

    async fn scans(&self) -> Result<()> {
        let handler = self.shop.handler("check-in-ticket");
        self.shop.engine.faults.measure();
        let start = Instant::now();
        let first = self.scan_all(&handler).await?;
        let seconds = start.elapsed().as_secs_f64();
        let cost = self.shop.engine.faults.cost();
        let scans = first.len() as f64;
        for devices in first.chunks(2) {
            let admitted = devices.iter().filter(|answer| answer.status == 200).count();
            let refused = devices
                .iter()
                .filter(|answer| answer.status == 409 && answer.problem() == "already-checked-in")
                .count();
            ensure!((admitted, refused) == (1, 1), "a ticket admits {admitted}: {devices:?}");
        }
        let again = self.scan_all(&handler).await?;
        for (first, again) in first.iter().zip(&again) {
            let is_same = (first.status, outcome(first)) == (again.status, outcome(again));
            ensure!(
                is_same,
                "a repeated scan is answered with {again:?}, and was with {first:?}"
            );
        }
        println!("BENCH door/scans/tickets {} tickets", self.codes.len());
        println!("BENCH door/scans/admitted {} people", first.len() / 2);
        println!(
            "BENCH door/scans/write_units_a_scan {:.3} units",
            cost.write_units / scans
        );
        println!(
            "BENCH door/scans/requests_a_scan {:.3} requests",
            f64::from(cost.requests.values().sum::<u32>()) / scans
        );
        println!("BENCH door/scans/time_a_scan {:.1} us", seconds * 1e6 / scans);
        Ok(())
    }

    /// Scans each ticket at two gates at once. Returns both answers for each ticket.
    async fn scan_all(&self, handler: &Handler) -> Result<Vec<Answer>> {
        let numbers: Vec<usize> = (0..self.codes.len()).collect();
        let mut answers = vec![];
        for numbers in numbers.chunks(GATES) {
            let scans = numbers
                .iter()
                .flat_map(|&nth| ["north", "south"].map(|gate| (nth, gate)));
            let scans = scans.map(|(nth, gate)| async move {
                let call = check_in_call(&format!("{nth}-{gate}"), &self.showtime, &self.codes[nth], gate);
                anyhow::Ok(self.shop.call_with(handler, call).await)
            });
            answers.extend(try_join_all(scans).await?);
        }
        Ok(answers)
    }
}

/// What an answer says of the check-in.
fn outcome(answer: &Answer) -> &Value {
    &answer.body["check_in"]
}

fn ticket(nth: usize, showtime_id: ShowtimeId, shop: &TicketsFixture) -> Result<StoredTicket> {
    let (row, place) = (nth / ROW, nth % ROW);
    let id = |kind: u64| derive_id(&["door", &kind.to_string(), &nth.to_string()]);
    Ok(serde_json::from_value(json!({
        "ticket_id": id(1),
        "holder_id": format!("customer-{nth}"),
        "order_id": id(2),
        "line_id": "1",
        "showtime_id": showtime_id,
        "starts_at": shop.now(),
        "seat": format!("0-{row}-{place}"),
        "class": "R",
        "name": format!("The Nutcracker, 2026-05-01 19:00, R, row {row} seat {place}"),
        "status": "VALID",
        "issue": 1,
        "unexpected_scans": [],
        "issued_at": shop.now(),
        "version": 1,
    }))?)
}

/// Stores tickets as `update-order-tickets` does.
async fn store(shop: &TicketsFixture, tickets: &[StoredTicket]) -> Result<()> {
    let requests = tickets.iter().map(|stored| {
        let ticket = &stored.ticket;
        let mut item: HashMap<String, AttributeValue> = serde_dynamo::to_item(stored)?;
        item.insert(
            "pk".to_owned(),
            AttributeValue::S(format!("TICKET#{}", ticket.ticket_id)),
        );
        let put = PutRequest::builder().set_item(Some(item)).build()?;
        anyhow::Ok(WriteRequest::builder().put_request(put).build())
    });
    let requests = requests.collect::<Result<Vec<_>>>()?;
    let written = shop.engine.direct.batch_write_item().request_items(TICKETS, requests);
    written.send().await.context("the tickets are not stored")?;
    Ok(())
}

/// The code with another character at one place.
fn alter(code: &str, random: &mut fastrand::Rng) -> Result<String> {
    let mut bytes = code.as_bytes().to_vec();
    let place = random.usize(..bytes.len());
    let value = ALPHABET.iter().position(|known| *known == bytes[place]);
    let value = value.context("a character that is not base32")?;
    bytes[place] = ALPHABET[(value + random.usize(1..32)) % 32];
    Ok(String::from_utf8(bytes)?)
}
