//! The state that a run's actors, infrastructure and audits share.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use harness::gateway::{Answer, Call};
use harness::objects::FakeS3;
use harness::{FakeKms, FakeQueue};
use jiff::{SignedDuration, Timestamp};
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
use crate::panics;
use crate::response_checker;
use crate::rules::API_LIMIT;
use crate::run::Plan;
use crate::services::{IndexCommits, Mailbox, Services, Tables};
use crate::stack::Stack;
use crate::trace::Trace;

/// The part of an invocation's time that Lambda's runtime reserves for the response.
const RESERVE: Duration = Duration::from_millis(500);
/// The answers that admitted with a ticket.
#[derive(Debug, Default)]
pub struct Admissions {
    /// The scans that they name as the check-in.
    pub scans: BTreeSet<String>,
    /// How many of them were no replays.
    pub answers: u32,
}

/// Visibility timeouts and maximum receives of the queues (the templates).
const VISIBILITY: SignedDuration = SignedDuration::from_secs(720);
const STEP_VISIBILITY: SignedDuration = SignedDuration::from_secs(360);
/// After a failure the queue of the index waits for this long, and with it all messages.
pub const INDEX_VISIBILITY: SignedDuration = SignedDuration::from_secs(120);
const MAX_RECEIVES: u32 = 5;
/// Visibility timeout and deliveries of the queue of orders to cancel (functions/orders/template.yaml).
const UNSERVABLE_VISIBILITY: SignedDuration = SignedDuration::from_secs(180);
const UNSERVABLE_RECEIVES: u32 = 40;
/// Visibility timeout and deliveries of the queue of events that change tickets (functions/tickets/template.yaml).
const TICKET_VISIBILITY: SignedDuration = SignedDuration::from_secs(60);
const TICKET_RECEIVES: u32 = 360;
/// Visibility timeout and deliveries of the queue of events of showtimes (functions/tickets/template.yaml).
const SHOWTIME_VISIBILITY: SignedDuration = SignedDuration::from_secs(360);
const SHOWTIME_RECEIVES: u32 = 60;
/// How often a client retries a request without a response.
const TRIES: usize = 4;

/// The world of a run.
#[derive(Debug)]
pub struct World {
    /// The simulated clock.
    pub clock: Clock,
    /// The network between functions and services.
    pub net: Net,
    /// The functions.
    pub stack: Stack,
    /// The tables.
    pub tables: Arc<Tables>,
    /// The payment providers.
    pub sandbox: Arc<Sandbox>,
    /// The buckets.
    pub objects: FakeS3,
    /// The commits of the search index.
    pub index_commits: Arc<IndexCommits>,
    /// Entries that the bus accepted.
    pub bus: Arc<Mailbox<Value>>,
    /// Events that `relay-events` could not publish.
    pub undelivered: Arc<Mailbox<Value>>,
    /// Commands for `charge-subscription`.
    pub charges: FakeQueue,
    /// Commands for `run-import`.
    pub import_steps: FakeQueue,
    /// Commands for `run-export`.
    pub export_steps: FakeQueue,
    /// The queue of orders that the shop cannot serve.
    pub unservable_orders: FakeQueue,
    /// Events for `update-order-tickets`.
    pub ticket_updates: FakeQueue,
    /// The queue of events of showtimes.
    pub showtime_updates: FakeQueue,
    /// Commands for `write-index`.
    pub index: FakeQueue,
    /// Commands for `write-private-index`.
    pub private_index: FakeQueue,
    /// Notified when a payment provider may have webhooks.
    pub webhooks_ready: Arc<Notify>,
    /// The mutant that runs, if any.
    pub mutant: Option<Mutant>,
    /// The actors and the faults.
    pub fault_plan: FaultPlan,
    /// Write-locked while the shop is closed.
    pub closed: RwLock<()>,
    state: Mutex<State>,
}

