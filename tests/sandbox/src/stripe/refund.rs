//! Refunds of a charge, up to its amount.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::{Refusal, refuse};
use super::intent::{Status, find};
use super::{amount, event, metadata, required};
use crate::http::{Pairs, value};
use crate::options::Provider;
use crate::state::State;

/// A refund.
#[derive(Clone, Debug)]
pub struct Refund {
    id: String,
    intent: String,
    charge: String,
    amount: i64,
    currency: String,
    reason: Option<String>,
    metadata: Map<String, Value>,
    created: Timestamp,
}

impl Refund {
    /// Returns the refund as Stripe's JSON.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "charge": self.charge,
            "created": self.created.as_second(),
            "currency": self.currency,
            "metadata": self.metadata,
            "payment_intent": self.intent,
            "reason": self.reason,
            "status": "succeeded",
        })
    }
}

/// `POST /v1/refunds`
pub fn create(state: &mut State, form: &Pairs) -> Result<Value, Refusal> {
    let id = required(form, "payment_intent")?.to_owned();
    let reason = value(form, "reason").map(str::to_owned);
    refund(state, &id, amount(form, "amount")?, reason, metadata(form)).map(|refund| refund.json())
}

/// `GET /v1/refunds?payment_intent=`: newest first.
pub fn list(state: &State, query: &Pairs) -> Result<Value, Refusal> {
    let id = value(query, "payment_intent");
    if let Some(id) = id {
        find(state, id)?;
    }
    let newest_first = state.stripe.refunds.iter().rev();
    let of_intent = newest_first.filter(|refund| id.is_none_or(|id| refund.intent == id));
    let data: Vec<Value> = of_intent.map(Refund::json).collect();
    Ok(json!({ "object": "list", "url": "/v1/refunds", "has_more": false, "data": data }))
}

/// Refunds an amount, or all that is left.
pub fn refund(
    state: &mut State,
    intent_id: &str,
    amount: Option<i64>,
    reason: Option<String>,
    metadata: Map<String, Value>,
) -> Result<Refund, Refusal> {
    let intent = find(state, intent_id)?;
    let charge_id = intent
        .latest_charge
        .clone()
        .filter(|_| intent.status == Status::Succeeded);
    let Some(charge_id) = charge_id else {
        return Err(refuse(
            400,
            "",
            "This PaymentIntent does not have a successful charge to refund.",
        ));
    };
    let charge = &state.stripe.charges[&charge_id];
    let left = charge.amount - charge.refunded;
    let amount = amount.unwrap_or(left);
    if left == 0 {
        return Err(refuse(
            400,
            "charge_already_refunded",
            "The charge has already been refunded.",
        ));
    }
    if amount > left {
        return Err(refuse(
            400,
            "amount_too_large",
            "The amount exceeds the charge's refundable amount.",
        ));
    }
    let refund = Refund {
        id: state.id("re_", 24),
        intent: intent_id.to_owned(),
        charge: charge_id.clone(),
        amount,
        currency: state.stripe.charges[&charge_id].currency.clone(),
        reason,
        metadata,
        created: state.now(),
    };
    let charge = state.stripe.charges.get_mut(&charge_id).expect("an existing charge");
    charge.refunded += amount;
    let charge = charge.json();
    state.stripe.refunds.push(refund.clone());
    state.ledger.refund(Provider::Stripe, intent_id, amount);
    event::post(state, "charge.refunded", charge);
    event::post(state, "refund.updated", refund.json());
    Ok(refund)
}
