//! One run: a world drawn from a seed, a phase with faults, a recovery phase, and the audits' findings.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::audit::{self, Phase};
use crate::fault_plan::Faults;
use crate::mutant::Mutant;
use crate::world::World;
use crate::{actors, infrastructure, panics};

/// What to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The seed, which determines the whole run.
    pub seed: u64,
    /// The number of operations after which the actors stop. A run with fewer is a prefix of a run with more.
    pub operations: u64,
    /// The mutant to run.
    pub mutant: Option<Mutant>,
    /// Whether the trace's lines are kept.
    pub traced: bool,
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Number of invocations.
    pub operations: u64,
    /// Number of invocations by function.
    pub by_function: BTreeMap<&'static str, u64>,
    /// Violations.
    pub findings: Vec<String>,
    /// The trace's fingerprint.
    pub fingerprint: u64,
    /// The trace's lines, if they are kept.
    pub trace: Vec<String>,
    /// Simulated duration.
    pub lasted: Duration,
    /// Actual duration.
    pub took: Duration,
}

impl Plan {
    /// Plans a run of a seed with the default length.
    pub const fn of(seed: u64) -> Self {
        Self {
            seed,
            operations: 600,
            mutant: None,
            traced: false,
        }
    }
}

/// Minutes between the schedules' runs in the recovery phase.
const RECOVERY_MINUTES: [u64; 15] = [1, 1, 1, 3, 10, 30, 65, 65, 24 * 60, 2, 5, 5, 10, 5, 5];
/// The run after which all work has to be finished: the reconciler's longest delay has passed twice.
const FINISHED_AFTER: usize = 7;

/// Runs a plan.
///
/// # Panics
/// If the runtime cannot be created.
pub fn run(plan: &Plan) -> Outcome {
    let began = Instant::now();
    panics::watch();
    // Functions and the SDK draw their random numbers on this thread.
    fastrand::seed(plan.seed);
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let mut outcome = LocalSet::new().block_on(&runtime, simulate(plan));
    drop(runtime);
    outcome.took = began.elapsed();
    outcome
}

async fn simulate(plan: &Plan) -> Outcome {
    let world = World::create(plan).await;
    infrastructure::start(&world);
    actors::open(&world).await;
    run_with_faults(&world).await;
    recover(&world).await;
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

/// Runs the actors with faults.
async fn run_with_faults(world: &Rc<World>) {
    world.set_faults(world.fault_plan.faults);
    let actors = actors::start(world);
    let minutes = world.spawn(pass_minutes(world.clone()));
    let auditor = world.clone();
    let looks = world.spawn(async move {
        let mut seen = None;
        while auditor.is_running() {
            let pause = auditor.below(600);
            auditor.clock.sleep(Duration::from_secs(60 + pause)).await;
            // While the shop is closed, nothing changes for hours.
            let changes = (auditor.tables.writes(), auditor.objects.changes());
            let now = Some((changes, auditor.sandbox.ledger()));
            if seen != now {
                audit::check(&auditor, Phase::Faults);
                seen = now;
            }
        }
    });
    for actor in actors {
        // A panic is already among the findings.
        drop(actor.await);
    }
    minutes.abort();
    looks.abort();
}

/// Runs the schedules every minute, with occasional closing times.
async fn pass_minutes(world: Rc<World>) {
    loop {
        world.clock.sleep(Duration::from_mins(1)).await;
        let faults = world.net.faults();
        let is_down = world.net.happens(faults.outages);
        world.set_provider_faults(if is_down { 900 } else { faults.providers });
        infrastructure::run_schedules(&world).await;
        if world.net.happens(world.fault_plan.closings) {
            let closed = world.closed.write().await;
            for _ in 0..1 + world.below(4) {
                let minutes = 1 + world.below(12 * 60);
                world.clock.sleep(Duration::from_mins(minutes)).await;
                infrastructure::run_schedules(&world).await;
            }
            drop(closed);
        }
    }
}

/// Ends the faults and lets schedules, the bus and the operator finish all work.
async fn recover(world: &Rc<World>) {
    world.set_faults(Faults::default());
    actors::decide_disputes(world);
    for (nth, minutes) in RECOVERY_MINUTES.into_iter().enumerate() {
        if !world.state().findings.is_empty() {
            return;
        }
        actors::decide_reviews(world).await;
        actors::redeliver(world);
        world.clock.sleep(Duration::from_mins(minutes)).await;
        infrastructure::run_schedules(world).await;
        world.clock.sleep(Duration::from_secs(30)).await;
        match nth {
            FINISHED_AFTER => audit::check(world, Phase::Finished),
            _ if nth + 1 == RECOVERY_MINUTES.len() => {
                audit::check(world, Phase::Reconciled);
                if world.fault_plan.actors.search
                    && let Err(error) = audit::search::check_answers(world).await
                {
                    world.report(format!("a search finds what is listed: {error:#}"));
                }
            }
            _ => {}
        }
    }
}
