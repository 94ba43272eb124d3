//! Toss Payments: who may call, which operation it is, and what its idempotency keys mean.

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
use crate::idempotency::{Found, Records, Twist};
use crate::options::Provider;
use crate::serve::Route;
use crate::state::State;
use billing::Billing;
pub use buyer::lapse;
use error::{Refusal, refuse};
use payment::Payment;

/// How long an idempotency key is remembered.
const KEY_LASTS: SignedDuration = SignedDuration::from_hours(15 * 24);

/// What Toss knows.
#[derive(Debug, Default)]
pub struct Toss {
    payments: HashMap<String, Payment>,
    /// Payment keys by order id, oldest first.
    by_order: HashMap<String, Vec<String>>,
    /// When payments that are not finished lapse.
    deadlines: BTreeSet<(Timestamp, String)>,
    billing: Billing,
    /// Whether an order's oldest payment is told of, whatever came after it.
    pub tells_oldest: bool,
    records: Records,
}

/// The operation that a path (below `/toss`) asks for.
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
pub fn answer(state: &mut State, route: &Route, call: &Call, twist: &Twist) -> Answer {
    if !call.has_basic(&state.options.toss_secret_key) {
        return refuse(
            "UNAUTHORIZED_KEY",
            "the secret key is unknown, or not encoded as it should be",
        )
        .answer();
    }
    let key = call.header("idempotency-key").filter(|_| call.method == "POST");
    if key.is_some_and(|key| key.chars().count() > 300) {
        return refuse("INVALID_IDEMPOTENCY_KEY", "the key is longer than 300 characters").answer();
    }
    let Some(key) = key else {
        return disguised(serve(state, route, call, twist), twist);
    };
    // The body is not looked at: the key of one order, used for another, brings the first one's answer.
    let key = format!("{key} {} {} {}", state.options.toss_secret_key, call.method, call.path);
    match state.toss.records.find(&key, "", state.now()) {
        Found::InFlight => busy(),
        Found::Answer(answer) => {
            if let Twist::Code(code) = twist {
                state
                    .faults
                    .put_back(Provider::Toss, route.operation, Fault::Code(code.clone()));
            }
            disguised(answer, twist)
        }
        Found::Nothing | Found::SomethingElse => {
            let answer = disguised(serve(state, route, call, twist), twist);
            // An internal error is not kept: what the provider does then is not documented, and this is the harder
            // case, for asking again meets what the first call did.
            if answer.status < 500 && answer.status != 409 {
                let until = state.now() + KEY_LASTS;
                state
                    .toss
                    .records
                    .keep(key, String::new(), answer.clone(), until, twist);
            }
            answer
        }
    }
}

fn serve(state: &mut State, route: &Route, call: &Call, twist: &Twist) -> Answer {
    let ordered = match twist {
        Twist::Code(code) => Some(code.as_str()),
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

/// An answer that a fault hides behind an internal error.
fn disguised(answer: Answer, twist: &Twist) -> Answer {
    match twist {
        Twist::ErrorAfter(status) => internal_error(*status),
        _ => answer,
    }
}

/// The provider's own fault.
pub fn internal_error(status: u16) -> Answer {
    let mut answer = refuse(
        "FAILED_INTERNAL_SYSTEM_PROCESSING",
        "the provider has a fault of its own",
    )
    .answer();
    answer.status = status;
    answer
}

/// The first call with this key has not been answered yet.
pub fn busy() -> Answer {
    refuse(
        "IDEMPOTENT_REQUEST_PROCESSING",
        "the first call with this key is being served",
    )
    .answer()
}

/// There is no such operation.
pub fn no_such_route() -> Answer {
    refuse("NOT_FOUND", "there is no such operation").answer()
}

/// The fields of a call's body.
struct Fields(Value);

impl Fields {
    fn of(call: &Call) -> Result<Self, Refusal> {
        call.json()
            .map(Self)
            .ok_or(refuse("INVALID_REQUEST", "the body is no JSON object"))
    }

    /// A text between `least` and `most` characters long.
    fn text(&self, name: &str, least: usize, most: usize) -> Result<String, Refusal> {
        let text = self.0[name]
            .as_str()
            .filter(|text| (least..=most).contains(&text.chars().count()));
        text.map(str::to_owned).ok_or(refuse("INVALID_REQUEST", name))
    }

    /// A positive integer; `None` when it is not given.
    fn amount(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match &self.0[name] {
            Value::Null => Ok(None),
            given => match given.as_i64() {
                Some(amount) if amount > 0 => Ok(Some(amount)),
                _ => Err(refuse("INVALID_REQUEST", name)),
            },
        }
    }

    /// A positive integer that has to be given.
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

/// Whether a text has nothing but letters and digits of ASCII, and these.
fn is_made_of(text: &str, others: &str) -> bool {
    text.chars()
        .all(|each| each.is_ascii_alphanumeric() || others.contains(each))
}
