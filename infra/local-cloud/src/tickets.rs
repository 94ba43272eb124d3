//! The tickets of `cargo up`: a small theatre, two people who want the same seat at the same moment, and a ticket that is scanned at two gates.

use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::api::Answer;
use crate::interrupt;
use crate::process;
use crate::progress::Progress;
use crate::stack::Stack;
use crate::up::{EVENT_TIMEOUT, Tokens, money, pay_through_toss, text};

const ZONE: &str = "Asia/Seoul";
/// The seats that both want.
const SEATS: [&str; 2] = ["0-0-0", "0-0-1"];
/// The beginning of a seat map whose first two seats are sold (`10` in two bits) and whose next ones are free, in base64.
const FIRST_TWO_SOLD: &str = "CgA";

/// Publishes a showtime, lets two customers hold the same seats at once, and pays for them.
pub(crate) fn race(stack: &Stack, tokens: &Tokens, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let step = progress.step("opening a theatre");
    let showtime = showtime(stack, tokens)?;
    let id = text(&showtime["showtime_id"]).to_owned();
    step.done(format!(
        "showtime {id}: {} seats on sale for {}",
        showtime["seating"]["seats"],
        money(&showtime["prices"][0]["price"])
    ));

    let step = progress.step("racing for two seats");
    let people = [&tokens.customer, &tokens.admin];
    let mut answers: Vec<Answer> = thread::scope(|scope| {
        let holds = people.map(|token| scope.spawn(|| hold(stack, token, &id)));
        let answer = |hold: thread::ScopedJoinHandle<'_, Result<Answer>>| {
            hold.join().unwrap_or_else(|_| bail!("a request panicked"))
        };
        holds.into_iter().map(answer).collect::<Result<_>>()
    })?;
    let won = answers
        .iter()
        .position(|answer| answer.status == 201)
        .context("nobody got the seats")?;
    let order = answers.remove(won).expect(201)?;
    let refusal = answers.remove(0).expect(409).context("two people got the same seats")?;
    step.done(format!(
        "order {} holds {} until {}; the other customer is told: {}",
        text(&order["number"]),
        SEATS.join(" and "),
        text(&order["expires_at"]),
        text(&refusal["title"])
    ));

    let step = progress.step("paying for the seats");
    pay_through_toss(stack, people[won], "seats", &order)?;
    let deadline = Instant::now() + EVENT_TIMEOUT;
    loop {
        let map = stack
            .api()
            .call("GET", &format!("/showtimes/{id}/seats"))
            .send()?
            .expect(200)?;
        if text(&map["states"]).starts_with(FIRST_TWO_SOLD) {
            break;
        }
        if Instant::now() > deadline {
            bail!("the seat map does not show the seats as sold: {map}");
        }
        interrupt::check()?;
        thread::sleep(process::POLL);
    }
    step.done(format!(
        "{} paid; the seat map shows both seats as sold",
        money(&order["totals"]["total"])
    ));
    check_in(stack, tokens, &id, people[won], progress)
}

/// Scans the code of a ticket at two gates.
fn check_in(stack: &Stack, tokens: &Tokens, showtime: &str, holder: &str, progress: Progress) -> Result<()> {
    let step = progress.step("scanning a ticket at two gates");
    let get = |path: &str| stack.api().call("GET", path).token(holder).send()?.expect(200);
    let deadline = Instant::now() + EVENT_TIMEOUT;
    let ticket = loop {
        let tickets = get("/tickets")?;
        if let Some(ticket) = tickets["items"].as_array().and_then(|tickets| tickets.first()) {
            break get(&format!("/tickets/{}", text(&ticket["ticket_id"])))?;
        }
        if Instant::now() > deadline {
            bail!("no ticket was issued");
        }
        interrupt::check()?;
        thread::sleep(process::POLL);
    };
    let path = format!("/admin/showtimes/{showtime}/check-ins");
    let scan = |gate: &str| {
        let body = json!({ "code": ticket["code"], "gate": gate });
        let call = stack
            .api()
            .call("POST", &path)
            .token(&tokens.admin)
            .key(&format!("first-scan-at-gate-{gate}"));
        call.json(&body).send()
    };
    let admitted = scan("north")?.expect(200).context("the ticket was refused")?;
    let refusal = scan("south")?.expect(409).context("a ticket admitted twice")?;
    step.done(format!(
        "ticket {} for {} admits at gate {}; gate south is told: {}",
        text(&ticket["ticket_id"]),
        text(&ticket["seat"]),
        text(&admitted["check_in"]["gate"]),
        text(&refusal["title"])
    ));
    Ok(())
}

/// Creates a venue with a plan of 48 seats, a performance, and a showtime next week, on sale now.
fn showtime(stack: &Stack, tokens: &Tokens) -> Result<Value> {
    let create = |path: &str, key: &str, body: &Value| {
        let call = stack.api().call("POST", path).token(&tokens.admin).key(key).json(body);
        call.send()?
            .expect(201)
            .with_context(|| format!("POST {path} was rejected"))
    };
    let venue = json!({ "names": { "en": "Courtyard Theatre", "ko": "마당 극장" }, "time_zone": ZONE });
    let venue = create("/admin/venues", "venue", &venue)?;
    let rows: Vec<Value> = (0..4).map(row).collect();
    let section = json!({ "section": "stalls", "name": "Stalls", "zone": "front", "rows": rows });
    let plan = json!({ "name": "Theatre", "sections": [section] });
    let plan = create(
        &format!("/admin/venues/{}/plans", text(&venue["venue_id"])),
        "plan",
        &plan,
    )?;
    let performance = json!({
        "titles": { "en": "The Nutcracker", "ko": "호두까기 인형" },
        "status": "LISTED",
        "max_seats": 4,
        "refund_policy": { "steps": [{ "days_before": 10, "percent": 10 }, { "days_before": 1, "percent": 30 }] },
    });
    let performance = create("/admin/performances", "performance", &performance)?;
    let now = Timestamp::now();
    let start = (now + SignedDuration::from_hours(7 * 24))
        .to_zoned(TimeZone::get(ZONE)?)
        .date();
    let showtime = json!({
        "plan_id": plan["plan_id"],
        "local_start": format!("{start}T19:00:00"),
        // Tickets are checked in two hours before.
        "doors_at": (now + SignedDuration::from_mins(30)).to_string(),
        "sales_start_at": (now - SignedDuration::from_mins(1)).to_string(),
        "prices": [{ "class": "R", "price": { "amount": 90_000, "currency": "KRW" }, "zones": ["front"] }],
    });
    let path = format!("/admin/performances/{}/showtimes", text(&performance["performance_id"]));
    let showtime = create(&path, "showtime", &showtime)?;
    let path = format!("/admin/showtimes/{}/publish", text(&showtime["showtime_id"]));
    let publish = stack.api().call("POST", &path).token(&tokens.admin).key("publish");
    publish.send()?.expect(200).context("the showtime was not published")
}

/// A row of two runs of six seats, with an aisle between them.
fn row(number: i32) -> Value {
    let run = |first: i32, x: i32| json!({ "first": first, "count": 6, "at": { "x": x, "y": number * 100 }, "spacing": { "x": 50, "y": 0 } });
    json!({ "row": (number + 1).to_string(), "runs": [run(1, 0), run(7, 400)] })
}

fn hold(stack: &Stack, token: &str, showtime: &str) -> Result<Answer> {
    let path = format!("/showtimes/{showtime}/holds");
    let call = stack.api().call("POST", &path).token(token).key("seats");
    call.json(&json!({ "seats": SEATS })).send()
}
