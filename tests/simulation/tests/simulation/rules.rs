//! Checks that functions are invoked as the template says.

use std::time::Duration;

use serde_json::{Value, json};
use simulation::rules::Rule;

#[test]
fn an_event_invokes_the_functions_whose_pattern_matches() {
    let cancelled =
        |data: Value| json!({ "source": "madang.orders", "detail-type": "OrderCancelled", "detail": { "data": data } });
    let invoked = |event: &Value| {
        let rules = Rule::of_bus().iter().filter(|rule| rule.is_for(event));
        rules.map(|rule| rule.function).collect::<Vec<_>>()
    };
    assert_eq!(invoked(&cancelled(json!({ "payment_id": "p" }))), ["refund-payment"]);
    assert!(invoked(&cancelled(json!({}))).is_empty());
}

#[test]
fn the_schedule_invokes_each_of_its_functions() {
    let mut scheduled: Vec<_> = Rule::of_schedule().iter().map(|rule| rule.function).collect();
    scheduled.sort_unstable();
    assert_eq!(
        scheduled,
        [
            "apply-product-schedules",
            "continue-resharding",
            "enqueue-due-charges",
            "expire-bids",
            "expire-orders",
            "reconcile-payments",
            "sweep-index",
            "sweep-private-index",
            "watch-fulfillment"
        ]
    );
    assert!(
        Rule::of_schedule()
            .iter()
            .all(|rule| rule.limit >= Duration::from_secs(60))
    );
}
