//! Tests of subscriptions and invoices: transitions, due work, and properties.

use crate::subscription::*;
use iso_currency::Currency;
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::json;
use shared::core::calendar::{Interval, Timezone, Unit};
use shared::orders::{Quote, Totals};
use shared::payments::Failure;
use uuid::Uuid;

fn policy() -> Policy {
    Policy {
        retry_days: vec![1, 3, 5, 7],
        past_due_days: 14,
        postponed_hours: 24,
        catch_up_days: 7,
        missed_periods: MissedPeriods::Latest,
    }
}

fn at(text: &str) -> Timestamp {
    format!("{text}Z").parse().unwrap()
}

/// A monthly subscription from 1 January 2026 at midnight UTC, whose next period is the first.
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
        shipping_method: None,
        destination: None,
        next_period: 0,
        next_at: schedule.due_at(0),
        schedule,
        provider: Provider::Toss,
        card: card("1"),
        open_period: None,
        ends_with_period: false,
        ends_at: None,
        skipped: None,
        coupon: None,
        needs_card: false,
        started_at: at("2026-01-01T00:00"),
        past_due_at: None,
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
    let delivery = json!({
        "method_id": "kr-standard", "name": "Standard delivery", "price": { "amount": 1000, "currency": "KRW" }, "parts": [],
    });
    let shipping = serde_json::from_value(delivery).unwrap();
    Quote {
        lines: vec![],
        totals: Totals::of(Currency::KRW, &[], Some(&shipping)).unwrap(),
        shipping: Some(shipping),
    }
}

#[test]
fn a_subscription_changes_status_as_the_table_says() {
    use SubscriptionStatus::{Active, Cancelled, PastDue, Paused};
    let now = at("2026-01-10T00:00");
    for (status, step, outcome) in [
        (Active, SubscriptionTransition::Bill, Ok(Active)),
        (Active, SubscriptionTransition::Pause, Ok(Paused)),
        (Active, SubscriptionTransition::MarkPastDue, Ok(PastDue)),
        (Active, SubscriptionTransition::Cancel, Ok(Cancelled)),
        (
            Active,
            SubscriptionTransition::Resume,
            Err(Rejected::WrongStatus(Active)),
        ),
        (Active, SubscriptionTransition::Skip(0), Ok(Active)),
        (
            Active,
            SubscriptionTransition::Skip(1),
            Err(Rejected::NotNext { next: 0 }),
        ),
        (Paused, SubscriptionTransition::Bill, Err(Rejected::WrongStatus(Paused))),
        (
            Paused,
            SubscriptionTransition::Pause,
            Err(Rejected::WrongStatus(Paused)),
        ),
        (Paused, SubscriptionTransition::Resume, Ok(Active)),
        (
            Paused,
            SubscriptionTransition::Skip(0),
            Err(Rejected::WrongStatus(Paused)),
        ),
        (Paused, SubscriptionTransition::SetItems(vec![], None, None), Ok(Paused)),
        (
            Paused,
            SubscriptionTransition::ReplaceCard(Provider::Toss, card("2")),
            Ok(Paused),
        ),
        (Paused, SubscriptionTransition::Cancel, Ok(Cancelled)),
        (
            PastDue,
            SubscriptionTransition::Bill,
            Err(Rejected::WrongStatus(PastDue)),
        ),
        (
            PastDue,
            SubscriptionTransition::Pause,
            Err(Rejected::WrongStatus(PastDue)),
        ),
        (
            PastDue,
            SubscriptionTransition::ReplaceCard(Provider::Toss, card("2")),
            Ok(Active),
        ),
        (PastDue, SubscriptionTransition::Cancel, Ok(Cancelled)),
        (Cancelled, SubscriptionTransition::Bill, Err(Rejected::Closed)),
        (Cancelled, SubscriptionTransition::Resume, Err(Rejected::Closed)),
        (Cancelled, SubscriptionTransition::Cancel, Err(Rejected::Closed)),
        (
            Cancelled,
            SubscriptionTransition::ReplaceCard(Provider::Toss, card("2")),
            Err(Rejected::Closed),
        ),
        (Cancelled, SubscriptionTransition::ClosePeriod, Ok(Cancelled)),
    ] {
        let after = subscription(status)
            .transition(step.clone(), now)
            .map(|after| after.status);
        assert_eq!(after, outcome, "{status:?} {step:?}");
    }
}

