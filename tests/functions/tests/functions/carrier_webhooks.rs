//! Webhooks of carriers: signed, repeated, early, and in any order.

use function_tests::fulfillment_fixture::{FulfillmentFixture, lines, ship_call};
use function_tests::payment_fixture::{CARRIER_SECRETS, HANJIN_SECRET, carriers};
use harness::CARRIER_CREDENTIALS;
use harness::engine::FULFILLMENT;
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// A message signed with `secrets`, as the gateway sends it.
fn signed(shop: &FulfillmentFixture, secrets: &[&str], body: &str) -> Call {
    let secrets: Vec<String> = secrets.iter().map(ToString::to_string).collect();
    let headers = sandbox::sign::standard(&secrets, "msg_1", shop.now().as_second(), body.as_bytes());
    let call = Call::new("POST", "/webhooks/carriers").text(body);
    headers
        .iter()
        .fold(call, |call, (name, value)| call.header(name, value))
}

fn message(shop: &FulfillmentFixture, number: &str) -> String {
    let data = json!({ "carrier": "CJ", "tracking_number": number, "delivered_at": shop.now() });
    json!({ "type": "shipment.delivered", "data": data }).to_string()
}

#[tokio::test]
async fn a_parcel_is_delivered_when_its_carrier_says_so_however_its_number_is_written() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    shop.shipped(&order, "ab-12-34", &[("1", 2)]).await;
    shop.advance(SignedDuration::from_hours(30));
    let at = shop.now() - SignedDuration::from_mins(10);
    let answer = shop.report("AB 1234", at).await;
    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("ENTERED")),
        "{answer:?}"
    );
    assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 2, 0]]);
    let events = shop.engine.events(FULFILLMENT).await;
    assert_eq!(events[0].0, "ShipmentDelivered");
    assert_eq!(events[0].1["data"]["delivered_at"], json!(at));
    assert_eq!(
        events[0].1["metadata"]["actor"],
        json!({ "kind": "PROVIDER", "id": "CARRIER" })
    );
}

#[tokio::test]
async fn a_message_is_the_same_the_second_time_and_after_another_one() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    for number in ["1", "2"] {
        shop.shipped(&order, number, &[("1", 1)]).await;
    }
    let first = shop.now();
    shop.advance(SignedDuration::from_mins(1));
    for (number, at) in [("2", shop.now()), ("1", first), ("1", shop.now()), ("2", first)] {
        assert_eq!(shop.report(number, at).await.status, 200);
    }
    assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 2, 0]]);
    let mut times: Vec<Value> = shop.engine.items(FULFILLMENT).await;
    times.sort_by_key(|shipment| shipment["tracking_number"].to_string());
    let times: Vec<&Value> = times.iter().map(|shipment| &shipment["delivered_at"]).collect();
    assert_eq!(
        times,
        [&json!(first), &json!(shop.now())],
        "the first report of each counts"
    );
}

#[tokio::test]
async fn a_parcel_that_is_delivered_before_it_is_recorded_is_delivered_by_the_carriers_next_try() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    let early = shop.report("7", shop.now()).await;
    assert_eq!((early.status, early.problem()), (404, "unknown-shipment"), "{early:?}");
    let by_id = json!({ "shipment_id": "8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd", "delivered_at": shop.now() });
    let early = shop
        .carrier_webhook(shop.carrier_call("shipment.delivered", &by_id))
        .await;
    assert_eq!((early.status, early.problem()), (404, "unknown-shipment"), "{early:?}");
    shop.shipped(&order, "7", &[("1", 2)]).await;
    assert_eq!(shop.report("7", shop.now()).await.status, 200);
    assert_eq!(shop.fulfillment_status("ann", &order).await, "DELIVERED");
}

#[tokio::test]
async fn a_parcel_with_units_of_two_orders_delivers_both() {
    let shop = FulfillmentFixture::open().await;
    let orders = [
        shop.paid("ann", "k1", &[("tea", 1)]).await,
        shop.paid("ann", "k2", &[("mug", 1)]).await,
    ];
    for (nth, order) in orders.iter().enumerate() {
        let call = ship_call(order, &format!("key-{nth}"), &[("1", 1)]);
        let body = json!({ "lines": lines(&[("1", 1)]), "carrier": "CJ", "tracking_number": "9" });
        assert_eq!(shop.create_shipment(call.json(&body)).await.status, 201);
    }
    assert_eq!(shop.report("9", shop.now()).await.status, 200);
    for order in &orders {
        assert_eq!(shop.fulfillment_status("ann", order).await, "DELIVERED");
    }
}

