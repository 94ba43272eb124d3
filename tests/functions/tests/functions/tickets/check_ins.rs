//! Check-ins at the door, and those that are undone.

use std::collections::{BTreeSet, HashMap};

use function_tests::TicketsFixture;
use function_tests::tickets_fixture::{check_in_call, text, undo_call, upload_call};
use futures::future::join_all;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::json;

use super::{at_the_door, bought, code, ids, scan, seen, statuses, stored, wait_until};
use crate::holds::selling;

#[tokio::test]
async fn of_many_devices_that_scan_one_code_at_once_one_admits() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let function = shop.handler("check-in-ticket");
    let scans = (0..20).map(|nth| {
        let call = check_in_call(&format!("scan-{nth}"), &showtime, &code, &format!("gate {nth}"));
        shop.call_with(&function, call)
    });
    let answers = join_all(scans).await;
    let admitted: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(admitted.len(), 1, "{answers:?}");
    let gate = &admitted[0].body["check_in"]["gate"];
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(seen(refused), (409, "already-checked-in"));
        assert_eq!(
            &refused.body["check_in"]["gate"], gate,
            "it tells where the first one was"
        );
    }
}

#[tokio::test]
async fn a_scan_costs_one_request_and_one_write_unit() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let function = shop.handler("check-in-ticket");
    // The function learns from when on tickets are checked in.
    let other = self::code(&shop, "ann", &tickets[1]).await;
    shop.call_with(&function, check_in_call("o", &showtime, &other, "A"))
        .await;
    shop.engine.faults.measure();
    let answer = shop
        .call_with(&function, check_in_call("s", &showtime, &code, &"게".repeat(40)))
        .await;
    let cost = shop.engine.faults.cost();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(cost.requests, HashMap::from([("UpdateItem".to_owned(), 1)]));
    assert!(cost.write_units <= 1.0, "{cost:?}");
}

#[tokio::test]
async fn a_scan_is_refused_until_two_hours_before_the_doors_and_leaves_the_ticket_unused() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    let scanner = at_the_door(&shop, "check-in-ticket");
    let scan = async || {
        let call = check_in_call("s", &showtime, &code, "A");
        shop.call_with(&scanner, call).await
    };
    let early = scan().await;
    assert_eq!(seen(&early), (409, "check-in-not-open"));
    assert_eq!(
        early.body["opens_at"], "2026-03-07T08:00:00Z",
        "two hours before the start"
    );
    let doors = json!({ "doors_at": "2026-03-07T09:00:00Z" });
    assert_eq!(shop.change(&showtime, &doors).await.status, 200);
    shop.advance(SignedDuration::from_secs(1));
    assert_eq!(
        scan().await.body["opens_at"],
        "2026-03-07T07:00:00Z",
        "before the doors"
    );
    wait_until(&shop, "2026-03-07T06:59:59Z");
    assert_eq!(seen(&scan().await), (409, "check-in-not-open"));
    assert_eq!(stored(&shop, &ticket).await.get("check_in"), None);
    wait_until(&shop, "2026-03-07T07:00:00Z");
    let admitted = scan().await;
    assert_eq!(admitted.status, 200, "{admitted:?}");
}

#[tokio::test]
async fn nobody_is_admitted_to_a_cancelled_showtime_and_a_scan_that_was_recorded_before_is_repeated() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let [one, two] = [
        code(&shop, "ann", &tickets[0]).await,
        code(&shop, "ann", &tickets[1]).await,
    ];
    assert_eq!(shop.check_in("one", &showtime, &one, "A").await.status, 200);
    let cancelled = shop.change(&showtime, &json!({ "status": "CANCELLED" })).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(
        seen(&shop.check_in("two", &showtime, &two, "A").await),
        (409, "show-cancelled")
    );
    assert_eq!(
        statuses(&shop, "ann").await,
        ["VALID", "VALID"],
        "their order is open yet"
    );
    let again = shop.check_in("one", &showtime, &one, "A").await;
    assert_eq!((again.status, again.replayed), (200, true), "{again:?}");
    let offline = [scan("three", &two, "B", shop.now())];
    let uploaded = shop.call("upload-scans", upload_call("u", &showtime, &offline)).await;
    assert_eq!(uploaded.body["scans"][0]["result"], "SHOW_CANCELLED", "{uploaded:?}");
    let kept = stored(&shop, &tickets[1]).await;
    assert_eq!(
        (kept.get("check_in"), kept["unexpected_scans"].as_array().unwrap().len()),
        (None, 1)
    );
}

#[tokio::test]
async fn a_check_in_that_was_undone_leaves_the_ticket_unused_and_its_scan_does_not_check_it_in_again() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    let tested = shop.check_in("test", &showtime, &code, "A").await.body["check_in"].clone();
    let undone = shop
        .call("undo-check-in", undo_call("u", &ticket, &tested["scan_id"]))
        .await;
    assert_eq!((undone.status, undone.replayed), (200, false), "{undone:?}");
    assert_eq!(
        (&undone.body["status"], undone.body.get("check_in")),
        (&json!("VALID"), None)
    );
    let record = &undone.body["undone_check_ins"][0];
    assert_eq!(
        (&record["check_in"], &record["reason"], &record["undone_at"]),
        (&tested, &json!("A test of the scanner"), &json!(shop.now()))
    );
    assert_eq!(record["undone_by"], tested["by"], "the administrator");
    assert_eq!(
        stored(&shop, &ticket).await["event"]["detail_type"],
        "TicketCheckInUndone"
    );
    assert_eq!(
        seen(&shop.check_in("test", &showtime, &code, "A").await),
        (409, "check-in-undone")
    );
    let late = [scan("test", &code, "A", shop.now())];
    let uploaded = shop.call("upload-scans", upload_call("u", &showtime, &late)).await;
    assert_eq!(uploaded.body["scans"][0]["result"], "UNDONE", "{uploaded:?}");
    let admitted = shop.check_in("show", &showtime, &code, "A").await;
    assert_eq!(admitted.status, 200, "{admitted:?}");
    let other = shop
        .call("undo-check-in", undo_call("o", &ticket, &json!(ticket)))
        .await;
    assert_eq!(seen(&other), (409, "not-checked-in"));
    assert_eq!(other.body["check_in"], admitted.body["check_in"]);
}

