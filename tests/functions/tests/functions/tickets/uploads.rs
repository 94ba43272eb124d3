//! Scans of devices without a network, which are uploaded later.

use function_tests::tickets_fixture::{text, ticket_call, upload_call};
use harness::gateway::Answer;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{at_the_door, bought, cancelled_by_admin, code, ids, scan, seen, stored, wait_until};
use crate::holds::selling;

#[tokio::test]
async fn an_uploaded_scan_from_before_check_in_is_kept_and_reported_and_does_not_use_the_ticket_up() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    let function = at_the_door(&shop, "upload-scans");
    let upload = async |scan: &Value| {
        let call = upload_call("u", &showtime, std::slice::from_ref(scan));
        shop.call_with(&function, call).await
    };
    wait_until(&shop, "2026-03-06T09:00:00Z");
    let early = scan("early", &code, "A", shop.now());
    wait_until(&shop, "2026-03-07T09:00:00Z");
    let uploaded = upload(&early).await;
    assert_eq!((uploaded.status, uploaded.replayed), (200, false), "{uploaded:?}");
    let result = &uploaded.body["scans"][0];
    assert_eq!((&result["result"], result.get("check_in")), (&json!("NOT_OPEN"), None));
    let kept = stored(&shop, &ticket).await;
    assert_eq!(kept.get("check_in"), None);
    assert_eq!(kept["unexpected_scans"][0]["gate"], "A");
    assert_eq!(kept["event"]["detail_type"], "UnexpectedScanFound");
    let again = upload(&early).await;
    assert_eq!((&again.body, again.replayed), (&uploaded.body, true));
    let late = upload(&scan("late", &code, "B", shop.now())).await;
    assert_eq!(late.body["scans"][0]["result"], "CHECKED_IN", "{late:?}");
}

#[tokio::test]
async fn scans_of_a_device_whose_clock_is_wrong_are_corrected_by_the_time_at_which_it_sends_them() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    bought(&shop, "bob", &showtime, &["0-1-0", "0-1-1"]).await;
    let (anns, bobs) = (ids(&shop, "ann").await, ids(&shop, "bob").await);
    let function = at_the_door(&shop, "upload-scans");
    let upload = async |scan: Value, sent_at: Option<Timestamp>| {
        let mut body = json!({ "scans": [scan] });
        if let Some(sent_at) = sent_at {
            body["sent_at"] = json!(sent_at);
        }
        let call = upload_call("u", &showtime, &[]).json(&body);
        shop.call_with(&function, call).await
    };
    wait_until(&shop, "2026-03-07T09:30:00Z");
    let (now, minute) = (shop.now(), SignedDuration::from_mins(1));
    let scanned = now - minute * 10;
    // A clock that is a day behind, a clock that is a year behind, and one that is a day ahead.
    let day = SignedDuration::from_hours(24);
    let behind = scan("one", &code(&shop, "ann", &anns[0]).await, "A", scanned - day);
    let far = scan("two", &code(&shop, "ann", &anns[1]).await, "A", scanned - day * 365);
    let ahead = scan("three", &code(&shop, "bob", &bobs[0]).await, "A", scanned + day);
    assert_eq!(seen(&upload(far.clone(), None).await), (422, "invalid-scans"));
    assert_eq!(seen(&upload(ahead.clone(), None).await), (422, "invalid-scans"));
    for (scan, offset) in [(&behind, -day), (&far, -day * 365), (&ahead, day)] {
        let uploaded = upload(scan.clone(), Some(now + offset)).await;
        let result = &uploaded.body["scans"][0];
        assert_eq!(result["result"], "CHECKED_IN", "{uploaded:?}");
        assert_eq!(result["check_in"]["at"], json!(scanned), "{uploaded:?}");
    }
    // The same scan is the same check-in, whatever the clock says by then.
    shop.advance(minute);
    let again = upload(behind.clone(), Some(now - day)).await;
    assert_eq!(
        (again.replayed, &again.body["scans"][0]["check_in"]["at"]),
        (true, &json!(scanned))
    );
    // Without the time of the device, it was not open yet.
    let early = scan("four", &code(&shop, "bob", &bobs[1]).await, "A", scanned - day);
    let kept = upload(early, None).await;
    assert_eq!(kept.body["scans"][0]["result"], "NOT_OPEN", "{kept:?}");
    let beyond = scan("five", "none", "A", Timestamp::MAX);
    let refused = upload(beyond, Some(now - day)).await;
    assert_eq!(seen(&refused), (422, "invalid-scans"));
}

