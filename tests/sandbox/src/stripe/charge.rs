//! Charges: one for each attempt to charge an intent.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::{Refusal, declined};
use super::event;
use super::intent::{Intent, Status, change, find};
use crate::buyer::Card;
use crate::options::Provider;
use crate::state::State;

/// A charge.
#[derive(Clone, Debug)]
pub struct Charge {
    pub id: String,
    pub intent: String,
    pub amount: i64,
    pub refunded: i64,
    pub disputed: bool,
    pub currency: String,
    pub failure_code: Option<String>,
    pub order_id: String,
    pub created: Timestamp,
}

impl Charge {
    /// Returns the charge as Stripe's JSON.
    pub fn json(&self) -> Value {
        let succeeded = self.failure_code.is_none();
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": if succeeded { self.amount } else { 0 },
            "amount_refunded": self.refunded,
            "captured": succeeded,
            "created": self.created.as_second(),
            "currency": self.currency,
            "disputed": self.disputed,
            "failure_code": self.failure_code,
            "failure_message": self.failure_code.as_ref().map(|_| "Your card was declined."),
            "livemode": false,
            "metadata": match self.order_id.is_empty() {
                true => json!({}),
                false => json!({ "order_id": self.order_id }),
            },
            "paid": succeeded,
            "payment_intent": self.intent,
            "refunded": succeeded && self.refunded == self.amount,
            "status": if succeeded { "succeeded" } else { "failed" },
        })
    }
}

/// Charges a card for an intent; it may succeed, fail or stay in processing.
pub fn attempt(state: &mut State, id: &str, card: &Card) -> Result<(), Refusal> {
    match card {
        Card::Good => succeed(state, id),
        Card::Declined(code, decline_code) => {
            let intent = fail(state, id, code, decline_code, "");
            return Err(declined(code, decline_code).with_intent(intent.json()));
        }
        Card::Advised(code, decline_code, advice_code) => {
            let intent = fail(state, id, code, decline_code, advice_code);
            let refusal = declined(code, decline_code).with_advice(advice_code);
            return Err(refusal.with_intent(intent.json()));
        }
        Card::RequiresAction => {
            change(state, id, |intent| intent.status = Status::RequiresAction);
        }
        Card::Processing => {
            change(state, id, |intent| intent.status = Status::Processing);
        }
    }
    Ok(())
}

/// Records a successful charge.
pub fn succeed(state: &mut State, id: &str) {
    let (charge, now) = (record(state, id, None), state.now());
    let intent = change(state, id, |intent| {
        intent.status = Status::Succeeded;
        intent.received = intent.amount;
        intent.last_error = None;
        intent.latest_charge = Some(charge);
    });
    state
        .ledger
        .charge(Provider::Stripe, id, intent.order_id(), intent.amount, now);
    event::post(state, "payment_intent.succeeded", intent.json());
}

/// Records a failed charge; the intent can be paid with another card.
pub fn fail(state: &mut State, id: &str, code: &str, decline_code: &str, advice_code: &str) -> Intent {
    let charge = record(state, id, Some(code.to_owned()));
    let intent = change(state, id, |intent| {
        intent.status = Status::RequiresPaymentMethod;
        intent.payment_method = None;
        intent.last_error = Some([code, decline_code, advice_code].map(str::to_owned));
        intent.latest_charge = Some(charge);
    });
    event::post(state, "payment_intent.payment_failed", intent.json());
    intent
}

fn record(state: &mut State, id: &str, failure_code: Option<String>) -> String {
    let charge_id = state.id("ch_", 24);
    let intent = find(state, id).expect("an existing intent");
    let charge = Charge {
        id: charge_id.clone(),
        intent: id.to_owned(),
        amount: intent.amount,
        refunded: 0,
        disputed: false,
        currency: intent.currency.clone(),
        failure_code,
        order_id: intent.order_id().to_owned(),
        created: state.now(),
    };
    state.stripe.charges.insert(charge_id.clone(), charge);
    charge_id
}