/// Functions whose invocations do not count against the budget, since they would take the place of others: nearly every order
/// causes runs of the functions that look at what has changed, and those cause runs of the writers of indexes; the others run every minute, mostly
/// without work.
const FREE: [&str; 8] = [
    "apply-product-schedules",
    "continue-resharding",
    "count-remaining-seats",
    "index-orders",
    "watch-products",
    "watch-shows",
    "write-index",
    "write-private-index",
];

/// A showtime that the box office has created.
#[derive(Clone, Debug)]
pub struct Show {
    /// Its id.
    pub showtime_id: String,
    /// Its performance.
    pub performance_id: String,
    /// The end of the show.
    pub over_at: Timestamp,
}

/// What has happened so far.
#[derive(Debug, Default)]
pub struct State {
    /// Number of invocations by function.
    pub operations: BTreeMap<&'static str, u64>,
    /// Number of invocations.
    pub count: u64,
    /// Violations.
    pub findings: Vec<String>,
    /// Events in the tables' streams, by id.
    pub emitted: BTreeMap<String, String>,
    /// Events that the bus accepted, by id.
    pub published: BTreeSet<String>,
    /// Ids of billing keys that a provider reported as deleted, and whether a report was accepted.
    pub deleted_keys: BTreeMap<String, bool>,
    /// Ids of billing keys that an event reported as deleted.
    pub published_keys: BTreeSet<String>,
    /// Failed asynchronous invocations: the function and the event.
    pub dead_letters: Vec<(&'static str, Value)>,
    /// Imports whose files were uploaded.
    pub imports: BTreeSet<String>,
    /// Exports that were begun.
    pub exports: BTreeSet<String>,
    /// Orders known to the staff.
    pub orders: Vec<String>,
    /// Shipments known to the staff.
    pub shipments: Vec<String>,
    /// Returns known to the staff.
    pub returns: Vec<String>,
    /// The period of each schedule that ran last.
    pub periods: BTreeMap<&'static str, u64>,
    /// Payments known to the actors.
    pub payments: Vec<String>,
    /// Payments in review, as events reported.
    pub reviews: BTreeSet<String>,
    /// Sums refunded in a provider's dashboard, by reference.
    pub dashboard_refunds: BTreeMap<String, i64>,
    /// Sums given back by hand, outside of the provider, by reference.
    pub by_hand: BTreeMap<String, i64>,
    /// The id in the first response to each request.
    pub answered: BTreeMap<String, String>,
    /// Showtimes that the box office has created for everybody.
    pub showtimes: Vec<String>,
    /// Shows that are over within minutes of their creation.
    pub soon_shows: Vec<Show>,
    /// A showtime that nobody closes or calls off, once it exists.
    pub kept_on_sale: Option<String>,
    /// Whether a seat was blocked or released last, by showtime and seat.
    pub blocked_seats: BTreeMap<(String, String), bool>,
    /// Seats for whose blocking or release there was no answer.
    pub uncertain_seats: BTreeSet<(String, String)>,
    /// How many places of the standing area are blocked, by showtime.
    pub blocked_places: BTreeMap<String, i64>,
    /// Showtimes with places for whose blocking or release there was no answer.
    pub uncertain_places: BTreeSet<String>,
    /// What was answered about admissions, by ticket.
    pub check_ins: BTreeMap<String, Admissions>,
    /// Tickets that were admitted with a code from before they changed hands.
    pub former_codes_admitted: BTreeSet<String>,
    keys: u64,
    /// Number of invocations that count against the budget.
    spent: u64,
    budget: u64,
}

impl World {
    /// Creates an empty world.
    pub async fn create(plan: &Plan) -> Rc<Self> {
        let mut rng = Rng::with_seed(plan.seed);
        let mut fault_plan = FaultPlan::draw(&mut rng);
        match plan.mutant {
            Some(Mutant::TimeoutIsRefusal) => fault_plan.lose_answers(),
            Some(Mutant::MissedPeriodsCharged | Mutant::CouponsRepeated | Mutant::MinimumIgnored) => {
                fault_plan.miss_periods();
            }
            Some(Mutant::PeriodsUnchecked) => fault_plan.repeat_deliveries(),
            Some(mutant) if mutant.needs_bank() => fault_plan.take_money_back(),
            Some(mutant) if mutant.needs_shipments() => fault_plan.ship_more(),
            _ => {}
        }
        match plan.mutant {
            Some(mutant) if mutant.needs_search() => fault_plan.search(),
            Some(_) => fault_plan.actors.search = false,
            None => {}
        }
        match plan.mutant {
            Some(mutant) if mutant.needs_tickets() => fault_plan.sell_tickets(),
            Some(_) => fault_plan.actors.ticket_buyers = 0,
            None => {}
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
        objects.set_clock(move || clock.now());
        let bus = Arc::new(Mailbox::default());
        let undelivered = Arc::new(Mailbox::default());
        let webhooks_ready = Arc::new(Notify::new());
        let charges = FakeQueue::new(VISIBILITY, MAX_RECEIVES);
        charges.shuffle(rng.u64(..));
        let steps = || FakeQueue::new(STEP_VISIBILITY, MAX_RECEIVES);
        let (import_steps, export_steps) = (steps(), steps());
        let unservable_orders = FakeQueue::new(UNSERVABLE_VISIBILITY, UNSERVABLE_RECEIVES);
        let ticket_updates = FakeQueue::new(TICKET_VISIBILITY, TICKET_RECEIVES);
        let showtime_updates = FakeQueue::new(SHOWTIME_VISIBILITY, SHOWTIME_RECEIVES);
        let index_queue = || {
            let queue = FakeQueue::new(INDEX_VISIBILITY, MAX_RECEIVES);
            if !fault_plan.actors.search {
                queue.discard();
            }
            queue
        };
        let (index, private_index) = (index_queue(), index_queue());
        let index_commits = Arc::new(IndexCommits::default());
        let services = Services {
            tables: tables.clone(),
            objects: objects.clone(),
            index_commits: index_commits.clone(),
            bus: bus.clone(),
            undelivered: undelivered.clone(),
            charges: charges.clone(),
            import_steps: import_steps.clone(),
            export_steps: export_steps.clone(),
            unservable_orders: unservable_orders.clone(),
            ticket_updates: ticket_updates.clone(),
            index: index.clone(),
            private_index: private_index.clone(),
            kms: FakeKms::default(),
            sandbox: sandbox.clone(),
            credentials,
            webhooks_ready: webhooks_ready.clone(),
            mutant: plan.mutant,
        };
        let net = Net::new(clock, services, &fault_plan, rng, Trace::new(plan.traced));
        let reservation = SignedDuration::from_secs(fault_plan.reservation_s);
        Rc::new(Self {
            stack: Stack::new(&net, &sandbox.url(), reservation, plan.mutant),
            mutant: plan.mutant,
            clock,
            net,
            tables,
            sandbox,
            objects,
            index_commits,
            bus,
            undelivered,
            charges,
            import_steps,
            export_steps,
            unservable_orders,
            ticket_updates,
            showtime_updates,
            index,
            private_index,
            webhooks_ready,
            fault_plan,
            closed: RwLock::default(),
            state: Mutex::new(State {
                budget: plan.operations,
                ..State::default()
            }),
        })
    }

    /// Locks the state.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    /// Whether actors continue: operations are left, and there are no findings.
    pub fn is_running(&self) -> bool {
        let state = self.state();
        state.spent < state.budget && state.findings.is_empty()
    }

    /// Reports a violation.
    pub fn report(&self, what: impl Into<String>) {
        let what = what.into();
        self.net.note(|| format!("FOUND {what}"));
        self.state().findings.push(what);
    }

    /// Starts a task; a panic is reported as a violation.
    pub fn spawn(self: &Rc<Self>, task: impl Future<Output = ()> + 'static) -> JoinHandle<()> {
        let world = self.clone();
        spawn_local(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                world.report_panics();
            }
        })
    }

