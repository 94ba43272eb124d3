//! A run's world: everything that its actors, its infrastructure and its auditor share.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use harness::gateway::{Answer, Call};
use harness::objects::FakeS3;
use harness::{FakeKms, FakeQueue};
use jiff::SignedDuration;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use shared::aws::lambda::Invocation;
use tokio::sync::{Notify, RwLock};
use tokio::task::{JoinHandle, spawn_local};

use crate::clock::Clock;
use crate::fault_plan::{FaultPlan, Faults};
use crate::lambda::{Ended, Invoked};
use crate::mutant::Mutant;
use crate::net::Net;
use crate::response_checker;
use crate::rules::API_LIMIT;
use crate::run::Plan;
use crate::services::{Mailbox, Services, Tables};
use crate::stack::Stack;
use crate::trace::Trace;

/// What Lambda's runtime keeps back of an invocation's time for its answer.
const RESERVE: Duration = Duration::from_millis(500);
/// How long a message of the queue of charges is out, and how often (template.yaml).
const VISIBILITY: SignedDuration = SignedDuration::from_secs(720);
const MAX_RECEIVES: u32 = 5;
/// How often somebody who gets no answer asks again.
const TRIES: usize = 4;

/// The world.
#[derive(Debug)]
pub struct World {
    /// What time it is.
    pub clock: Clock,
    /// Between functions and services.
    pub net: Net,
    /// The functions.
    pub stack: Stack,
    /// The tables.
    pub tables: Arc<Tables>,
    /// The payment providers.
    pub sandbox: Arc<Sandbox>,
    /// The buckets.
    pub objects: FakeS3,
    /// What the bus took.
    pub bus: Arc<Mailbox<Value>>,
    /// What `relay-events` kept in its queue.
    pub undelivered: Arc<Mailbox<Value>>,
    /// Commands for `charge-subscription`.
    pub charges: FakeQueue,
    /// A payment provider has something to tell.
    pub told: Arc<Notify>,
    /// Who is there, and what goes wrong.
    pub fault_plan: FaultPlan,
    /// Held while it is night.
    pub night: RwLock<()>,
    state: Mutex<State>,
}

/// What has happened so far.
#[derive(Debug, Default)]
pub struct State {
    /// Invocations, a function each.
    pub operations: BTreeMap<&'static str, u64>,
    /// Their number.
    pub count: u64,
    /// What was found to be wrong.
    pub findings: Vec<String>,
    /// Events that the tables' streams brought, by id.
    pub happened: BTreeMap<String, String>,
    /// Events that the bus took, by id.
    pub published: BTreeSet<String>,
    /// What no function could be woken for: the function, and the event.
    pub dead: Vec<(&'static str, Value)>,
    /// Payments that somebody has heard of.
    pub payments: Vec<String>,
    /// Those of which an event told that they wait for a person.
    pub reviews: BTreeSet<String>,
    /// What somebody gave back at a provider's dashboard, by reference.
    pub elsewhere: BTreeMap<String, i64>,
    /// What was answered first, by who asked for what.
    pub answered: BTreeMap<String, String>,
    keys: u64,
    budget: u64,
}

impl World {
    /// An empty world.
    pub async fn create(plan: &Plan) -> Arc<Self> {
        let mut rng = Rng::with_seed(plan.seed);
        let mut fault_plan = FaultPlan::draw(&mut rng);
        match plan.mutant {
            Some(Mutant::TimeoutIsRefusal) => fault_plan.lose_answers(),
            Some(Mutant::PeriodsUnchecked) => fault_plan.repeat_deliveries(),
            _ => {}
        }
        let clock = Clock::start();
        let options = Options {
            clock: clock.shared(),
            seed: Some(rng.u64(..)),
            ..Options::default()
        };
        let credentials = function_tests::payment_fixture::credentials(&options);
        let sandbox = Arc::new(Sandbox::in_process(options));
        let tables = Arc::new(Tables::create().await);
        let objects = FakeS3::default();
        let bus = Arc::new(Mailbox::default());
        let undelivered = Arc::new(Mailbox::default());
        let told = Arc::new(Notify::new());
        let charges = FakeQueue::new(VISIBILITY, MAX_RECEIVES);
        charges.shuffle(rng.u64(..));
        let services = Services {
            tables: tables.clone(),
            objects: objects.clone(),
            bus: bus.clone(),
            undelivered: undelivered.clone(),
            charges: charges.clone(),
            kms: FakeKms::default(),
            sandbox: sandbox.clone(),
            credentials,
            told: told.clone(),
            mutant: plan.mutant,
        };
        let net = Net::new(clock, services, &fault_plan, rng, Trace::new(plan.traced));
        let reservation = SignedDuration::from_secs(fault_plan.reservation_s);
        Arc::new(Self {
            stack: Stack::new(&net, &sandbox.url(), reservation),
            clock,
            net,
            tables,
            sandbox,
            objects,
            bus,
            undelivered,
            charges,
            told,
            fault_plan,
            night: RwLock::default(),
            state: Mutex::new(State {
                budget: plan.operations,
                ..State::default()
            }),
        })
    }

