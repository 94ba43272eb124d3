//! The simulation can fail: a build without one of its conditions is caught, for each promise one.

use simulation::{Mutant, Plan};

use crate::runs;

/// Runs of a broken build that may pass before one is caught.
const SEEDS: u64 = 24;

/// Whether a broken build is caught, and with the words of the promise that it breaks.
fn is_caught(mutant: Mutant, promise: &str) {
    let plan = |seed| Plan {
        mutant: Some(mutant),
        ..Plan::of(seed)
    };
    let done = runs((100..100 + SEEDS).map(plan).collect(), |outcome| {
        outcome.findings.iter().any(|finding| finding.contains(promise))
    });
    let findings: Vec<&String> = done.iter().flat_map(|(_, outcome)| &outcome.findings).collect();
    assert!(
        findings.iter().any(|finding| finding.contains(promise)),
        "{mutant:?} went unnoticed in {} runs: {findings:#?}",
        done.len()
    );
}

#[test]
fn stock_that_is_taken_unchecked_is_caught() {
    is_caught(Mutant::StockUnchecked, "stock is conserved");
}

#[test]
fn a_retried_order_that_is_put_twice_is_caught() {
    is_caught(Mutant::RetriesUnchecked, "stock is conserved");
}

#[test]
fn a_record_that_is_changed_whatever_has_changed_it_is_caught() {
    is_caught(Mutant::VersionsUnchecked, "conserved");
}

#[test]
fn a_period_that_is_billed_twice_is_caught() {
    is_caught(Mutant::PeriodsUnchecked, "each period is charged once");
}

#[test]
fn points_that_are_spent_unchecked_are_caught() {
    is_caught(Mutant::PointsUnchecked, "points are conserved");
}

#[test]
fn a_timeout_that_is_taken_for_a_refusal_is_caught() {
    is_caught(Mutant::TimeoutIsRefusal, "charged");
}

#[test]
fn an_event_that_the_bus_loses_is_caught() {
    is_caught(Mutant::EventLost, "was never told");
}

#[test]
fn an_object_that_s3_loses_is_caught() {
    is_caught(Mutant::ObjectLost, "a picture's variants stand");
}

#[test]
fn an_event_of_what_never_happened_is_caught() {
    is_caught(Mutant::EventInvented, "told, and never happened");
}

#[test]
fn an_entity_that_no_cleaner_finds_is_caught() {
    is_caught(Mutant::DueForgotten, "it should have expired");
}

#[test]
fn what_has_expired_and_is_served_is_caught() {
    is_caught(Mutant::ExpiryIgnored, "expired, and served");
}
