//! Full and partial cancellations. Each request refunds, since there are no idempotency keys.

use serde_json::{Value, json};

use super::error::{self, Refusal, refuse};
use super::payment::{Action, Status, amounts, change, find};
use super::{Fields, invalid};
use crate::options::Provider;
use crate::state::State;
use crate::time;

/// `POST /online/v1/payment/cancel`
pub fn cancel(state: &mut State, cid: &str, fields: &Fields) -> Result<Value, Refusal> {
    let tid = fields.text("tid")?;
    find(state, cid, tid)?;
    let (amount, tax_free) = (
        fields.number("cancel_amount")?,
        fields.number("cancel_tax_free_amount")?,
    );
    if amount == 0 || tax_free > amount {
        return Err(invalid("cancel_amount"));
    }
    refund(state, tid, amount, tax_free)
}

/// Refunds an amount.
pub fn refund(state: &mut State, tid: &str, amount: i64, tax_free: i64) -> Result<Value, Refusal> {
    let payment = &state.kakaopay.payments[tid];
    let left_tax_free = payment.tax_free - payment.canceled_tax_free;
    if tax_free > left_tax_free || amount - tax_free > payment.left() - left_tax_free {
        return Err(refuse(
            error::NOT_CANCELABLE_AMOUNT,
            "the amount exceeds the refundable amount",
        ));
    }
    let (now, aid) = (state.now(), state.id("A", 19));
    let payment = change(state, tid, |payment| {
        payment.canceled += amount;
        payment.canceled_tax_free += tax_free;
        payment.status = match payment.canceled == payment.total {
            true => Status::Cancel,
            false => Status::PartCancel,
        };
        payment.actions.push(Action {
            aid: aid.clone(),
            kind: "CANCEL",
            amount,
            at: now,
        });
    });
    state.ledger.refund(Provider::Kakaopay, tid, amount);
    let mut answer = payment.json(now);
    answer["aid"] = json!(aid);
    answer["approved_cancel_amount"] = amounts(amount, tax_free);
    answer["canceled_at"] = json!(time::to_the_second(now));
    Ok(answer)
}
