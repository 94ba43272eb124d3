//! Disputes of charges: the bank withdraws the amount at once, and decides later.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::Refusal;
use super::intent::{Status, find};
use super::{event, required};
use crate::http::Pairs;
use crate::options::Provider;
use crate::state::State;

/// A dispute.
#[derive(Clone, Debug)]
pub struct Dispute {
    id: String,
    intent: String,
    charge: String,
    amount: i64,
    currency: String,
    /// `needs_response`, `won` or `lost`.
    status: &'static str,
    /// What was moved: negative when withdrawn, positive when reinstated.
    moved: Vec<i64>,
    created: Timestamp,
}

impl Dispute {
    fn json(&self) -> Value {
        let moved = self
            .moved
            .iter()
            .map(|amount| json!({ "amount": amount, "currency": self.currency }));
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": moved.collect::<Vec<_>>(),
            "charge": self.charge,
            "created": self.created.as_second(),
            "currency": self.currency,
            "is_charge_refundable": false,
            "metadata": {},
            "payment_intent": self.intent,
            "reason": "fraudulent",
            "status": self.status,
        })
    }

    fn is_open(&self) -> bool {
        self.status == "needs_response"
    }
}

/// `GET /v1/disputes?payment_intent=`
pub fn list(state: &State, query: &Pairs) -> Result<Value, Refusal> {
    let id = required(query, "payment_intent")?;
    find(state, id)?;
    let data: Vec<Value> = of(state, id).map(Dispute::json).collect();
    Ok(json!({ "object": "list", "url": "/v1/disputes", "has_more": false, "data": data }))
}

/// Opens a dispute of an amount and returns its id.
pub fn open(state: &mut State, intent_id: &str, amount: i64) -> Result<String, String> {
    let intent = find(state, intent_id).map_err(|refusal| refusal.to_text())?;
    let charge = intent
        .latest_charge
        .clone()
        .filter(|_| intent.status == Status::Succeeded);
    let (charge, currency) = (
        charge.ok_or(format!("{intent_id} is not charged"))?,
        intent.currency.clone(),
    );
    let entries = state.ledger.entries();
    let entry = entries
        .iter()
        .find(|entry| entry.reference == intent_id)
        .expect("an entry");
    if amount <= 0 || amount > entry.charged - entry.refunded - entry.withdrawn {
        return Err(format!("{amount} of {intent_id} cannot be disputed"));
    }
    let dispute = Dispute {
        id: state.id("du_", 24),
        intent: intent_id.to_owned(),
        charge: charge.clone(),
        amount,
        currency,
        status: "needs_response",
        moved: vec![-amount],
        created: state.now(),
    };
    state
        .stripe
        .charges
        .get_mut(&charge)
        .expect("an existing charge")
        .disputed = true;
    state.stripe.disputes.push(dispute.clone());
    state.ledger.withdraw(Provider::Stripe, intent_id, amount);
    event::post(state, "charge.dispute.created", dispute.json());
    event::post(state, "charge.dispute.funds_withdrawn", dispute.json());
    Ok(dispute.id)
}

/// Decides a dispute. A lost one can be won later.
pub fn close(state: &mut State, id: &str, is_won: bool) -> Result<(), String> {
    let open = state
        .stripe
        .disputes
        .iter_mut()
        .find(|dispute| dispute.id == id && (dispute.is_open() || (is_won && dispute.status == "lost")));
    let dispute = open.ok_or(format!("{id} is no open dispute"))?;
    dispute.status = if is_won { "won" } else { "lost" };
    if is_won {
        dispute.moved.push(dispute.amount);
    }
    let dispute = dispute.clone();
    if is_won {
        state
            .ledger
            .reinstate(Provider::Stripe, &dispute.intent, dispute.amount);
        event::post(state, "charge.dispute.funds_reinstated", dispute.json());
    }
    event::post(state, "charge.dispute.closed", dispute.json());
    Ok(())
}

/// Returns the ids of the open disputes.
pub fn open_ids(state: &State) -> Vec<String> {
    let disputes = state.stripe.disputes.iter();
    disputes
        .filter(|dispute| dispute.is_open())
        .map(|dispute| dispute.id.clone())
        .collect()
}

/// Whether a dispute of an intent is open.
pub fn is_open(state: &State, intent: &str) -> bool {
    of(state, intent).any(Dispute::is_open)
}

/// Returns what disputes have withdrawn of an intent.
pub fn withdrawn(state: &State, intent: &str) -> i64 {
    -of(state, intent).flat_map(|dispute| &dispute.moved).sum::<i64>()
}

fn of<'a>(state: &'a State, intent: &'a str) -> impl Iterator<Item = &'a Dispute> {
    state
        .stripe
        .disputes
        .iter()
        .filter(move |dispute| dispute.intent == intent)
}
