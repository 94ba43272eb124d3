//! The network between functions and services: the one scheduler of a run.
//!
//! A request leaves a function, takes its time, is served whole at one moment, and its answer takes its time back; the
//! seed draws each of these times, so it decides at every await who goes on. A request is on its way by itself: when its
//! function crashes or gives up waiting it may be served all the same, later than one that was sent after it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use harness::embedded::Said;
use tokio::sync::{Notify, oneshot};

use crate::clock::Clock;
use crate::fault_plan::{FaultPlan, Faults};
use crate::lambda::Invoked;
use crate::services::{Request, Services};
use crate::trace::Trace;

/// What becomes of a request.
#[derive(Debug)]
pub enum Reply {
    /// It is answered.
    Said(Said),
    /// The connection broke: whether it was served is not known.
    Lost,
}

/// The network; clones are the same one.
#[derive(Clone)]
pub struct Net(Arc<Inner>);

struct Inner {
    clock: Clock,
    services: Services,
    state: Mutex<State>,
    bell: Notify,
}

struct State {
    rng: Rng,
    latency_ms: u64,
    faults: Faults,
    on_the_way: BinaryHeap<Reverse<Parcel>>,
    trace: Trace,
}

/// Something on its way. Parcels that are due at one moment arrive in the order of their lots.
struct Parcel {
    due: Duration,
    lot: u64,
    cargo: Cargo,
}

enum Cargo {
    /// A request; what goes wrong with its answer is drawn already.
    Request(Request, Fate, oneshot::Sender<Reply>),
    /// An answer.
    Answer(Reply, oneshot::Sender<Reply>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Arrives,
    /// It never arrives; its sender is told so, or hears nothing.
    Lost {
        told: bool,
    },
    /// It is served, and its answer lost; its sender is told so, or hears nothing.
    AnswerLost {
        told: bool,
    },
    /// The service refuses it: nothing is done.
    Refused,
}

impl Net {
    /// A network in front of `services`.
    pub fn new(clock: Clock, services: Services, fault_plan: &FaultPlan, rng: Rng, trace: Trace) -> Self {
        let state = State {
            rng,
            latency_ms: fault_plan.latency_ms,
            faults: Faults::default(),
            on_the_way: BinaryHeap::new(),
            trace,
        };
        Self(Arc::new(Inner {
            clock,
            services,
            state: Mutex::new(state),
            bell: Notify::new(),
        }))
    }

    /// From now on this goes wrong.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// What goes wrong at present.
    pub fn faults(&self) -> Faults {
        self.state().faults
    }

    /// Whether something that happens this often, per mille, happens now.
    pub fn strikes(&self, per_mille: u32) -> bool {
        per_mille > 0 && self.state().rng.u32(..1000) < per_mille
    }

    /// Draws.
    pub fn draw<T>(&self, with: impl FnOnce(&mut Rng) -> T) -> T {
        with(&mut self.state().rng)
    }

    /// Takes note of something that happened; it is written out only when somebody reads the trace.
    pub fn note(&self, what: impl FnOnce() -> String) {
        let at = self.0.clock.elapsed();
        self.state().trace.note(at, what);
    }

    /// Everything that happened, in a number.
    pub fn fingerprint(&self) -> u64 {
        self.state().trace.fingerprint()
    }

    /// Everything that happened, in words, when they were kept.
    pub fn take_trace(&self) -> Vec<String> {
        self.state().trace.take()
    }

    /// Sends a request; the answer comes when the scheduler says so, or never.
    pub fn ask(&self, request: Request) -> impl Future<Output = Reply> + Send + use<> {
        let invoked = Invoked::current();
        let dies = invoked.as_ref().is_some_and(|invoked| invoked.is_last_step());
        let (sender, answer) = oneshot::channel();
        // The function may have crashed just before it sent, or just after.
        if !dies || self.draw(Rng::bool) {
            self.post(request, sender);
        }
        async move {
            if dies {
                return Invoked::crash(invoked).await;
            }
            let Ok(reply) = answer.await else {
                // Silence: whoever waits has to give up.
                return pending().await;
            };
            match invoked.as_ref().is_some_and(|invoked| invoked.is_last_step()) {
                true => Invoked::crash(invoked).await,
                false => reply,
            }
        }
    }

