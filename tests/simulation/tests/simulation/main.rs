//! The simulation: a fixed set of seeds keeps every promise, the same seed gives the same run, and each promise's
//! mutant is caught.

#![allow(clippy::expect_used, reason = "a test that cannot continue has failed")]

mod caught;
mod rules;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use simulation::{Outcome, Plan, run};

/// Seeds of `cargo test`, which together call each function; `cargo simulate` runs more.
const SEEDS: Range<u64> = 61..84;

/// Runs plans on two threads, in order, until all are done or one result is `enough`.
fn runs(plans: Vec<Plan>, enough: impl Fn(&Outcome) -> bool + Sync) -> Vec<(Plan, Outcome)> {
    let next = AtomicU64::new(0);
    let work = || {
        let mut done = vec![];
        while let Some(plan) = plans.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            let outcome = run(plan);
            let is_enough = enough(&outcome);
            done.push((*plan, outcome));
            if is_enough {
                next.store(u64::from(u32::MAX), Ordering::Relaxed);
            }
        }
        done
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut done = work();
        done.extend(other.join().expect("the runs are done"));
        done
    })
}

#[test]
fn the_promises_hold_under_any_schedule_of_faults() {
    let done = runs(SEEDS.map(Plan::of).collect(), |_| false);
    let mut operations = 0;
    for (plan, outcome) in &done {
        assert!(
            outcome.findings.is_empty(),
            "seed {}: {:#?}\nreproduce it with `cargo simulate --seeds 1 --from {}`",
            plan.seed,
            outcome.findings,
            plan.seed
        );
        operations += outcome.operations;
    }
    println!("{operations} operations");
    assert!(operations > SEEDS.end.abs_diff(SEEDS.start) * Plan::of(0).operations);
    let is_called = |action: &str| {
        let mut outcomes = done.iter().map(|(_, outcome)| outcome);
        outcomes.any(|outcome| outcome.by_function.contains_key(action))
    };
    let mut actions: Vec<String> = structure::repository::functions()
        .into_iter()
        .map(|function| function.action)
        .collect();
    actions.retain(|action| !is_called(action));
    assert!(actions.is_empty(), "no actor calls {actions:?}");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let plan = Plan {
        operations: 300,
        ..Plan::of(5)
    };
    let (one, other) = (run(&plan), run(&plan));
    assert_eq!(
        (one.fingerprint, one.operations, one.lasted),
        (other.fingerprint, other.operations, other.lasted)
    );
    let another = run(&Plan { seed: 6, ..plan });
    assert_ne!(one.fingerprint, another.fingerprint);
}
