//! Actions of buyers, banks and dashboard users on Stripe payments.

use serde_json::Map;

use super::intent::{Status, find};
use super::{charge, refund};
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

fn expect(state: &State, id: &str, fits: impl Fn(Status) -> bool) -> Result<(), String> {
    let intent = find(state, id).map_err(|refusal| refusal.to_text())?;
    match fits(intent.status) {
        true => Ok(()),
        false => Err(format!("{id} is {}", intent.status.name())),
    }
}
