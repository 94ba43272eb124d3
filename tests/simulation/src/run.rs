//! One run: a world made of a seed, a storm, the calm after it, and what the auditor found.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::audit::Moment;
use crate::fault_plan::Faults;
use crate::mutant::Mutant;
use crate::world::World;
use crate::{actors, audit, infrastructure};

/// What is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The seed: it decides everything.
    pub seed: u64,
    /// After so many operations the actors go home. A run of fewer is a prefix of a run of more.
    pub operations: u64,
    /// What is broken.
    pub mutant: Option<Mutant>,
    /// Whether the trace is kept in words.
    pub traced: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Invocations.
    pub operations: u64,
    /// Invocations, a function each.
    pub by_function: BTreeMap<&'static str, u64>,
    /// What was wrong.
    pub findings: Vec<String>,
    /// Everything that happened, in a number.
    pub fingerprint: u64,
    /// Everything that happened, in words, when they were kept.
    pub trace: Vec<String>,
    /// How long the run went on in its world.
    pub lasted: Duration,
    /// How long it took.
    pub took: Duration,
}

impl Plan {
    /// A run of a seed, of the usual length.
    pub const fn of(seed: u64) -> Self {
        Self {
            seed,
            operations: 600,
            mutant: None,
            traced: false,
        }
    }
}

/// Minutes between the schedules' runs once the storm is over.
const CALM: [u64; 15] = [1, 1, 1, 3, 10, 30, 65, 65, 24 * 60, 2, 5, 5, 10, 5, 5];
/// After this one nothing may hang in the air: the longest pause of the reconciler's has been there twice.
const LANDED: usize = 7;

/// Runs.
///
/// # Panics
/// When there is no runtime to be had.
pub fn run(plan: &Plan) -> Outcome {
    let began = Instant::now();
    // Whatever functions and the SDK draw is drawn on this thread.
    fastrand::seed(plan.seed);
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let mut outcome = LocalSet::new().block_on(&runtime, live(plan));
    drop(runtime);
    outcome.took = began.elapsed();
    outcome
}

async fn live(plan: &Plan) -> Outcome {
    let world = World::create(plan).await;
    infrastructure::start(&world);
    actors::open(&world).await;
    storm(&world).await;
    calm(&world).await;
    let fingerprint = world.net.fingerprint();
    let trace = world.net.take_trace();
    let state = world.state();
    Outcome {
        operations: state.count,
        by_function: state.operations.clone(),
        findings: state.findings.clone(),
        fingerprint,
        trace,
        lasted: world.clock.elapsed(),
        took: Duration::ZERO,
    }
}

/// Everybody is there, and everything goes wrong.
async fn storm(world: &Arc<World>) {
    world.set_faults(world.fault_plan.faults);
    let actors = actors::set_out(world);
    let minutes = world.spawn(pass_minutes(world.clone()));
    let auditor = world.clone();
    let looks = world.spawn(async move {
        let mut seen = None;
        while auditor.goes_on() {
            let pause = auditor.below(600);
            auditor.clock.pass(Duration::from_secs(60 + pause)).await;
            // For hours of a night nothing changes.
            let changes = (auditor.tables.writes(), auditor.objects.changes());
            let now = Some((changes, auditor.sandbox.ledger()));
            if seen != now {
                audit::look(&auditor, Moment::Any);
                seen = now;
            }
        }
    });
    for actor in actors {
        // A panic is among the findings.
        drop(actor.await);
    }
    minutes.abort();
    looks.abort();
}

/// Minutes pass, each with the schedules' runs, and now and then a night.
async fn pass_minutes(world: Arc<World>) {
    loop {
        world.clock.pass(Duration::from_mins(1)).await;
        let faults = world.net.faults();
        let is_down = world.net.strikes(faults.outages);
        world.set_provider_faults(if is_down { 900 } else { faults.providers });
        infrastructure::tick(&world).await;
        if world.net.strikes(world.fault_plan.nights) {
            let night = world.night.write().await;
            for _ in 0..1 + world.below(4) {
                let minutes = 1 + world.below(12 * 60);
                world.clock.pass(Duration::from_mins(minutes)).await;
                infrastructure::tick(&world).await;
            }
            drop(night);
        }
    }
}

/// The faults are over: what hangs in the air comes down, by the schedules, the bus and the people who look after it.
async fn calm(world: &Arc<World>) {
    world.set_faults(Faults::default());
    for (nth, minutes) in CALM.into_iter().enumerate() {
        if !world.state().findings.is_empty() {
            return;
        }
        actors::decide_reviews(world).await;
        actors::redeliver(world);
        world.clock.pass(Duration::from_mins(minutes)).await;
        infrastructure::tick(world).await;
        world.clock.pass(Duration::from_secs(30)).await;
        match nth {
            LANDED => audit::look(world, Moment::Landed),
            _ if nth + 1 == CALM.len() => audit::look(world, Moment::Settled),
            _ => {}
        }
    }
}
