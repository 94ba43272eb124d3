//! The delivery of the first order of `cargo up`: shipped, delivered, one unit returned and refunded.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::interrupt;
use crate::progress::Progress;
use crate::stack::Stack;
use crate::tap::Tap;
use crate::up::{EVENT_TIMEOUT, Tokens, money, text};

/// The line of the order that is shipped, and its units.
const LINE: &str = "1";
const UNITS: u32 = 2;

/// Ships what `order` has to ship, as the shop's staff does, and marks it delivered.
pub(crate) fn deliver(stack: &Stack, tokens: &Tokens, tap: &Tap, order: &Value, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let id = text(&order["order_id"]);
    let step = progress.step("shipping it");
    let parcel = json!({
        "lines": [{ "line_id": LINE, "quantity": UNITS }],
        "carrier": "Courtyard Post",
        "tracking_number": "CP-0000-0001",
    });
    let path = format!("/admin/orders/{id}/shipments");
    let shipment = post(stack, &tokens.admin, &path, "ship", 201, &parcel)?;
    let shipment_id = text(&shipment["shipment_id"]);
    step.done(format!(
        "shipment {shipment_id}: {UNITS} units with {}",
        text(&shipment["carrier"])
    ));

    let step = progress.step("delivering it");
    let path = format!("/admin/shipments/{shipment_id}/deliver");
    post(stack, &tokens.admin, &path, "deliver", 200, &json!({}))?;
    let delivered = tap.wait_for(
        "ShipmentDelivered",
        |event| event.detail["data"]["shipment_id"] == shipment_id,
        EVENT_TIMEOUT,
    )?;
    let call = stack
        .api()
        .call("GET", &format!("/orders/{id}"))
        .token(&tokens.customer);
    let order = call.send()?.expect(200)?;
    step.done(format!(
        "ShipmentDelivered came over the bus, event {}: the order is {}",
        text(&delivered.detail["metadata"]["id"]),
        text(&order["fulfillment_status"])
    ));
    Ok(())
}

/// Returns one unit of `order`, as its customer does; the shop takes it back and refunds it.
pub(crate) fn return_one(stack: &Stack, tokens: &Tokens, tap: &Tap, order: &Value, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let id = text(&order["order_id"]);
    let step = progress.step("returning one unit");
    let wanted = json!({ "lines": [{ "line_id": LINE, "quantity": 1 }], "reason": "CHANGED_MIND" });
    let path = format!("/orders/{id}/returns");
    let returned = post(stack, &tokens.customer, &path, "return", 201, &wanted)?;
    let return_id = text(&returned["return_id"]).to_owned();
    let admin = |action: &str, body: &Value| {
        let path = format!("/admin/returns/{return_id}/{action}");
        post(stack, &tokens.admin, &path, action, 200, body)
    };
    admin("decide", &json!({ "decision": "APPROVE" }))?;
    let received = json!({ "lines": [{ "line_id": LINE, "restock": 1, "write_off": 0 }] });
    let received = admin("receive", &received)?;
    step.done(format!(
        "return {return_id}: received, to refund until {}",
        text(&received["refund_due_at"])
    ));

    let step = progress.step("refunding it");
    admin("refund", &json!({}))?;
    let refunded = tap.wait_for(
        "PaymentRefunded",
        |event| event.detail["data"]["order_id"] == id,
        EVENT_TIMEOUT,
    )?;
    step.done(format!(
        "PaymentRefunded came over the bus, event {}: {} refunded",
        text(&refunded.detail["metadata"]["id"]),
        money(&refunded.detail["data"]["refunded"])
    ));
    Ok(())
}

fn post(stack: &Stack, token: &str, path: &str, key: &str, status: u16, body: &Value) -> Result<Value> {
    let call = stack.api().call("POST", path).token(token).key(key).json(body);
    call.send()?
        .expect(status)
        .with_context(|| format!("POST {path} was rejected"))
}
