//! Stripe: who may call, which operation it is, and what its idempotency keys mean.

pub mod buyer;
mod charge;
mod error;
mod event;
mod intent;
mod refund;
pub mod saved;

use std::collections::HashMap;

use jiff::SignedDuration;
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::http::{Answer, Call, Pairs, value};
use crate::idempotency::{Found, Records, Twist};
use crate::options::Provider;
use crate::serve::Route;
use crate::state::State;
use charge::Charge;
use error::{Refusal, by_code, refuse};
pub use error::{busy, internal_error, no_such_route};
use intent::Intent;
use refund::Refund;
use saved::Saved;

/// How long an idempotency key is remembered: as short as Stripe allows itself.
const KEY_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// What Stripe knows.
#[derive(Debug, Default)]
pub struct Stripe {
    intents: HashMap<String, Intent>,
    charges: HashMap<String, Charge>,
    refunds: Vec<Refund>,
    pub saved: Saved,
    records: Records,
}

/// The operation that a path (below `/stripe`) asks for.
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
        _ => return None,
    })
}

/// Answers a call.
pub fn answer(state: &mut State, route: &Route, call: &Call, twist: &Twist) -> Answer {
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
        return disguised(serve(state, route, call, twist), twist);
    };
    let fingerprint = fingerprint(call);
    match state.stripe.records.find(&key, &fingerprint, state.now()) {
        Found::InFlight => error::in_flight(),
        Found::SomethingElse => error::other_parameters(),
        Found::Answer(answer) => {
            if let Twist::Code(code) = twist {
                let fault = Fault::Code(code.clone());
                state.faults.put_back(Provider::Stripe, route.operation, fault);
            }
            disguised(answer, twist).with("idempotent-replayed", "true")
        }
        Found::Nothing => {
            // An error of the provider's own, once the call was begun, is its answer from then on.
            let answer = disguised(serve(state, route, call, twist), twist);
            if answer.kept {
                let until = state.now() + KEY_LASTS;
                state
                    .stripe
                    .records
                    .keep(key, fingerprint, answer.clone(), until, twist);
            }
            answer
        }
    }
}

fn serve(state: &mut State, route: &Route, call: &Call, twist: &Twist) -> Answer {
    if let Twist::Code(code) = twist {
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
        _ => refund::list(state, &call.query),
    };
    match outcome {
        Ok(body) => Answer::json(200, &body),
        Err(refusal) => refusal.answer(),
    }
}

/// An answer that a fault hides behind an internal error.
fn disguised(answer: Answer, twist: &Twist) -> Answer {
    match twist {
        // What was refused for its parameters never began, and is not kept whatever its answer.
        Twist::ErrorAfter(status) if answer.kept => internal_error(*status),
        Twist::ErrorAfter(status) => internal_error(*status).not_kept(),
        _ => answer,
    }
}

/// What makes two calls the same: path and parameters, in whichever order.
fn fingerprint(call: &Call) -> String {
    let mut form = call.form();
    form.sort();
    format!("{} {form:?}", call.path)
}

/// A positive integer; `None` when it is not given.
fn amount(form: &Pairs, name: &str) -> Result<Option<i64>, Refusal> {
    match value(form, name).map(str::parse) {
        None => Ok(None),
        Some(Ok(amount)) if amount > 0 => Ok(Some(amount)),
        Some(_) => Err(refuse(400, "parameter_invalid_integer", "Invalid integer").about(name)),
    }
}

/// A parameter that has to be given.
fn required<'a>(form: &'a Pairs, name: &str) -> Result<&'a str, Refusal> {
    let given = value(form, name).filter(|value| !value.is_empty());
    given.ok_or_else(|| refuse(400, "parameter_missing", "Missing required param").about(name))
}

/// `metadata[name]=value`, put together.
fn metadata(form: &Pairs) -> Map<String, Value> {
    let named = form.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
        Some((name.to_owned(), Value::from(value.as_str())))
    });
    named.collect()
}