#[tokio::test]
async fn of_many_requests_to_undo_a_check_in_at_once_one_takes_effect() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    let scan = shop.check_in("test", &showtime, &code, "A").await.body["check_in"]["scan_id"].clone();
    let undo = |nth: usize| shop.call("undo-check-in", undo_call(&format!("u{nth}"), &ticket, &scan));
    let answers = join_all((0..8).map(undo)).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let new = answers.iter().filter(|answer| !answer.replayed);
    assert_eq!(new.count(), 1, "{answers:?}");
    let kept = stored(&shop, &ticket).await;
    assert_eq!(kept["undone_check_ins"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_seat_of_a_ticket_can_be_given_back_after_its_check_in_was_undone() {
    let (shop, showtime) = selling(2, 4).await;
    let order = bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    let scan = shop.check_in("test", &showtime, &code, "A").await.body["check_in"]["scan_id"].clone();
    let cancel = async |key: &str| {
        let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &text(&order, "order_id"));
        shop.cancel_order(call.by("ann").key(key).json(&json!({}))).await
    };
    assert_eq!(seen(&cancel("1").await), (409, "seat-used"));
    let undone = shop.call("undo-check-in", undo_call("u", &ticket, &scan)).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    assert_eq!(cancel("2").await.status, 200);
}

#[tokio::test]
async fn ten_check_ins_of_a_ticket_are_undone_and_no_more() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    for nth in 0..=10 {
        let key = nth.to_string();
        let scan = shop.check_in(&key, &showtime, &code, "A").await.body["check_in"]["scan_id"].clone();
        let undone = shop.call("undo-check-in", undo_call(&key, &ticket, &scan)).await;
        match nth {
            10 => assert_eq!(seen(&undone), (409, "too-many-undone-check-ins")),
            _ => assert_eq!(undone.status, 200, "{undone:?}"),
        }
    }
}

#[tokio::test]
async fn a_retried_scan_is_the_first_one_and_a_changed_one_is_refused() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let first = shop.check_in("scan", &showtime, &code, "A").await;
    assert_eq!((first.status, first.replayed), (200, false), "{first:?}");
    shop.advance(SignedDuration::from_secs(5));
    let again = shop.check_in("scan", &showtime, &code, "A").await;
    assert_eq!((again.status, again.replayed), (200, true), "{again:?}");
    assert_eq!(again.body, first.body);
    let elsewhere = shop.check_in("scan", &showtime, &code, "B").await;
    assert_eq!(seen(&elsewhere), (422, "idempotency-key-reused"));
    let other = shop.check_in("other", &showtime, &code, "A").await;
    assert_eq!(seen(&other), (409, "already-checked-in"));
    assert_eq!(other.body["check_in"], first.body["check_in"]);
}

#[tokio::test]
async fn codes_of_other_shows_altered_codes_and_other_texts_are_told_apart() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let other = "018f0000-0000-8000-8000-000000000000";
    let elsewhere = shop.check_in("s", other, &code, "A").await;
    assert_eq!(seen(&elsewhere), (409, "other-showtime"));
    assert_eq!(elsewhere.body["showtime_id"], json!(showtime));
    let mut altered = code.clone();
    altered.replace_range(10..11, if &code[10..11] == "A" { "B" } else { "A" });
    for bad in [altered.as_str(), "", "tickets[0]", &tickets[0]] {
        let answer = shop.check_in("s", &showtime, bad, "A").await;
        assert_eq!(seen(&answer), (422, "invalid-ticket-code"), "{bad}");
    }
    let gate = shop.check_in("s", &showtime, &code, "").await;
    assert_eq!(seen(&gate), (422, "invalid-text"));
    assert_eq!(
        shop.check_in("s", &showtime, &code.to_lowercase(), "A").await.status,
        200
    );
}

#[tokio::test]
async fn the_door_list_has_each_ticket_once_over_all_pages_and_parts() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 13, 2, 4).await;
    let showtime = shop.on_sale(&hall).await;
    shop.open_sale();
    let mut seats = BTreeSet::new();
    for (nth, part) in [0, 1, 12].into_iter().enumerate() {
        let own = [0, 1].map(|place| format!("{part}-1-{place}"));
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        bought(&shop, &format!("c{nth}"), &showtime, &own).await;
        seats.extend(own.iter().map(|&seat| seat.to_owned()));
    }
    for limit in ["1", "2", "3", "100"] {
        let (mut found, mut cursor, mut pages) = (vec![], None::<String>, 0);
        loop {
            let route = "/admin/showtimes/{showtime_id}/tickets";
            let mut call = Call::new("GET", route)
                .path("showtime_id", &showtime)
                .by_admin()
                .query("limit", limit);
            if let Some(cursor) = &cursor {
                call = call.query("cursor", cursor);
            }
            let page = shop.call("list-showtime-tickets", call).await;
            found.extend(
                page.body["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|ticket| text(ticket, "seat")),
            );
            pages += 1;
            assert!(pages < 20, "it ends");
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(found.len(), 6, "limit {limit}: {found:?}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), seats, "limit {limit}");
    }
}