#[tokio::test]
async fn scans_without_a_network_are_recorded_later_and_unexpected_ones_are_reported_once() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let [first, second] = [0, 1].map(|nth| tickets[nth].clone());
    let codes = [code(&shop, "ann", &first).await, code(&shop, "ann", &second).await];
    assert_eq!(shop.check_in("online", &showtime, &codes[0], "A").await.status, 200);
    let at = shop.now();
    shop.advance(SignedDuration::from_mins(10));
    let scans = [
        // Sent before, and not answered.
        scan("online", &codes[0], "A", at),
        scan("offline-1", &codes[0], "B", at + SignedDuration::from_mins(1)),
        scan("offline-2", &codes[1], "B", at + SignedDuration::from_mins(2)),
        scan("offline-3", "nonsense", "B", at),
    ];
    let upload = || upload_call("upload", &showtime, &scans);
    let answer = shop.call("upload-scans", upload()).await;
    let results = |answer: &Answer| -> Vec<Value> {
        let scans = answer.body["scans"].as_array().unwrap().iter();
        scans.map(|scan| scan["result"].clone()).collect()
    };
    let expected = ["CHECKED_IN", "ALREADY_CHECKED_IN", "CHECKED_IN", "INVALID_CODE"];
    assert_eq!(results(&answer), expected, "{answer:?}");
    assert_eq!(answer.body["scans"][1]["check_in"]["gate"], "A");
    assert_eq!(
        answer.body["scans"][2]["check_in"]["at"],
        json!(at + SignedDuration::from_mins(2))
    );
    assert_eq!(
        results(&shop.call("upload-scans", upload()).await),
        expected,
        "sent again"
    );
    let item = stored(&shop, &first).await;
    let unexpected = item["unexpected_scans"].as_array().unwrap();
    assert_eq!((unexpected.len(), &unexpected[0]["gate"]), (1, &json!("B")), "{item}");
    assert_eq!(item["version"], 3, "issued, checked in, and one unexpected scan");
    assert_eq!(item["event"]["detail_type"], "UnexpectedScanFound");
    let detail: Value = serde_json::from_str(item["event"]["detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["data"]["unexpected_scan"]["gate"], "B");
}

#[tokio::test]
async fn an_upload_that_breaks_a_rule_records_nothing() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let now = shop.now();
    let good = scan("good", &code, "A", now);
    let ahead = scan("ahead", &code, "A", now + SignedDuration::from_mins(6));
    let many: Vec<Value> = (0..101).map(|nth| scan(&format!("k{nth}"), &code, "A", now)).collect();
    for bad in [
        vec![],
        many,
        vec![good.clone(), ahead],
        vec![good.clone(), good.clone()],
        vec![good.clone(), scan("key with spaces", &code, "A", now)],
        vec![scan("old", &code, "A", now - SignedDuration::from_hours(31 * 24))],
    ] {
        let answer = shop.call("upload-scans", upload_call("u", &showtime, &bad)).await;
        assert_eq!(seen(&answer), (422, "invalid-scans"), "{bad:?}");
    }
    let gate = vec![good.clone(), scan("gate", &code, "", now)];
    assert_eq!(
        seen(&shop.call("upload-scans", upload_call("u", &showtime, &gate)).await),
        (422, "invalid-text")
    );
    let short = json!({ "key": "1", "code": code, "gate": "A", "scanned_at": now });
    assert_eq!(
        seen(&shop.call("upload-scans", upload_call("u", &showtime, &[short])).await),
        (400, "invalid-idempotency-key")
    );
    assert_eq!(shop.ticket("ann", &tickets[0]).await.body.get("checked_in_at"), None);
    let ahead = scan("ahead", &code, "A", now + SignedDuration::from_mins(4));
    let answer = shop.call("upload-scans", upload_call("u", &showtime, &[ahead])).await;
    assert_eq!(answer.body["scans"][0]["check_in"]["at"], json!(now), "{answer:?}");
}

#[tokio::test]
async fn a_code_that_was_replaced_and_admitted_without_a_network_uses_the_ticket_up() {
    for is_uploaded_first in [true, false] {
        let (shop, showtime) = selling(2, 4).await;
        bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
        let tickets = ids(&shop, "ann").await;
        let old = code(&shop, "ann", &tickets[0]).await;
        let replace = ticket_call("/tickets/{ticket_id}/replace-code", "ann", &tickets[0]).key("r");
        let new = text(&shop.call("replace-ticket-code", replace).await.body, "code");
        let offline = [scan("offline", &old, "B", shop.now())];
        let upload = async || {
            shop.call("upload-scans", upload_call("u", &showtime, &offline))
                .await
                .body["scans"][0]
                .clone()
        };
        if is_uploaded_first {
            assert_eq!(upload().await["result"], "CHECKED_IN");
            let refused = shop.check_in("online", &showtime, &new, "A").await;
            assert_eq!(seen(&refused), (409, "already-checked-in"));
            assert_eq!(refused.body["check_in"]["gate"], "B");
        } else {
            assert_eq!(shop.check_in("online", &showtime, &new, "A").await.status, 200);
            assert_eq!(upload().await["result"], "ALREADY_CHECKED_IN");
            assert_eq!(stored(&shop, &tickets[0]).await["unexpected_scans"][0]["gate"], "B");
        }
    }
}

#[tokio::test]
async fn a_void_ticket_that_a_device_without_a_network_admitted_is_reported() {
    let (shop, showtime) = selling(2, 4).await;
    let order = bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let ended = cancelled_by_admin(&shop, &order, &json!({})).await;
    shop.update_tickets("OrderCancelled", &ended).await;
    let scans = [scan("offline", &code, "B", shop.now())];
    for is_again in [false, true] {
        let answer = shop.call("upload-scans", upload_call("u", &showtime, &scans)).await;
        assert_eq!(
            (answer.replayed, &answer.body["scans"][0]["result"]),
            (is_again, &json!("TICKET_VOID"))
        );
    }
    let item = stored(&shop, &tickets[0]).await;
    assert_eq!(item["unexpected_scans"].as_array().unwrap().len(), 1, "{item}");
    let detail: Value = serde_json::from_str(item["event"]["detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["data"]["status"], "VOID");
}
