//! KakaoPay payments and their JSON.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Fields;
use super::error::{self, Refusal, refuse};
use crate::state::State;
use crate::time;

/// How long a payment can be approved.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// The status of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The buyer has not approved yet.
    Ready,
    /// The buyer has approved; the shop has not.
    Authenticated,
    Success,
    PartCancel,
    Cancel,
    Fail,
}

/// A payment.
#[derive(Clone, Debug)]
pub struct Payment {
    pub tid: String,
    pub cid: String,
    pub order_id: String,
    pub user_id: String,
    pub item_name: String,
    pub quantity: i64,
    pub total: i64,
    pub tax_free: i64,
    pub canceled: i64,
    pub canceled_tax_free: i64,
    pub status: Status,
    /// The token that the buyer returns with from the app.
    pub token: Option<String>,
    /// The payment method's code with which the approval is declined.
    pub decline: Option<String>,
    pub created_at: Timestamp,
    pub approved_at: Option<Timestamp>,
    pub actions: Vec<Action>,
}

/// A movement of money.
#[derive(Clone, Debug)]
pub struct Action {
    pub aid: String,
    pub kind: &'static str,
    pub amount: i64,
    pub at: Timestamp,
}

impl Payment {
    /// Returns the status at a time.
    pub fn status_at(&self, now: Timestamp) -> Status {
        let waits = matches!(self.status, Status::Ready | Status::Authenticated);
        match waits && self.created_at + LIFETIME <= now {
            true => Status::Fail,
            false => self.status,
        }
    }

    /// Returns the amount that can be canceled.
    pub fn left(&self) -> i64 {
        match self.approved_at {
            Some(_) => self.total - self.canceled,
            None => 0,
        }
    }

    /// Returns the fields common to approvals, cancellations and queries.
    pub fn json(&self, now: Timestamp) -> Value {
        let status = match self.status_at(now) {
            Status::Ready => "READY",
            Status::Authenticated => "AUTH_PASSWORD",
            Status::Success => "SUCCESS_PAYMENT",
            Status::PartCancel => "PART_CANCEL_PAYMENT",
            Status::Cancel => "CANCEL_PAYMENT",
            Status::Fail => "FAIL_PAYMENT",
        };
        let left_tax_free = match self.approved_at {
            Some(_) => self.tax_free - self.canceled_tax_free,
            None => 0,
        };
        json!({
            "tid": self.tid,
            "cid": self.cid,
            "status": status,
            "partner_order_id": self.order_id,
            "partner_user_id": self.user_id,
            "payment_method_type": "MONEY",
            "amount": amounts(self.total, self.tax_free),
            "canceled_amount": amounts(self.canceled, self.canceled_tax_free),
            "cancel_available_amount": amounts(self.left(), left_tax_free),
            "item_name": self.item_name,
            "quantity": self.quantity,
            "created_at": time::to_the_second(self.created_at),
            "approved_at": self.approved_at.map(time::to_the_second),
        })
    }
}

/// Returns an amount and its parts; VAT is a tenth of the taxed amount.
pub fn amounts(total: i64, tax_free: i64) -> Value {
    let vat = (total - tax_free + 5) / 11;
    json!({ "total": total, "tax_free": tax_free, "vat": vat, "point": 0, "discount": 0 })
}

/// `POST /online/v1/payment/order`
pub fn order(state: &State, cid: &str, fields: &Fields) -> Result<Value, Refusal> {
    let payment = find(state, cid, fields.text("tid")?)?;
    let mut shown = payment.json(state.now());
    let actions = payment.actions.iter().map(|action| {
        json!({
            "aid": action.aid,
            "approved_at": time::to_the_second(action.at),
            "amount": action.amount,
            "point_amount": 0,
            "discount_amount": 0,
            "payment_action_type": action.kind,
        })
    });
    shown["payment_action_details"] = actions.collect();
    Ok(shown)
}

/// Finds a shop's payment by tid.
pub fn find<'a>(state: &'a State, cid: &str, tid: &str) -> Result<&'a Payment, Refusal> {
    let payment = state.kakaopay.payments.get(tid).filter(|payment| payment.cid == cid);
    payment.ok_or_else(|| refuse(error::UNKNOWN_TID, "unknown tid"))
}

/// Changes an existing payment and returns a copy.
pub fn change(state: &mut State, tid: &str, action: impl FnOnce(&mut Payment)) -> Payment {
    let payment = state.kakaopay.payments.get_mut(tid).expect("an existing payment");
    action(payment);
    payment.clone()
}
