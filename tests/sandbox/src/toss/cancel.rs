//! Full and partial cancellations. They refund charged payments.

use serde_json::Value;

use super::confirm::{change, find};
use super::error::{Refusal, refuse};
use super::payment::{Cancel, Status};
use super::{Fields, event};
use crate::buyer::Method;
use crate::http::Call;
use crate::options::Provider;
use crate::state::State;

/// `POST /v1/payments/{paymentKey}/cancel`
pub fn cancel(state: &mut State, key: &str, call: &Call) -> Result<Value, Refusal> {
    let fields = Fields::of(call)?;
    let reason = fields.text("cancelReason", 1, 200)?;
    let (amount, expected) = (fields.amount("cancelAmount")?, refundable(&fields)?);
    let payment = find(state, key)?;
    let was_deposited = payment.method == Method::VirtualAccount && payment.approved_at.is_some();
    if was_deposited && !fields.0["refundReceiveAccount"].is_object() {
        return Err(refuse("INVALID_REQUEST", "refundReceiveAccount"));
    }
    refund(state, key, amount, expected, &reason)?;
    find(state, key).map(super::Payment::json)
}

/// Refunds a payment, or cancels a pending deposit.
pub fn refund(
    state: &mut State,
    key: &str,
    amount: Option<i64>,
    expected: Option<i64>,
    reason: &str,
) -> Result<(), Refusal> {
    let payment = find(state, key)?;
    let (balance, was_charged) = (payment.balance, payment.approved_at.is_some());
    match payment.status {
        Status::Done | Status::PartialCanceled | Status::WaitingForDeposit => {}
        Status::Canceled => return Err(refuse("ALREADY_CANCELED_PAYMENT", "the payment is fully canceled")),
        _ => return Err(refuse("NOT_CANCELABLE_PAYMENT", "the payment was not approved")),
    }
    if balance == 0 {
        return Err(refuse("NOT_CANCELABLE_AMOUNT", "no refundable amount is left"));
    }
    if expected.is_some_and(|expected| expected != balance) {
        return Err(refuse("NOT_MATCHES_REFUNDABLE_AMOUNT", "the refundable amount differs"));
    }
    let amount = amount.unwrap_or(balance);
    if amount > balance || (!was_charged && amount < balance) {
        return Err(refuse(
            "NOT_CANCELABLE_AMOUNT",
            "the amount exceeds the refundable amount",
        ));
    }
    let cancel = Cancel {
        amount,
        reason: reason.to_owned(),
        refundable: balance - amount,
        at: state.now(),
        transaction: state.id("txn_", 28),
    };
    change(state, key, |payment| {
        // Canceling the rest of a partially canceled payment keeps this status, with a balance of zero.
        payment.status = match amount == payment.total {
            true => Status::Canceled,
            false => Status::PartialCanceled,
        };
        payment.balance -= amount;
        payment.last_transaction = Some(cancel.transaction.clone());
        payment.cancels.push(cancel);
    });
    if was_charged {
        state.ledger.refund(Provider::Toss, key, amount);
    }
    event::status_changed(state, key);
    Ok(())
}

/// Returns the refundable amount that the caller expects; unlike other amounts it may be zero.
fn refundable(fields: &Fields) -> Result<Option<i64>, Refusal> {
    match &fields.0["refundableAmount"] {
        Value::Null => Ok(None),
        given => match given.as_i64() {
            Some(amount) if amount >= 0 => Ok(Some(amount)),
            _ => Err(refuse("INVALID_REQUEST", "refundableAmount")),
        },
    }
}
