//! The simulated network between functions and services: the only scheduler of a run.
//!
//! Each request is served atomically after a delay, and its response arrives after another delay. The seed draws all
//! delays, so it decides at every await which task continues. A request does not depend on its sender: it may be served
//! after the function crashed or timed out, and after a later request.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use harness::embedded::RawResponse;
use tokio::sync::{Notify, oneshot};

use crate::clock::Clock;
use crate::fault_plan::{FaultPlan, Faults};
use crate::lambda::Invoked;
use crate::services::{Request, Services};
use crate::trace::Trace;

/// The result of a request.
#[derive(Debug)]
pub enum Reply {
    /// The service responded.
    Response(RawResponse),
    /// The connection was closed: it is unknown whether the request was served.
    Lost,
}

/// The network. Clones are handles to the same network.
#[derive(Clone)]
pub struct Net(Arc<Inner>);

struct Inner {
    clock: Clock,
    services: Services,
    state: Mutex<State>,
    arrival: Notify,
}

struct State {
    rng: Rng,
    latency_ms: u64,
    faults: Faults,
    in_flight: BinaryHeap<Reverse<Message>>,
    trace: Trace,
}

/// A message in flight. Messages due at the same time are ordered by a random number.
struct Message {
    due: Duration,
    tie: u64,
    payload: Payload,
}