#[tokio::test]
async fn a_message_without_a_valid_signature_changes_nothing() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1)]).await;
    shop.shipped(&order, "7", &[("1", 1)]).await;
    let body = message(&shop, "7");
    let good = signed(&shop, &CARRIER_SECRETS[..1], &body);
    for (name, call) in [
        ("unsigned", Call::new("POST", "/webhooks/carriers").text(&body)),
        ("another secret", signed(&shop, &["whsec_YW5vdGhlciBzZWNyZXQ="], &body)),
        ("another body", good.clone().text(&message(&shop, "8"))),
    ] {
        let refused = shop.carrier_webhook(call).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (401, "invalid-signature"),
            "{name}"
        );
    }
    assert_eq!(shop.fulfillment_status("ann", &order).await, "SHIPPED");
    shop.advance(SignedDuration::from_secs(301));
    let replayed = shop.carrier_webhook(good).await;
    assert_eq!(replayed.problem(), "invalid-signature", "a replay after five minutes");
    assert_eq!(shop.fulfillment_status("ann", &order).await, "SHIPPED");
}

#[tokio::test]
async fn both_secrets_are_valid_during_a_rotation() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    for (number, secret) in ["7", "8"].iter().zip(CARRIER_SECRETS) {
        shop.shipped(&order, number, &[("1", 1)]).await;
        let answer = shop
            .carrier_webhook(signed(&shop, &[secret], &message(&shop, number)))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let new = "whsec_YSBuZXcgc2VjcmV0";
    shop.vault.set_secret(CARRIER_CREDENTIALS, &carriers(&[new]));
    let answer = shop.carrier_webhook(signed(&shop, &[new], &message(&shop, "8"))).await;
    assert_eq!(answer.status, 200, "the secret is fetched again: {answer:?}");
}

#[tokio::test]
async fn members_that_nobody_knows_are_ignored_also_empty_ones() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1)]).await;
    shop.shipped(&order, "7", &[("1", 1)]).await;
    let data =
        json!({ "carrier": "CJ", "tracking_number": "7", "delivered_at": shop.now(), "signed_by": null, "gps": [1] });
    let answer = shop
        .carrier_webhook(shop.carrier_call("shipment.delivered", &data))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(shop.quantities("ann", &order).await, [[0, 1, 1, 0]]);
}

#[tokio::test]
async fn each_invalid_message_gets_its_problem() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1)]).await;
    shop.shipped(&order, "7", &[("1", 1)]).await;
    let at = shop.now();
    let late = at + SignedDuration::from_mins(6);
    let long = "x".repeat(500);
    for (name, data, status, problem) in [
        ("no data", json!(null), 400, "malformed-body"),
        (
            "an array in place of an object",
            json!([null, "CJ", "7", at]),
            400,
            "malformed-body",
        ),
        (
            "no time",
            json!({ "carrier": "CJ", "tracking_number": "7" }),
            400,
            "malformed-body",
        ),
        (
            "no number",
            json!({ "carrier": "CJ", "delivered_at": at }),
            400,
            "malformed-body",
        ),
        (
            "a long number",
            json!({ "carrier": "CJ", "tracking_number": long, "delivered_at": at }),
            400,
            "malformed-body",
        ),
        (
            "a time in the future",
            json!({ "carrier": "CJ", "tracking_number": "7", "delivered_at": late }),
            422,
            "invalid-delivery-time",
        ),
        (
            "a number of another carrier",
            json!({ "carrier": "Hanjin", "tracking_number": "7", "delivered_at": at }),
            401,
            "invalid-signature",
        ),
    ] {
        let answer = shop
            .carrier_webhook(shop.carrier_call("shipment.delivered", &data))
            .await;
        assert_eq!(
            (answer.status, answer.problem()),
            (status, problem),
            "{name}: {answer:?}"
        );
    }
    for (body, problem) in [("{", "malformed-body"), ("[]", "malformed-body")] {
        let answer = shop.carrier_webhook(signed(&shop, &CARRIER_SECRETS[..1], body)).await;
        assert_eq!(answer.problem(), problem, "{body}");
    }
    let large = " ".repeat(256 * 1024 + 1);
    let answer = shop.carrier_webhook(signed(&shop, &CARRIER_SECRETS[..1], &large)).await;
    assert_eq!(answer.problem(), "body-too-large");
    let other = shop
        .carrier_webhook(shop.carrier_call("shipment.moved", &json!({})))
        .await;
    assert_eq!((other.status, &other.body["outcome"]), (200, &json!("IGNORED")));
    assert_eq!(shop.fulfillment_status("ann", &order).await, "SHIPPED");
}

