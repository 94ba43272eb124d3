//! Tickets: seats of a showtime, held, paid for, expired and blocked.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::{EVENT_DEADLINE, Shop, text};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use local_cloud::Answer;
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "seats_that_are_held_and_not_paid_are_free_again",
        seats_that_are_held_and_not_paid_are_free_again,
    ),
    (
        "two_customers_race_for_a_seat_and_the_one_that_pays_gives_it_back_for_a_fee",
        two_customers_race_for_a_seat_and_the_one_that_pays_gives_it_back_for_a_fee,
    ),
    (
        "a_ticket_admits_once_and_is_void_and_refunded_with_its_showtime",
        a_ticket_admits_once_and_is_void_and_refunded_with_its_showtime,
    ),
];

/// How long the schedule may take after a hold of a minute.
const EXPIRY_DEADLINE: Duration = Duration::from_secs(180);

/// Publishes a showtime of one row of eight seats and four standing places in two days and returns its id.
fn showtime(shop: &Shop) -> Result<String> {
    let create = |path: &str, body: &Value| {
        let call = shop.api.call("POST", path).token(&shop.admin);
        call.key(&shop.unique("show")).json(body).send()?.expect(201)
    };
    let venue = json!({ "names": { "en": "Courtyard Theatre" }, "time_zone": "Asia/Seoul" });
    let venue = create("/admin/venues", &venue)?;
    let run = json!({ "first": 1, "count": 8, "at": { "x": 0, "y": 0 } });
    let section = json!({
        "section": "stalls", "name": "Stalls", "zone": "front", "rows": [{ "row": "1", "runs": [run] }],
    });
    let path = format!("/admin/venues/{}/plans", text(&venue, "venue_id")?);
    let area = json!({ "area": "B", "name": "Standing", "zone": "floor", "places": 4 });
    let plan = create(
        &path,
        &json!({ "name": "Theatre", "sections": [section], "areas": [area] }),
    )?;
    let performance = json!({
        "titles": { "en": "The Nutcracker" },
        "status": "LISTED",
        "max_seats": 4,
        "refund_policy": { "steps": [{ "days_before": 1, "percent": 50 }] },
    });
    let performance = create("/admin/performances", &performance)?;
    let now = Timestamp::now();
    let start = (now + SignedDuration::from_hours(2 * 24))
        .to_zoned(TimeZone::get("Asia/Seoul")?)
        .date();
    let showtime = json!({
        "plan_id": plan["plan_id"],
        "local_start": format!("{start}T19:00:00"),
        // Tickets are checked in two hours before.
        "doors_at": (now + SignedDuration::from_mins(30)).to_string(),
        "sales_start_at": (now - SignedDuration::from_mins(5)).to_string(),
        "prices": [
            { "class": "R", "price": { "amount": 90_000, "currency": "KRW" }, "zones": ["front"] },
            { "class": "ST", "price": { "amount": 50_000, "currency": "KRW" }, "zones": ["floor"] },
        ],
    });
    let path = format!(
        "/admin/performances/{}/showtimes",
        text(&performance, "performance_id")?
    );
    let showtime = create(&path, &showtime)?;
    let id = text(&showtime, "showtime_id")?.to_owned();
    let publish = shop.api.call("POST", &format!("/admin/showtimes/{id}/publish"));
    publish
        .token(&shop.admin)
        .key(&shop.unique("publish"))
        .send()?
        .expect(200)?;
    Ok(id)
}

fn hold(shop: &Shop, token: &str, showtime: &str, body: &Value) -> Result<Answer> {
    let call = shop.api.call("POST", &format!("/showtimes/{showtime}/holds"));
    call.token(token).key(&shop.unique("hold")).json(body).send()
}

/// The states of all seats in base64, two bits a seat.
fn states(shop: &Shop, showtime: &str) -> Result<Value> {
    shop.api
        .call("GET", &format!("/showtimes/{showtime}/seats"))
        .send()?
        .expect(200)
}

