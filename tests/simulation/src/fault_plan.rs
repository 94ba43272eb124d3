//! What a seed makes of the world: who is there, how slow everything is, and what goes wrong how often.
//!
//! Each seed draws its own, so that some runs meet one kind of fault only and others all of them at once.

use fastrand::Rng;

/// A world's weather. Rates are per mille.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    /// How many of each kind of actor there are.
    pub cast: Actors,
    /// A message takes up to this many milliseconds.
    pub latency_ms: u64,
    /// Of 1,000 minutes, at the end of how many the shop closes for hours: who is there sleeps, what is due falls due.
    pub nights: u32,
    /// How long stock is held for an order that is not paid, in seconds.
    pub reservation_s: i64,
    /// The faults.
    pub faults: Faults,
}

/// Who is there.
#[derive(Clone, Copy, Debug)]
pub struct Actors {
    /// People who order, pay, change their minds.
    pub shoppers: u64,
    /// People who trade vouchers for points.
    pub traders: u64,
    /// People who have the same sent again and again.
    pub subscribers: u64,
    /// People who upload pictures.
    pub photographers: u64,
    /// People who run the shop.
    pub admins: u64,
    /// Different products.
    pub products: u64,
}

/// What goes wrong, per mille of what it can happen to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Messages that take seconds, so that who waits gives up while they are still on their way.
    pub slow: u32,
    /// Requests that never arrive.
    pub lost_requests: u32,
    /// Requests that are served, and their answers lost.
    pub lost_answers: u32,
    /// Requests that a service refuses for its load, or for a fault of its own.
    pub refusals: u32,
    /// Transactions that conflict with another one.
    pub conflicts: u32,
    /// Invocations whose function crashes at one of its awaits.
    pub crashes: u32,
    /// Deliveries (of an event, a webhook, a batch, a minute) that are made twice, and requests sent twice at once.
    pub twice: u32,
    /// Webhooks that never come, and minutes that a schedule misses.
    pub never: u32,
    /// Calls that a payment provider fails.
    pub providers: u32,
    /// Minutes in which a payment provider is down.
    pub outages: u32,
}

impl FaultPlan {
    /// The weather of a seed.
    pub fn draw(rng: &mut Rng) -> Self {
        Self {
            cast: Actors {
                shoppers: rng.u64(2..14),
                traders: rng.u64(2..12),
                subscribers: rng.u64(0..8),
                photographers: rng.u64(0..4),
                admins: 1,
                products: rng.u64(1..5),
            },
            latency_ms: *rng.choice(&[4, 20, 80]).expect("one"),
            nights: rate(rng, 150),
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
    /// Loses answers, some of them those of providers to charges.
    pub fn lose_answers(&mut self) {
        self.cast.subscribers = self.cast.subscribers.max(6);
        self.faults.lost_answers = self.faults.lost_answers.max(25);
    }

    /// Delivers many messages twice, some of them those to charge a subscription.
    pub fn repeat_deliveries(&mut self) {
        self.cast.subscribers = self.cast.subscribers.max(7);
        self.faults.twice = self.faults.twice.max(300);
    }
}

/// A rate up to `most`; of three, one is none.
fn rate(rng: &mut Rng, most: u32) -> u32 {
    match rng.u8(..3) {
        0 => 0,
        _ => rng.u32(1..=most),
    }
}
