//! Simulates three years of four hundred subscriptions in four time zones: with crashes, overlapping runs, repeated and
//! reordered messages, failing providers and tables, outages, and customers who change their subscriptions.
//!
//! The expected dates of periods are computed here independently, from the calendar, and compared with the provider's
//! ledger. A seed determines a run; everything runs in this process.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::ops::Range;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use fastrand::Rng;
use function_tests::billing_fixture::{schedule, subscribe_call, subscription};
use function_tests::{BillingFixture, PaymentFixture, Shop};
use harness::Fault;
use harness::engine::{ORDERS, SUBSCRIPTIONS};
use jiff::{SignedDuration, Timestamp};
use sandbox::Entry;
use serde_json::{Value, json};
use shared::core::calendar::Schedule;
use shared::core::id::{SubscriptionId, SubscriptionPeriod};

/// The time of the daily run. In all time zones, the periods of the date are due by then and the date is not over.
const RUN_AT: SignedDuration = SignedDuration::from_hours(8);
/// How long after an error the schedule runs again.
const RUN_AGAIN: SignedDuration = SignedDuration::from_hours(2);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const DAYS: i64 = 3 * 365 + 1;
/// Days without runs. After the second outage, periods older than a week are skipped.
const OUTAGES: [Range<i64>; 2] = [200..203, 700..711];
/// The same as `policy` in the billing fixture.
const CATCH_UP: SignedDuration = SignedDuration::from_hours(24 * 7);

#[tokio::test]
async fn in_three_years_four_hundred_subscriptions_are_charged_once_a_period_on_its_date_1() {
    Years::of(1).await;
}

#[tokio::test]
async fn in_three_years_four_hundred_subscriptions_are_charged_once_a_period_on_its_date_2() {
    Years::of(2).await;
}

/// A subscriber of a run.
struct Subscriber {
    customer: String,
    id: String,
    schedule: Schedule,
    /// Whether the subscription is never changed, so that all its periods can be computed.
    is_steady: bool,
}

/// Half of the subscriptions.
struct Years {
    shop: BillingFixture,
    draw: Rng,
    subscribers: Vec<Subscriber>,
    changes: usize,
    /// The last run before each outage and the first run after it.
    outages: Vec<(Timestamp, Timestamp)>,
}

impl Years {
    async fn of(seed: u64) {
        let shop = Shop::with("tea", 4, 1_000_000).await;
        let mut years = Self {
            shop: BillingFixture::at(PaymentFixture::without_sockets(shop)),
            draw: Rng::with_seed(seed),
            subscribers: vec![],
            changes: 0,
            outages: vec![],
        };
        for nth in 0..200 {
            years.subscribe(nth).await;
        }
        years.run_all().await;
        years.settle().await;
        years.audit().await;
    }

    async fn subscribe(&mut self, nth: usize) {
        const PLACES: [(&str, &str); 4] = [
            ("Asia/Seoul", "09:00:00"),
            ("Europe/Berlin", "02:30:00"),
            ("America/New_York", "02:30:00"),
            ("Australia/Lord_Howe", "11:45:00"),
        ];
        let (place, time) = PLACES[nth % PLACES.len()];
        let (unit, count) = match nth % 20 {
            0..2 => ("MONTH", 1),
            2..8 => ("MONTH", 3),
            8..15 => ("MONTH", 6),
            15..18 => ("YEAR", 1),
            18 => ("WEEK", 5),
            _ => ("DAY", 45),
        };
        // Prefer the last days of months.
        let day = [1, 15, 28, 29, 30, 31][self.draw.usize(..6)];
        let month = if day > 28 { 3 } else { self.draw.u8(1..=3) };
        let schedule = schedule(&format!("2026-{month:02}-{day:02}"), time, place, unit, count);
        let customer = format!("customer-{nth}");
        let body = subscription(&[("tea", 1)], &schedule, &self.shop.authorization(&customer));
        let begun = self
            .shop
            .create_subscription(subscribe_call(&customer, "k", &body))
            .await;
        assert_eq!(begun.status, 201, "{begun:?}");
        self.subscribers.push(Subscriber {
            id: begun.body["subscription_id"].as_str().unwrap().to_owned(),
            schedule: serde_json::from_value(schedule).unwrap(),
            is_steady: nth % 5 != 4,
            customer,
        });
    }

