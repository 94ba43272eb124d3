//! Functions that events, streams and schedules trigger: an error makes Lambda try again, and is logged once.

use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::invocation::Invocation;
use super::problem::Causes;
use crate::error::Error;

/// Serves events with `handle` until Lambda ends the process.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve<T, A, F, R>(handle: F) -> Result<(), lambda_runtime::Error>
where
    T: DeserializeOwned + Send,
    A: Serialize,
    F: Fn(T, Invocation) -> R + Send + Sync,
    R: Future<Output = Result<A, Error>> + Send,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<T>| async move {
        let invocation = Invocation::of(&event.context);
        handle(event.payload, invocation).await.map_err(|error| {
            let causes = Causes(&error).to_string();
            tracing::error!(causes, "the invocation failed");
            lambda_runtime::Error::from(causes)
        })
    }))
    .await
}