#[test]
fn the_due_work_is_as_the_table_says() {
    use SubscriptionStatus::{Active, Cancelled, PastDue, Paused};
    let first = subscription(Active);
    let ending = Subscription {
        ends_with_period: true,
        ends_at: Some(first.next_at),
        ..first.clone()
    };
    let past_due = Subscription {
        past_due_at: Some(at("2026-01-01T00:00")),
        ..subscription(PastDue)
    };
    let open = first
        .transition(SubscriptionTransition::Bill, at("2026-01-01T00:00"))
        .unwrap();
    let cancelled = open
        .transition(SubscriptionTransition::Cancel, at("2026-01-01T00:00"))
        .unwrap();
    let new = Invoice::new(&first, at("2026-01-01T00:00"));
    let (now, policy) = (at("2026-01-01T00:00"), &policy());
    let charging = new
        .transition(InvoiceTransition::Attempt(quote().into()), now, policy)
        .unwrap();
    let postponed = InvoiceTransition::Postpone(crate::invoice::Postponed {
        code: "out-of-stock".to_owned(),
        detail: String::new(),
        skus: vec![],
    });
    let postponed = new.transition(postponed, now, policy).unwrap();
    let declined = InvoiceTransition::Decline {
        failure: Failure::new("NO", "no"),
        is_final: false,
    };
    let declined = charging.transition(declined, now, policy).unwrap();
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
        (
            "abandoned",
            &open,
            Some(&charging),
            "2026-01-01T00:05",
            Task::CheckCharge,
        ),
        (
            "abandoned and cancelled",
            &cancelled,
            Some(&charging),
            "2026-01-01T00:05",
            Task::CheckCharge,
        ),
        ("declined", &open, Some(&declined), "2026-01-01T23:59", Task::Nothing),
        (
            "declined, retry due",
            &open,
            Some(&declined),
            "2026-01-02T00:00",
            Task::Retry,
        ),
        (
            "declined, a later period is due",
            &open,
            Some(&declined),
            "2026-02-08T00:00",
            Task::Supersede(1),
        ),
        (
            "declined, the later period is too old",
            &open,
            Some(&declined),
            "2026-02-08T00:01",
            Task::VoidInvoice,
        ),
        ("postponed", &open, Some(&postponed), "2026-01-01T23:59", Task::Nothing),
        (
            "postponed, retry due",
            &open,
            Some(&postponed),
            "2026-01-02T00:00",
            Task::Retry,
        ),
        (
            "postponed too long",
            &open,
            Some(&postponed),
            "2026-02-01T00:00",
            Task::VoidInvoice,
        ),
        ("ends with the period", &ending, None, "2026-01-01T00:00", Task::Cancel),
        ("past due", &past_due, None, "2026-01-14T23:59", Task::Nothing),
        ("past due too long", &past_due, None, "2026-01-15T00:00", Task::Cancel),
        ("cancelled", &cancelled, None, "2027-01-01T00:00", Task::Nothing),
        (
            "paused",
            &self::subscription(Paused),
            None,
            "2027-01-01T00:00",
            Task::Nothing,
        ),
        (
            "never billed, cancelled",
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
        let charging = invoice
            .transition(InvoiceTransition::Attempt(quote().into()), now, &policy)
            .unwrap();
        let declined = InvoiceTransition::Decline {
            failure: Failure::new("NO", "no"),
            is_final: false,
        };
        invoice = charging.transition(declined, now, &policy).unwrap();
        // The second attempt is late, after an outage of three days.
        next = invoice.next_try_at;
        if tried.len() == 1 {
            next = Some(start + SignedDuration::from_hours(96));
        }
    }
    assert_eq!(tried, [0, 96, 120, 144, 168]);
}

#[test]
fn a_resumed_subscription_skips_missed_periods() {
    let now = at("2026-01-01T00:00");
    let paused = subscription(SubscriptionStatus::Active)
        .transition(SubscriptionTransition::Pause, now)
        .unwrap();
    assert_eq!(paused.due_at(None, &policy()), None);
    let resumed = paused
        .transition(SubscriptionTransition::Resume, at("2026-03-15T00:00"))
        .unwrap();
    assert_eq!((resumed.next_period, resumed.next_at), (3, at("2026-04-01T00:00")));
}

#[test]
fn a_period_that_was_billed_before_a_pause_is_not_billed_after_it() {
    let billed = subscription(SubscriptionStatus::Active)
        .transition(SubscriptionTransition::Bill, at("2026-01-01T00:00"))
        .unwrap();
    let closed = billed
        .transition(SubscriptionTransition::ClosePeriod, at("2026-01-01T00:00"))
        .unwrap();
    let paused = closed
        .transition(SubscriptionTransition::Pause, at("2026-01-01T00:00"))
        .unwrap();
    let resumed = paused
        .transition(SubscriptionTransition::Resume, at("2026-01-01T00:00"))
        .unwrap();
    assert_eq!(resumed.next_period, 1);
}

/// An action in a random history of a subscription and its open invoice.
#[derive(Clone, Debug)]
enum Action {
    Wait(i64),
    Work(u8),
    Change(u8),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let one = prop_oneof![
        (0..24 * 40_i64).prop_map(Action::Wait),
        any::<u8>().prop_map(Action::Work),
        any::<u8>().prop_map(Action::Change),
    ];
    prop::collection::vec(one, 1..80)
}

