//! KakaoPay: authentication and routes. KakaoPay has neither idempotency keys nor webhooks.

mod approve;
pub mod buyer;
mod cancel;
mod error;
mod payment;

use std::collections::HashMap;

use serde_json::Value;

use crate::http::{Answer, Call};
use crate::idempotency::AnswerFault;
use crate::serve::Route;
use crate::state::State;
use error::{Refusal, by_code, refuse};
pub use error::{internal_error, no_such_route};
use payment::Payment;

/// The merchant id for subscriptions in tests.
const SUBSCRIPTION_CID: &str = "TCSUBSCRIP";

/// KakaoPay's data.
#[derive(Debug, Default)]
pub struct Kakaopay {
    payments: HashMap<String, Payment>,
    /// The users of subscriptions, by sid.
    subscriptions: HashMap<String, String>,
}

/// Returns the operation of a path below `/kakaopay`.
pub fn route(method: &str, path: &[&str]) -> Option<Route> {
    let operation = match (method, path) {
        ("POST", ["online", "v1", "payment", operation]) => *operation,
        _ => return None,
    };
    let known = ["ready", "approve", "cancel", "order", "subscription"];
    known.into_iter().find(|each| *each == operation).map(Route::plain)
}

/// Answers a call.
pub fn answer(state: &mut State, route: &Route, call: &Call, fault: &AnswerFault) -> Answer {
    let expected = format!("SECRET_KEY {}", state.options.kakaopay_secret_key);
    if call.header("authorization") != Some(&expected) {
        return error::unauthorized();
    }
    let outcome = match fault {
        AnswerFault::Code(code) => Err(by_code(code)),
        _ => serve(state, route, call),
    };
    match (fault, outcome) {
        (AnswerFault::ErrorAfter(status), _) => internal_error(*status),
        (_, Ok(body)) => Answer::json(200, &body),
        (_, Err(refusal)) => refusal.answer(),
    }
}

fn serve(state: &mut State, route: &Route, call: &Call) -> Result<Value, Refusal> {
    let fields = Fields(call.json().ok_or_else(|| invalid("body"))?);
    let cid = fields.text("cid")?;
    if cid != state.options.kakaopay_cid && cid != SUBSCRIPTION_CID {
        return Err(refuse(error::UNKNOWN_CID, "unknown cid"));
    }
    match route.operation {
        "ready" => approve::ready(state, cid, &fields),
        "approve" => approve::approve(state, cid, &fields),
        "cancel" => cancel::cancel(state, cid, &fields),
        "order" => payment::order(state, cid, &fields),
        _ => approve::subscription(state, cid, &fields),
    }
}

/// The fields of a call's body.
struct Fields(Value);

impl Fields {
    /// Returns a non-empty text.
    fn text(&self, name: &str) -> Result<&str, Refusal> {
        let text = self.0[name].as_str().filter(|text| !text.is_empty());
        text.ok_or_else(|| invalid(name))
    }

    /// Returns a non-negative integer.
    fn number(&self, name: &str) -> Result<i64, Refusal> {
        let number = self.0[name].as_i64().filter(|number| *number >= 0);
        number.ok_or_else(|| invalid(name))
    }
}

fn invalid(name: &str) -> Refusal {
    refuse(error::INVALID_FIELD, &format!("{name} is missing or invalid"))
}
