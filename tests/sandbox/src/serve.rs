//! One call: whose it is, what goes wrong with it, and what becomes of it.

use std::time::Duration;

use serde_json::json;

use crate::fault::Fault;
use crate::http::{Answer, Call};
use crate::idempotency::Twist;
use crate::options::Provider;
use crate::state::State;
use crate::{control, kakaopay, stripe, toss};

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is answered.
    Answered(Answer),
    /// It is answered after this long.
    AnsweredLate(Duration, Answer),
    /// It is never answered.
    NeverAnswered,
    /// Its connection is closed.
    HungUp,
}

/// A provider's operation, and the id in its path when there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub operation: &'static str,
    pub id: String,
}

impl Route {
    /// An operation without an id in its path.
    pub fn plain(operation: &'static str) -> Self {
        Self::of(operation, "")
    }

    /// An operation on what the path names.
    pub fn of(operation: &'static str, id: &str) -> Self {
        Self {
            operation,
            id: id.to_owned(),
        }
    }
}

/// Serves a call.
pub fn serve(state: &mut State, call: &Call) -> Fate {
    let path: Vec<&str> = call.path.split('/').skip(1).collect();
    let method = call.method.as_str();
    let (provider, route) = match path.split_first() {
        Some((&"control", rest)) => return Fate::Answered(control::answer(state, method, rest, call)),
        Some((&"toss", rest)) => (Provider::Toss, toss::route(method, rest)),
        Some((&"stripe", rest)) => (Provider::Stripe, stripe::route(method, rest)),
        Some((&"kakaopay", rest)) => (Provider::Kakaopay, kakaopay::route(method, rest)),
        _ => return Fate::Answered(Answer::json(404, &json!({ "error": "nobody is here" }))),
    };
    // What lapsed meanwhile lapses before anything is judged.
    toss::lapse(state);
    match route {
        Some(route) => with_faults(state, provider, &route, call),
        None => Fate::Answered(match provider {
            Provider::Stripe => stripe::no_such_route(call),
            Provider::Kakaopay => kakaopay::no_such_route(),
            _ => toss::no_such_route(),
        }),
    }
}

fn with_faults(state: &mut State, provider: Provider, route: &Route, call: &Call) -> Fate {
    let fault = state.faults.next(provider, route.operation);
    let twist = match &fault {
        Some(Fault::DropBefore) => return Fate::HungUp,
        Some(Fault::ErrorBefore(status)) => return Fate::Answered(internal_error(provider, *status)),
        Some(Fault::Busy) => return Fate::Answered(busy(provider)),
        Some(Fault::Code(code)) => Twist::Code(code.clone()),
        Some(Fault::ErrorAfter(status)) => Twist::ErrorAfter(*status),
        Some(Fault::Late(time)) => Twist::Late(*time),
        Some(Fault::NeverAnswer | Fault::DropAfter) | None => Twist::Plain,
    };
    let answer = match provider {
        Provider::Stripe => stripe::answer(state, route, call, &twist),
        Provider::Kakaopay => kakaopay::answer(state, route, call, &twist),
        _ => toss::answer(state, route, call, &twist),
    };
    match fault {
        Some(Fault::NeverAnswer) => Fate::NeverAnswered,
        Some(Fault::DropAfter) => Fate::HungUp,
        Some(Fault::Late(time)) => Fate::AnsweredLate(time, answer),
        _ => Fate::Answered(answer),
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
