//! The registry of actions: each domain crate lists its actions with [`actions!`](crate::actions), for the API
//! contract, the simulation and the structure tests.
//!
//! A deployed function does not use it: its `main` names one action, so that no other action is linked.

use std::fmt;
use std::sync::Arc;

use futures::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aws::Platform;
use crate::aws::lambda::http::{Request, Response};
use crate::aws::lambda::{Invocation, serve};
use crate::core::actor::Actor;
use crate::core::error::{Error, Reason};

/// An action of a domain. Each is one Lambda function.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// The kebab-case name of its binary and of its API operation.
    pub name: &'static str,
    /// The source that invokes the function.
    pub trigger: Trigger,
    /// The reasons for which an HTTP action itself refuses a request. The API description adds the reasons that follow from
    /// its request, such as a body that cannot be read.
    pub refusals: &'static [&'static Reason],
    /// Builds its handler.
    pub build: fn(&Platform) -> Result<Handler, Error>,
}

/// The trigger of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// An HTTP API request.
    Http,
    /// A schedule.
    Schedule,
    /// An event from the event bus.
    Event,
    /// Messages from a queue.
    Queue,
    /// A table's change stream.
    Stream,
}

/// Handles an event.
pub type Handle<T> = Arc<dyn Fn(String, Invocation) -> LocalBoxFuture<'static, T>>;

/// An initialized action. Takes an event as JSON text, through the code that receives it when deployed.
#[derive(Clone)]
pub enum Handler {
    /// Responds to an event of the HTTP API, as [`serve::http`].
    Http(Handle<Response>),
    /// Processes another Lambda event, as [`serve::events`].
    Event(Handle<Result<Value, Error>>),
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
    /// Creates a handler of HTTP requests.
    pub fn http<A: 'static, R>(action: A, handle: fn(Arc<A>, Request, Invocation) -> R) -> Self
    where
        R: Future<Output = Result<Response, Error>> + 'static,
    {
        let action = Arc::new(action);
        Self::Http(Arc::new(move |event, invocation| {
            let action = Arc::clone(&action);
            let handle = move |request, invocation| handle(action, request, invocation);
            Box::pin(async move { serve::respond(&event, invocation, handle).await })
        }))
    }

    /// Creates a handler of Lambda events, in which `actor` acts.
    pub fn event<A: 'static, T, O, R>(actor: Actor, action: A, handle: fn(Arc<A>, T, Invocation) -> R) -> Self
    where
        T: DeserializeOwned + 'static,
        O: Serialize,
        R: Future<Output = Result<O, Error>> + 'static,
    {
        let action = Arc::new(action);
        Self::Event(Arc::new(move |event, invocation| {
            let (action, invocation) = (Arc::clone(&action), invocation.by(actor.clone()));
            let handle = move |payload, invocation| handle(action, payload, invocation);
            Box::pin(async move {
                let answer = serve::process(&event, invocation, handle).await?;
                serde_json::to_value(answer).map_err(|error| Error::internal("serialize the answer", error))
            })
        }))
    }
}

/// Lists the actions of a domain by trigger. Defines `ACTIONS`, all actions, and `Api`, the OpenAPI description of the
/// HTTP actions.
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
                refusals: $http_module::REFUSALS,
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
                refusals: &[],
                build: |platform| {
                    let actor = $crate::core::actor::Actor::schedule($schedule);
                    let action = $schedule_module::$schedule_action::new(platform)?;
                    Ok($crate::aws::lambda::action::Handler::event(actor, action, |action, _: serde::de::IgnoredAny, invocation| async move {
                        $schedule_module::handle(&action, invocation).await
                    }))
                },
            },)*)?
            $($($crate::aws::lambda::action::Action {
                name: $event,
                trigger: $crate::aws::lambda::action::Trigger::Event,
                refusals: &[],
                build: |platform| {
                    let actor = $crate::core::actor::Actor::function($event);
                    let action = $event_module::$event_action::new(platform)?;
                    Ok($crate::aws::lambda::action::Handler::event(actor, action, |action, event, invocation| async move {
                        $event_module::handle(&action, event, invocation).await
                    }))
                },
            },)*)?
            $($($crate::aws::lambda::action::Action {
                name: $queue,
                trigger: $crate::aws::lambda::action::Trigger::Queue,
                refusals: &[],
                build: |platform| {
                    let actor = $crate::core::actor::Actor::function($queue);
                    let action = $queue_module::$queue_action::new(platform)?;
                    Ok($crate::aws::lambda::action::Handler::event(actor, action, |action, event, invocation| async move {
                        $queue_module::handle(&action, event, invocation).await
                    }))
                },
            },)*)?
            $($($crate::aws::lambda::action::Action {
                name: $stream,
                trigger: $crate::aws::lambda::action::Trigger::Stream,
                refusals: &[],
                build: |platform| {
                    let actor = $crate::core::actor::Actor::function($stream);
                    let action = $stream_module::$stream_action::new(platform)?;
                    Ok($crate::aws::lambda::action::Handler::event(actor, action, |action, event, invocation| async move {
                        $stream_module::handle(&action, event, invocation).await
                    }))
                },
            },)*)?
        ];

        $(
            /// The OpenAPI operations of this domain.
            #[derive(utoipa::OpenApi)]
            #[openapi(paths($($http_module::handle),*))]
            pub struct Api;
        )?
    };
}