/// Blocks three of four standing places, which leaves too few for two people, and releases one of them.
fn places_are_blocked_and_held(shop: &Shop, showtime: &str) -> Result<()> {
    let change = |verb: &str, count: u8| {
        let call = shop
            .api
            .call("POST", &format!("/admin/showtimes/{showtime}/{verb}-seats"));
        let call = call.token(&shop.admin).key(&shop.unique(verb));
        let body = json!({ "general": { "area": "B", "count": count } });
        call.json(&body).send()?.expect(200)
    };
    let places = json!({ "general": { "area": "B", "count": 2 } });
    change("block", 3)?;
    let refused = hold(shop, &shop.bob, showtime, &places)?.expect(409)?;
    ensure!(refused["type"] == "urn:madang:problem:too-few-places", "{refused}");
    let released = change("release", 1)?;
    ensure!(released["area"]["free"] == 2, "{released}");
    let order = hold(shop, &shop.bob, showtime, &places)?.expect(201)?;
    ensure!(order["lines"][1]["seat"]["area"]["area"] == "B", "{order}");
    Ok(())
}

fn two_customers_race_for_a_seat_and_the_one_that_pays_gives_it_back_for_a_fee(shop: &Shop) -> Result<()> {
    let showtime = showtime(shop)?;
    let seats = json!({ "seats": ["0-0-0", "0-0-1"] });
    let (ann, bob) = std::thread::scope(|scope| {
        let ann = scope.spawn(|| hold(shop, &shop.ann, &showtime, &seats));
        let bob = hold(shop, &shop.bob, &showtime, &seats);
        (ann.join(), bob)
    });
    let ann = ann.unwrap_or_else(|_| anyhow::bail!("a request panicked"))?;
    let (token, won, lost) = match bob? {
        bob if bob.status == 201 => (&shop.bob, bob, ann),
        bob => (&shop.ann, ann, bob),
    };
    let order = won.expect(201)?;
    let refused = lost.expect(409)?;
    ensure!(refused["type"] == "urn:madang:problem:seats-taken", "{refused}");
    shop.event("OrderPlaced", &order, EVENT_DEADLINE)?;
    let proof = shop.toss_key(&order)?;
    shop.confirm(token, &shop.unique("pay"), &order, "TOSS", ("payment_key", &proof))?
        .expect(200)?;
    let paid = shop.event("OrderPaid", &order, EVENT_DEADLINE)?;
    ensure!(paid["data"]["lines"][0]["seat"]["seat"] == "0-0-0", "{paid}");
    // Two sold seats, six free ones.
    shop.until(
        EVENT_DEADLINE,
        || states(shop, &showtime),
        |map| map["states"] == "CgA=",
    )?;
    // A function that has just told somebody that a seat is taken reads in another order.
    let taken = hold(shop, &shop.admin, &showtime, &seats)?.expect(409)?;
    ensure!(taken["seats"][0]["state"] == "SOLD", "{taken}");
    hold(shop, &shop.admin, &showtime, &json!({ "seats": ["0-0-6", "0-0-7"] }))?.expect(201)?;
    let block = shop
        .api
        .call("POST", &format!("/admin/showtimes/{showtime}/block-seats"));
    let block = block
        .token(&shop.admin)
        .key(&shop.unique("block"))
        .json(&json!({ "seats": ["0-0-1"] }));
    block.send()?.expect(409)?;
    places_are_blocked_and_held(shop, &showtime)?;
    let best = hold(
        shop,
        &shop.ann,
        &showtime,
        &json!({ "best": { "class": "R", "count": 2 } }),
    )?
    .expect(201)?;
    ensure!(best["totals"]["total"]["amount"] == 180_000, "{best}");
    let path = format!("/orders/{}", text(&order, "order_id")?);
    let quote = shop.api.call("POST", &format!("{path}/cancellation-quotes"));
    let quote = quote.token(token).send()?.expect(200)?;
    // The policy asks for half, and the law of the shop's country allows 30 percent.
    ensure!(
        quote["refund"]["amount"] == 126_000 && quote["fee"]["amount"] == 54_000,
        "{quote}"
    );
    let cancel = |expected: &Value| {
        let call = shop.api.call("POST", &format!("{path}/cancel"));
        let call = call.token(token).key(&shop.unique("cancel"));
        call.json(&json!({ "expected_refund": expected })).send()
    };
    let refused = cancel(&order["totals"]["total"])?.expect(409)?;
    ensure!(refused["type"] == "urn:madang:problem:refund-differs", "{refused}");
    cancel(&quote["refund"])?.expect(200)?;
    shop.until(
        EVENT_DEADLINE,
        || Ok(json!(shop.moved(&order)?.refunded)),
        |refunded| *refunded == 126_000,
    )?;
    Ok(())
}

