//! Fulfillment: shipments, a carrier's signed webhook, and returns, with the stock and the money that they move.

use anyhow::{Result, ensure};
use end_to_end::sign::{Headers, Scheme};
use end_to_end::{CARRIER, CARRIER_SECRET, EVENT_DEADLINE, Shop, delivery_details, text};
use jiff::Timestamp;
use local_cloud::{Answer, Moved};
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "a_parcel_is_delivered_by_its_carriers_webhook_and_units_are_returned_restocked_and_refunded",
        a_parcel_is_delivered_by_its_carriers_webhook_and_units_are_returned_restocked_and_refunded,
    ),
    (
        "the_price_of_a_delivery_is_refunded_without_units",
        the_price_of_a_delivery_is_refunded_without_units,
    ),
    (
        "a_carriers_webhook_is_accepted_with_its_signature_only",
        a_carriers_webhook_is_accepted_with_its_signature_only,
    ),
];

fn a_parcel_is_delivered_by_its_carriers_webhook_and_units_are_returned_restocked_and_refunded(
    shop: &Shop,
) -> Result<()> {
    let sku = shipped_product(shop, 10)?;
    let order = paid(shop, &sku, 3)?;
    let number = shop.unique("parcel");
    let shipment = ship(shop, &order, &number, 3)?.expect(201)?;
    ensure!(shipment["status"] == "SHIPPED", "{shipment}");

    let body = report(&number);
    // The index of numbers is eventually consistent.
    let answer = shop.until(
        EVENT_DEADLINE,
        || {
            let headers = shop.sign(Scheme::Standard, CARRIER_SECRET, 0, &body)?;
            let answer = send(shop, &headers, &body)?;
            let status = if answer.status == 404 { 404 } else { 200 };
            answer.expect(status)
        },
        |answer| answer["outcome"] == "ENTERED",
    );
    answer?;
    let event = shop.event("ShipmentDelivered", &order, EVENT_DEADLINE)?;
    ensure!(event["data"]["shipment_id"] == shipment["shipment_id"], "{event}");
    let delivered = shop.current_order(&shop.ann, &order)?;
    ensure!(delivered["fulfillment_status"] == "DELIVERED", "{delivered}");
    ensure!(shop.available(&sku)? == 7);

    let returns = format!("/orders/{}/returns", text(&order, "order_id")?);
    let wanted = json!({ "lines": [{ "line_id": "1", "quantity": 2 }], "reason": "DAMAGED" });
    let call = shop.api.call("POST", &returns).token(&shop.ann);
    let requested = call.key(&shop.unique("return")).json(&wanted).send()?.expect(201)?;
    let staff = |verb: &str, body: &Value| {
        let path = format!("/admin/returns/{}/{verb}", text(&requested, "return_id")?);
        let call = shop.api.call("POST", &path).token(&shop.admin);
        call.key(&shop.unique(verb)).json(body).send()?.expect(200)
    };
    staff("decide", &json!({ "decision": "APPROVE" }))?;
    let received = json!({ "lines": [{ "line_id": "1", "restock": 1, "write_off": 1 }] });
    staff("receive", &received)?;
    ensure!(shop.available(&sku)? == 8, "one of the two is for sale again");
    let refunded = staff("refund", &json!({}))?;
    // The shop pays for the delivery of damaged goods.
    let shipping = order["totals"]["shipping"]["amount"].as_i64().unwrap_or_default();
    let refund = 2000 + shipping;
    ensure!(
        refunded["refund"]["amount"] == json!({ "amount": refund, "currency": "KRW" }),
        "{refunded}"
    );

    let event = shop.event("PaymentRefunded", &order, EVENT_DEADLINE)?;
    ensure!(event["data"]["refunds"][0]["reason"] == "RETURNED", "{event}");
    let total = order["totals"]["total"]["amount"].as_i64().unwrap_or_default();
    let moved = Moved {
        charged: total,
        charges: 1,
        refunded: refund,
        refunds: 1,
    };
    ensure!(shop.moved(&order)? == moved, "{:?}", shop.moved(&order)?);
    let line = &shop.current_order(&shop.ann, &order)?["lines"][0];
    ensure!(line["quantities"]["returned"] == 2, "{line}");
    ensure!(line["refunded"]["amount"] == 2000, "{line}");
    Ok(())
}

