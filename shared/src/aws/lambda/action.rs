//! The registry of actions: each domain lists its own with [`actions!`](crate::actions), for the contract, the simulation
//! and the structure tests.
//!
//! A deployed function does not use it: its `main` names one action, so that no other one is linked.

use std::fmt;
use std::sync::Arc;

use futures::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aws::Platform;
use crate::aws::lambda::Invocation;
use crate::aws::lambda::http::{Request, Response};
use crate::core::error::Error;

/// An action of a domain: a Lambda function of its own.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// Its name, kebab-case: that of its binary, and of its operation in the API.
    pub name: &'static str,
    /// What invokes it.
    pub trigger: Trigger,
    /// Builds it.
    pub build: fn(&Platform) -> Result<Handler, Error>,
}

/// What invokes an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A request of the HTTP API.
    Http,
    /// A schedule.
    Schedule,
    /// An event of the bus.
    Event,
    /// Messages of a queue.
    Queue,
    /// Changes of a table.
    Stream,
}

/// An action that is ready to be invoked.
#[derive(Clone)]
pub enum Handler {
    /// Answers requests.
    Http(Arc<dyn Fn(Request, Invocation) -> LocalBoxFuture<'static, Result<Response, Error>>>),
    /// Takes events as JSON, as Lambda hands them over.
    Event(Arc<dyn Fn(Value, Invocation) -> LocalBoxFuture<'static, Result<Value, Error>>>),
}

impl fmt::Debug for Handler {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Http(_) => "Http",
            Self::Event(_) => "Event",
        })
    }
}

impl Handler {
    /// A handler of requests.
    pub fn http<A: 'static, R>(action: A, handle: fn(Arc<A>, Request, Invocation) -> R) -> Self
    where
        R: Future<Output = Result<Response, Error>> + 'static,
    {
        let action = Arc::new(action);
        Self::Http(Arc::new(move |request, invocation| {
            Box::pin(handle(Arc::clone(&action), request, invocation))
        }))
    }

    /// A handler of events.
    pub fn event<A: 'static, T, O, R>(action: A, handle: fn(Arc<A>, T, Invocation) -> R) -> Self
    where
        T: DeserializeOwned + 'static,
        O: Serialize,
        R: Future<Output = Result<O, Error>> + 'static,
    {
        const DOING: &str = "read an event";
        let action = Arc::new(action);
        Self::Event(Arc::new(move |event, invocation| {
            let action = Arc::clone(&action);
            Box::pin(async move {
                let event = serde_json::from_value(event).map_err(|error| Error::internal(DOING, error))?;
                let answer = handle(action, event, invocation).await?;
                serde_json::to_value(answer).map_err(|error| Error::internal(DOING, error))
            })
        }))
    }
}

/// Lists the actions of a domain by their triggers: `ACTIONS` for everybody who needs all of them, and `Api`, the
/// description of those that the HTTP API invokes.
#[macro_export]
macro_rules! actions {
    (
        $(http { $($http:literal => $http_module:ident::$http_action:ident),* $(,)? })?
        $(schedule { $($schedule:literal => $schedule_module:ident::$schedule_action:ident),* $(,)? })?
        $(event { $($event:literal => $event_module:ident::$event_action:ident),* $(,)? })?
        $(queue { $($queue:literal => $queue_module:ident::$queue_action:ident),* $(,)? })?
        $(stream { $($stream:literal => $stream_module:ident::$stream_action:ident),* $(,)? })?
    ) => {
        /// The actions of this domain.
        pub const ACTIONS: &[$crate::aws::lambda::action::Action] = &[
            $($($crate::aws::lambda::action::Action {
                name: $http,
                trigger: $crate::aws::lambda::action::Trigger::Http,
                build: |platform| {
                    let action = $http_module::$http_action::new(platform)?;
                    Ok($crate::aws::lambda::action::Handler::http(action, |action, request, invocation| async move {
                        $http_module::handle(&action, request, invocation).await
                    }))
                },
            },)*)?
            $($($crate::aws::lambda::action::Action {
                name: $schedule,
                trigger: $crate::aws::lambda::action::Trigger::Schedule,
                build: |platform| {
                    let action = $schedule_module::$schedule_action::new(platform)?;
                    Ok($crate::aws::lambda::action::Handler::event(action, |action, _: serde::de::IgnoredAny, invocation| async move {
                        $schedule_module::handle(&action, invocation).await
                    }))
                },
            },)*)?
            $($($crate::aws::lambda::action::Action {
                name: $event,
                trigger: $crate::aws::lambda::action::Trigger::Event,
                build: |platform| {
                    let action = $event_module::$event_action::new(platform)?;
                    Ok($crate::aws::lambda::action::Handler::event(action, |action, event, invocation| async move {
                        $event_module::handle(&action, event, invocation).await
                    }))
                },
            },)*)?
            $($($crate::aws::lambda::action::Action {
                name: $queue,
                trigger: $crate::aws::lambda::action::Trigger::Queue,
                build: |platform| {
                    let action = $queue_module::$queue_action::new(platform)?;
                    Ok($crate::aws::lambda::action::Handler::event(action, |action, event, invocation| async move {
                        $queue_module::handle(&action, event, invocation).await
                    }))
                },
            },)*)?
            $($($crate::aws::lambda::action::Action {
                name: $stream,
                trigger: $crate::aws::lambda::action::Trigger::Stream,
                build: |platform| {
                    let action = $stream_module::$stream_action::new(platform)?;
                    Ok($crate::aws::lambda::action::Handler::event(action, |action, event, invocation| async move {
                        $stream_module::handle(&action, event, invocation).await
                    }))
                },
            },)*)?
        ];

        $(
            /// The operations of this domain, as the API describes them.
            #[derive(utoipa::OpenApi)]
            #[openapi(paths($($http_module::handle),*))]
            pub struct Api;
        )?
    };
}