    /// Simulates three years.
    async fn run_all(&mut self) {
        let start = self.shop.now();
        self.shop.sandbox.set_random_faults(self.draw.u64(..), 10);
        self.shop.engine.faults.set_conflicts_per_mille(5);
        self.shop.queue.shuffle(self.draw.u64(..));
        self.shop.advance(RUN_AT);
        for day in 0..DAYS {
            if OUTAGES.iter().any(|outage| outage.contains(&day)) {
                self.shop.advance(DAY);
                continue;
            }
            self.trouble().await;
            let again = if self.run().await { 2 } else { 0 };
            for _ in 0..again {
                self.shop.advance(RUN_AGAIN);
                self.shop.run().await;
            }
            self.shop.advance(DAY - RUN_AGAIN * again);
            self.shop.sandbox.webhooks();
        }
        let run_on = |day: i64| start + RUN_AT + DAY * i32::try_from(day).unwrap();
        self.outages = OUTAGES.map(|days| (run_on(days.start - 1), run_on(days.end))).to_vec();
    }

    /// Sometimes plans declines or changes a subscription.
    async fn trouble(&mut self) {
        let nth = self.draw.usize(..self.subscribers.len());
        let Subscriber {
            customer,
            id,
            is_steady,
            ..
        } = &self.subscribers[nth];
        let (customer, id) = (customer.clone(), id.clone());
        let keys = self
            .shop
            .sandbox
            .toss_billing_keys(&function_tests::billing_fixture::customer_key(&customer));
        if *is_steady {
            // One or two declines are retried within three days, and then paid.
            if let Some(key) = keys.first().filter(|_| self.draw.u8(..) < 40) {
                let count = self.draw.u32(1..=2);
                self.shop.sandbox.toss_decline_next(key, "REJECT_CARD_PAYMENT", count);
            }
            return;
        }
        let key = format!("change-{}", self.changes);
        self.changes += 1;
        let change = match self.draw.u8(..10) {
            0 | 1 => json!({ "change": "PAUSE" }),
            2..6 => json!({ "change": "RESUME" }),
            6 => {
                let next = self.shop.account(&customer, &id).await["subscription"]["next_period"].clone();
                json!({ "change": "SKIP", "period": next })
            }
            7 => {
                if let Some(key) = keys.first() {
                    self.shop
                        .sandbox
                        .toss_set_billing_decline(key, Some("INVALID_STOPPED_CARD"));
                }
                return;
            }
            8 => json!({ "change": "CARD", "authorization": self.shop.authorization(&customer) }),
            _ if self.draw.u8(..) < 60 => {
                self.shop
                    .end(&customer, &id, ["NOW", "PERIOD_END"][self.draw.usize(..2)])
                    .await;
                return;
            }
            _ => json!({ "change": "ITEMS", "items": [{ "sku": "tea", "quantity": self.draw.i64(1..4) }] }),
        };
        self.shop.change(&customer, &id, &key, &change).await;
    }

    /// Runs the schedule and the queue's consumers, and returns whether a run crashed.
    async fn run(&mut self) -> bool {
        self.shop.queue.deliver_twice(self.draw.u8(..4) == 0);
        match self.draw.u8(..12) {
            0 => {
                futures::join!(self.shop.run(), self.shop.run());
                false
            }
            1 => {
                self.slow_down();
                dies_at(self.draw.usize(..8), self.shop.try_enqueue_due_charges()).await;
                self.shop.engine.faults.forget();
                self.shop.run().await;
                true
            }
            2 => {
                self.shop.enqueue_due_charges().await;
                self.slow_down();
                if let Some(delivery) = self.shop.queue.receive(10, self.shop.now()) {
                    dies_at(self.draw.usize(..12), self.shop.charge(&delivery)).await;
                }
                self.shop.engine.faults.forget();
                self.shop.process_queue().await;
                true
            }
            _ => {
                self.shop.run().await;
                false
            }
        }
    }

    /// Makes requests to tables await, so that a crash can happen at each.
    fn slow_down(&mut self) {
        for operation in ["BatchGetItem", "Query", "TransactWriteItems", "UpdateItem"] {
            for _ in 0..4 {
                let late = Fault::Late(Duration::from_millis(self.draw.u64(1..3)));
                self.shop.engine.faults.plan(operation, late);
            }
        }
    }

    /// Ends the faults and finishes all open work.
    async fn settle(&mut self) {
        self.shop.sandbox.set_random_faults(0, 0);
        self.shop.engine.faults.set_conflicts_per_mille(0);
        self.shop.queue.deliver_twice(false);
        self.shop.advance_with_runs(DAY * 2, RUN_AGAIN).await;
        for order in self.shop.engine.items(ORDERS).await {
            if order["status"] == "CANCELLED" {
                self.shop.refund("OrderCancelled", &order).await.unwrap();
            }
        }
    }

