//! Starting and approving a payment (the approval charges it), and subscriptions.

use serde_json::{Value, json};

use super::error::{self, Refusal, declined, refuse};
use super::payment::{Action, Payment, Status, amounts, change, find};
use super::{Fields, SUBSCRIPTION_CID, invalid};
use crate::options::Provider;
use crate::state::State;
use crate::time;

/// `POST /online/v1/payment/ready`
pub fn ready(state: &mut State, cid: &str, fields: &Fields) -> Result<Value, Refusal> {
    for url in ["approval_url", "cancel_url", "fail_url"] {
        fields.text(url)?;
    }
    fields.text("item_name")?;
    let payment = begin(state, cid, fields)?;
    let answer = json!({
        "tid": payment.tid,
        "next_redirect_app_url": format!("https://online-pay.invalid/{}/app", payment.tid),
        "next_redirect_mobile_url": format!("https://online-pay.invalid/{}/mobile", payment.tid),
        "next_redirect_pc_url": format!("https://online-pay.invalid/{}/pc", payment.tid),
        "android_app_scheme": format!("kakaotalk://kakaopay/{}", payment.tid),
        "ios_app_scheme": format!("kakaotalk://kakaopay/{}", payment.tid),
        "created_at": time::to_the_second(payment.created_at),
    });
    state.kakaopay.payments.insert(payment.tid.clone(), payment);
    Ok(answer)
}

/// `POST /online/v1/payment/approve`
pub fn approve(state: &mut State, cid: &str, fields: &Fields) -> Result<Value, Refusal> {
    let tid = fields.text("tid")?;
    let payment = find(state, cid, tid)?;
    match payment.status_at(state.now()) {
        Status::Ready => return Err(refuse(error::NOT_AUTHENTICATED, "the buyer has not approved")),
        Status::Authenticated => {}
        Status::Fail => return Err(refuse(error::LAPSED, "the payment has expired")),
        Status::Success | Status::PartCancel | Status::Cancel => {
            return Err(refuse(error::ALREADY_APPROVED, "the payment is already approved"));
        }
    }
    if payment.token.as_deref() != Some(fields.text("pg_token")?) {
        return Err(refuse(error::WRONG_TOKEN, "wrong pg_token"));
    }
    if payment.order_id != fields.text("partner_order_id")? {
        return Err(refuse(error::WRONG_ORDER, "wrong partner_order_id"));
    }
    if payment.user_id != fields.text("partner_user_id")? {
        return Err(refuse(error::WRONG_USER, "wrong partner_user_id"));
    }
    if let Some(code) = payment.decline.clone() {
        change(state, tid, |payment| payment.status = Status::Fail);
        return Err(declined(&code));
    }
    let sid = (cid == SUBSCRIPTION_CID).then(|| state.id("S", 19));
    if let Some(sid) = &sid {
        let user_id = find(state, cid, tid)?.user_id.clone();
        state.kakaopay.subscriptions.insert(sid.clone(), user_id);
    }
    Ok(take(state, tid, sid.as_deref()))
}

/// `POST /online/v1/payment/subscription`: each call is a new payment.
pub fn subscription(state: &mut State, cid: &str, fields: &Fields) -> Result<Value, Refusal> {
    let sid = fields.text("sid")?;
    match state.kakaopay.subscriptions.get(sid) {
        None => return Err(refuse(error::UNKNOWN_SID, "unknown sid")),
        Some(user_id) if *user_id != fields.text("partner_user_id")? => {
            return Err(refuse(error::WRONG_USER, "the subscription belongs to another user"));
        }
        Some(_) => {}
    }
    let payment = begin(state, cid, fields)?;
    let tid = payment.tid.clone();
    state.kakaopay.payments.insert(tid.clone(), payment);
    Ok(take(state, &tid, Some(sid)))
}

fn begin(state: &mut State, cid: &str, fields: &Fields) -> Result<Payment, Refusal> {
    let (total, tax_free) = (fields.number("total_amount")?, fields.number("tax_free_amount")?);
    let quantity = fields.number("quantity")?;
    if total == 0 || tax_free > total {
        return Err(invalid("total_amount"));
    }
    Ok(Payment {
        tid: state.id("T", 19),
        cid: cid.to_owned(),
        order_id: fields.text("partner_order_id")?.to_owned(),
        user_id: fields.text("partner_user_id")?.to_owned(),
        item_name: fields.0["item_name"].as_str().unwrap_or_default().to_owned(),
        quantity,
        total,
        tax_free,
        canceled: 0,
        canceled_tax_free: 0,
        status: Status::Ready,
        token: None,
        decline: None,
        created_at: state.now(),
        approved_at: None,
        actions: vec![],
    })
}

fn take(state: &mut State, tid: &str, sid: Option<&str>) -> Value {
    let (now, aid) = (state.now(), state.id("A", 19));
    let payment = change(state, tid, |payment| {
        payment.status = Status::Success;
        payment.approved_at = Some(now);
        payment.actions.push(Action {
            aid: aid.clone(),
            kind: "PAYMENT",
            amount: payment.total,
            at: now,
        });
    });
    state
        .ledger
        .charge(Provider::Kakaopay, tid, &payment.order_id, payment.total, now);
    let mut answer = json!({
        "aid": aid,
        "tid": tid,
        "cid": payment.cid,
        "partner_order_id": payment.order_id,
        "partner_user_id": payment.user_id,
        "payment_method_type": "MONEY",
        "item_name": payment.item_name,
        "quantity": payment.quantity,
        "amount": amounts(payment.total, payment.tax_free),
        "created_at": time::to_the_second(payment.created_at),
        "approved_at": time::to_the_second(now),
    });
    if let Some(sid) = sid {
        answer["sid"] = json!(sid);
    }
    answer
}
