//! The auditor: reads the tables and the providers' ledger, and nothing else, and finds whether the promises hold.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use function_tests::image_fixture::{UPLOADS, VARIANTS};
use harness::audit::{AuctionAudit, LedgerAudit, Periods, balances};
use harness::engine::{AUCTIONS, CATALOG, IMAGES, ORDERS, PAYMENTS, SUBSCRIPTIONS};
use harness::objects::Object;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sandbox::{Entry, Provider};
use serde_json::Value;

use crate::actors::subscriber;
use crate::world::World;

/// How long after its time something may wait for the schedule that ends it.
const PERIOD: SignedDuration = SignedDuration::from_mins(3);

/// When the auditor looks, and so what has to be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// At any moment.
    Any,
    /// The faults have been over for longer than any reconciler pauses: nothing hangs in the air.
    Landed,
    /// A day later: the payments have been compared with the providers' books as well.
    Settled,
}

/// Looks at the world as it is at this moment.
pub fn look(world: &World, moment: Moment) {
    let tables = &world.tables;
    let orders = tables.items(ORDERS);
    let payments = tables.items(PAYMENTS);
    let catalog = tables.items(CATALOG);
    let auctions = tables.items(AUCTIONS);
    let subscriptions = tables.items(SUBSCRIPTIONS);
    let images = tables.items(IMAGES);
    let ledger = world.sandbox.ledger();
    let now = world.clock.now();
    let mut findings = vec![];
    let mut check = |promise: &str, outcome: Result<()>| {
        if let Err(error) = outcome {
            findings.push(format!("{promise}: {error:#}"));
        }
    };
    let holders = orders.iter().chain(&subscriptions);
    check("stock is conserved", stock(&catalog, holders));
    check("charged at most once", charged_once(&payments, &ledger));
    let periods = Periods::from_items(&orders, &subscriptions, &ledger);
    check("each period is charged once", periods.check());
    check(
        "each period is charged on its date",
        on_its_date(&subscriptions, &ledger),
    );
    let variants = world.objects.objects(VARIANTS);
    check("a picture's variants stand", variants_stand(&images, &variants));
    if moment >= Moment::Landed {
        let uploads = world.objects.objects(UPLOADS);
        check("the newest upload stays", newest_stay(&images, &uploads));
        check("what is not told of is gone", left_over(&images, &variants));
        check("nothing is stuck", on_time(&orders, &auctions, now));
        check("nothing that happened is lost", told(world));
    }
    check("points are conserved", AuctionAudit::of(auctions).check());
    if moment == Moment::Settled {
        check("no period is left out", commanded(&subscriptions, now));
    }
    check("given back as asked", given_back(world, &payments));
    let books = LedgerAudit::from_items(orders, payments, ledger);
    let of_money = match moment {
        Moment::Any => books.check_sound(),
        Moment::Landed => books.check_landed(),
        Moment::Settled => books.check_settled(),
    };
    check("charged is recorded", of_money);
    for finding in findings {
        world.find(finding);
    }
}

fn stock<'a>(catalog: &[Value], holders: impl IntoIterator<Item = &'a Value>) -> Result<()> {
    for (sku, balance) in balances(catalog, holders) {
        balance.check().with_context(|| sku.clone())?;
    }
    Ok(())
}

/// Toss's cards and KakaoPay are charged only when we ask for it, and nothing is asked while another payment of the order
/// may have been taken: so one of them, at most, is ever charged for an order. To an account that was opened for a deposit
/// people can pay whatever they pay elsewhere, as at Stripe; that goes back.
fn charged_once(payments: &[Value], ledger: &[Entry]) -> Result<()> {
    let deposits = payments.iter().filter(|payment| payment.get("deposit").is_some());
    let deposits: BTreeSet<&str> = deposits.filter_map(|payment| payment["reference"].as_str()).collect();
    let by_us = |entry: &&Entry| {
        entry.provider != Provider::Stripe && entry.charges > 0 && !deposits.contains(&*entry.reference)
    };
    let mut charged: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in ledger.iter().filter(by_us) {
        if let Some(first) = charged.insert(&entry.order_id, entry) {
            anyhow::bail!("an order was charged twice: {first:?} {entry:?}");
        }
    }
    Ok(())
}

