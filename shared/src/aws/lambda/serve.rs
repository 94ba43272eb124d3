//! The `main` of every function: starts logging, builds the action from the environment, and serves invocations.
//!
//! Invariant: every invocation is answered, whatever its event contains, and the process serves the next one. An event
//! that cannot be read and a panic of the action are errors like others.

use std::convert::Infallible;

use lambda_http::http::{HeaderValue, header};
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use crate::aws::lambda::http::{REQUEST_ID, Request, Response};
use crate::aws::lambda::panic;
use crate::aws::lambda::problem::{self, Causes};
use crate::aws::lambda::{Invocation, access, cache, gateway};
use crate::aws::{Platform, telemetry};
use crate::core::actor::Actor;
use crate::core::error::Error;

/// Serves HTTP API requests. Answers an error as problem details.
///
/// # Errors
/// When an environment variable is missing or the Runtime API cannot be reached.
pub async fn http<A, F, R>(
    new: impl FnOnce(&Platform) -> Result<A, Error>,
    handle: F,
) -> Result<(), lambda_runtime::Error>
where
    A: 'static,
    F: Fn(&'static A, Request, Invocation) -> R,
    R: Future<Output = Result<Response, Error>>,
{
    let (action, handle) = (start(new).await?, &handle);
    let serve = move |event: LambdaEvent<Box<RawValue>>| async move {
        let invocation = Invocation::of(&event.context);
        let handle = |request, invocation| handle(action, request, invocation);
        let response = respond(event.payload.get(), invocation, handle).await;
        Ok::<_, Infallible>(gateway::result(response))
    };
    lambda_runtime::run(lambda_runtime::service_fn(serve)).await
}

/// Serves events from the event bus, a queue or a stream for the action `name`. Logs an error and returns it to Lambda,
/// which retries.
///
/// # Errors
/// As [`http`].
pub async fn events<A, T, O, F, R>(
    name: &str,
    new: impl FnOnce(&Platform) -> Result<A, Error>,
    handle: F,
) -> Result<(), lambda_runtime::Error>
where
    A: 'static,
    T: DeserializeOwned,
    O: Serialize,
    F: Fn(&'static A, T, Invocation) -> R,
    R: Future<Output = Result<O, Error>>,
{
    run(&Actor::function(name), new, handle).await
}

/// Serves a schedule for the action `name`. Ignores the payload.
///
/// # Errors
/// As [`http`].
pub async fn schedule<A, O, F, R>(
    name: &str,
    new: impl FnOnce(&Platform) -> Result<A, Error>,
    handle: F,
) -> Result<(), lambda_runtime::Error>
where
    A: 'static,
    O: Serialize,
    F: Fn(&'static A, Invocation) -> R,
    R: Future<Output = Result<O, Error>>,
{
    let handle = |action, _: IgnoredAny, invocation| handle(action, invocation);
    run(&Actor::schedule(name), new, handle).await
}

async fn run<A, T, O, F, R>(
    actor: &Actor,
    new: impl FnOnce(&Platform) -> Result<A, Error>,
    handle: F,
) -> Result<(), lambda_runtime::Error>
where
    A: 'static,
    T: DeserializeOwned,
    O: Serialize,
    F: Fn(&'static A, T, Invocation) -> R,
    R: Future<Output = Result<O, Error>>,
{
    let (action, handle) = (start(new).await?, &handle);
    let serve = move |event: LambdaEvent<Box<RawValue>>| async move {
        let invocation = Invocation::of(&event.context).by(actor.clone());
        let handle = |payload, invocation| handle(action, payload, invocation);
        process(event.payload.get(), invocation, handle).await.map_err(|error| {
            let causes = Causes(&error).to_string();
            tracing::error!(causes, "the invocation failed");
            lambda_runtime::Error::from(causes)
        })
    };
    lambda_runtime::run(lambda_runtime::service_fn(serve)).await
}

/// Responds to an event of the HTTP API: checks that the caller may use its route, and handles it with the caller as
/// actor. Every response has the headers [`REQUEST_ID`] and `Cache-Control`: `no-store` unless the action says otherwise,
/// so that no cache in front of the API keeps what belongs to one customer.
pub async fn respond<R>(event: &str, invocation: Invocation, handle: impl FnOnce(Request, Invocation) -> R) -> Response
where
    R: Future<Output = Result<Response, Error>>,
{
    let request_id = invocation.request_id.clone();
    let handled = Box::pin(async {
        let request = gateway::request(event)?;
        let actor = access::check(&request)?;
        handle(request, Invocation { actor, ..invocation }).await
    });
    let mut response = panic::catch(handled)
        .await
        .unwrap_or_else(|error| problem::respond(&error, &request_id));
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static(cache::NEVER));
    response
}

/// Processes an event of the event bus, a queue, a stream or a schedule.
///
/// # Errors
/// Those of `handle`, and [`Error::Internal`] when the event is not a `T` or `handle` panics.
pub async fn process<T, O, R>(
    event: &str,
    invocation: Invocation,
    handle: impl FnOnce(T, Invocation) -> R,
) -> Result<O, Error>
where
    T: DeserializeOwned,
    R: Future<Output = Result<O, Error>>,
{
    let payload = || serde_json::from_str(event).map_err(|error| Error::internal("read an event", error));
    panic::catch(Box::pin(async { handle(payload()?, invocation).await })).await
}

async fn start<A: 'static>(new: impl FnOnce(&Platform) -> Result<A, Error>) -> Result<&'static A, Error> {
    telemetry::init();
    let action = new(&Platform::from_env().await)?;
    // The action lives as long as the process, so its futures can borrow it.
    Ok(Box::leak(Box::new(action)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::lambda::conditional;
    use crate::aws::lambda::http::json;
    use crate::aws::lambda::panic::Panic;
    use jiff::Timestamp;
    use lambda_http::http::StatusCode;
    use std::time::Duration;

    fn invocation() -> Invocation {
        Invocation::new(Timestamp::UNIX_EPOCH, Duration::from_secs(1))
    }

    #[tokio::test]
    async fn a_response_is_not_kept_unless_its_action_says_so() {
        let event = r#"{"headers":{},"isBase64Encoded":false,
            "requestContext":{"routeKey":"GET /products/{sku}","http":{"method":"GET"}}}"#;
        let cached = |response: &Response| response.headers()[header::CACHE_CONTROL].to_str().unwrap().to_owned();
        let failed = async |_, _| Err(Error::internal("test", "a bug"));
        let plain = async |_, _| json(StatusCode::OK, &"tea");
        let shared = async |request: Request, _| conditional::get(&request, &"tea", "public, max-age=5");
        assert_eq!(cached(&respond("{", invocation(), plain).await), "no-store");
        assert_eq!(cached(&respond(event, invocation(), failed).await), "no-store");
        assert_eq!(cached(&respond(event, invocation(), plain).await), "no-store");
        let response = respond(event, invocation(), shared).await;
        assert_eq!(cached(&response), "public, max-age=5");
        assert_eq!(response.headers()[header::VARY], "Origin");
    }

    #[tokio::test]
    async fn an_event_that_cannot_be_read_is_an_error() {
        for event in ["", "{", "[]", "{} {}", r#"{"number":"1"}"#] {
            let outcome = process(event, invocation(), async |_: u32, _| Ok(())).await;
            assert!(matches!(outcome, Err(Error::Internal { .. })), "{event}");
        }
        assert_eq!(
            process("1", invocation(), async |number: u32, _| Ok(number))
                .await
                .unwrap(),
            1
        );
        // A schedule's payload does not matter.
        process(r#"{"a":[1]}"#, invocation(), async |_: IgnoredAny, _| Ok(()))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let outcome: Result<(), Error> = process("1", invocation(), async |_: u32, _| panic!("a bug")).await;
        let Err(Error::Internal { source, .. }) = outcome else {
            panic!("{outcome:?}")
        };
        assert!(source.is::<Panic>(), "{source}");
    }
}
