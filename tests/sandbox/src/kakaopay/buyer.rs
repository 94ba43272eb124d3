//! Actions of buyers and dashboard users on KakaoPay payments.

use super::cancel;
use super::payment::{Status, change};
use crate::state::State;

/// Approves a payment in the app and returns the token.
pub fn approve_in_app(state: &mut State, tid: &str, decline: Option<&str>) -> Result<String, String> {
    let now = state.now();
    let payment = state
        .kakaopay
        .payments
        .get(tid)
        .ok_or(format!("unknown payment {tid}"))?;
    if payment.status_at(now) != Status::Ready {
        return Err(format!("{tid} is {:?}", payment.status_at(now)));
    }
    let token = state.id("pg_", 20);
    change(state, tid, |payment| {
        payment.status = Status::Authenticated;
        payment.token = Some(token.clone());
        payment.decline = decline.map(str::to_owned);
    });
    Ok(token)
}

/// Refunds a payment in the dashboard, without a webhook.
pub fn dashboard_refund(state: &mut State, tid: &str, amount: i64) -> Result<(), String> {
    if !state.kakaopay.payments.contains_key(tid) || amount <= 0 {
        return Err(format!("{amount} of {tid} cannot be refunded"));
    }
    let refund = cancel::refund(state, tid, amount, 0);
    refund.map(drop).map_err(|refusal| refusal.to_text())
}

/// Returns what was refunded of the tax-free part of a payment.
pub fn refunded_tax_free(state: &State, tid: &str) -> Result<i64, String> {
    let payment = state.kakaopay.payments.get(tid).ok_or("unknown tid")?;
    Ok(payment.canceled_tax_free)
}
