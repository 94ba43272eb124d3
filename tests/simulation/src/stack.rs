//! All functions, each built as its `main` builds it, on the simulated network instead of AWS.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::LocalBoxFuture;
use harness::platform::variables;
use jiff::SignedDuration;
use serde_json::Value;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::action::Handler;
use shared::aws::lambda::http::Response;

use crate::mutant::Mutant;
use crate::net::Net;
use crate::services::{Providers, aws_config};

/// The functions that write the indexes of the search.
const INDEX_WRITERS: [&str; 2] = ["write-index", "write-private-index"];

/// The functions by name.
#[derive(Debug)]
pub struct Stack {
    functions: BTreeMap<&'static str, Handler>,
    /// A second instance of each writer of an index, which has files of its own: an instance serves one invocation at a time.
    index_writers: BTreeMap<&'static str, Handler>,
}

/// The longest time for which a customer holds seats of a showtime without paying, within an hour. Little more than a hold, so that
/// customers use it up.
pub fn hold_budget(reservation: SignedDuration) -> SignedDuration {
    let minutes = reservation.as_mins();
    SignedDuration::from_mins((minutes + minutes / 2).max(2))
}

impl Stack {
    /// Builds the functions on `net`; `reservation` is how long orders reserve stock.
    pub fn new(net: &Net, providers: &str, reservation: SignedDuration, mutant: Option<Mutant>) -> Self {
        let missed_periods = match mutant {
            Some(Mutant::MissedPeriodsCharged) => "ALL",
            _ => "LATEST",
        };
        let needs_check_in = mutant != Some(Mutant::AttendanceUnchecked);
        let platform = Platform::new(aws_config(net), variables())
            .with_transport(Arc::new(Providers(net.clone())))
            .with_variable("TOSS_URL", format!("{providers}/toss"))
            .with_variable("STRIPE_URL", format!("{providers}/stripe"))
            .with_variable("KAKAOPAY_URL", format!("{providers}/kakaopay"))
            .with_variable("RESERVATION_MINUTES", reservation.as_mins().to_string())
            .with_variable("HOLD_MINUTES", reservation.as_mins().to_string())
            .with_variable("HOLD_BUDGET_MINUTES", hold_budget(reservation).as_mins().to_string())
            .with_variable("REVIEWS_NEED_CHECK_IN", needs_check_in.to_string())
            .with_variable("MISSED_PERIODS", missed_periods)
            // Small pictures are processed fast.
            .with_variable("IMAGE_WIDTHS", "8,16");
        let build = |action: &shared::aws::lambda::action::Action| (action.build)(&platform).expect("its variables");
        let index_writers = registry::actions().filter(|action| INDEX_WRITERS.contains(&action.name));
        Self {
            index_writers: index_writers.map(|action| (action.name, build(action))).collect(),
            functions: registry::actions().map(|action| (action.name, build(action))).collect(),
        }
    }

    /// Invokes a function of the API.
    ///
    /// # Panics
    /// If the function does not exist.
    pub fn http(&self, name: &str, event: &Value, invocation: Invocation) -> LocalBoxFuture<'static, Response> {
        match self.functions.get(name) {
            Some(Handler::Http(handle)) => handle(event.to_string(), invocation),
            _ => panic!("the API has no function {name}"),
        }
    }

    /// Invokes a function of a schedule, an event, a queue or a stream.
    ///
    /// # Panics
    /// If the function does not exist.
    pub fn event(
        &self,
        name: &str,
        event: &Value,
        invocation: Invocation,
    ) -> LocalBoxFuture<'static, Result<Value, Error>> {
        match self.functions.get(name) {
            Some(Handler::Event(handle)) => handle(event.to_string(), invocation),
            _ => panic!("no event invokes {name}"),
        }
    }

    /// Invokes the second instance of a writer of an index.
    ///
    /// # Panics
    /// If it is not invoked by events.
    pub fn second_index_writer(
        &self,
        name: &str,
        event: &Value,
        invocation: Invocation,
    ) -> LocalBoxFuture<'static, Result<Value, Error>> {
        match self.index_writers.get(name) {
            Some(Handler::Event(handle)) => handle(event.to_string(), invocation),
            _ => panic!("{name} writes no index"),
        }
    }
}
