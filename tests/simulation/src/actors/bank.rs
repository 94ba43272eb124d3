//! The customers' banks and the providers: refunds that fail later, disputes, deposits that are withdrawn or come back,
//! a provider that contradicts itself, and another shop on the same Stripe account.

use std::rc::Rc;

use jiff::SignedDuration;
use sandbox::{Entry, Provider};

use crate::world::World;

/// Acts until the run ends.
pub async fn interfere(world: Rc<World>) {
    while world.is_running() {
        world.pause().await;
        match world.below(9) {
            0 => fail_refund(&world),
            1 => dispute(&world),
            2 | 3 => decide_dispute(&world),
            4 => withdraw_deposit(&world),
            5 => deposit_again(&world),
            6 => take_back(&world),
            7 => contradict(&world),
            _ => world.sandbox.stripe_foreign_events(),
        }
        world.webhooks_ready.notify_one();
    }
}

/// Decides all open disputes.
pub fn decide_disputes(world: &World) {
    while !world.sandbox.stripe_open_disputes().is_empty() {
        decide_dispute(world);
    }
    world.webhooks_ready.notify_one();
}

/// Draws a charge of the last day: what changes later is reported only by a webhook, which may be lost.
fn recent(world: &World, provider: Provider, wanted: impl Fn(&Entry) -> bool) -> Option<Entry> {
    let yesterday = world.clock.now() - SignedDuration::from_hours(24);
    let ledger = world.sandbox.ledger().into_iter();
    let mut recent: Vec<Entry> = ledger
        .filter(|entry| entry.provider == provider && entry.charged_at > yesterday && wanted(entry))
        .collect();
    let nth = world.below(recent.len().max(1) as u64) as usize;
    (nth < recent.len()).then(|| recent.swap_remove(nth))
}

fn left(entry: &Entry) -> i64 {
    entry.charged - entry.refunded - entry.withdrawn
}

fn fail_refund(world: &World) {
    // Stripe documents neither.
    world.sandbox.stripe_keep_failed_refunds(world.below(2) == 0);
    let Some(entry) = recent(world, Provider::Stripe, |entry| entry.refunded > 0) else {
        return;
    };
    let made = world.sandbox.stripe_refunds(&entry.reference);
    let id = &made[world.below(made.len() as u64) as usize];
    let amount = world.sandbox.stripe_fail_refund(id);
    world
        .net
        .note(|| format!("the refund {id} of {amount} of {} failed", entry.reference));
}

fn dispute(world: &World) {
    let Some(entry) = recent(world, Provider::Stripe, |entry| left(entry) > 0) else {
        return;
    };
    let amount = if world.below(3) == 0 {
        left(&entry).min(300)
    } else {
        left(&entry)
    };
    let id = world.sandbox.stripe_dispute(&entry.reference, amount);
    world
        .net
        .note(|| format!("the dispute {id} of {amount} of {} was opened", entry.reference));
}

fn decide_dispute(world: &World) {
    let open = world.sandbox.stripe_open_disputes();
    let Some(id) = open.get(world.below(open.len().max(1) as u64) as usize) else {
        return;
    };
    let is_won = world.below(2) == 0;
    world.sandbox.stripe_close_dispute(id, is_won);
    world.net.note(|| format!("the dispute {id} was won: {is_won}"));
}

fn withdraw_deposit(world: &World) {
    let Some(entry) = recent(world, Provider::Toss, |entry| entry.refunded == 0 && left(entry) > 0) else {
        return;
    };
    // Only a deposit can be withdrawn.
    if world.sandbox.try_toss_withdraw_deposit(&entry.reference).is_ok() {
        world
            .net
            .note(|| format!("the deposit {} was withdrawn", entry.reference));
    }
}

fn deposit_again(world: &World) {
    let withdrawn = recent(world, Provider::Toss, |entry| entry.withdrawn > 0);
    if let Some(entry) = withdrawn
        && world.sandbox.try_toss_deposit(&entry.reference).is_ok()
    {
        world
            .net
            .note(|| format!("the deposit {} arrived again", entry.reference));
    }
}

fn take_back(world: &World) {
    let Some(entry) = recent(world, Provider::Standard, |entry| left(entry) > 0) else {
        return;
    };
    world.sandbox.standard_take_back(&entry.reference);
    world
        .net
        .note(|| format!("the payment {} was taken back", entry.reference));
}

fn contradict(world: &World) {
    if let Some(entry) = recent(world, Provider::Standard, |_| true) {
        world.sandbox.standard_contradict(&entry.reference, entry.charged - 100);
    }
}