    /// Carries parcels until it is dropped.
    pub async fn carry(&self) {
        loop {
            let rung = self.0.bell.notified();
            let next = self.state().on_the_way.peek().map(|Reverse(parcel)| parcel.due);
            let Some(due) = next else {
                rung.await;
                continue;
            };
            let wait = due.saturating_sub(self.0.clock.elapsed());
            if wait >= Duration::from_millis(1) {
                // Whichever is first: it is due, or something has come that is due earlier.
                let _ = tokio::time::timeout(wait, rung).await;
                continue;
            }
            self.deliver();
            // Whoever was waiting for this goes on before anything else arrives.
            tokio::task::yield_now().await;
        }
    }

    fn deliver(&self) {
        let parcel = self.state().on_the_way.pop();
        match parcel.map(|Reverse(parcel)| parcel.cargo) {
            Some(Cargo::Request(request, fate, sender)) => self.serve(&request, fate, sender),
            // Nobody may be waiting any more.
            Some(Cargo::Answer(reply, sender)) => drop(sender.send(reply)),
            None => {}
        }
    }

    fn serve(&self, request: &Request, fate: Fate, sender: oneshot::Sender<Reply>) {
        let reply = match fate {
            Fate::Lost { .. } => Some(Reply::Lost),
            Fate::Refused => {
                let draw = self.draw(|rng| rng.u64(..));
                Some(self.0.services.refuse(request, draw))
            }
            Fate::Arrives | Fate::AnswerLost { .. } => self.0.services.serve(request),
        };
        {
            let at = self.0.clock.elapsed();
            self.state().trace.served(at, request, reply.as_ref());
        }
        match (fate, reply) {
            (Fate::AnswerLost { told: true } | Fate::Lost { told: true }, _) => {
                self.send_back(self.0.services.lost(request), sender);
            }
            (Fate::AnswerLost { .. } | Fate::Lost { .. }, _) | (_, None) => drop(sender),
            (_, Some(reply)) => self.send_back(reply, sender),
        }
    }

    fn post(&self, request: Request, sender: oneshot::Sender<Reply>) {
        let mut state = self.state();
        let fate = state.fate(&request);
        let due = self.0.clock.elapsed() + state.latency();
        state.put(due, Cargo::Request(request, fate, sender));
        drop(state);
        self.0.bell.notify_one();
    }

    fn send_back(&self, reply: Reply, sender: oneshot::Sender<Reply>) {
        let mut state = self.state();
        let due = self.0.clock.elapsed() + state.latency();
        state.put(due, Cargo::Answer(reply, sender));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("not poisoned")
    }
}

impl State {
    fn strikes(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.rng.u32(..1000) < per_mille
    }

    fn fate(&mut self, request: &Request) -> Fate {
        let faults = self.faults;
        if self.strikes(faults.lost_requests) {
            return Fate::Lost { told: self.rng.bool() };
        }
        if self.strikes(faults.lost_answers) {
            return Fate::AnswerLost { told: self.rng.bool() };
        }
        let refusals = faults.refusals + if request.is_transaction() { faults.conflicts } else { 0 };
        match self.strikes(refusals) {
            true => Fate::Refused,
            false => Fate::Arrives,
        }
    }

    fn latency(&mut self) -> Duration {
        if self.strikes(self.faults.slow) {
            return Duration::from_millis(self.rng.u64(500..9_000));
        }
        Duration::from_micros(self.rng.u64(200..=self.latency_ms * 1_000))
    }

    fn put(&mut self, due: Duration, cargo: Cargo) {
        let lot = self.rng.u64(..);
        self.on_the_way.push(Reverse(Parcel { due, lot, cargo }));
    }
}

impl PartialEq for Parcel {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Parcel {}

impl PartialOrd for Parcel {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Parcel {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.lot).cmp(&(other.due, other.lot))
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Net")
    }
}
