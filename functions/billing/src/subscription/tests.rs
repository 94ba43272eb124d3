//! What a subscription may do and when something is due about it, by example and by property.

use crate::subscription::*;
use iso_currency::Currency;
use jiff::civil::date;
use proptest::prelude::*;
use shared::core::calendar::{Interval, Timezone, Unit};
use shared::orders::Quote;
use shared::payments::Failure;
use uuid::Uuid;

use shared::core::money::Money;

fn policy() -> Policy {
    Policy {
        retry_days: vec![1, 3, 5, 7],
        past_due_days: 14,
        postponed_hours: 24,
        catch_up_days: 7,
    }
}

fn at(text: &str) -> Timestamp {
    format!("{text}Z").parse().unwrap()
}

/// A monthly subscription from 1 January on at midnight in London, whose next period is the first.
fn subscription(status: SubscriptionStatus) -> Subscription {
    let schedule = Schedule {
        anchor: date(2026, 1, 1),
        time: jiff::civil::Time::midnight(),
        timezone: Timezone::parse("UTC").unwrap(),
        interval: Interval::new(Unit::Month, 1).unwrap(),
    };
    Subscription {
        subscription_id: SubscriptionId(Uuid::from_u128(7)),
        customer_id: CustomerId::new("ann"),
        status,
        items: vec![],
        next_period: 0,
        next_at: schedule.nth(0),
        schedule,
        provider: Provider::Toss,
        card: card("1"),
        open_period: None,
        ends_with_period: false,
        needs_card: false,
        started_at: at("2026-01-01T00:00"),
        past_due_since: None,
        cancelled_at: None,
    }
}

fn card(number: &str) -> Card {
    Card {
        company: "bank".to_owned(),
        number: number.to_owned(),
    }
}

fn quote() -> Quote {
    Quote {
        lines: vec![],
        total: Money::new(1000, Currency::KRW).unwrap(),
    }
}

#[test]
fn a_subscription_changes_as_the_table_says() {
    use SubscriptionStatus::{Active, Cancelled, PastDue, Paused};
    let now = at("2026-01-10T00:00");
    for (status, step, outcome) in [
        (Active, Step::Bill, Ok(Active)),
        (Active, Step::Pause, Ok(Paused)),
        (Active, Step::FallPastDue, Ok(PastDue)),
        (Active, Step::Cancel, Ok(Cancelled)),
        (Active, Step::Resume, Err(Rejected::WrongStatus(Active))),
        (Active, Step::Skip(0), Ok(Active)),
        (Active, Step::Skip(1), Err(Rejected::NotNext { next: 0 })),
        (Paused, Step::Bill, Err(Rejected::WrongStatus(Paused))),
        (Paused, Step::Pause, Err(Rejected::WrongStatus(Paused))),
        (Paused, Step::Resume, Ok(Active)),
        (Paused, Step::Skip(0), Err(Rejected::WrongStatus(Paused))),
        (Paused, Step::SetItems(vec![]), Ok(Paused)),
        (Paused, Step::ReplaceCard(Provider::Toss, card("2")), Ok(Paused)),
        (Paused, Step::Cancel, Ok(Cancelled)),
        (PastDue, Step::Bill, Err(Rejected::WrongStatus(PastDue))),
        (PastDue, Step::Pause, Err(Rejected::WrongStatus(PastDue))),
        (PastDue, Step::ReplaceCard(Provider::Toss, card("2")), Ok(Active)),
        (PastDue, Step::Cancel, Ok(Cancelled)),
        (Cancelled, Step::Bill, Err(Rejected::Closed)),
        (Cancelled, Step::Resume, Err(Rejected::Closed)),
        (Cancelled, Step::Cancel, Err(Rejected::Closed)),
        (
            Cancelled,
            Step::ReplaceCard(Provider::Toss, card("2")),
            Err(Rejected::Closed),
        ),
        (Cancelled, Step::Close, Ok(Cancelled)),
    ] {
        let after = subscription(status).after(step.clone(), now).map(|after| after.status);
        assert_eq!(after, outcome, "{status:?} {step:?}");
    }
}

