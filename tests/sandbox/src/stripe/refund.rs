//! Refunds of a charge, up to its amount.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::{Refusal, refuse};
use super::intent::{Status, find};
use super::{amount, dispute, event, metadata, required};
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
    /// Why it failed after it was made.
    failure: Option<String>,
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
            "failure_reason": self.failure,
            "status": if self.failure.is_some() { "failed" } else { "succeeded" },
        })
    }
}

/// `POST /v1/refunds`
pub fn create(state: &mut State, form: &Pairs) -> Result<Value, Refusal> {
    let id = required(form, "payment_intent")?.to_owned();
    let reason = value(form, "reason").map(str::to_owned);
    refund(state, &id, amount(form, "amount")?, reason, metadata(form)).map(|refund| refund.json())
}

/// `GET /v1/refunds`: newest first, those of one intent if `payment_intent` names it.
pub fn list(state: &State, query: &Pairs) -> Result<Value, Refusal> {
    let intent = value(query, "payment_intent");
    if let Some(intent) = intent {
        find(state, intent)?;
    }
    let limit = amount(query, "limit")?.and_then(|limit| usize::try_from(limit).ok());
    Ok(list_of(state, intent, limit.unwrap_or(10).min(100)))
}

/// Returns the newest refunds, at most `limit`, of an intent or of all, as Stripe's JSON.
pub fn list_of(state: &State, intent: Option<&str>, limit: usize) -> Value {
    let newest_first = state.stripe.refunds.iter().rev();
    let mut data: Vec<Value> = newest_first
        .filter(|refund| intent.is_none_or(|intent| refund.intent == intent))
        .map(|refund| Refund {
            failure: refund.failure.clone().filter(|_| !state.stripe.hides_failed_refunds),
            ..refund.clone()
        })
        .map(|refund| refund.json())
        .collect();
    let has_more = data.len() > limit;
    data.truncate(limit);
    json!({ "object": "list", "url": "/v1/refunds", "has_more": has_more, "data": data })
}

/// Fails a made refund, as a bank can. Returns its amount.
pub fn fail(state: &mut State, id: &str, reason: &str) -> Result<i64, String> {
    let made = state
        .stripe
        .refunds
        .iter_mut()
        .find(|refund| refund.id == id && refund.failure.is_none());
    let refund = made.ok_or(format!("{id} is no made refund"))?;
    refund.failure = Some(reason.to_owned());
    let refund = refund.clone();
    if !state.stripe.keeps_failed_refunds {
        let charge = state
            .stripe
            .charges
            .get_mut(&refund.charge)
            .expect("an existing charge");
        charge.refunded -= refund.amount;
    }
    state
        .ledger
        .fail_refund(Provider::Stripe, &refund.intent, refund.amount);
    event::post(state, "refund.failed", refund.json());
    event::post(state, "refund.updated", refund.json());
    Ok(refund.amount)
}

/// Returns the ids of an intent's made refunds, the oldest first.
pub fn made(state: &State, intent: &str) -> Vec<String> {
    let refunds = state.stripe.refunds.iter();
    let made = refunds.filter(|refund| refund.intent == intent && refund.failure.is_none());
    made.map(|refund| refund.id.clone()).collect()
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
    let refunds = state.stripe.refunds.iter();
    let made = refunds.filter(|refund| refund.charge == charge_id && refund.failure.is_none());
    let left = charge.amount - made.map(|refund| refund.amount).sum::<i64>() - dispute::withdrawn(state, intent_id);
    let is_disputed = dispute::is_open(state, intent_id);
    let amount = amount.unwrap_or(left);
    if is_disputed {
        return Err(refuse(400, "charge_disputed", "The charge has been charged back."));
    }
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
        failure: None,
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
