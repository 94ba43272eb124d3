//! Stripe: authentication, routes and idempotency keys.

pub mod buyer;
mod charge;
pub mod dispute;
mod error;
mod event;
mod intent;
pub mod refund;
pub mod saved;

use std::collections::HashMap;

use jiff::SignedDuration;
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::http::{Answer, Call, Pairs, value};
use crate::idempotency::{AnswerFault, Found, Records};
use crate::options::Provider;
use crate::serve::Route;
use crate::state::State;
use charge::Charge;
use dispute::Dispute;
use error::{Refusal, by_code, refuse};
pub use error::{busy, internal_error, no_such_route};
use intent::Intent;
use refund::Refund;
use saved::Saved;

/// Lifetime of an idempotency key: Stripe's documented minimum.
const KEY_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// Stripe's data.
#[derive(Debug, Default)]
pub struct Stripe {
    intents: HashMap<String, Intent>,
    charges: HashMap<String, Charge>,
    refunds: Vec<Refund>,
    disputes: Vec<Dispute>,
    /// Whether a charge's `amount_refunded` keeps refunds that failed. Stripe does not document it.
    pub keeps_failed_refunds: bool,
    /// Whether answers to queries are older than the failures of refunds.
    pub hides_failed_refunds: bool,
    pub saved: Saved,
    records: Records,
}

/// Returns the operation of a path below `/stripe`.
pub fn route(method: &str, path: &[&str]) -> Option<Route> {
    Some(match (method, path) {
        ("POST", ["v1", "payment_intents"]) => Route::plain("create_intent"),
        ("GET", ["v1", "payment_intents", id]) => Route::of("intent", id),
        ("POST", ["v1", "payment_intents", id, "cancel"]) => Route::of("cancel_intent", id),
        ("POST", ["v1", "payment_intents", id, "confirm"]) => Route::of("confirm_intent", id),
        ("POST", ["v1", "customers"]) => Route::plain("create_customer"),
        ("POST", ["v1", "setup_intents"]) => Route::plain("create_setup"),
        ("GET", ["v1", "setup_intents", id]) => Route::of("setup", id),
        ("POST", ["v1", "payment_methods", id, "detach"]) => Route::of("detach", id),
        ("POST", ["v1", "refunds"]) => Route::plain("refund"),
        ("GET", ["v1", "refunds"]) => Route::plain("refunds"),
        ("GET", ["v1", "disputes"]) => Route::plain("disputes"),
        _ => return None,
    })
}

/// Answers a call.
pub fn answer(state: &mut State, route: &Route, call: &Call, fault: &AnswerFault) -> Answer {
    let secret_key = &state.options.stripe_secret_key;
    let is_bearer = call.header("authorization") == Some(&format!("Bearer {secret_key}"));
    if !is_bearer && !call.has_basic(secret_key) {
        return refuse(401, "", "Invalid API Key provided").answer();
    }
    let key = call.header("idempotency-key").filter(|_| call.method == "POST");
    if key.is_some_and(|key| key.len() > 255) {
        return refuse(400, "", "Idempotency keys are at most 255 characters long").answer();
    }
    let Some(key) = key.map(str::to_owned) else {
        return with_internal_error(serve(state, route, call, fault), fault);
    };
    let fingerprint = fingerprint(call);
    match state.stripe.records.find(&key, &fingerprint, state.now()) {
        Found::InFlight => error::in_flight(),
        Found::Different => error::other_parameters(),
        Found::Answer(answer) => {
            if let AnswerFault::Code(code) = fault {
                let fault = Fault::Code(code.clone());
                state.faults.put_back(Provider::Stripe, route.operation, fault);
            }
            with_internal_error(answer, fault).with("idempotent-replayed", "true")
        }
        Found::New => {
            // An internal error of a started call is stored too.
            let answer = with_internal_error(serve(state, route, call, fault), fault);
            if answer.stored {
                let until = state.now() + KEY_LIFETIME;
                state
                    .stripe
                    .records
                    .keep(key, fingerprint, answer.clone(), until, fault);
            }
            answer
        }
    }
}

fn serve(state: &mut State, route: &Route, call: &Call, fault: &AnswerFault) -> Answer {
    if let AnswerFault::Code(code) = fault {
        return by_code(code).answer();
    }
    let form = call.form();
    let outcome = match route.operation {
        "create_intent" => intent::create(state, &form),
        "intent" => intent::get(state, &route.id, &call.query),
        "cancel_intent" => intent::cancel(state, &route.id, &form),
        "confirm_intent" => intent::confirm(state, &route.id, &form),
        "create_customer" => saved::create_customer(state, &form),
        "create_setup" => saved::create_setup(state, &form),
        "setup" => saved::setup(state, &route.id, &call.query),
        "detach" => saved::detach(state, &route.id),
        "refund" => refund::create(state, &form),
        "disputes" => dispute::list(state, &call.query),
        _ => refund::list(state, &call.query),
    };
    match outcome {
        Ok(body) => Answer::json(200, &body),
        Err(refusal) => refusal.answer(),
    }
}

/// Replaces a response by an internal error, if the fault says so.
fn with_internal_error(answer: Answer, fault: &AnswerFault) -> Answer {
    match fault {
        // A call refused for its parameters was not executed, so its response is never stored.
        AnswerFault::ErrorAfter(status) if answer.stored => internal_error(*status),
        AnswerFault::ErrorAfter(status) => internal_error(*status).not_stored(),
        _ => answer,
    }
}

/// Identifies equal calls: the path and the parameters in any order.
fn fingerprint(call: &Call) -> String {
    let mut form = call.form();
    form.sort();
    format!("{} {form:?}", call.path)
}

/// Returns a positive integer; `None` if it is omitted.
fn amount(form: &Pairs, name: &str) -> Result<Option<i64>, Refusal> {
    match value(form, name).map(str::parse) {
        None => Ok(None),
        Some(Ok(amount)) if amount > 0 => Ok(Some(amount)),
        Some(_) => Err(refuse(400, "parameter_invalid_integer", "Invalid integer").about(name)),
    }
}

/// Returns a required parameter.
fn required<'a>(form: &'a Pairs, name: &str) -> Result<&'a str, Refusal> {
    let given = value(form, name).filter(|value| !value.is_empty());
    given.ok_or_else(|| refuse(400, "parameter_missing", "Missing required param").about(name))
}

/// Collects the `metadata[name]=value` parameters.
fn metadata(form: &Pairs) -> Map<String, Value> {
    let named = form.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
        Some((name.to_owned(), Value::from(value.as_str())))
    });
    named.collect()
}
