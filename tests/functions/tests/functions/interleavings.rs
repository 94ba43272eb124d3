//! Runs confirmations, webhooks, expiry, cancellations, refunds, crashes and the reconciler in random orders, against
//! providers and an engine with faults.
//!
//! A seed determines the drawn operations but not the engine's timing. A run that fails prints its seed.

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use function_tests::payment_fixture::{kakaopay_call, start_call, stripe_call, toss_call};
use function_tests::{PaymentFixture, RESERVATION, Shop};
use harness::engine::{ORDERS, PAYMENTS};
use harness::gateway::Call;
use jiff::SignedDuration;
use sandbox::{Authentication, Card, Provider, Webhook};
use serde_json::Value;

/// Runs per shop: later runs find the data of earlier ones.
const RUNS: u64 = 10;
const STEPS: usize = 24;
const CUSTOMERS: [&str; 2] = ["ann", "bob"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_and_ledger_agree_after_any_interleaving_1() {
    interleave(0..125).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_and_ledger_agree_after_any_interleaving_2() {
    interleave(125..250).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_and_ledger_agree_after_any_interleaving_3() {
    interleave(250..375).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_and_ledger_agree_after_any_interleaving_4() {
    interleave(375..500).await;
}

async fn interleave(seeds: std::ops::Range<u64>) {
    for first in seeds.clone().step_by(usize::try_from(RUNS).unwrap()) {
        let shop = PaymentFixture::in_shop(Shop::with("tea", 2, 3).await).await;
        for seed in first..seeds.end.min(first + RUNS) {
            let mut run = Run::new(&shop, seed);
            eprintln!("seed {seed}");
            run.go().await;
        }
    }
}

/// One run, with what its customers know.
struct Run<'a> {
    shop: &'a PaymentFixture,
    seed: u64,
    draw: Rng,
    orders: Vec<(&'static str, String, u64)>,
    started: Vec<(usize, Value)>,
    tokens: HashMap<String, String>,
    webhooks: Vec<Webhook>,
    keys: usize,
}

impl<'a> Run<'a> {
    fn new(shop: &'a PaymentFixture, seed: u64) -> Self {
        Self {
            shop,
            seed,
            draw: Rng::with_seed(seed),
            orders: vec![],
            started: vec![],
            tokens: HashMap::new(),
            webhooks: vec![],
            keys: 0,
        }
    }

    async fn go(&mut self) {
        self.shop.sandbox.set_random_faults(self.seed, 120);
        self.shop.engine.faults.set_conflicts_per_mille(60);
        for step in 1..=STEPS {
            self.step().await;
            if step % 4 == 0 {
                self.shop.ledger_audit().await.assert_sound();
            }
        }
        self.shop.sandbox.set_random_faults(self.seed, 0);
        self.shop.engine.faults.set_conflicts_per_mille(0);
        self.recover().await;
    }

    /// Ends the faults. After one run of the reconciler all charged money is accounted for; after the work that
    /// follows, everything is settled.
    async fn recover(&mut self) {
        let shop = self.shop;
        shop.advance(RESERVATION + SignedDuration::from_mins(70));
        self.gather();
        for webhook in std::mem::take(&mut self.webhooks) {
            let answer = shop.deliver(&shop.sandbox.again(&webhook)).await;
            assert!(answer.status == 200, "{answer:?}");
        }
        shop.expire_orders().await.unwrap();
        let summary = shop.reconcile().await;
        assert_eq!(summary.failed, 0, "{summary:?}");
        assert_no_order_is_unpaid_and_charged(shop).await;
        // A payment found unfinished is abandoned by the next run.
        shop.advance(SignedDuration::from_mins(5));
        shop.expire_orders().await.unwrap();
        assert_eq!(shop.reconcile().await.failed, 0);
        // The reconciler publishes late charges as events; their consumers place or refund them.
        self.consume(true).await;
        self.gather();
        for webhook in std::mem::take(&mut self.webhooks) {
            assert_eq!(shop.deliver(&webhook).await.status, 200);
        }
        shop.expire_orders().await.unwrap();
        shop.ledger_audit().await.assert_settled();
        shop.engine.balance("tea").await;
    }

    async fn step(&mut self) {
        match self.draw.u32(..100) {
            0..=14 => self.order().await,
            15..=24 => self.start().await,
            25..=34 => self.pay_at_provider(),
            35..=54 => self.confirm().await,
            55..=66 => self.deliver().await,
            67..=73 => self.cancel().await,
            74..=79 => drop(self.shop.expire_orders().await),
            80..=85 => drop(self.shop.try_reconcile().await),
            86..=93 => self.consume(false).await,
            94..=95 => self.refund_elsewhere(),
            _ => self.shop.advance(SignedDuration::from_secs(self.draw.i64(1..600))),
        }
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}", self.seed, self.keys)
    }

    fn an_order(&mut self) -> Option<(usize, &'static str, String, u64)> {
        let nth = self.draw.usize(..self.orders.len().max(1));
        let (customer, id, total) = self.orders.get(nth)?.clone();
        Some((nth, customer, id, total))
    }

    async fn order(&mut self) {
        let customer = CUSTOMERS[self.draw.usize(..2)];
        let quantity = self.draw.i64(1..3);
        let key = self.key();
        let answer = self.shop.order(customer, &key, &[("tea", quantity)]).await;
        if answer.status == 201 {
            let id = answer.body["order_id"].as_str().unwrap().to_owned();
            self.orders.push((customer, id, quantity.cast_unsigned() * 1000));
        }
    }

    async fn start(&mut self) {
        let Some((nth, customer, order, _)) = self.an_order() else {
            return;
        };
        let provider = ["STRIPE", "KAKAOPAY"][self.draw.usize(..2)];
        let key = self.key();
        let answer = self.shop.start(start_call(customer, &key, provider, &order)).await;
        if answer.status == 201 {
            self.started.push((nth, answer.body));
        }
    }

    /// A customer pays on Stripe's page, possibly long after the order ended.
    fn pay_at_provider(&mut self) {
        let stripe: Vec<&str> = self
            .started
            .iter()
            .filter(|(_, started)| started["client"]["provider"] == "STRIPE")
            .map(|(_, started)| started["reference"].as_str().unwrap())
            .collect();
        let Some(intent) = self.draw.choice(stripe) else {
            return;
        };
        let card = match self.draw.u32(..4) {
            0 => Card::declined("card_declined", "insufficient_funds"),
            _ => Card::Good,
        };
        // A paid or canceled payment accepts no card.
        drop(self.shop.sandbox.try_stripe_pay(intent, &card));
    }

    async fn confirm(&mut self) {
        let Some(call) = self.confirmation() else {
            return;
        };
        let second = self.confirmation().unwrap_or_else(|| call.clone());
        match self.draw.u32(..8) {
            // The function crashes at one of its awaits.
            0..=1 => {
                let time = Duration::from_micros(self.draw.u64(100..20_000));
                drop(tokio::time::timeout(time, self.shop.confirm(call)).await);
            }
            2 => drop(tokio::join!(self.shop.confirm(call.clone()), self.shop.confirm(call))),
            3 => drop(tokio::join!(self.shop.confirm(call), self.shop.confirm(second))),
            4 => {
                self.gather();
                let webhook = self.draw.choice(&self.webhooks).cloned();
                let webhook = async {
                    match &webhook {
                        Some(webhook) => drop(self.shop.deliver(webhook).await),
                        None => drop(self.shop.expire_orders().await),
                    }
                };
                tokio::join!(self.shop.confirm(call), webhook);
            }
            5 => drop(tokio::join!(self.shop.confirm(call), self.shop.try_reconcile())),
            _ => drop(self.shop.confirm(call).await),
        }
    }

    fn confirmation(&mut self) -> Option<Call> {
        let started = self.draw.usize(..self.started.len() + 1);
        if let Some((nth, started)) = self.started.get(started).cloned() {
            let (customer, order, total) = self.orders[nth].clone();
            let reference = started["reference"].as_str().unwrap();
            let key = self.key();
            if started["client"]["provider"] == "STRIPE" {
                return Some(stripe_call(customer, &key, &order, reference, total));
            }
            let approved = self.shop.sandbox.try_kakaopay_approve_in_app(reference);
            if let Ok(token) = approved {
                self.tokens.insert(reference.to_owned(), token);
            }
            let token = self.tokens.get(reference)?;
            return Some(kakaopay_call(customer, &key, &order, token, total));
        }
        let (_, customer, order, total) = self.an_order()?;
        let how = Authentication {
            decline: (self.draw.u32(..4) == 0).then(|| "REJECT_CARD_PAYMENT".to_owned()),
            ..Authentication::default()
        };
        let total_there = i64::try_from(total).unwrap();
        let key = self
            .shop
            .sandbox
            .toss_authenticate_with(&order, total_there, "KRW", &how);
        let request = self.key();
        Some(toss_call(customer, &request, &order, &key, total))
    }

    fn gather(&mut self) {
        self.webhooks.extend(self.shop.sandbox.webhooks());
    }

    /// Delivers any pending webhook, possibly three copies at once; it may be delivered again later.
    async fn deliver(&mut self) {
        self.gather();
        if self.webhooks.is_empty() {
            return;
        }
        let nth = self.draw.usize(..self.webhooks.len());
        let webhook = self.webhooks[nth].clone();
        // A late webhook's signature may be too old, so it is signed again.
        let webhook = self.shop.sandbox.again(&webhook);
        let shop = self.shop;
        let arrived = if self.draw.bool() {
            let answers = tokio::join!(shop.deliver(&webhook), shop.deliver(&webhook), shop.deliver(&webhook));
            answers.2.status == 200
        } else {
            shop.deliver(&webhook).await.status == 200
        };
        if arrived && self.draw.bool() {
            self.webhooks.swap_remove(nth);
        }
    }

    async fn cancel(&mut self) {
        let Some((_, customer, order, _)) = self.an_order() else {
            return;
        };
        self.shop.cancel(customer, &order).await;
    }

    /// Delivers the newest events of some entities, in any order, some of them twice; or of all entities.
    async fn consume(&mut self, all: bool) {
        let mut events = self.shop.engine.events(ORDERS).await;
        events.extend(self.shop.engine.events(PAYMENTS).await);
        self.draw.shuffle(&mut events);
        for (kind, detail) in events {
            let is_consumed = matches!(
                kind.as_str(),
                "OrderCancelled" | "PaymentUnservable" | "RefundRequested"
            );
            if !is_consumed || (!all && self.draw.bool()) {
                continue;
            }
            let done = self.shop.refund(&kind, &detail["data"]).await;
            assert!(!all || done.is_ok(), "{kind} {detail}: {done:?}");
            if self.draw.u32(..4) == 0 {
                drop(self.shop.refund(&kind, &detail["data"]).await);
            }
        }
    }

    /// Refunds a part in a provider's dashboard.
    fn refund_elsewhere(&mut self) {
        let entries = self.shop.sandbox.ledger();
        let open: Vec<_> = entries
            .iter()
            .filter(|entry| entry.charged - entry.refunded > 300)
            .collect();
        let providers = [Provider::Toss, Provider::Stripe];
        if let Some(entry) = self
            .draw
            .choice(open)
            .filter(|entry| providers.contains(&entry.provider))
        {
            self.shop
                .sandbox
                .dashboard_refund(entry.provider, &entry.reference, 300);
        }
    }
}

/// Checks that no order is unpaid and charged after a run of the reconciler, unless its refund is under way.
async fn assert_no_order_is_unpaid_and_charged(shop: &PaymentFixture) {
    let payments = shop.engine.items(PAYMENTS).await;
    for entry in shop.sandbox.ledger() {
        if entry.charged == entry.refunded {
            continue;
        }
        let payment = payments
            .iter()
            .find(|payment| payment["reference"] == entry.reference.as_str());
        let payment = payment.unwrap_or_else(|| panic!("{entry:?} is not recorded"));
        let status = payment["status"].as_str().unwrap();
        assert!(matches!(status, "PAID" | "UNSERVABLE"), "{payment} {entry:?}");
    }
}
