//! A provider that has no API and only sends Standard Webhooks.

use std::collections::HashMap;

use serde_json::json;

use crate::options::Provider;
use crate::state::State;

/// The payments of the provider.
#[derive(Debug, Default)]
pub struct Standard {
    payments: HashMap<String, Payment>,
}

#[derive(Clone, Debug)]
struct Payment {
    order_id: String,
    amount: i64,
    refunded: i64,
}

/// Charges an order, and returns the payment's reference.
pub fn charge(state: &mut State, order_id: &str, amount: i64) -> String {
    let (reference, now) = (state.id("transfer_", 20), state.now());
    let payment = Payment {
        order_id: order_id.to_owned(),
        amount,
        refunded: 0,
    };
    state.standard.payments.insert(reference.clone(), payment);
    state
        .ledger
        .charge(Provider::Standard, &reference, order_id, amount, now);
    post(state, "payment.succeeded", &reference, amount);
    reference
}

/// Refunds an amount.
pub fn refund(state: &mut State, reference: &str, amount: i64) -> Result<(), String> {
    let payment = find(state, reference)?;
    if amount <= 0 || payment.refunded + amount > payment.amount {
        return Err(format!("{amount} of {reference} cannot be refunded"));
    }
    payment.refunded += amount;
    let whole = payment.amount;
    state.ledger.refund(Provider::Standard, reference, amount);
    post(state, "payment.refunded", reference, whole);
    Ok(())
}

/// Takes what is left of a payment back.
pub fn take_back(state: &mut State, reference: &str) -> Result<(), String> {
    let payment = find(state, reference)?;
    let (whole, left) = (payment.amount, payment.amount - payment.refunded);
    payment.amount = payment.refunded;
    state.ledger.withdraw(Provider::Standard, reference, left);
    post(state, "payment.failed", reference, whole);
    Ok(())
}

/// Reports another amount than was charged.
pub fn contradict(state: &mut State, reference: &str, amount: i64) -> Result<(), String> {
    find(state, reference)?;
    post(state, "payment.succeeded", reference, amount);
    Ok(())
}

fn find<'a>(state: &'a mut State, reference: &str) -> Result<&'a mut Payment, String> {
    let payment = state.standard.payments.get_mut(reference);
    payment.ok_or(format!("unknown payment {reference}"))
}

fn post(state: &mut State, kind: &str, reference: &str, amount: i64) {
    let payment = state.standard.payments[reference].clone();
    let money = |amount: i64| json!({ "amount": amount, "currency": "KRW" });
    let mut data = json!({ "order_id": payment.order_id, "reference": reference, "amount": money(amount) });
    if kind == "payment.refunded" {
        data["refunded"] = money(payment.refunded);
    }
    let webhook = state.standard_webhook(kind, &data);
    state.outbox.put(webhook);
}
