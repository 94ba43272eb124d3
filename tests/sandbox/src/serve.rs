//! Serves one call: its provider, its fault, and its outcome.

use std::time::Duration;

use serde_json::json;

use crate::fault::Fault;
use crate::http::{Answer, Call};
use crate::idempotency::AnswerFault;
use crate::options::Provider;
use crate::state::State;
use crate::{control, kakaopay, stripe, toss};

/// The outcome of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The call is answered.
    Answered(Answer),
    /// The call is answered after a delay.
    AnsweredLate(Duration, Answer),
    /// The call is never answered.
    NeverAnswered,
    /// The connection is closed.
    ConnectionClosed,
}

/// A provider's operation, and the id in its path, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub operation: &'static str,
    pub id: String,
}

impl Route {
    /// Creates a route without an id.
    pub fn plain(operation: &'static str) -> Self {
        Self::of(operation, "")
    }

    /// Creates a route with an id.
    pub fn of(operation: &'static str, id: &str) -> Self {
        Self {
            operation,
            id: id.to_owned(),
        }
    }
}

/// Serves a call.
pub fn serve(state: &mut State, call: &Call) -> Outcome {
    let path: Vec<&str> = call.path.split('/').skip(1).collect();
    let method = call.method.as_str();
    let (provider, route) = match path.split_first() {
        Some((&"control", rest)) => return Outcome::Answered(control::answer(state, method, rest, call)),
        Some((&"toss", rest)) => (Provider::Toss, toss::route(method, rest)),
        Some((&"stripe", rest)) => (Provider::Stripe, stripe::route(method, rest)),
        Some((&"kakaopay", rest)) => (Provider::Kakaopay, kakaopay::route(method, rest)),
        _ => return Outcome::Answered(Answer::json(404, &json!({ "error": "unknown path" }))),
    };
    // Expire payments first.
    toss::expire(state);
    match route {
        Some(route) => with_faults(state, provider, &route, call),
        None => Outcome::Answered(match provider {
            Provider::Stripe => stripe::no_such_route(call),
            Provider::Kakaopay => kakaopay::no_such_route(),
            _ => toss::no_such_route(),
        }),
    }
}

fn with_faults(state: &mut State, provider: Provider, route: &Route, call: &Call) -> Outcome {
    let fault = state.faults.next(provider, route.operation);
    let answer_fault = match &fault {
        Some(Fault::DropBefore) => return Outcome::ConnectionClosed,
        Some(Fault::ErrorBefore(status)) => return Outcome::Answered(internal_error(provider, *status)),
        Some(Fault::Busy) => return Outcome::Answered(busy(provider)),
        Some(Fault::Code(code)) => AnswerFault::Code(code.clone()),
        Some(Fault::ErrorAfter(status)) => AnswerFault::ErrorAfter(*status),
        Some(Fault::Late(time)) => AnswerFault::Late(*time),
        Some(Fault::NeverAnswer | Fault::DropAfter) | None => AnswerFault::Plain,
    };
    let answer = match provider {
        Provider::Stripe => stripe::answer(state, route, call, &answer_fault),
        Provider::Kakaopay => kakaopay::answer(state, route, call, &answer_fault),
        _ => toss::answer(state, route, call, &answer_fault),
    };
    match fault {
        Some(Fault::NeverAnswer) => Outcome::NeverAnswered,
        Some(Fault::DropAfter) => Outcome::ConnectionClosed,
        Some(Fault::Late(time)) => Outcome::AnsweredLate(time, answer),
        _ => Outcome::Answered(answer),
    }
}

fn internal_error(provider: Provider, status: u16) -> Answer {
    match provider {
        Provider::Stripe => stripe::internal_error(status),
        Provider::Kakaopay => kakaopay::internal_error(status),
        _ => toss::internal_error(status),
    }
}

fn busy(provider: Provider) -> Answer {
    match provider {
        Provider::Stripe => stripe::busy(),
        Provider::Kakaopay => kakaopay::internal_error(503),
        _ => toss::busy(),
    }
}
