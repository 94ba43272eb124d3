//! Actions of buyers, banks and dashboard users on Toss payments, and expiry.

use jiff::{SignedDuration, Timestamp};

use super::confirm::{approve, change, find};
use super::error::Refusal;
use super::payment::{Payment, Status};
use super::{Toss, billing, cancel, event, is_made_of};
use crate::buyer::{Authentication, Method};
use crate::options::Provider;
use crate::state::State;

/// How long a buyer's authentication can be confirmed.
const SESSION_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// Completes the payment window.
pub fn authenticate(
    state: &mut State,
    order_id: &str,
    amount: i64,
    currency: &str,
    how: &Authentication,
) -> Result<String, String> {
    if !(6..=64).contains(&order_id.len()) || !is_made_of(order_id, "-_") || amount <= 0 {
        return Err(format!("invalid order {order_id} or amount {amount}"));
    }
    let now = state.now();
    let key = state.id("tgen_", 32);
    let payment = Payment {
        key: key.clone(),
        kind: "NORMAL",
        order_id: order_id.to_owned(),
        order_name: "an order".to_owned(),
        currency: currency.to_owned(),
        method: how.method,
        total: amount,
        balance: amount,
        status: Status::InProgress,
        requested_at: now,
        approved_at: None,
        last_transaction: None,
        cancels: vec![],
        secret: state.id("ps_", 28),
        failure: None,
        decline: how.decline.clone(),
        account: None,
    };
    state.toss.put(payment);
    state.toss.deadlines.insert((now + SESSION_LIFETIME, key.clone()));
    Ok(key)
}

/// Expires payments whose time is up.
pub fn expire(state: &mut State) {
    let now = state.now();
    while let Some(key) = state.toss.next_due(now) {
        let payment = &state.toss.payments[&key];
        let lapsed = match payment.status {
            Status::InProgress => true,
            // A virtual account's session no longer counts, only its own deadline.
            Status::WaitingForDeposit => payment.account.as_ref().is_some_and(|(_, due)| *due <= now),
            _ => false,
        };
        if lapsed {
            change(state, &key, |payment| payment.status = Status::Expired);
            event::status_changed(state, &key);
        }
    }
}

/// Receives a deposit.
pub fn deposit(state: &mut State, key: &str) -> Result<(), String> {
    expect(state, key, Status::WaitingForDeposit)?;
    approve(state, key);
    event::deposit_callback(state, key);
    event::status_changed(state, key);
    Ok(())
}

/// Takes a deposit back, as a bank can. The account waits for it again.
pub fn withdraw_deposit(state: &mut State, key: &str) -> Result<(), String> {
    expect(state, key, Status::Done)?;
    if find(state, key).map_err(to_text)?.method != Method::VirtualAccount {
        return Err(format!("{key} was not paid by deposit"));
    }
    let transaction = state.id("txn_", 28);
    let payment = change(state, key, |payment| {
        payment.status = Status::WaitingForDeposit;
        payment.approved_at = None;
        payment.last_transaction = Some(transaction);
    });
    state.ledger.withdraw(Provider::Toss, key, payment.total);
    event::deposit_callback(state, key);
    Ok(())
}

/// Completes the card window.
pub fn authorize_card(state: &mut State, customer_key: &str) -> String {
    let auth_key = state.id("bln_", 24);
    state
        .toss
        .billing
        .authorized
        .insert(auth_key.clone(), customer_key.to_owned());
    auth_key
}

/// Sets or removes the decline of all charges of a billing key.
pub fn set_billing_decline(state: &mut State, billing_key: &str, code: Option<&str>) -> Result<(), String> {
    billing::existing(state, billing_key).map_err(to_text)?.decline = code.map(str::to_owned);
    Ok(())
}

/// Declines the next `count` charges of a billing key. Replaces the declines that an earlier call planned.
pub fn decline_next(state: &mut State, billing_key: &str, code: &str, count: u32) -> Result<(), String> {
    let issued = billing::existing(state, billing_key).map_err(to_text)?;
    issued.declines = (0..count).map(|_| code.to_owned()).collect();
    Ok(())
}

/// Returns a customer's usable billing keys.
pub fn billing_keys(state: &State, customer_key: &str) -> Vec<String> {
    let keys = state.toss.billing.keys.iter();
    let theirs = keys.filter(|(_, issued)| issued.customer_key == customer_key && !issued.deleted);
    theirs.map(|(key, _)| key.clone()).collect()
}

/// Deletes a billing key without a request of the shop.
pub fn delete_billing(state: &mut State, billing_key: &str, reason: &str) -> Result<(), String> {
    billing::existing(state, billing_key).map_err(to_text)?.deleted = true;
    event::billing_deleted(state, billing_key, Some(reason));
    Ok(())
}

/// Refunds a payment in the dashboard.
pub fn dashboard_refund(state: &mut State, key: &str, amount: i64) -> Result<(), String> {
    cancel::refund(state, key, Some(amount), None, "at the dashboard").map_err(to_text)
}

fn expect(state: &State, key: &str, status: Status) -> Result<(), String> {
    let payment = find(state, key).map_err(to_text)?;
    match payment.status == status {
        true => Ok(()),
        false => Err(format!("{key} is {}", payment.status.name())),
    }
}

fn to_text(refusal: Refusal) -> String {
    format!("{}: {}", refusal.code, refusal.message)
}

impl Toss {
    /// Adds a payment.
    pub fn put(&mut self, payment: Payment) {
        let of_order = self.by_order.entry(payment.order_id.clone()).or_default();
        of_order.push(payment.key.clone());
        self.payments.insert(payment.key.clone(), payment);
    }

    fn next_due(&mut self, now: Timestamp) -> Option<String> {
        let first = self.deadlines.first().filter(|(due, _)| *due <= now)?.clone();
        self.deadlines.remove(&first);
        Some(first.1)
    }
}
