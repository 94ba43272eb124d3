//! Checks reviews of performances: each has an attendance, and the counters are the visible ones.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::key;

/// Checks that the counters of each performance are its visible reviews by their stars, at every moment.
///
/// # Errors
/// The counters for which this does not hold.
pub fn check_stars(shows: &[Value]) -> Result<()> {
    let mut visible: BTreeMap<(&str, u64), i64> = BTreeMap::new();
    for review in reviews(shows).filter(|review| review["status"] == "VISIBLE") {
        let performance = review["performance_id"].as_str().unwrap_or_default();
        let stars = review["stars"].as_u64().unwrap_or_default();
        *visible.entry((performance, stars)).or_default() += 1;
    }
    let mut counted: BTreeMap<(&str, u64), i64> = BTreeMap::new();
    for item in shows.iter().filter(|item| key(item).starts_with("STARS#")) {
        let performance = key(item).trim_start_matches("STARS#");
        for stars in 1..=5 {
            let count = item[format!("s{stars}")].as_i64().unwrap_or_default();
            if count != 0 {
                counted.insert((performance, stars), count);
            }
        }
    }
    ensure!(counted == visible, "counted are {counted:?}, and visible {visible:?}");
    Ok(())
}

/// Checks that the author of each review holds a ticket of the showtime that was checked in.
///
/// # Errors
/// The first review without one.
pub fn check_attendance(shows: &[Value], tickets: &[Value]) -> Result<()> {
    let tickets: BTreeMap<&str, &Value> = tickets.iter().map(|ticket| (key(ticket), ticket)).collect();
    for review in reviews(shows).filter(|review| review["status"] != "DELETED") {
        let ticket = format!("TICKET#{}", review["ticket_id"].as_str().unwrap_or_default());
        let is_attended = tickets.get(ticket.as_str()).is_some_and(|ticket| {
            ticket["check_in"].is_object()
                && ticket["holder_id"] == review["customer_id"]
                && ticket["showtime_id"] == review["showtime_id"]
        });
        ensure!(is_attended, "its author has not attended: {review}");
    }
    Ok(())
}

fn reviews(shows: &[Value]) -> impl Iterator<Item = &Value> {
    shows.iter().filter(|item| key(item).starts_with("REVIEW#"))
}
