//! Toss Payments: authentication, routes and idempotency keys.

pub mod billing;
pub mod buyer;
mod cancel;
mod confirm;
mod error;
mod event;
pub mod payment;

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::fault::Fault;
use crate::http::{Answer, Call};
use crate::idempotency::{AnswerFault, Found, Records};
use crate::options::Provider;
use crate::serve::Route;
use crate::state::State;
use billing::Billing;
pub use buyer::expire;
use error::{Refusal, refuse};
use payment::Payment;

/// Lifetime of an idempotency key.
const KEY_LIFETIME: SignedDuration = SignedDuration::from_hours(15 * 24);

/// Toss's data.
#[derive(Debug, Default)]
pub struct Toss {
    payments: HashMap<String, Payment>,
    /// Payment keys by order id, oldest first.
    by_order: HashMap<String, Vec<String>>,
    /// When unfinished payments expire.
    deadlines: BTreeSet<(Timestamp, String)>,
    billing: Billing,
    /// Whether a query by order id returns the oldest payment.
    pub returns_oldest: bool,
    records: Records,
}

/// Returns the operation of a path below `/toss`.
pub fn route(method: &str, path: &[&str]) -> Option<Route> {
    Some(match (method, path) {
        ("POST", ["v1", "payments", "confirm"]) => Route::plain("confirm"),
        ("GET", ["v1", "payments", "orders", order_id]) => Route::of("order", order_id),
        ("GET", ["v1", "payments", key]) => Route::of("payment", key),
        ("POST", ["v1", "payments", key, "cancel"]) => Route::of("cancel", key),
        ("POST", ["v1", "billing", "authorizations", "issue"]) => Route::plain("issue_billing"),
        ("POST", ["v1", "billing", key]) => Route::of("billing", key),
        ("DELETE", ["v1", "billing", key]) => Route::of("delete_billing", key),
        _ => return None,
    })
}

/// Answers a call.
pub fn answer(state: &mut State, route: &Route, call: &Call, fault: &AnswerFault) -> Answer {
    if !call.has_basic(&state.options.toss_secret_key) {
        return refuse("UNAUTHORIZED_KEY", "the secret key is invalid or badly encoded").answer();
    }
    let key = call.header("idempotency-key").filter(|_| call.method == "POST");
    if key.is_some_and(|key| key.chars().count() > 300) {
        return refuse("INVALID_IDEMPOTENCY_KEY", "the key is longer than 300 characters").answer();
    }
    let Some(key) = key else {
        return with_internal_error(serve(state, route, call, fault), fault);
    };
    // The body is not compared: one order's key, reused for another order, returns the first order's response.
    let key = format!("{key} {} {} {}", state.options.toss_secret_key, call.method, call.path);
    match state.toss.records.find(&key, "", state.now()) {
        Found::InFlight => busy(),
        Found::Answer(answer) => {
            if let AnswerFault::Code(code) = fault {
                state
                    .faults
                    .put_back(Provider::Toss, route.operation, Fault::Code(code.clone()));
            }
            with_internal_error(answer, fault)
        }
        Found::New | Found::Different => {
            let answer = with_internal_error(serve(state, route, call, fault), fault);
            // An internal error is not stored. Toss does not document this; it is the harder case for the shop, since a
            // retry meets the effect of the first call.
            if answer.status < 500 && answer.status != 409 {
                let until = state.now() + KEY_LIFETIME;
                state
                    .toss
                    .records
                    .keep(key, String::new(), answer.clone(), until, fault);
            }
            answer
        }
    }
}

fn serve(state: &mut State, route: &Route, call: &Call, fault: &AnswerFault) -> Answer {
    let ordered = match fault {
        AnswerFault::Code(code) => Some(code.as_str()),
        _ => call.header("tosspayments-test-code"),
    };
    if let Some(code) = ordered {
        return refuse(code, "as ordered").answer();
    }
    let outcome = match route.operation {
        "confirm" => confirm::confirm(state, call),
        "payment" => confirm::by_key(state, &route.id),
        "order" => confirm::by_order(state, &route.id),
        "cancel" => cancel::cancel(state, &route.id, call),
        "issue_billing" => billing::issue(state, call),
        "billing" => billing::charge(state, &route.id, call),
        _ => billing::delete(state, &route.id),
    };
    match outcome {
        Ok(Value::Null) => Answer::empty(200),
        Ok(body) => Answer::json(200, &body),
        Err(refusal) => refusal.answer(),
    }
}

/// Replaces a response by an internal error, if the fault says so.
fn with_internal_error(answer: Answer, fault: &AnswerFault) -> Answer {
    match fault {
        AnswerFault::ErrorAfter(status) => internal_error(*status),
        _ => answer,
    }
}

/// The provider has an internal error.
pub fn internal_error(status: u16) -> Answer {
    let mut answer = refuse("FAILED_INTERNAL_SYSTEM_PROCESSING", "internal error").answer();
    answer.status = status;
    answer
}

/// The first call with this key is still in progress.
pub fn busy() -> Answer {
    refuse(
        "IDEMPOTENT_REQUEST_PROCESSING",
        "the first request with this key is still in progress",
    )
    .answer()
}

/// The operation is unknown.
pub fn no_such_route() -> Answer {
    refuse("NOT_FOUND", "unknown operation").answer()
}

/// The fields of a call's body.
struct Fields(Value);

impl Fields {
    fn of(call: &Call) -> Result<Self, Refusal> {
        call.json()
            .map(Self)
            .ok_or(refuse("INVALID_REQUEST", "the body is not a JSON object"))
    }

    /// Returns a text of `least` to `most` characters.
    fn text(&self, name: &str, least: usize, most: usize) -> Result<String, Refusal> {
        let text = self.0[name]
            .as_str()
            .filter(|text| (least..=most).contains(&text.chars().count()));
        text.map(str::to_owned).ok_or(refuse("INVALID_REQUEST", name))
    }

    /// Returns a positive integer; `None` if it is omitted.
    fn amount(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match &self.0[name] {
            Value::Null => Ok(None),
            given => match given.as_i64() {
                Some(amount) if amount > 0 => Ok(Some(amount)),
                _ => Err(refuse("INVALID_REQUEST", name)),
            },
        }
    }

    /// Returns a required positive integer.
    fn required_amount(&self, name: &str) -> Result<i64, Refusal> {
        self.amount(name)?.ok_or(refuse("INVALID_REQUEST", name))
    }

    fn order_id(&self) -> Result<String, Refusal> {
        let order_id = self.text("orderId", 6, 64)?;
        match is_made_of(&order_id, "-_") {
            true => Ok(order_id),
            false => Err(refuse("INVALID_REQUEST", "orderId")),
        }
    }

    fn customer_key(&self) -> Result<String, Refusal> {
        let customer_key = self.text("customerKey", 2, 300)?;
        match is_made_of(&customer_key, "-_=.@") {
            true => Ok(customer_key),
            false => Err(refuse("INVALID_REQUEST", "customerKey")),
        }
    }
}

/// Whether a text has only ASCII letters, digits and the characters in `others`.
fn is_made_of(text: &str, others: &str) -> bool {
    text.chars()
        .all(|each| each.is_ascii_alphanumeric() || others.contains(each))
}
