//! Confirming a payment (which charges a card) and querying it.

use jiff::SignedDuration;
use serde_json::Value;

use super::error::{Refusal, refuse};
use super::payment::{Payment, Status};
use super::{Fields, event};
use crate::buyer::Method;
use crate::http::Call;
use crate::options::Provider;
use crate::state::State;

/// How long a virtual account waits for a deposit.
const ACCOUNT_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// `POST /v1/payments/confirm`
pub fn confirm(state: &mut State, call: &Call) -> Result<Value, Refusal> {
    let fields = Fields::of(call)?;
    let key = fields.text("paymentKey", 1, 200)?;
    let (order_id, amount) = (fields.order_id()?, fields.required_amount("amount")?);
    let payment = find(state, &key)?;
    match payment.status {
        Status::InProgress => {}
        Status::Aborted | Status::Expired => {
            return Err(refuse(
                "NOT_FOUND_PAYMENT_SESSION",
                "the buyer's authentication has expired",
            ));
        }
        _ => return Err(refuse("ALREADY_PROCESSED_PAYMENT", "the payment is already confirmed")),
    }
    if (&payment.order_id, payment.total) != (&order_id, amount) {
        return Err(refuse(
            "INVALID_REQUEST",
            "the buyer authenticated another order or amount",
        ));
    }
    let (method, decline) = (payment.method, payment.decline.clone());
    if is_taken(state, &order_id) {
        return Err(refuse(
            "DUPLICATED_ORDER_ID",
            "another payment of this order was approved",
        ));
    }
    if let Some(code) = decline {
        let refusal = refuse(&code, "the payment was declined");
        change(state, &key, |payment| {
            payment.status = Status::Aborted;
            payment.failure = Some(refusal.clone());
        });
        event::status_changed(state, &key);
        return Err(refusal);
    }
    match method {
        Method::Card => {
            approve(state, &key);
            event::status_changed(state, &key);
        }
        Method::VirtualAccount => open_account(state, &key),
    }
    by_key(state, &key)
}

/// `GET /v1/payments/{paymentKey}`
pub fn by_key(state: &State, key: &str) -> Result<Value, Refusal> {
    find(state, key).map(Payment::json)
}

/// `GET /v1/payments/orders/{orderId}`: an order's approved payment, or else its newest; with `returns_oldest` always its
/// oldest. Toss does not document which one it returns.
pub fn by_order(state: &State, order_id: &str) -> Result<Value, Refusal> {
    let keys = state.toss.by_order.get(order_id).map(Vec::as_slice).unwrap_or_default();
    if state.toss.returns_oldest {
        let oldest = keys.first().map(|key| state.toss.payments[key].json());
        return oldest.ok_or_else(unknown);
    }
    let payments = || keys.iter().rev().map(|key| &state.toss.payments[key]);
    let approved = payments().find(|payment| payment.status.blocks_other_payments());
    let payment = approved.or_else(|| payments().next());
    payment.map(Payment::json).ok_or_else(unknown)
}

/// Whether another payment of an order prevents a new one.
pub fn is_taken(state: &State, order_id: &str) -> bool {
    let keys = state.toss.by_order.get(order_id).map(Vec::as_slice).unwrap_or_default();
    keys.iter()
        .any(|key| state.toss.payments[key].status.blocks_other_payments())
}

/// Finds a payment by its key.
pub fn find<'a>(state: &'a State, key: &str) -> Result<&'a Payment, Refusal> {
    state.toss.payments.get(key).ok_or_else(unknown)
}

/// Charges a payment.
pub fn approve(state: &mut State, key: &str) {
    let (now, transaction) = (state.now(), state.id("txn_", 28));
    let payment = change(state, key, |payment| {
        payment.status = Status::Done;
        payment.approved_at = Some(now);
        payment.last_transaction = Some(transaction);
    });
    let ledger = &mut state.ledger;
    if ledger.is_withdrawn(Provider::Toss, key) {
        // A deposit that was taken back arrives again.
        ledger.reinstate(Provider::Toss, key, payment.total);
    } else {
        ledger.charge(Provider::Toss, key, &payment.order_id, payment.total, now);
    }
}

/// Changes an existing payment and returns a copy.
pub fn change(state: &mut State, key: &str, action: impl FnOnce(&mut Payment)) -> Payment {
    let payment = state.toss.payments.get_mut(key).expect("an existing payment");
    action(payment);
    payment.clone()
}

fn open_account(state: &mut State, key: &str) {
    let due = state.now() + ACCOUNT_LIFETIME;
    let number: String = (0..14).map(|_| state.rng.digit(10)).collect();
    let transaction = state.id("txn_", 28);
    change(state, key, |payment| {
        payment.status = Status::WaitingForDeposit;
        payment.account = Some((number, due));
        payment.last_transaction = Some(transaction);
    });
    state.toss.deadlines.insert((due, key.to_owned()));
}

fn unknown() -> Refusal {
    refuse("NOT_FOUND_PAYMENT", "unknown payment")
}
