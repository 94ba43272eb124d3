//! Actions of buyers, banks and dashboard users on Stripe payments.

use serde_json::{Map, Value, json};

use super::intent::{Status, find};
use super::{charge, event, refund};
use crate::buyer::Card;
use crate::state::State;

/// Confirms an intent in the browser. A decline is not an error: the buyer sees it.
pub fn pay(state: &mut State, id: &str, card: &Card) -> Result<(), String> {
    expect(state, id, Status::is_open)?;
    let _ = charge::attempt(state, id, card);
    Ok(())
}

/// Ends the processing of a payment.
pub fn settle(state: &mut State, id: &str, ok: bool) -> Result<(), String> {
    expect(state, id, |status| status == Status::Processing)?;
    if ok {
        charge::succeed(state, id);
    } else {
        charge::fail(state, id, "processing_error", "processing_error", "");
    }
    Ok(())
}

/// Saves a customer's card.
pub fn payment_method(state: &mut State, card: &Card) -> String {
    let id = state.id("pm_", 24);
    state.stripe.saved.put(id.clone(), card.clone());
    id
}

/// Refunds a payment in the dashboard.
pub fn dashboard_refund(state: &mut State, id: &str, amount: i64) -> Result<(), String> {
    let refund = refund::refund(state, id, Some(amount), None, Map::new());
    refund.map(drop).map_err(|refusal| refusal.to_text())
}

/// The order of another Madang shop on the same account.
pub const FOREIGN_ORDER: &str = "00001234-0000-8000-8000-000000000000";

/// Posts the events of another shop on the same account: a declined, a cancelled and a refunded payment of its order.
pub fn foreign_events(state: &mut State) {
    let (intent, charge) = (state.id("pi_", 24), state.id("ch_", 24));
    let metadata = json!({ "order_id": FOREIGN_ORDER });
    let amounts = json!({ "amount": 700, "amount_received": 700, "currency": "krw" });
    let with = |fields: Value| {
        let mut object = amounts.clone();
        object["metadata"] = metadata.clone();
        for (name, value) in fields.as_object().expect("an object") {
            object[name] = value.clone();
        }
        object
    };
    let of_charge = |id: &str, status: &str| with(json!({ "id": id, "payment_intent": intent, "status": status }));
    for (kind, object) in [
        (
            "payment_intent.payment_failed",
            with(json!({ "id": intent, "status": "requires_payment_method" })),
        ),
        (
            "payment_intent.canceled",
            with(json!({ "id": intent, "status": "canceled" })),
        ),
        (
            "payment_intent.succeeded",
            with(json!({ "id": intent, "status": "succeeded" })),
        ),
        ("charge.refunded", of_charge(&charge, "succeeded")),
        ("refund.updated", of_charge("re_foreign", "succeeded")),
        ("refund.failed", of_charge("re_foreign", "failed")),
        ("charge.dispute.created", of_charge("du_foreign", "needs_response")),
        ("charge.dispute.closed", of_charge("du_foreign", "lost")),
    ] {
        event::post(state, kind, object);
    }
}

fn expect(state: &State, id: &str, fits: impl Fn(Status) -> bool) -> Result<(), String> {
    let intent = find(state, id).map_err(|refusal| refusal.to_text())?;
    match fits(intent.status) {
        true => Ok(()),
        false => Err(format!("{id} is {}", intent.status.name())),
    }
}
