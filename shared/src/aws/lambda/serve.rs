//! The `main` of every function: starts logging, builds the action from the environment, and serves invocations.

use std::convert::Infallible;

use lambda_http::RequestExt;
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::aws::lambda::Invocation;
use crate::aws::lambda::http::{Request, Response};
use crate::aws::lambda::problem::{self, Causes};
use crate::aws::{Platform, telemetry};
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
    A: Sync + 'static,
    F: Fn(&'static A, Request, Invocation) -> R + Send + Sync,
    R: Future<Output = Result<Response, Error>> + Send,
{
    let (action, handle) = (start(new).await?, &handle);
    lambda_http::run(lambda_http::service_fn(move |request: Request| async move {
        let invocation = Invocation::of(&request.lambda_context());
        let answer = handle(action, request, invocation).await;
        Ok::<_, Infallible>(answer.unwrap_or_else(|error| problem::respond(&error)))
    }))
    .await
}

/// Serves events from the event bus, a queue or a stream. Logs an error and returns it to Lambda, which retries.
///
/// # Errors
/// As [`http`].
pub async fn events<A, T, O, F, R>(
    new: impl FnOnce(&Platform) -> Result<A, Error>,
    handle: F,
) -> Result<(), lambda_runtime::Error>
where
    A: Sync + 'static,
    T: DeserializeOwned + Send,
    O: Serialize,
    F: Fn(&'static A, T, Invocation) -> R + Send + Sync,
    R: Future<Output = Result<O, Error>> + Send,
{
    let (action, handle) = (start(new).await?, &handle);
    lambda_runtime::run(lambda_runtime::service_fn(move |event: LambdaEvent<T>| async move {
        let invocation = Invocation::of(&event.context);
        handle(action, event.payload, invocation).await.map_err(|error| {
            let causes = Causes(&error).to_string();
            tracing::error!(causes, "the invocation failed");
            lambda_runtime::Error::from(causes)
        })
    }))
    .await
}

/// Serves a schedule. Ignores the payload.
///
/// # Errors
/// As [`http`].
pub async fn schedule<A, O, F, R>(
    new: impl FnOnce(&Platform) -> Result<A, Error>,
    handle: F,
) -> Result<(), lambda_runtime::Error>
where
    A: Sync + 'static,
    O: Serialize,
    F: Fn(&'static A, Invocation) -> R + Send + Sync,
    R: Future<Output = Result<O, Error>> + Send,
{
    events(new, |action, _: IgnoredAny, invocation| handle(action, invocation)).await
}

async fn start<A: 'static>(new: impl FnOnce(&Platform) -> Result<A, Error>) -> Result<&'static A, Error> {
    telemetry::init();
    let action = new(&Platform::from_env().await)?;
    // The action lives as long as the process, so its futures can borrow it.
    Ok(Box::leak(Box::new(action)))
}