enum Payload {
    /// A request; the faults of its response are already drawn.
    Request(Request, Transit, oneshot::Sender<Reply>),
    /// A response.
    Answer(Reply, oneshot::Sender<Reply>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transit {
    Delivered,
    /// It is lost; the sender gets an error or no response.
    Lost {
        reported: bool,
    },
    /// It is served, but its response is lost; the sender gets an error or no response.
    AnswerLost {
        reported: bool,
    },
    /// The service refuses it without any effect.
    Refused,
}

impl Net {
    /// Creates a network in front of `services`.
    pub fn new(clock: Clock, services: Services, fault_plan: &FaultPlan, rng: Rng, trace: Trace) -> Self {
        let state = State {
            rng,
            latency_ms: fault_plan.latency_ms,
            faults: Faults::default(),
            in_flight: BinaryHeap::new(),
            trace,
        };
        Self(Arc::new(Inner {
            clock,
            services,
            state: Mutex::new(state),
            arrival: Notify::new(),
        }))
    }

    /// Sets the fault rates.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Returns the fault rates.
    pub fn faults(&self) -> Faults {
        self.state().faults
    }

    /// Draws whether an event with this rate per mille happens.
    pub fn happens(&self, per_mille: u32) -> bool {
        per_mille > 0 && self.state().rng.u32(..1000) < per_mille
    }

    /// Draws from the seed's random numbers.
    pub fn draw<T>(&self, with: impl FnOnce(&mut Rng) -> T) -> T {
        with(&mut self.state().rng)
    }

    /// Adds a line to the trace, if it is kept.
    pub fn note(&self, what: impl FnOnce() -> String) {
        let at = self.0.clock.elapsed();
        self.state().trace.note(at, what);
    }

    /// Returns the trace's fingerprint.
    pub fn fingerprint(&self) -> u64 {
        self.state().trace.fingerprint()
    }

    /// Returns the trace's lines, if they are kept.
    pub fn take_trace(&self) -> Vec<String> {
        self.state().trace.take()
    }

    /// Sends a request; the response arrives when the scheduler decides, or never.
    pub fn send(&self, request: Request) -> impl Future<Output = Reply> + Send + use<> {
        let invoked = Invoked::current();
        let crashes = invoked.as_ref().is_some_and(|invoked| invoked.is_last_step());
        let (sender, answer) = oneshot::channel();
        // The function may crash just before or just after it sends.
        if !crashes || self.draw(Rng::bool) {
            self.enqueue(request, sender);
        }
        async move {
            if crashes {
                return Invoked::crash(invoked).await;
            }
            let Ok(reply) = answer.await else {
                // No response: the caller has to time out.
                return pending().await;
            };
            match invoked.as_ref().is_some_and(|invoked| invoked.is_last_step()) {
                true => Invoked::crash(invoked).await,
                false => reply,
            }
        }
    }

    /// Delivers messages until it is dropped.
    pub async fn deliver_all(&self) {
        loop {
            let arrived = self.0.arrival.notified();
            let next = self.state().in_flight.peek().map(|Reverse(message)| message.due);
            let Some(due) = next else {
                arrived.await;
                continue;
            };
            let wait = due.saturating_sub(self.0.clock.elapsed());
            if wait >= Duration::from_millis(1) {
                // Wait until the message is due or an earlier one arrives.
                let _ = tokio::time::timeout(wait, arrived).await;
                continue;
            }
            self.deliver();
            // Let the receiver continue before the next delivery.
            tokio::task::yield_now().await;
        }
    }

    fn deliver(&self) {
        let message = self.state().in_flight.pop();
        match message.map(|Reverse(message)| message.payload) {
            Some(Payload::Request(request, transit, sender)) => self.serve(&request, transit, sender),
            // The receiver may be gone.
            Some(Payload::Answer(reply, sender)) => drop(sender.send(reply)),
            None => {}
        }
    }

    fn serve(&self, request: &Request, transit: Transit, sender: oneshot::Sender<Reply>) {
        let reply = match transit {
            Transit::Lost { .. } => Some(Reply::Lost),
            Transit::Refused => {
                let draw = self.draw(|rng| rng.u64(..));
                Some(self.0.services.refuse(request, draw))
            }
            Transit::Delivered | Transit::AnswerLost { .. } => self.0.services.serve(request),
        };
        {
            let at = self.0.clock.elapsed();
            self.state().trace.served(at, request, reply.as_ref());
        }
        match (transit, reply) {
            (Transit::AnswerLost { reported: true } | Transit::Lost { reported: true }, _) => {
                self.respond(self.0.services.lost(request), sender);
            }
            (Transit::AnswerLost { .. } | Transit::Lost { .. }, _) | (_, None) => drop(sender),
            (_, Some(reply)) => self.respond(reply, sender),
        }
    }

    fn enqueue(&self, request: Request, sender: oneshot::Sender<Reply>) {
        let mut state = self.state();
        let transit = state.transit(&request);
        let due = self.0.clock.elapsed() + state.latency();
        state.put(due, Payload::Request(request, transit, sender));
        drop(state);
        self.0.arrival.notify_one();
    }

    fn respond(&self, reply: Reply, sender: oneshot::Sender<Reply>) {
        let mut state = self.state();
        let due = self.0.clock.elapsed() + state.latency();
        state.put(due, Payload::Answer(reply, sender));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("not poisoned")
    }
}

impl State {
    fn happens(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.rng.u32(..1000) < per_mille
    }

    fn transit(&mut self, request: &Request) -> Transit {
        let faults = self.faults;
        if self.happens(faults.lost_requests) {
            return Transit::Lost {
                reported: self.rng.bool(),
            };
        }
        if self.happens(faults.lost_answers) {
            return Transit::AnswerLost {
                reported: self.rng.bool(),
            };
        }
        let refusals = faults.refusals + if request.is_transaction() { faults.conflicts } else { 0 };
        match self.happens(refusals) {
            true => Transit::Refused,
            false => Transit::Delivered,
        }
    }

    fn latency(&mut self) -> Duration {
        if self.happens(self.faults.slow) {
            return Duration::from_millis(self.rng.u64(500..9_000));
        }
        Duration::from_micros(self.rng.u64(200..=self.latency_ms * 1_000))
    }

    fn put(&mut self, due: Duration, payload: Payload) {
        let tie = self.rng.u64(..);
        self.in_flight.push(Reverse(Message { due, tie, payload }));
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Message {}

impl PartialOrd for Message {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Message {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.tie).cmp(&(other.due, other.tie))
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Net")
    }
}