#[tokio::test]
async fn carriers_are_refused_until_the_secret_has_their_secrets() {
    let shop = FulfillmentFixture::open().await;
    shop.vault.set_secret(CARRIER_CREDENTIALS, &json!({}));
    let answer = shop
        .carrier_webhook(shop.carrier_call("shipment.delivered", &json!({})))
        .await;
    assert_eq!(
        (answer.status, answer.problem()),
        (422, "carriers-not-configured"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_carrier_reports_its_own_parcels_only() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1)]).await;
    let shipment = shop.shipped(&order, "7", &[("1", 1)]).await;
    let by_id = json!({ "shipment_id": shipment, "delivered_at": shop.now() });
    let by_id = json!({ "type": "shipment.delivered", "data": by_id }).to_string();
    for (body, status, problem) in [
        (message(&shop, "7"), 401, "invalid-signature"),
        (by_id.clone(), 404, "unknown-shipment"),
    ] {
        let answer = shop.carrier_webhook(signed(&shop, &[HANJIN_SECRET], &body)).await;
        assert_eq!((answer.status, answer.problem()), (status, problem), "{answer:?}");
    }
    assert_eq!(shop.fulfillment_status("ann", &order).await, "SHIPPED");
    let answer = shop.carrier_webhook(signed(&shop, &CARRIER_SECRETS[..1], &by_id)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(shop.fulfillment_status("ann", &order).await, "DELIVERED");
}

#[tokio::test]
async fn a_shipment_that_cannot_be_delivered_does_not_stop_others_under_its_number() {
    let shop = FulfillmentFixture::open().await;
    let first = shop.paid("ann", "k1", &[("tea", 1)]).await;
    shop.shipped(&first, "7", &[("1", 1)]).await;
    let at = shop.now();
    // The carrier uses the number again, and then reports the first parcel late.
    shop.advance(SignedDuration::from_hours(24 * 400));
    let second = shop.paid("ann", "k2", &[("tea", 1)]).await;
    let call = ship_call(&second, "other", &[]);
    let body = json!({ "lines": lines(&[("1", 1)]), "carrier": "CJ", "tracking_number": "7" });
    assert_eq!(shop.create_shipment(call.json(&body)).await.status, 201);
    let answer = shop.report("7", at).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(shop.fulfillment_status("ann", &first).await, "DELIVERED");
    assert_eq!(
        shop.fulfillment_status("ann", &second).await,
        "SHIPPED",
        "it was ordered after the delivery"
    );
}

#[tokio::test]
async fn all_shipments_under_a_number_are_delivered() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 30)]).await;
    for nth in 0..30 {
        let call = ship_call(&order, &format!("key-{nth}"), &[]);
        let body = json!({ "lines": lines(&[("1", 1)]), "carrier": "CJ", "tracking_number": "7" });
        assert_eq!(shop.create_shipment(call.json(&body)).await.status, 201);
    }
    assert_eq!(shop.report("7", shop.now()).await.status, 200);
    assert_eq!(shop.quantities("ann", &order).await, [[0, 30, 30, 0]]);
}

#[tokio::test]
async fn a_report_that_is_refused_for_a_new_parcel_is_not_answered_by_an_older_one_under_its_number() {
    let shop = FulfillmentFixture::open().await;
    let older = shop.paid("ann", "k1", &[("tea", 1)]).await;
    shop.shipped(&older, "7", &[("1", 1)]).await;
    let first = shop.now();
    assert_eq!(shop.report("7", first).await.status, 200);
    // The carrier uses the number again, and its clock is wrong.
    shop.advance(SignedDuration::from_hours(24 * 400));
    let newer = shop.paid("ann", "k2", &[("tea", 1)]).await;
    let body = json!({ "lines": lines(&[("1", 1)]), "carrier": "CJ", "tracking_number": "7" });
    let shipped = shop.create_shipment(ship_call(&newer, "other", &[]).json(&body)).await;
    assert_eq!(shipped.status, 201, "{shipped:?}");
    let late = shop.now() + SignedDuration::from_mins(6);
    let refused = shop.report("7", late).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (422, "invalid-delivery-time"),
        "{refused:?}"
    );
    assert_eq!(shop.report("7", first).await.status, 200, "the older report is known");
    assert_eq!(shop.fulfillment_status("ann", &newer).await, "SHIPPED");
}