fn seats_that_are_held_and_not_paid_are_free_again(shop: &Shop) -> Result<()> {
    let showtime = showtime(shop)?;
    let seats = json!({ "seats": ["0-0-2", "0-0-3"] });
    let order = hold(shop, &shop.ann, &showtime, &seats)?.expect(201)?;
    let taken = hold(shop, &shop.bob, &showtime, &seats)?.expect(409)?;
    ensure!(taken["seats"][0]["state"] == "HELD", "{taken}");
    let seen = shop
        .api
        .call("GET", &format!("/showtimes/{showtime}"))
        .send()?
        .expect(200)?;
    let search = || {
        let path = "/search?q=nutcracker&kind=PERFORMANCE&order=NEWEST";
        shop.api.call("GET", path).send()?.expect(200)
    };
    shop.until(EVENT_DEADLINE, search, |found| {
        let items = found["items"].as_array();
        items.is_some_and(|items| items.iter().any(|item| item["id"] == seen["performance_id"]))
    })?;
    shop.event("OrderExpired", &order, EXPIRY_DEADLINE)?;
    hold(shop, &shop.bob, &showtime, &seats)?.expect(201)?;
    Ok(())
}

fn a_ticket_admits_once_and_is_void_and_refunded_with_its_showtime(shop: &Shop) -> Result<()> {
    let showtime = showtime(shop)?;
    let seats = json!({ "seats": ["0-0-0", "0-0-1"] });
    let order = hold(shop, &shop.ann, &showtime, &seats)?.expect(201)?;
    let proof = shop.toss_key(&order)?;
    shop.confirm(&shop.ann, &shop.unique("pay"), &order, "TOSS", ("payment_key", &proof))?
        .expect(200)?;
    let get = |token: &str, path: &str| shop.api.call("GET", path).token(token).send();
    let door = format!("/admin/showtimes/{showtime}/tickets");
    let tickets = shop.until(
        EVENT_DEADLINE,
        || get(&shop.admin, &door)?.expect(200),
        |list| list["items"].as_array().is_some_and(|tickets| tickets.len() == 2),
    )?;
    let issued = shop.event("TicketsIssued", &order, EVENT_DEADLINE)?;
    ensure!(
        issued["data"]["tickets"].as_array().is_some_and(|all| all.len() == 2),
        "{issued}"
    );
    let ids = [0, 1].map(|nth| {
        tickets["items"][nth]["ticket_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    });
    let own = get(&shop.ann, "/tickets")?.expect(200)?;
    ensure!(own["items"].as_array().is_some_and(|own| own.len() >= 2), "{own}");
    get(&shop.bob, &format!("/tickets/{}", ids[0]))?.expect(404)?;
    let seen = get(&shop.ann, &format!("/tickets/{}", ids[0]))?.expect(200)?;
    let image = get(&shop.ann, &format!("/tickets/{}/qr", ids[0]))?;
    let is_image = image.body.as_str().is_some_and(|svg| svg.starts_with("<svg"));
    ensure!(image.status == 200 && is_image, "{image:?}");
    let keys = shop.api.call("GET", "/ticket-keys").send()?.expect(200)?;
    ensure!(keys["keys"][0]["number"] == 1, "{keys}");

    let replace = shop.api.call("POST", &format!("/tickets/{}/replace-code", ids[0]));
    let replaced = replace.token(&shop.ann).key(&shop.unique("code")).send()?.expect(200)?;
    let scan = |code: &Value| {
        let scan = shop.api.call("POST", &format!("/admin/showtimes/{showtime}/check-ins"));
        let body = json!({ "code": code, "gate": "North" });
        scan.token(&shop.admin)
            .key(&shop.unique("a-scan-at-the-door"))
            .json(&body)
            .send()
    };
    let refused = scan(&seen["code"])?.expect(409)?;
    ensure!(
        refused["type"] == "urn:madang:problem:ticket-code-replaced",
        "{refused}"
    );
    let tested = scan(&replaced["code"])?.expect(200)?;
    let undo = shop
        .api
        .call("POST", &format!("/admin/tickets/{}/undo-check-in", ids[0]));
    let undo = undo.token(&shop.admin).key(&shop.unique("undo"));
    let body = json!({ "scan_id": tested["check_in"]["scan_id"], "reason": "A test of the scanner" });
    let undone = undo.json(&body).send()?.expect(200)?;
    ensure!(undone.get("check_in").is_none(), "{undone}");
    let admitted = scan(&replaced["code"])?.expect(200)?;
    ensure!(admitted["check_in"]["gate"] == "North", "{admitted}");
    let refused = scan(&replaced["code"])?.expect(409)?;
    ensure!(refused["check_in"] == admitted["check_in"], "{refused}");
    let upload = shop.api.call("POST", &format!("/admin/showtimes/{showtime}/scans"));
    let offline = json!({
        "key": shop.unique("a-scan-without-a-network"), "code": replaced["code"], "gate": "South",
        "scanned_at": Timestamp::now().to_string(),
    });
    let upload = upload.token(&shop.admin).key(&shop.unique("upload"));
    let uploaded = upload.json(&json!({ "scans": [offline] })).send()?.expect(200)?;
    ensure!(uploaded["scans"][0]["result"] == "ALREADY_CHECKED_IN", "{uploaded}");

    passed_on(shop, &ids[1])?;
    let seen = shop
        .api
        .call("GET", &format!("/showtimes/{showtime}"))
        .send()?
        .expect(200)?;
    not_reviewed_before_its_end(shop, text(&seen, "performance_id")?, &ids[1])?;

    // Its orders are cancelled and refunded, and their tickets become void.
    let cancel = shop.api.call("PATCH", &format!("/admin/showtimes/{showtime}"));
    let cancel = cancel.token(&shop.admin).header("if-match", "*");
    cancel.json(&json!({ "status": "CANCELLED" })).send()?.expect(200)?;
    shop.until(
        EVENT_DEADLINE,
        || Ok(json!(shop.moved(&order)?.refunded)),
        |refunded| *refunded == 180_000,
    )?;
    shop.until(
        EVENT_DEADLINE,
        || get(&shop.bob, &format!("/tickets/{}", ids[1]))?.expect(200),
        |ticket| ticket["status"] == "VOID" && ticket.get("code").is_none(),
    )?;
    Ok(())
}

/// Ann offers a ticket, takes the offer back, and offers it again; Bob accepts.
fn passed_on(shop: &Shop, ticket: &str) -> Result<()> {
    let offers = format!("/tickets/{ticket}/transfer-offers");
    let offer = || {
        let call = shop.api.call("POST", &offers).token(&shop.ann);
        call.key(&shop.unique("offer")).send()?.expect(201)
    };
    let accept = |offer: &Value| {
        let path = format!("{offers}/{}/accept", text(offer, "transfer_offer_id")?);
        let call = shop
            .api
            .call("POST", &path)
            .token(&shop.bob)
            .key(&shop.unique("accept"));
        call.json(&json!({ "code": offer["code"] })).send()
    };
    let withdrawn = offer()?;
    let path = format!("{offers}/{}", text(&withdrawn, "transfer_offer_id")?);
    let delete = shop.api.call("DELETE", &path).token(&shop.ann);
    delete.send()?.expect(200)?;
    accept(&withdrawn)?.expect(404)?;
    accept(&offer()?)?.expect(200)?;
    let seen = shop.api.call("GET", &format!("/tickets/{ticket}")).token(&shop.bob);
    let seen = seen.send()?.expect(200)?;
    ensure!(seen["is_received"] == true && seen["issue"] == 2, "{seen}");
    let list = shop.api.call("GET", &format!("/admin/tickets/{ticket}/transfers"));
    let list = list.token(&shop.admin).send()?.expect(200)?;
    ensure!(list["items"].as_array().is_some_and(|all| all.len() == 1), "{list}");
    Ok(())
}

/// The show is in two days, so nobody reviews it yet.
fn not_reviewed_before_its_end(shop: &Shop, performance: &str, ticket: &str) -> Result<()> {
    let path = format!("/performances/{performance}/reviews");
    let review = shop
        .api
        .call("POST", &path)
        .token(&shop.bob)
        .key(&shop.unique("review"));
    let review = review
        .json(&json!({ "ticket_id": ticket, "stars": 5 }))
        .send()?
        .expect(409)?;
    ensure!(review["type"] == "urn:madang:problem:show-not-over", "{review}");
    let mine = shop.api.call("GET", &format!("{path}/mine")).token(&shop.bob);
    mine.send()?.expect(404)?;
    let list = shop.api.call("GET", &path).send()?.expect(200)?;
    ensure!(list["rating"]["count"] == 0, "{list}");
    let list = shop.api.call("GET", &format!("/admin{path}")).token(&shop.admin);
    list.send()?.expect(200)?;
    Ok(())
}