    /// What has happened so far.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    /// Whether actors go on: the run has operations left, and nothing was found.
    pub fn goes_on(&self) -> bool {
        let state = self.state();
        state.count < state.budget && state.findings.is_empty()
    }

    /// Something is wrong.
    pub fn find(&self, what: impl Into<String>) {
        let what = what.into();
        self.net.note(|| format!("FOUND {what}"));
        self.state().findings.push(what);
    }

    /// Lets something happen beside everything else; a panic is found to be wrong.
    pub fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + 'static) -> JoinHandle<()> {
        let world = self.clone();
        spawn_local(async move {
            if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
                world.find(format!("panicked: {}", text.unwrap_or_default()));
            }
        })
    }

    /// Somebody thinks: mostly for moments, sometimes for long, and not before the morning.
    pub async fn think(&self) {
        let time = self.net.draw(|rng| {
            let longest = *rng.choice(&[100, 1_000, 10_000, 60_000]).expect("one");
            Duration::from_millis(rng.u64(1..longest))
        });
        self.clock.pass(time).await;
        drop(self.night.read().await);
    }

    /// A key that nobody has used.
    pub fn key(&self) -> String {
        let mut state = self.state();
        state.keys += 1;
        format!("key-{}", state.keys)
    }

    /// A number below `end`.
    pub fn below(&self, end: u64) -> u64 {
        self.net.draw(|rng| rng.u64(..end))
    }

    /// One invocation of a function.
    pub async fn invoke<'a, T>(
        &'a self,
        function: &'static str,
        limit: Duration,
        handle: impl FnOnce(&'a Stack, Invocation) -> LocalBoxFuture<'a, T>,
    ) -> Ended<T> {
        let id = {
            let mut state = self.state();
            *state.operations.entry(function).or_default() += 1;
            state.count += 1;
            state.count
        };
        let crashes = self.net.strikes(self.net.faults().crashes);
        let steps = crashes.then(|| self.net.draw(|rng| rng.u32(1..=12)));
        let invocation = Invocation {
            trace: Some(format!("Root={id}")),
            ..Invocation::new(self.clock.now(), limit.saturating_sub(RESERVE))
        };
        let ended = Invoked::new(function, id, steps)
            .run(limit, handle(&self.stack, invocation))
            .await;
        let how = match &ended {
            Ended::Returned(_) => return ended,
            Ended::Crashed => "crashed",
            Ended::TimedOut => "timed out",
        };
        self.net.note(|| format!("{function}#{id} {how}"));
        ended
    }

    /// One request to the API.
    pub async fn http(&self, function: &'static str, call: Call) -> Answer {
        let request = call.request();
        let began = self.clock.now();
        let ended = self
            .invoke(function, API_LIMIT, |stack, invocation| {
                stack.http(function, request, invocation)
            })
            .await;
        let answer = match ended {
            Ended::Returned(outcome) => Answer::of(outcome),
            Ended::Crashed | Ended::TimedOut => Answer {
                status: 503,
                replayed: false,
                retry_after: None,
                media_type: "application/json".to_owned(),
                body: json!({ "message": "Service Unavailable" }),
            },
        };
        self.net.note(|| {
            format!(
                "{function} {} => {} {}",
                call.event()["body"],
                answer.status,
                answer.body
            )
        });
        response_checker::saw(self, function, &call, &answer, began);
        answer
    }

    /// A request to the API by somebody who asks again until there is an answer, or gives up; some send it twice at once.
    pub async fn ask(&self, function: &'static str, call: Call) -> Answer {
        let mut tries = 1;
        loop {
            let answer = if self.net.strikes(self.net.faults().twice) {
                let (answer, twin) = tokio::join!(self.http(function, call.clone()), self.http(function, call.clone()));
                if answer.status < 500 { answer } else { twin }
            } else {
                self.http(function, call.clone()).await
            };
            if answer.status < 500 || tries == TRIES {
                return answer;
            }
            tries += 1;
            let pause = self.below(2_000);
            self.clock.pass(Duration::from_millis(pause)).await;
        }
    }

    /// From now on this goes wrong.
    pub fn set_faults(&self, faults: Faults) {
        self.net.set_faults(faults);
        self.set_provider_faults(faults.providers);
    }

    /// From now on this many of a thousand calls to the providers fail there.
    pub fn set_provider_faults(&self, per_mille: u32) {
        let seed = self.below(u64::MAX);
        self.sandbox.set_random_faults(seed, per_mille);
    }
}