#[test]
fn what_is_due_is_done_as_the_table_says() {
    use SubscriptionStatus::{Active, Cancelled, PastDue, Paused};
    let first = subscription(Active);
    let ending = Subscription {
        ends_with_period: true,
        ..first.clone()
    };
    let past_due = Subscription {
        past_due_since: Some(at("2026-01-01T00:00")),
        ..subscription(PastDue)
    };
    let open = first.after(Step::Bill, at("2026-01-01T00:00")).unwrap();
    let cancelled = open.after(Step::Cancel, at("2026-01-01T00:00")).unwrap();
    let new = Invoice::new(&first, at("2026-01-01T00:00"));
    let (now, policy) = (at("2026-01-01T00:00"), &policy());
    let charging = new.after(Turn::Attempt(quote()), now, policy).unwrap();
    let postponed = Turn::Postpone(crate::invoice::Postponed {
        code: "out-of-stock".to_owned(),
        detail: String::new(),
        skus: vec![],
    });
    let postponed = new.after(postponed, now, policy).unwrap();
    let declined = Turn::Decline {
        failure: Failure::new("NO", "no"),
        is_final: false,
    };
    let declined = charging.after(declined, now, policy).unwrap();
    for (name, subscription, invoice, now, expected) in [
        ("not yet", &first, None, "2025-12-31T23:59:59.999", Task::Nothing),
        ("due", &first, None, "2026-01-01T00:00", Task::Bill),
        ("late", &first, None, "2026-01-08T00:00", Task::Bill),
        ("too late", &first, None, "2026-01-08T00:01", Task::SkipTo(1)),
        ("much too late", &first, None, "2026-06-01T00:00", Task::SkipTo(5)),
        (
            "being charged",
            &open,
            Some(&charging),
            "2026-01-01T00:04",
            Task::Nothing,
        ),
        ("left behind", &open, Some(&charging), "2026-01-01T00:05", Task::Settle),
        (
            "left behind and over",
            &cancelled,
            Some(&charging),
            "2026-01-01T00:05",
            Task::Settle,
        ),
        ("declined", &open, Some(&declined), "2026-01-01T23:59", Task::Nothing),
        (
            "to be tried again",
            &open,
            Some(&declined),
            "2026-01-02T00:00",
            Task::TryAgain,
        ),
        ("postponed", &open, Some(&postponed), "2026-01-01T23:59", Task::Nothing),
        (
            "perhaps there again",
            &open,
            Some(&postponed),
            "2026-01-02T00:00",
            Task::TryAgain,
        ),
        (
            "postponed too long",
            &open,
            Some(&postponed),
            "2026-02-01T00:00",
            Task::GiveUp,
        ),
        ("at its end", &ending, None, "2026-01-01T00:00", Task::End),
        ("past due", &past_due, None, "2026-01-14T23:59", Task::Nothing),
        ("past due too long", &past_due, None, "2026-01-15T00:00", Task::End),
        ("over", &cancelled, None, "2027-01-01T00:00", Task::Nothing),
        (
            "paused",
            &self::subscription(Paused),
            None,
            "2027-01-01T00:00",
            Task::Nothing,
        ),
        (
            "over for long",
            &self::subscription(Cancelled),
            None,
            "2027-01-01T00:00",
            Task::Nothing,
        ),
    ] {
        assert_eq!(subscription.task(invoice, at(now), policy), expected, "{name}");
    }
}

#[test]
fn a_decline_is_retried_on_days_1_3_5_and_7_and_never_twice_in_a_day() {
    let policy = policy();
    let start = at("2026-01-01T09:00");
    let mut invoice = Invoice::new(&subscription(SubscriptionStatus::Active), start);
    let mut tried = vec![];
    let mut next = Some(start);
    while let Some(now) = next {
        tried.push(now.duration_since(start).as_hours());
        let charging = invoice.after(Turn::Attempt(quote()), now, &policy).unwrap();
        let declined = Turn::Decline {
            failure: Failure::new("NO", "no"),
            is_final: false,
        };
        invoice = charging.after(declined, now, &policy).unwrap();
        // The second try comes late, by an outage of three days.
        next = invoice.next_try_at;
        if tried.len() == 1 {
            next = Some(start + SignedDuration::from_hours(96));
        }
    }
    assert_eq!(tried, [0, 96, 120, 144, 168]);
}

#[test]
fn a_pause_brings_no_missed_period_back() {
    let now = at("2026-01-01T00:00");
    let paused = subscription(SubscriptionStatus::Active)
        .after(Step::Pause, now)
        .unwrap();
    assert_eq!(paused.due_at(None, &policy()), None);
    let resumed = paused.after(Step::Resume, at("2026-03-15T00:00")).unwrap();
    assert_eq!((resumed.next_period, resumed.next_at), (3, at("2026-04-01T00:00")));
}

#[test]
fn a_period_that_was_billed_before_a_pause_is_not_billed_after_it() {
    let billed = subscription(SubscriptionStatus::Active)
        .after(Step::Bill, at("2026-01-01T00:00"))
        .unwrap();
    let closed = billed.after(Step::Close, at("2026-01-01T00:00")).unwrap();
    let paused = closed.after(Step::Pause, at("2026-01-01T00:00")).unwrap();
    let resumed = paused.after(Step::Resume, at("2026-01-01T00:00")).unwrap();
    assert_eq!(resumed.next_period, 1);
}

/// Anything that can happen to a subscription and its open invoice, at a time.
#[derive(Clone, Debug)]
enum Happening {
    Wait(i64),
    Work(u8),
    Change(u8),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        (0..24 * 40_i64).prop_map(Happening::Wait),
        any::<u8>().prop_map(Happening::Work),
        any::<u8>().prop_map(Happening::Change),
    ];
    prop::collection::vec(one, 1..80)
}

