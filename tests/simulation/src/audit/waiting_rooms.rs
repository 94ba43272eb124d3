//! Checks waiting rooms: each join and each entry is counted once, and a room admits in its order and at its rates.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use waiting_rooms::line::{Line, called_at, grace_ends_at};
use waiting_rooms::numbers::Numbers;
use waiting_rooms::room::StoredRoom;
use waiting_rooms::store::StoredJoin;
use waiting_rooms::turns::turns;

use super::key;

/// Those who may have drawn about the same, and share a place.
const SHARED: u64 = 3;

/// Checks each room of `items`, those of the rooms' table, at `now`.
///
/// # Errors
/// The first violation.
pub fn check_rooms(items: &[Value], now: Timestamp) -> Result<()> {
    check_numbers(items)?;
    let mut joins: BTreeMap<String, Vec<StoredJoin>> = BTreeMap::new();
    for item in items.iter().filter(|item| key(item).starts_with("JOIN#")) {
        let join: StoredJoin = serde_json::from_value(item.clone())?;
        joins.entry(join.waiting_room_id.to_string()).or_default().push(join);
    }
    for item in items.iter().filter(|item| key(item).starts_with("ROOM#")) {
        let room: StoredRoom = serde_json::from_value(item.clone())?;
        let joins = joins.remove(&room.waiting_room_id.to_string()).unwrap_or_default();
        check_rate(&room, &joins).with_context(|| format!("room {item}"))?;
        check_order(&room, &joins, now).with_context(|| format!("room {item}"))?;
    }
    Ok(())
}

/// The numbers are those of the joins and entries, by buckets, rounds and seconds.
fn check_numbers(items: &[Value]) -> Result<()> {
    let mut counted: BTreeMap<(String, String), u64> = BTreeMap::new();
    for item in items.iter().filter(|item| key(item).starts_with("COUNTS#")) {
        let room = key(item).split('#').nth(1).unwrap_or_default().to_owned();
        let minute = item["sk"].as_str().and_then(|sk| sk.split('#').nth(1));
        let minute: u64 = minute.unwrap_or_default().parse()?;
        for (name, people) in item.as_object().into_iter().flatten() {
            let Some(people) = people.as_u64() else { continue };
            let (kind, second) = name.split_at(1);
            let second = second.parse::<u64>().map(|second| minute * 60 + second);
            let name = second.map_or_else(|_| name.clone(), |second| format!("{kind}{second}"));
            *counted.entry((room.clone(), name)).or_default() += people;
        }
    }
    let mut stored: BTreeMap<(String, String), u64> = BTreeMap::new();
    for join in items.iter().filter(|item| key(item).starts_with("JOIN#")) {
        let join: StoredJoin = serde_json::from_value(join.clone())?;
        let joined = join.second.map_or("early".to_owned(), |second| format!("s{second}"));
        let in_time = join.in_time.map(|round| format!("i{round}"));
        let late = join.late.map(|second| format!("l{second}"));
        for name in [Some(joined), in_time, late].into_iter().flatten() {
            let name = (join.waiting_room_id.to_string(), name);
            *stored.entry(name).or_default() += 1;
        }
    }
    ensure!(counted == stored, "the numbers are {counted:?}, the joins {stored:?}");
    Ok(())
}

/// Not more had entered by any time than the rates had given two seconds before, with those of three seconds at the highest rate, one,
/// and a few who share a place. A write that is late by the faults takes effect late, so seven seconds more are allowed.
fn check_rate(room: &StoredRoom, joins: &[StoredJoin]) -> Result<()> {
    let rates = room.segments.iter().map(|segment| segment.rate_per_minute);
    let allowed = u64::from(rates.max().unwrap_or_default() / 6) + 1 + SHARED;
    let mut times: Vec<Timestamp> = joins.iter().filter_map(|join| join.admitted_at).collect();
    times.sort();
    for (before, at) in times.into_iter().enumerate() {
        let turns = turns(&room.segments, at.checked_sub(SignedDuration::from_secs(2))?);
        ensure!(
            before as u64 <= turns + allowed,
            "{before} had entered before {at}, in {turns} turns"
        );
    }
    Ok(())
}

/// Whoever entered in time did so within the seconds after the call, and no later place was called before an earlier one.
fn check_order(room: &StoredRoom, joins: &[StoredJoin], now: Timestamp) -> Result<()> {
    let mut numbers = Numbers::default();
    for join in joins {
        let draw = room.draw(join.bucket(), &join.customer_id);
        numbers.join(join.bucket(), draw);
    }
    let line = room.closed_seconds(now).map(|closed| Line::of(numbers, room, closed));
    let mut called = vec![];
    for join in joins {
        let Some((round, at)) = join.in_time.zip(join.admitted_at) else {
            continue;
        };
        ensure!(
            called_at(room.opens_at, round) <= at && at < grace_ends_at(room.opens_at, round),
            "a customer entered at {at}, and was called in round {round}"
        );
        let draw = room.draw(join.bucket(), &join.customer_id);
        let place = line.as_ref().and_then(|line| line.place(join.bucket(), draw));
        called.push((place, round));
    }
    called.sort_unstable();
    ensure!(
        called.is_sorted_by_key(|(_, round)| round),
        "places were called in another order, in rounds: {called:?}"
    );
    Ok(())
}