    async fn audit(&self) {
        let ledger = self.shop.sandbox.ledger();
        let periods = self.shop.engine.periods(ledger.clone()).await;
        periods.check().unwrap();
        self.shop.engine.balance("tea").await;
        assert_eq!(self.shop.queue.dead_letters(), [json!(null); 0]);
        let taken: BTreeMap<&str, &Entry> = ledger.iter().map(|entry| (entry.order_id.as_str(), entry)).collect();
        let invoices = self.invoices().await;
        let (mut expected, mut on_date) = (0, 0);
        for subscriber in self.subscribers.iter().filter(|subscriber| subscriber.is_steady) {
            let (periods, prompt) = self.audit_steady(subscriber, &taken, &invoices);
            expected += periods;
            on_date += prompt;
        }
        let given_back = ledger.iter().filter(|entry| entry.refunded > 0).count();
        eprintln!(
            "{} subscriptions, {} periods charged, {expected} of them predicted and {on_date} charged at the first try, \
             {given_back} refunded, {} changes",
            self.subscribers.len(),
            periods.charged(),
            self.changes,
        );
        assert!(expected > 1_200, "{expected}");
        assert!(on_date * 10 > expected * 9, "{on_date} of {expected}");
    }

    /// Compares the predicted charges with the ledger. Returns the number of charged periods, and how many of them were
    /// charged at the first try.
    fn audit_steady(
        &self,
        subscriber: &Subscriber,
        taken: &BTreeMap<&str, &Entry>,
        invoices: &BTreeMap<String, Value>,
    ) -> (usize, usize) {
        let schedule = &subscriber.schedule;
        // Periods due at the end may still be retried.
        let end = self.shop.now() - SignedDuration::from_hours(24 * 12);
        let due = (0..)
            .map(|period| (period, schedule.due_at(period)))
            .take_while(|(_, due)| *due < end);
        let (mut count, mut on_date) = (0, 0);
        for (period, due) in due {
            let of = SubscriptionPeriod {
                subscription_id: SubscriptionId(subscriber.id.parse().unwrap()),
                period,
            };
            let order_id = ::billing::invoice::order_id(of).to_string();
            let entry = taken.get(order_id.as_str());
            let outage = self.outages.iter().find(|outage| outage.0 < due && due < outage.1);
            if outage.is_some_and(|outage| due < outage.1 - CATCH_UP) {
                assert!(entry.is_none(), "skipped, and charged: {of:?} {entry:?}");
                continue;
            }
            let entry = entry.unwrap_or_else(|| panic!("never charged: {of:?}, due {due}"));
            assert_eq!((entry.charges, entry.refunded), (1, 0), "{of:?} {entry:?}");
            let late = entry.charged_at.duration_since(due);
            assert!(!late.is_negative(), "charged before it was due: {of:?} {entry:?}");
            let invoice = &invoices[&order_id];
            assert_eq!(invoice["date"], json!(schedule.date(period)), "{invoice}");
            if outage.is_none() && invoice["attempts"] == 1 && invoice["asked"] == 1 {
                let zone = jiff::tz::TimeZone::get(schedule.timezone.as_str()).unwrap();
                let charged_on = entry.charged_at.to_zoned(zone).date();
                assert_eq!(
                    charged_on,
                    schedule.date(period),
                    "charged on another date: {of:?} {entry:?}"
                );
                on_date += 1;
            } else {
                assert!(late < SignedDuration::from_hours(24 * 16), "{of:?} {late:?}");
            }
            count += 1;
        }
        (count, on_date)
    }

    /// Returns the invoices by the orders that they pay.
    async fn invoices(&self) -> BTreeMap<String, Value> {
        let items = self.shop.engine.items(SUBSCRIPTIONS).await.into_iter();
        let paid = items.filter_map(|item| Some((item.get("order_id")?.as_str()?.to_owned(), item)));
        paid.collect()
    }
}

/// Drops a future at its `nth` await.
async fn dies_at<T>(nth: usize, future: impl Future<Output = T>) {
    let mut future = pin!(future);
    let mut waits = 0;
    poll_fn(|context| {
        let is_over = future.as_mut().poll(context).is_ready() || waits == nth;
        waits += 1;
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