/// What `charge-subscription` makes of a task, where `luck` decides what provider and stock say.
fn work(
    subscription: &Subscription,
    invoice: Option<Invoice>,
    luck: u8,
    now: Timestamp,
) -> (Subscription, Option<Invoice>) {
    let policy = &policy();
    let open = invoice.as_ref();
    match subscription.task(open, now, policy) {
        Task::Nothing => (subscription.clone(), invoice),
        Task::SkipTo(period) => (subscription.after(Step::SkipTo(period), now).unwrap(), None),
        Task::Bill | Task::TryAgain => {
            let after = match open {
                None => subscription.after(Step::Bill, now).unwrap(),
                Some(_) => subscription.clone(),
            };
            let before = invoice.unwrap_or_else(|| Invoice::new(subscription, now));
            let turn = if luck.is_multiple_of(4) {
                Turn::Postpone(crate::invoice::Postponed {
                    code: "out-of-stock".to_owned(),
                    detail: String::new(),
                    skus: vec![],
                })
            } else {
                Turn::Attempt(quote())
            };
            (after, before.after(turn, now, policy))
        }
        Task::Settle => settled(subscription, &invoice.unwrap(), luck, now),
        Task::GiveUp | Task::End => {
            let step = match subscription.task(open, now, policy) {
                Task::End => Step::Cancel,
                _ => Step::Close,
            };
            let (after, void) = subscription.giving_up(step, open, now, policy).unwrap();
            assert_eq!(void.is_some(), open.is_some());
            (after, None)
        }
    }
}

fn settled(
    subscription: &Subscription,
    charging: &Invoice,
    luck: u8,
    now: Timestamp,
) -> (Subscription, Option<Invoice>) {
    let policy = &policy();
    if luck.is_multiple_of(3) {
        let closed = subscription.after(Step::Close, now).unwrap();
        return (closed, None);
    }
    if luck % 3 == 1 {
        return (subscription.clone(), Some(charging.asked(luck.into(), now)));
    }
    if subscription.status != SubscriptionStatus::Active {
        return (subscription.after(Step::Close, now).unwrap(), None);
    }
    let declined = Turn::Decline {
        failure: Failure::new("NO", "no"),
        is_final: luck.is_multiple_of(5),
    };
    let declined = charging.after(declined, now, policy).unwrap();
    let after = match declined.next_try_at {
        Some(_) => subscription.clone(),
        None => subscription.after(Step::FallPastDue, now).unwrap(),
    };
    (after, Some(declined))
}

fn changed(
    subscription: &Subscription,
    invoice: Option<Invoice>,
    which: u8,
    now: Timestamp,
) -> (Subscription, Option<Invoice>) {
    let policy = &policy();
    let open = invoice.as_ref();
    let is_charging = open.is_some_and(|open| open.status == InvoiceStatus::Charging);
    let step = match which % 7 {
        0 => Step::Pause,
        1 => Step::Resume,
        2 => Step::Skip(subscription.next_period),
        3 => Step::EndWithPeriod(which.is_multiple_of(2)),
        4 if which > 250 => Step::Cancel,
        5 if !is_charging => Step::ReplaceCard(Provider::Toss, card("2")),
        _ => Step::SetItems(vec![]),
    };
    let gives_up = matches!(step, Step::Pause | Step::Cancel);
    let takes_card = matches!(step, Step::ReplaceCard(..));
    if gives_up {
        return match subscription.giving_up(step, open, now, policy) {
            Ok((after, Some(_))) => (after, None),
            Ok((after, None)) => (after, invoice),
            Err(_) => (subscription.clone(), invoice),
        };
    }
    match subscription.after(step, now) {
        Ok(after) if takes_card => (after, invoice.and_then(|open| open.after(Turn::NewCard, now, policy))),
        Ok(after) => (after, invoice),
        Err(_) => (subscription.clone(), invoice),
    }
}

proptest! {
    #[test]
    fn something_is_done_about_a_subscription_exactly_when_it_is_due(happenings in happenings()) {
        let policy = &policy();
        let (mut subscription, mut invoice) = (subscription(SubscriptionStatus::Active), None);
        let mut now = at("2025-12-30T00:00");
        for happening in happenings {
            let before = subscription.clone();
            (subscription, invoice) = match happening {
                Happening::Wait(hours) => {
                    now += SignedDuration::from_hours(hours);
                    (subscription, invoice)
                }
                Happening::Work(luck) => work(&subscription, invoice, luck, now),
                Happening::Change(which) => changed(&subscription, invoice, which, now),
            };
            let open = invoice.as_ref();
            prop_assert!(subscription.next_period >= before.next_period, "no period comes back");
            prop_assert_eq!(subscription.open_period, open.map(|open| open.of.period));
            prop_assert_eq!(subscription.next_at, subscription.schedule.nth(subscription.next_period));
            if let Some(open) = open {
                prop_assert!(open.of.period < subscription.next_period);
            }
            let is_due = subscription.due_at(open, policy).is_some_and(|at| at <= now);
            let task = subscription.task(open, now, policy);
            prop_assert_eq!(is_due, task != Task::Nothing, "{:?} {:?} {:?}", task, subscription, open);
        }
    }
}