    fn report_panics(&self) {
        panics::take().into_iter().for_each(|panic| self.report(panic));
    }

    /// Pauses an actor: mostly for moments, sometimes longer, and while the shop is closed.
    pub async fn pause(&self) {
        let time = self.net.draw(|rng| {
            let longest = *rng.choice(&[100, 1_000, 10_000, 60_000]).expect("one");
            Duration::from_millis(rng.u64(1..longest))
        });
        self.clock.sleep(time).await;
        drop(self.closed.read().await);
    }

    /// Waits until `at`, also while the shop is closed and after the other actors have stopped. Ends early after a violation.
    pub async fn wait_until(&self, at: Timestamp) {
        const STEP: Duration = Duration::from_secs(10);
        while self.state().findings.is_empty() {
            let left = at.duration_since(self.clock.now());
            if !left.is_positive() {
                break;
            }
            self.clock.sleep(left.unsigned_abs().min(STEP)).await;
        }
    }

    /// Returns an unused idempotency key.
    pub fn key(&self) -> String {
        let mut state = self.state();
        state.keys += 1;
        format!("key-{}", state.keys)
    }

    /// Draws a number below `end`.
    pub fn below(&self, end: u64) -> u64 {
        self.net.draw(|rng| rng.u64(..end))
    }

    /// Draws one of `items`; none if there is none.
    pub fn one_of<T: Clone>(&self, items: &[T]) -> Option<T> {
        let nth = self.below(items.len().max(1) as u64) as usize;
        items.get(nth).cloned()
    }