fn the_price_of_a_delivery_is_refunded_without_units(shop: &Shop) -> Result<()> {
    let order = paid(shop, &shipped_product(shop, 1)?, 1)?;
    let order = shop.current_order(&shop.ann, &order)?;
    let path = format!("/admin/payments/{}/refunds", text(&order, "payment_id")?);
    let refund = || {
        let call = shop.api.call("POST", &path).token(&shop.admin);
        call.key(&shop.unique("refund"))
            .json(&json!({ "delivery": true }))
            .send()
    };
    refund()?.expect(202)?;
    let event = shop.event("PaymentRefunded", &order, EVENT_DEADLINE)?;
    let refunded = &event["data"]["refunds"][0];
    ensure!(refunded["reason"] == "DELIVERY", "{event}");
    ensure!(refunded["amount"] == order["totals"]["shipping"], "{event}");
    let again = refund()?.expect(409)?;
    ensure!(again["type"] == "urn:madang:problem:not-refundable", "{again}");
    Ok(())
}

fn a_carriers_webhook_is_accepted_with_its_signature_only(shop: &Shop) -> Result<()> {
    let order = paid(shop, &shipped_product(shop, 1)?, 1)?;
    let number = shop.unique("parcel");
    ship(shop, &order, &number, 1)?.expect(201)?;
    let body = report(&number);
    let forged = shop.sign(Scheme::Standard, "whsec_bm90IHRoZSBjYXJyaWVy", 0, &body)?;
    let payments = shop.sign(Scheme::Standard, &shop.webhook_secret(Scheme::Standard)?, 0, &body)?;
    let stale = shop.sign(Scheme::Standard, CARRIER_SECRET, 600, &body)?;
    for headers in [vec![], forged, payments, stale] {
        let refused = send(shop, &headers, &body)?.expect(401)?;
        ensure!(refused["type"] == "urn:madang:problem:invalid-signature", "{refused}");
    }
    let seen = shop.current_order(&shop.ann, &order)?;
    ensure!(seen["fulfillment_status"] == "SHIPPED", "{seen}");
    Ok(())
}

/// Lists `units` of a new product of 1,000 won that is shipped, and returns its SKU.
fn shipped_product(shop: &Shop, units: u32) -> Result<String> {
    let product = json!({
        "name": "Green tea, 100 g",
        "price": { "amount": 1000, "currency": "KRW" },
        "status": "LISTED",
        "package": { "weight_grams": 100 },
    });
    shop.list(shop.unique("tea"), &product, units)
}

/// Places an order with an address and pays it through Toss.
fn paid(shop: &Shop, sku: &str, quantity: i64) -> Result<Value> {
    let mut body = delivery_details();
    body["items"] = json!([{ "sku": sku, "quantity": quantity }]);
    let call = shop.api.call("POST", "/orders").token(&shop.ann);
    let order = call.key(&shop.unique("key")).json(&body).send()?.expect(201)?;
    let proof = shop.toss_key(&order)?;
    let confirmed = shop.confirm(&shop.ann, &shop.unique("pay"), &order, "TOSS", ("payment_key", &proof))?;
    confirmed.expect(200)?;
    Ok(order)
}

fn ship(shop: &Shop, order: &Value, number: &str, units: u32) -> Result<Answer> {
    let path = format!("/admin/orders/{}/shipments", text(order, "order_id")?);
    let parcel = json!({
        "lines": [{ "line_id": "1", "quantity": units }], "carrier": CARRIER, "tracking_number": number,
    });
    let call = shop.api.call("POST", &path).token(&shop.admin);
    call.key(number).json(&parcel).send()
}

/// A carrier's message that the parcel with this number was delivered.
fn report(number: &str) -> Vec<u8> {
    let data = json!({ "carrier": CARRIER, "tracking_number": number, "delivered_at": Timestamp::now() });
    json!({ "type": "shipment.delivered", "data": data })
        .to_string()
        .into_bytes()
}

fn send(shop: &Shop, headers: &Headers, body: &[u8]) -> Result<Answer> {
    let mut call = shop.api.call("POST", "/webhooks/carriers");
    for (name, value) in headers {
        call = call.header(name, value);
    }
    call.header("content-type", "application/json").body(body).send()
}