/// Does the due work like `charge-subscription`. `luck` decides the outcome of provider and stock.
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
        Task::Supersede(period) => {
            let turn = SubscriptionTransition::Supersede(period);
            let after = subscription.transition(turn, now).unwrap();
            let latest = invoice.unwrap().superseded_by(period, &subscription.schedule, now);
            (after, Some(latest))
        }
        Task::SkipTo(period) => (
            subscription
                .transition(SubscriptionTransition::SkipTo(period), now)
                .unwrap(),
            None,
        ),
        Task::Bill | Task::Retry => {
            let after = match open {
                None => subscription.transition(SubscriptionTransition::Bill, now).unwrap(),
                Some(_) => subscription.clone(),
            };
            let before = invoice.unwrap_or_else(|| Invoice::new(subscription, now));
            let transition = if luck.is_multiple_of(4) {
                InvoiceTransition::Postpone(crate::invoice::Postponed {
                    code: "out-of-stock".to_owned(),
                    detail: String::new(),
                    skus: vec![],
                })
            } else {
                InvoiceTransition::Attempt(quote().into())
            };
            (after, before.transition(transition, now, policy))
        }
        Task::CheckCharge => checked(subscription, &invoice.unwrap(), luck, now),
        Task::VoidInvoice | Task::Cancel => {
            let transition = match subscription.task(open, now, policy) {
                Task::Cancel => SubscriptionTransition::Cancel,
                _ => SubscriptionTransition::ClosePeriod,
            };
            let (after, void) = subscription.transition_and_void(transition, open, now, policy).unwrap();
            assert_eq!(void.is_some(), open.is_some());
            (after, None)
        }
    }
}

fn checked(
    subscription: &Subscription,
    charging: &Invoice,
    luck: u8,
    now: Timestamp,
) -> (Subscription, Option<Invoice>) {
    let policy = &policy();
    if luck.is_multiple_of(3) {
        let closed = subscription
            .transition(SubscriptionTransition::ClosePeriod, now)
            .unwrap();
        return (closed, None);
    }
    if luck % 3 == 1 {
        return (subscription.clone(), Some(charging.check_later(luck.into(), now)));
    }
    if subscription.status != SubscriptionStatus::Active {
        return (
            subscription
                .transition(SubscriptionTransition::ClosePeriod, now)
                .unwrap(),
            None,
        );
    }
    let declined = InvoiceTransition::Decline {
        failure: Failure::new("NO", "no"),
        is_final: luck.is_multiple_of(5),
    };
    let declined = charging.transition(declined, now, policy).unwrap();
    let after = match declined.next_try_at {
        Some(_) => subscription.clone(),
        None => subscription
            .transition(SubscriptionTransition::MarkPastDue, now)
            .unwrap(),
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
    let transition = match which % 7 {
        0 => SubscriptionTransition::Pause,
        1 => SubscriptionTransition::Resume,
        2 => SubscriptionTransition::Skip(subscription.next_period),
        3 => SubscriptionTransition::EndWithPeriod(which.is_multiple_of(2)),
        4 if which > 250 => SubscriptionTransition::Cancel,
        5 if !is_charging => SubscriptionTransition::ReplaceCard(Provider::Toss, card("2")),
        _ => SubscriptionTransition::SetItems(vec![], None, None),
    };
    let voids_invoice = matches!(
        transition,
        SubscriptionTransition::Pause | SubscriptionTransition::Cancel
    );
    let replaces_card = matches!(transition, SubscriptionTransition::ReplaceCard(..));
    if voids_invoice {
        return match subscription.transition_and_void(transition, open, now, policy) {
            Ok((after, Some(_))) => (after, None),
            Ok((after, None)) => (after, invoice),
            Err(_) => (subscription.clone(), invoice),
        };
    }
    match subscription.transition(transition, now) {
        Ok(after) if replaces_card => (
            after,
            invoice.and_then(|open| open.transition(InvoiceTransition::NewCard, now, policy)),
        ),
        Ok(after) => (after, invoice),
        Err(_) => (subscription.clone(), invoice),
    }
}

proptest! {
    #[test]
    fn a_subscription_has_a_task_exactly_when_it_is_due(actions in actions()) {
        let policy = &policy();
        let (mut subscription, mut invoice) = (subscription(SubscriptionStatus::Active), None);
        let mut now = at("2025-12-30T00:00");
        for action in actions {
            let before = subscription.clone();
            (subscription, invoice) = match action {
                Action::Wait(hours) => {
                    now += SignedDuration::from_hours(hours);
                    (subscription, invoice)
                }
                Action::Work(luck) => work(&subscription, invoice, luck, now),
                Action::Change(which) => changed(&subscription, invoice, which, now),
            };
            let open = invoice.as_ref();
            prop_assert!(subscription.next_period >= before.next_period, "the next period never decreases");
            prop_assert_eq!(subscription.open_period, open.map(|open| open.of.period));
            prop_assert_eq!(subscription.next_at, subscription.schedule.due_at(subscription.next_period));
            if let Some(open) = open {
                prop_assert!(open.of.period < subscription.next_period);
            }
            let is_due = subscription.due_at(open, policy).is_some_and(|at| at <= now);
            let task = subscription.task(open, now, policy);
            prop_assert_eq!(is_due, task != Task::Nothing, "{:?} {:?} {:?}", task, subscription, open);
        }
    }
}