    /// Invokes a function.
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
            state.spent += u64::from(!FREE.contains(&function));
            state.count
        };
        let crashes = self.net.happens(self.net.faults().crashes);
        let steps = crashes.then(|| self.net.draw(|rng| rng.u32(1..=12)));
        let invocation = Invocation {
            trace: Some(format!("Root={id}")),
            request_id: id.to_string(),
            ..Invocation::new(self.clock.now(), limit.saturating_sub(RESERVE))
        };
        let ended = Invoked::new(function, id, steps)
            .run(limit, handle(&self.stack, invocation))
            .await;
        self.report_panics();
        let how = match &ended {
            Ended::Returned(_) => return ended,
            Ended::Crashed => "crashed",
            Ended::TimedOut => "timed out",
        };
        self.net.note(|| format!("{function}#{id} {how}"));
        ended
    }

    /// Sends a request to the API.
    pub async fn http(&self, function: &'static str, call: Call) -> Answer {
        let began = self.clock.now();
        let ended = self
            .invoke(function, API_LIMIT, |stack, invocation| {
                stack.http(function, call.event(), invocation)
            })
            .await;
        let answer = match ended {
            Ended::Returned(response) => Answer::of(response),
            Ended::Crashed | Ended::TimedOut => Answer {
                status: 503,
                replayed: false,
                link: None,
                retry_after: None,
                media_type: "application/json".to_owned(),
                request_id: String::new(),
                headers: BTreeMap::new(),
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
        response_checker::check(self, function, &call, &answer, began);
        answer
    }

    /// Sends a request to the API and retries a few times until it gets a response; sometimes sends it twice at once.
    pub async fn request(&self, function: &'static str, call: Call) -> Answer {
        let mut tries = 1;
        loop {
            let answer = if self.net.happens(self.net.faults().twice) {
                let (answer, second) =
                    tokio::join!(self.http(function, call.clone()), self.http(function, call.clone()));
                if answer.status < 500 { answer } else { second }
            } else {
                self.http(function, call.clone()).await
            };
            if answer.status < 500 || tries == TRIES {
                return answer;
            }
            tries += 1;
            let pause = self.below(2_000);
            self.clock.sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Sets the fault rates.
    pub fn set_faults(&self, faults: Faults) {
        self.net.set_faults(faults);
        self.set_provider_faults(faults.providers);
    }

    /// Sets the rate of calls, per mille, that the providers fail.
    pub fn set_provider_faults(&self, per_mille: u32) {
        let seed = self.below(u64::MAX);
        self.sandbox.set_random_faults(seed, per_mille);
    }
}
