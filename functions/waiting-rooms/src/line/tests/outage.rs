//! Those who are called while the shop does not answer come late, all at once, and enter about in the order of their places.

use super::*;

/// The rate, a second.
const RATE: usize = 100;
/// The seconds after the opening from which on nobody can enter, and from which on everybody can again.
const OUTAGE: [i64; 2] = [60, 360];

/// A customer who is called in the outage or later.
struct Customer {
    place: u64,
    draw: Draw,
    /// When the page tries next, in milliseconds after the opening.
    tries_at: i64,
    refusals: u32,
    /// How many had entered before since the outage.
    rank: Option<usize>,
}

/// Lets 50,000 customers wait as the page does, through an outage. Each third one has left. Returns those who were called in the
/// outage and are late after it, in the order of their places, and how many have entered by each second after it.
fn through_an_outage(rule: Rule) -> (Vec<Customer>, Vec<usize>) {
    let [begins, ends] = OUTAGE;
    let room = room(&[(0, 6000)]);
    let mut crowd = Crowd {
        rule,
        ..Crowd::default()
    };
    crowd.join(&room, 50_000, || -1);
    crowd.run(&room, begins, |person, _| person % 3 > 0);
    let (first, last) = (
        crowd.line(&room, at(begins * 1000)),
        crowd.line(&room, at((ends - 7) * 1000)),
    );
    let mut random = fastrand::Rng::with_seed(7);
    let mut customers = vec![];
    for (nth, &(bucket, draw)) in crowd.people.iter().enumerate() {
        let place = first.place(bucket, draw).unwrap();
        if nth % 3 > 0 && place > first.calls.called() {
            customers.push(Customer {
                place,
                draw,
                // In the outage, pages have tried less and less often.
                tries_at: ends * 1000 + random.i64(0..24_000),
                refusals: 0,
                rank: None,
            });
        }
    }
    customers.sort_by_key(|customer| customer.place);
    let (mut line, mut entered, mut by_second) = (first, 0, vec![]);
    for ms in (ends * 1000..(ends + 400) * 1000).step_by(500) {
        let now = at(ms);
        line.read(crowd.numbers.clone(), None);
        line.advance(&room, room.closed_seconds(now).unwrap());
        let called = customers.partition_point(|customer| customer.place <= line.calls.called());
        let mut trying: Vec<usize> = (0..called)
            .filter(|&nth| customers[nth].rank.is_none() && customers[nth].tries_at <= ms)
            .collect();
        // Of those who try at the same time, luck decides who is first.
        random.shuffle(&mut trying);
        for nth in trying {
            let Customer { place, draw, .. } = customers[nth];
            if crowd.enter_at((place, draw), &line, &room, now) {
                customers[nth].rank = Some(entered);
                entered += 1;
                continue;
            }
            let expected = line.late_expected_at(&room, (place, draw), now).unwrap();
            let refusals = customers[nth].refusals + 1;
            customers[nth].refusals = refusals;
            let more = random.i64(0..(1000 << refusals.min(5)).min(30_000));
            customers[nth].tries_at = (expected.as_millisecond() - OPENS) + more;
        }
        by_second.push(entered);
    }
    customers.retain(|customer| customer.place <= last.calls.called());
    (customers, by_second.into_iter().skip(1).step_by(2).collect())
}

/// By how many customers the order in which they entered differs from that of their places, on average.
fn mean_difference(customers: &[Customer]) -> usize {
    let mut entered: Vec<(usize, usize)> = customers
        .iter()
        .enumerate()
        .filter_map(|(nth, customer)| Some((customer.rank?, nth)))
        .collect();
    entered.sort_unstable();
    let differences = entered.iter().enumerate().map(|(rank, (_, nth))| rank.abs_diff(*nth));
    differences.sum::<usize>() / entered.len()
}

#[test]
fn after_an_outage_late_customers_enter_about_in_the_order_of_their_places_and_at_the_rate() {
    let (late, by_second) = through_an_outage(Rule::AsItIs);
    assert!(late.len() > 19_000, "{}", late.len());
    let difference = mean_difference(&late);
    assert!(difference < 20 * RATE, "twenty seconds of the rate: {difference}");
    assert!(late.iter().all(|customer| customer.rank.is_some()), "nobody is stuck");
    for second in (40..200).step_by(20) {
        let people = by_second[second] - by_second[second - 20];
        assert!(
            (17 * RATE..=23 * RATE).contains(&people),
            "{people} in 20 s, {second} s after the outage"
        );
    }
    let refusals: u32 = late.iter().map(|customer| customer.refusals).sum();
    assert!(
        refusals as usize <= 3 * late.len(),
        "{refusals} refusals: each reads a join"
    );
}

#[test]
fn without_the_order_of_late_customers_luck_decides_after_an_outage() {
    let (late, _) = through_an_outage(Rule::LateInAnyOrder);
    let difference = mean_difference(&late);
    assert!(difference > 40 * RATE, "{difference}");
}

#[test]
fn accounts_that_never_come_delay_late_customers_by_half_the_time_of_their_calls_at_most() {
    let room = room(&[(0, 6000)]);
    let mut crowd = Crowd::default();
    // 50 seconds of calls.
    crowd.join(&room, 5000, || -1);
    crowd.join(&room, 5000, || 500);
    // The others come as soon as they are called. One of ten is late by ten seconds.
    let mut others: Vec<Option<i64>> = vec![None; 5000];
    let (mut line, mut entered, mut longest) = (Line::default(), vec![false; 5000], 0);
    for ms in (2000..200_000).step_by(500) {
        let now = at(ms);
        line.read(crowd.numbers.clone(), None);
        line.advance(&room, room.closed_seconds(now).unwrap());
        for (nth, (called_at, entered)) in others.iter_mut().zip(&mut entered).enumerate() {
            let (bucket, draw) = crowd.people[5000 + nth];
            let place = line.place(bucket, draw).filter(|&place| place <= line.calls.called());
            if *entered || place.is_none() {
                continue;
            }
            let comes = *called_at.get_or_insert(ms) + if nth.is_multiple_of(10) { 10_000 } else { 0 };
            if comes <= ms && crowd.enter(5000 + nth, &line, &room, now) {
                longest = longest.max(ms - comes);
                *entered = true;
            }
        }
    }
    assert!(entered.iter().all(|&entered| entered), "nobody is stuck");
    assert!(longest <= 25_000, "{longest} ms");
}
