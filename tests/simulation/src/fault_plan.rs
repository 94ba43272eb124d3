//! The fault plan of a seed: actors, latencies and fault rates.
//!
//! Each seed draws its own rates, so some runs have one kind of fault only and others have all of them.

use fastrand::Rng;

/// Actors, latency and faults of a run. Rates are per mille.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    /// Number of actors of each kind.
    pub actors: Actors,
    /// Maximum latency of a message, in milliseconds.
    pub latency_ms: u64,
    /// Rate of minutes after which the shop closes for hours: actors pause, schedules run.
    pub closings: u32,
    /// How long stock is reserved for an unpaid order, in seconds.
    pub reservation_s: i64,
    /// Fault rates.
    pub faults: Faults,
}

/// Numbers of actors and products.
#[derive(Clone, Copy, Debug)]
pub struct Actors {
    /// Customers who order and pay.
    pub shoppers: u64,
    /// Customers who trade vouchers for points.
    pub traders: u64,
    /// Customers with subscriptions.
    pub subscribers: u64,
    /// Customers who upload pictures.
    pub photographers: u64,
    /// Administrators.
    pub admins: u64,
    /// Staff who ship orders.
    pub staff: u64,
    /// Whether banks and providers take money back and contradict themselves.
    pub bank: bool,
    /// Products.
    pub products: u64,
    /// Whether the index of the search is written, and customers search. It makes a run slow.
    pub search: bool,
    /// Customers who buy tickets. Without any, there is no box office.
    pub ticket_buyers: u64,
}

/// Fault rates, per mille.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Messages that take seconds, so that the caller times out first.
    pub slow: u32,
    /// Requests that are lost.
    pub lost_requests: u32,
    /// Requests that are served but whose responses are lost.
    pub lost_answers: u32,
    /// Requests that a service throttles or fails.
    pub refusals: u32,
    /// Transactions that conflict.
    pub conflicts: u32,
    /// Invocations that crash at one of their awaits.
    pub crashes: u32,
    /// Deliveries (events, webhooks, batches, schedules) made twice, and API requests sent twice at once.
    pub twice: u32,
    /// Webhooks that are never delivered, and schedule runs that are skipped.
    pub never: u32,
    /// Calls that a payment provider fails.
    pub providers: u32,
    /// Minutes in which a payment provider is down.
    pub outages: u32,
}

impl FaultPlan {
    /// Draws a seed's plan.
    pub fn draw(rng: &mut Rng) -> Self {
        Self {
            actors: Actors {
                shoppers: rng.u64(2..14),
                traders: rng.u64(2..12),
                subscribers: rng.u64(0..8),
                photographers: rng.u64(0..4),
                admins: 1,
                staff: rng.u64(2..6),
                bank: rng.u8(..3) > 0,
                products: rng.u64(1..5),
                search: rng.u8(..4) == 0,
                ticket_buyers: if rng.u8(..4) == 0 { 6 } else { 0 },
            },
            latency_ms: *rng.choice(&[4, 20, 80]).expect("one"),
            closings: rate(rng, 150),
            reservation_s: *rng.choice(&[60, 180, 900]).expect("one"),
            faults: Faults {
                slow: rate(rng, 10),
                lost_requests: rate(rng, 25),
                lost_answers: rate(rng, 25),
                refusals: rate(rng, 40),
                conflicts: rate(rng, 120),
                crashes: rate(rng, 60),
                twice: rate(rng, 120),
                never: rate(rng, 100),
                providers: rate(rng, 120),
                outages: rate(rng, 80),
            },
        }
    }
}

impl FaultPlan {
    /// Raises the rate of lost responses, and the number of charges that they affect.
    pub fn lose_answers(&mut self) {
        self.actors.subscribers = self.actors.subscribers.max(6);
        self.faults.lost_answers = self.faults.lost_answers.max(50);
    }

    /// Lets banks and providers take money back, and sends more customers.
    pub fn take_money_back(&mut self) {
        self.actors.bank = true;
        self.actors.shoppers = self.actors.shoppers.max(8);
    }

    /// Lets customers search, and fewer others order. Two writers of the index often compete.
    pub fn search(&mut self) {
        self.actors.search = true;
        self.faults.twice = self.faults.twice.max(200);
        self.actors.shoppers = self.actors.shoppers.min(4);
        self.actors.traders = 2;
        self.actors.subscribers = 0;
        self.actors.photographers = 0;
    }

    /// Opens the box office for many customers, who often want the same seats at the same moment, and sends fewer others.
    pub fn sell_tickets(&mut self) {
        self.actors.ticket_buyers = 12;
        self.latency_ms = 80;
        self.actors.staff = 0;
        self.actors.bank = false;
        self.actors.shoppers = 2;
        self.actors.traders = 2;
        self.actors.subscribers = 0;
        self.actors.photographers = 0;
    }

    /// Sends more shoppers and staff, and fewer others, whose operations would take the place of theirs.
    pub fn ship_more(&mut self) {
        self.actors.shoppers = self.actors.shoppers.max(8);
        self.actors.traders = 2;
        self.actors.subscribers = 0;
        self.actors.photographers = 0;
        self.actors.staff = 6;
        self.actors.products = self.actors.products.max(3);
    }

    /// Skips most runs of the schedules and closes the shop often, so that several periods of a subscription are due at
    /// once. Sends fewer others than subscribers.
    pub fn miss_periods(&mut self) {
        self.actors.staff = 0;
        self.actors.shoppers = self.actors.shoppers.min(6);
        self.actors.traders = 2;
        self.actors.subscribers = self.actors.subscribers.max(7);
        self.faults.never = 700;
        self.closings = 150;
    }

    /// Raises the rate of repeated deliveries, and the number of charges that they affect: without it, a mutant that
    /// only a repeated command reveals needs more seeds than its test runs.
    pub fn repeat_deliveries(&mut self) {
        self.actors.subscribers = self.actors.subscribers.max(7);
        self.faults.twice = self.faults.twice.max(300);
    }
}

/// Draws a rate up to `most`; one of three is zero.
fn rate(rng: &mut Rng, most: u32) -> u32 {
    match rng.u8(..3) {
        0 => 0,
        _ => rng.u32(1..=most),
    }
}