/// What the books call refunded elsewhere was refunded elsewhere.
fn given_back(world: &World, payments: &[Value]) -> Result<()> {
    let elsewhere = world.state().elsewhere.clone();
    for payment in payments {
        let Some(refunds) = payment.get("refunds").and_then(Value::as_array) else {
            continue;
        };
        let by_somebody: i64 = refunds
            .iter()
            .filter(|refund| refund["reason"] == "ELSEWHERE")
            .filter_map(|refund| refund["amount"]["amount"].as_i64())
            .sum();
        let reference = payment["reference"].as_str().unwrap_or_default();
        let known = elsewhere.get(reference).copied().unwrap_or_default();
        ensure!(
            by_somebody <= known,
            "{by_somebody} went back that nobody asked for, {known} was asked for elsewhere: {payment}"
        );
    }
    Ok(())
}

/// No period is charged before its date, as the clocks of its customer have it.
fn on_its_date(subscriptions: &[Value], ledger: &[Entry]) -> Result<()> {
    let zone = TimeZone::get(subscriber::TIMEZONE).context("a time zone")?;
    let is_paid = |item: &&Value| item["order_id"].is_string() && item["date"].is_string();
    for invoice in subscriptions.iter().filter(is_paid) {
        let taken = ledger
            .iter()
            .find(|entry| invoice["order_id"] == entry.order_id.as_str());
        if let Some(taken) = taken {
            let charged = taken.charged_at.to_zoned(zone.clone()).date();
            let date: Date = invoice["date"].as_str().unwrap_or_default().parse()?;
            ensure!(charged >= date, "charged before its date: {invoice} {taken:?}");
        }
    }
    Ok(())
}

/// Whatever is due about a subscription has been done, or waits for its next turn.
fn commanded(subscriptions: &[Value], now: Timestamp) -> Result<()> {
    for item in subscriptions {
        if let Some(due) = item["due_ms"].as_i64() {
            let late = now.as_millisecond() - due;
            ensure!(late < 30 * 60_000, "it has been due for {} s: {item}", late / 1_000);
        }
    }
    Ok(())
}

/// Nothing that is over waits longer for its cleaner than that takes.
fn on_time(orders: &[Value], auctions: &[Value], now: Timestamp) -> Result<()> {
    let is_late = |item: &Value| {
        let at = item["expires_at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        at.is_some_and(|at| now.duration_since(at) > PERIOD)
    };
    for order in orders.iter().filter(|order| order["status"] == "PENDING_PAYMENT") {
        ensure!(!is_late(order), "it should have expired: {order}");
    }
    let is_open = |item: &&Value| item["sk"] == "BID" && item["status"] == "OPEN";
    for bid in auctions.iter().filter(is_open) {
        ensure!(!is_late(bid), "it should have expired: {bid}");
    }
    Ok(())
}

/// A record tells of what is there.
fn variants_stand(images: &[Value], variants: &BTreeMap<String, Object>) -> Result<()> {
    for image in images {
        for key in keys_of(image) {
            ensure!(variants.contains_key(key), "{key} is not there: {image}");
        }
    }
    Ok(())
}

/// Each picture is the one that was uploaded last; of a deleted one nothing is left.
fn newest_stay(images: &[Value], uploads: &BTreeMap<String, Object>) -> Result<()> {
    for image in images {
        let id = image["image_id"].as_str().unwrap_or_default();
        let upload = uploads.get(&format!("raw/{id}"));
        match image["status"].as_str() {
            Some("DELETED") => ensure!(upload.is_none(), "its upload is there still: {image}"),
            _ => ensure!(
                image["sequencer"].as_str() == upload.map(|upload| &*upload.sequencer),
                "it is not what was uploaded last, {upload:?}: {image}"
            ),
        }
    }
    Ok(())
}

/// Each variant is one that a record tells of.
fn left_over(images: &[Value], variants: &BTreeMap<String, Object>) -> Result<()> {
    let told: BTreeSet<&str> = images.iter().flat_map(keys_of).collect();
    for key in variants.keys() {
        ensure!(told.contains(key.as_str()), "nobody tells of {key}");
    }
    Ok(())
}

fn keys_of(image: &Value) -> impl Iterator<Item = &str> {
    let variants = image["variants"].as_array();
    variants
        .into_iter()
        .flatten()
        .filter_map(|variant| variant["key"].as_str())
}

/// Each event that a table's stream brought is on the bus, or in the queue with an alarm on it.
fn told(world: &World) -> Result<()> {
    ensure!(world.undelivered.try_take().is_none(), "an event cannot be delivered");
    let state = world.state();
    for (id, name) in &state.happened {
        ensure!(state.published.contains(id), "{name} {id} was never told");
    }
    ensure!(state.dead.is_empty(), "nobody could be woken for {:?}", state.dead);
    Ok(())
}
