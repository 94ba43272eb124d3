//! Billing keys: saved cards that the shop charges without the customer.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};

use super::confirm::{approve, by_key, change, is_taken};
use super::error::{Refusal, refuse};
use super::payment::{Payment, Status};
use super::{Fields, event};
use crate::buyer::Method;
use crate::http::Call;
use crate::state::State;
use crate::time;

/// Toss's data about cards.
#[derive(Debug, Default)]
pub struct Billing {
    /// Customers who completed the card window, by authorization key.
    pub authorized: HashMap<String, String>,
    /// Issued billing keys.
    pub keys: HashMap<String, Issued>,
}

/// A billing key.
#[derive(Clone, Debug)]
pub struct Issued {
    pub customer_key: String,
    /// The codes with which the next charges are declined.
    pub declines: VecDeque<String>,
    /// The code with which all later charges are declined.
    pub decline: Option<String>,
    pub deleted: bool,
}

/// `POST /v1/billing/authorizations/issue`
pub fn issue(state: &mut State, call: &Call) -> Result<Value, Refusal> {
    let fields = Fields::of(call)?;
    let (auth_key, customer_key) = (fields.text("authKey", 1, 300)?, fields.customer_key()?);
    match state.toss.billing.authorized.get(&auth_key) {
        None => return Err(refuse("INVALID_BILL_KEY_REQUEST", "unknown authorization")),
        Some(other) if *other != customer_key => {
            return Err(refuse(
                "NOT_MATCHES_CUSTOMER_KEY",
                "the authorization is another customer's",
            ));
        }
        Some(_) => state.toss.billing.authorized.remove(&auth_key),
    };
    let billing_key = state.id("billing_", 36);
    let issued = Issued {
        customer_key: customer_key.clone(),
        declines: VecDeque::new(),
        decline: None,
        deleted: false,
    };
    state.toss.billing.keys.insert(billing_key.clone(), issued);
    Ok(json!({
        "mId": "sandbox",
        "billingKey": billing_key,
        "customerKey": customer_key,
        "authenticatedAt": time::with_offset(state.now()),
        "method": "카드",
        "cardCompany": "현대",
        "cardNumber": "12345678****789*",
        "card": {
            "issuerCode": "61",
            "acquirerCode": "31",
            "number": "12345678****789*",
            "cardType": "신용",
            "ownerType": "개인",
        },
    }))
}

/// `POST /v1/billing/{billingKey}`: a success sends no webhook.
pub fn charge(state: &mut State, billing_key: &str, call: &Call) -> Result<Value, Refusal> {
    let fields = Fields::of(call)?;
    let (customer_key, order_id) = (fields.customer_key()?, fields.order_id()?);
    let (amount, order_name) = (fields.required_amount("amount")?, fields.text("orderName", 1, 100)?);
    let issued = existing(state, billing_key)?;
    if issued.customer_key != customer_key {
        return Err(refuse(
            "NOT_MATCHES_CUSTOMER_KEY",
            "the billing key is another customer's",
        ));
    }
    if is_taken(state, &order_id) {
        return Err(refuse(
            "DUPLICATED_ORDER_ID",
            "another payment of this order was approved",
        ));
    }
    let issued = existing(state, billing_key)?;
    let declined = issued.declines.pop_front().or_else(|| issued.decline.clone());
    let key = state.id("tbil_", 32);
    let payment = Payment {
        key: key.clone(),
        kind: "BILLING",
        order_id,
        order_name,
        currency: "KRW".to_owned(),
        method: Method::Card,
        total: amount,
        balance: amount,
        status: Status::InProgress,
        requested_at: state.now(),
        approved_at: None,
        last_transaction: None,
        cancels: vec![],
        secret: state.id("ps_", 28),
        failure: None,
        decline: None,
        account: None,
    };
    state.toss.put(payment);
    if let Some(code) = declined {
        let refusal = refuse(&code, "the payment was declined");
        // Whether Toss keeps a payment of a declined charge is not documented; keeping it is the harder case for the
        // shop.
        change(state, &key, |payment| {
            payment.status = Status::Aborted;
            payment.failure = Some(refusal.clone());
        });
        return Err(refusal);
    }
    approve(state, &key);
    by_key(state, &key)
}

/// `DELETE /v1/billing/{billingKey}`
pub fn delete(state: &mut State, billing_key: &str) -> Result<Value, Refusal> {
    existing(state, billing_key)?.deleted = true;
    event::billing_deleted(state, billing_key, None);
    Ok(Value::Null)
}

/// Returns a usable billing key.
pub fn existing<'a>(state: &'a mut State, billing_key: &str) -> Result<&'a mut Issued, Refusal> {
    match state.toss.billing.keys.get_mut(billing_key) {
        None => Err(refuse("INVALID_BILL_KEY_REQUEST", "unknown billing key")),
        Some(issued) if issued.deleted => Err(refuse("ALREADY_REMOVED_BILLING_KEY", "the billing key was deleted")),
        Some(issued) => Ok(issued),
    }
}
