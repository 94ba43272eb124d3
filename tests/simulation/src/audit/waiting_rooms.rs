//! Checks waiting rooms: each join is counted once, and a room admits at its rates.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use waiting_rooms::turns::{RateSegment, turns};

use super::key;

/// Checks that the numbers of each room are those of its joins, by buckets, and that no more customers have entered by any time than
/// the rates allow, with ten seconds of the highest one: a write that is late by the faults takes effect late. `items` are those of the rooms' table.
///
/// # Errors
/// The first violation.
pub fn check_rooms(items: &[Value]) -> Result<()> {
    let mut counted: BTreeMap<(String, Option<u64>), u64> = BTreeMap::new();
    for item in items.iter().filter(|item| key(item).starts_with("COUNTS#")) {
        let room = key(item).split('#').nth(1).unwrap_or_default().to_owned();
        let minute = item["sk"].as_str().and_then(|sk| sk.strip_prefix("M#"));
        let minute: Option<u64> = minute.and_then(|minute| minute.parse().ok());
        for (name, people) in item.as_object().into_iter().flatten() {
            let Some(people) = people.as_u64() else { continue };
            let second = name.strip_prefix('s').and_then(|second| second.parse::<u64>().ok());
            let bucket = minute.zip(second).map(|(minute, second)| minute * 60 + second);
            *counted.entry((room.clone(), bucket)).or_default() += people;
        }
    }
    let mut joins: BTreeMap<(String, Option<u64>), u64> = BTreeMap::new();
    let mut entries: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
    for join in items.iter().filter(|item| key(item).starts_with("JOIN#")) {
        let room = join["waiting_room_id"].as_str().unwrap_or_default().to_owned();
        *joins.entry((room.clone(), join["second"].as_u64())).or_default() += 1;
        if let Some(at) = join["admitted_at"].as_str() {
            entries.entry(room).or_default().push(at.parse()?);
        }
    }
    ensure!(counted == joins, "the numbers are {counted:?}, the joins {joins:?}");
    for room in items.iter().filter(|item| key(item).starts_with("ROOM#")) {
        let segments: Vec<RateSegment> = serde_json::from_value(room["segments"].clone())?;
        let most = segments
            .iter()
            .map(|segment| segment.rate_per_minute)
            .max()
            .unwrap_or_default();
        // A few who drew about the same share a place.
        let allowed = u64::from(most / 6) + 3;
        let mut times = entries
            .remove(room["waiting_room_id"].as_str().unwrap_or_default())
            .unwrap_or_default();
        times.sort();
        for (before, at) in times.into_iter().enumerate() {
            let turns = turns(&segments, at.checked_sub(SignedDuration::from_secs(2))?);
            ensure!(
                before as u64 <= turns + allowed,
                "{before} had entered before {at}, in {turns} turns: {room}"
            );
        }
    }
    Ok(())
}
