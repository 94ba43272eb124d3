//! Toss's webhooks. Those about payments are not signed.

use serde_json::{Value, json};

use crate::options::Provider;
use crate::state::State;
use crate::time;

/// Posts a payment's new status.
pub fn status_changed(state: &mut State, payment_key: &str) {
    let data = state.toss.payments[payment_key].json();
    post(state, "PAYMENT_STATUS_CHANGED", data);
}

/// Posts a deposit or its reversal. This webhook has no `data` object.
pub fn deposit_callback(state: &mut State, payment_key: &str) {
    let payment = &state.toss.payments[payment_key];
    let body = json!({
        "createdAt": time::without_offset(state.now()),
        "secret": payment.secret,
        "status": payment.status.name(),
        "transactionKey": payment.last_transaction,
        "orderId": payment.order_id,
    });
    state.post(Provider::Toss, &body);
}

/// Posts the deletion of a billing key.
pub fn billing_deleted(state: &mut State, billing_key: &str, reason: Option<&str>) {
    let mut data = json!({ "billingKey": billing_key });
    if let Some(reason) = reason {
        data["reason"] = json!(reason);
    }
    post(state, "BILLING_DELETED", data);
}

fn post(state: &mut State, kind: &str, data: Value) {
    let body = json!({ "eventType": kind, "createdAt": time::without_offset(state.now()), "data": data });
    state.post(Provider::Toss, &body);
}
