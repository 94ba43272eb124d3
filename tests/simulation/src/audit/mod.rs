//! Checks the promises by reading only the tables, the buckets and the providers' ledger.

mod coupons;
mod hold_times;
mod imports;
mod lookups;
pub mod refusals;
mod reviews;
pub mod search;
mod seats;
mod tickets;
mod waiting_rooms;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use function_tests::image_fixture::{UPLOADS, VARIANTS};
use function_tests::listing_audit::check_listings;
use harness::audit::{
    AuctionAudit, LedgerAudit, Periods, balances, check_holds, check_line_refunds, check_prices, check_returns,
    check_seats_and_tickets, check_units,
};
use harness::engine::{
    ACCOUNTS, AUCTIONS, CATALOG, COUPONS, FULFILLMENT, IMAGES, LISTINGS, LOOKUPS, ORDERS, PAYMENTS, SEATS, SHOWS,
    SUBSCRIPTIONS, TICKETS, WAITING_ROOMS,
};
use harness::objects::Object;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sandbox::{Entry, Provider};
use serde_json::Value;
use shared::core::calendar::Schedule;

use crate::actors::personal_data::MARKER;
use crate::actors::subscriber;
use crate::stack::hold_budget;
use crate::world::World;

/// How long after its deadline an order or bid may still be open.
const PERIOD: SignedDuration = SignedDuration::from_mins(3);

/// When an audit runs, which decides what it checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// While faults occur.
    Faults,
    /// After the faults, later than any delay of the reconciler: all work is finished.
    Finished,
    /// A day later: payments were also compared with the providers' records.
    Reconciled,
}

/// Audits the current state.
pub fn check(world: &World, phase: Phase) {
    let tables = &world.tables;
    let orders = tables.items(ORDERS);
    let payments = tables.items(PAYMENTS);
    let catalog = tables.items(CATALOG);
    let auctions = tables.items(AUCTIONS);
    let subscriptions = tables.items(SUBSCRIPTIONS);
    let fulfillment = tables.items(FULFILLMENT);
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
    check("each order holds its units", check_holds(&orders));
    let (all_seats, shows) = (tables.items(SEATS), tables.items(SHOWS));
    let limits = seats::check_limits(&all_seats, &shows);
    check("a customer has only so many seats", limits);
    let reservation = SignedDuration::from_secs(world.fault_plan.reservation_s);
    let hold_times = hold_times::check_hold_times(&orders, reservation, hold_budget(reservation));
    check("seats are held for only so long", hold_times);
    let claims = coupons::check_coupons(&orders, &subscriptions, &tables.items(COUPONS));
    check("a coupon is claimed and redeemed once", claims);
    let charges = coupons::check_charges(&subscriptions, &tables.items(COUPONS));
    check("a coupon counts for its charges", charges);
    let all_tickets = tables.items(TICKETS);
    let seated = check_seats_and_tickets(&orders, &all_seats, &all_tickets);
    check("a seat has one order", seated);
    let valid = tickets::check_valid(&orders, &all_tickets);
    check("a valid ticket has its seat", valid);
    check("a former code does not admit", tickets::check_former_codes(world));
    check("the counters are the visible reviews", reviews::check_stars(&shows));
    check(
        "each review has an attendance",
        reviews::check_attendance(&shows, &all_tickets),
    );
    let rooms = waiting_rooms::check_rooms(&tables.items(WAITING_ROOMS), now);
    check(
        "a waiting room counts each join once and admits in its order and at its rates",
        rooms,
    );
    let codes = coupons::check_codes(&tables.items(COUPONS));
    check("a code makes one claim", codes);
    check("a ticket admits once", tickets::check_admissions(world));
    check("no unit is shipped twice", check_units(&orders, &fulfillment));
    check(
        "no unit is returned twice",
        check_returns(&orders, &fulfillment, &catalog),
    );
    check("no line is refunded twice", check_line_refunds(&orders, &payments));
    check("the parts of an order add up", check_prices(&orders));
    check("charged at most once", charged_once(&payments, &ledger));
    let periods = Periods::from_items(&orders, &subscriptions, &ledger);
    check("each period is charged once", periods.check());
    check(
        "each period is charged on its date",
        on_its_date(&subscriptions, &ledger),
    );
    check("only the latest period is billed", latest_is_billed(&subscriptions));
    let variants = world.objects.objects(VARIANTS);
    check("a picture's variants exist", variants_exist(&images, &variants));
    if phase >= Phase::Finished {
        let uploads = world.objects.objects(UPLOADS);
        check("the newest upload is kept", newest_uploads_are_kept(&images, &uploads));
        check(
            "no unrecorded variant is left",
            no_unrecorded_variants(&images, &variants),
        );
        check("personal data cannot be read", no_personal_data(world));
        check("nothing is stuck", nothing_is_overdue(&orders, &auctions, now));
        check("no event is lost", all_events_are_delivered(world));
        check("low stock is noticed", alerts_are_true(&catalog));
        let listings = tables.items(LISTINGS);
        let listed = check_listings(&catalog, &listings, now).map_err(anyhow::Error::msg);
        check("lists have the rows of their products", listed);
        // What five deliveries could not index waits for the daily comparison.
        let is_indexed = world.fault_plan.actors.search && world.index.dead_letters().is_empty();
        if is_indexed || phase == Phase::Reconciled && world.fault_plan.actors.search {
            check("the index has each product", search::check_index(world, &catalog));
        }
        let steps = [&world.import_steps, &world.export_steps];
        if steps.iter().all(|steps| steps.dead_letters().is_empty()) {
            check("imports say what they did", imports::check_exchanges(world, &catalog));
        }
        let accounts = tables.items(ACCOUNTS);
        if world.fault_plan.actors.search {
            let found = lookups::check_lookups(&orders, &accounts, &tables.items(LOOKUPS));
            check("administrators find each order", found);
        }
        check("a showtime has the seats of its plan", seats::check_seats(world));
        check("blocked seats stay blocked", seats::check_blocked(world));
        check("lists count the free seats", seats::check_remaining(&all_seats));
        check("sold seats are marked", seats::check_marked(&orders, &all_seats));
        // What cannot be cancelled for hours waits for a person.
        if world.unservable_orders.dead_letters().is_empty() {
            let tickets = tickets::check_tickets(&orders, &all_tickets);
            check("paid seats have tickets", tickets);
            let ended = tickets::check_cancelled_showtimes(&orders, &shows);
            check("a cancelled showtime has no orders", ended);
        }
        let told = tickets::check_told_starts(&all_tickets, &shows);
        check("customers know when their show starts", told);
        check(
            "an erased customer has no subscription",
            erased_are_not_subscribed(&accounts, &subscriptions),
        );
    }
    let auctions = AuctionAudit::of(auctions);
    check("points are conserved", auctions.check());
    if phase >= Phase::Finished {
        check(
            "points of refunded orders are taken back",
            auctions.check_refunds(&orders, &payments),
        );
    }
    if phase == Phase::Reconciled {
        check("no period is skipped", no_period_is_overdue(&subscriptions, now));
    }
    check(
        "dashboard refunds are recorded",
        dashboard_refunds_are_real(world, &payments),
    );
    check("refunds by hand are real", refunds_by_hand_are_real(world, &payments));
    let ledger = LedgerAudit::from_items(orders, payments, ledger);
    let of_money = match phase {
        Phase::Faults => ledger.check_sound(),
        Phase::Finished => ledger.check_finished(),
        Phase::Reconciled => ledger.check_settled(),
    };
    check("charged is recorded", of_money);
    let wrong = world.tables.misattributed().into_iter();
    findings.extend(wrong.map(|wrong| format!("events name who acted: {wrong}")));
    let overwritten = world.index_commits.overwritten().into_iter();
    findings.extend(overwritten.map(|commit| format!("no commit of the index is overwritten: {commit}")));
    let repeated = world.tables.stock_changes().repeated().into_iter();
    findings.extend(repeated.map(|alert| format!("low stock is told once: {alert}")));
    for finding in findings {
        world.report(finding);
    }
}

fn stock<'a>(catalog: &[Value], holders: impl IntoIterator<Item = &'a Value>) -> Result<()> {
    for (sku, balance) in balances(catalog, holders) {
        balance.check().with_context(|| sku.clone())?;
    }
    Ok(())
}

/// Checks that no item of a table has a readable contact or address.
fn no_personal_data(world: &World) -> Result<()> {
    for table in [
        ACCOUNTS,
        AUCTIONS,
        CATALOG,
        COUPONS,
        FULFILLMENT,
        IMAGES,
        LISTINGS,
        LOOKUPS,
        ORDERS,
        PAYMENTS,
        SEATS,
        SHOWS,
        SUBSCRIPTIONS,
        TICKETS,
        WAITING_ROOMS,
    ] {
        for item in world.tables.items(table) {
            ensure!(!item.to_string().contains(MARKER), "{table} has them: {item}");
        }
    }
    Ok(())
}

/// Checks that the subscriptions that customers had when their data were erased are cancelled.
fn erased_are_not_subscribed(accounts: &[Value], subscriptions: &[Value]) -> Result<()> {
    for erasure in accounts.iter().filter(|item| key(item).starts_with("ERASURE#")) {
        let time = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().parse::<Timestamp>();
        let erased_at = time(erasure, "erased_at")?;
        for one in subscriptions.iter().filter(|item| item["sk"] == "SUBSCRIPTION") {
            let is_erased = one["customer_id"] == erasure["customer_id"] && time(one, "started_at")? < erased_at;
            ensure!(!is_erased || one["status"] == "CANCELLED", "it goes on: {one}");
        }
    }
    Ok(())
}

/// Checks that each product's alert says whether its available units are below its threshold.
fn alerts_are_true(catalog: &[Value]) -> Result<()> {
    for product in catalog.iter().filter(|item| key(item).starts_with("PRODUCT#")) {
        let sku = product["sku"].as_str().unwrap_or_default();
        let stock = format!("STOCK#{sku}#");
        let shards = catalog.iter().filter(|item| key(item).starts_with(&stock));
        let available: i64 = shards.filter_map(|shard| shard["available"].as_i64()).sum();
        let threshold = product["low_stock_threshold"].as_i64();
        let is_low = threshold.is_some_and(|threshold| available < threshold);
        let alert = catalog.iter().find(|item| key(item) == format!("ALERT#{sku}"));
        let told = alert.is_some_and(|alert| alert["is_low"] == true);
        ensure!(
            told == is_low,
            "{sku} has {available} of {threshold:?}, and its alert is {alert:?}"
        );
    }
    Ok(())
}

fn key(item: &Value) -> &str {
    item["pk"].as_str().unwrap_or_default()
}

/// Checks that at most one payment by Toss card or KakaoPay is charged per order: these are charged only at our
/// request, and no request is sent while another payment of the order may be charged. Stripe payments, deposits and
/// transfers do not depend on our requests; duplicates of those are refunded.
fn charged_once(payments: &[Value], ledger: &[Entry]) -> Result<()> {
    let deposits = payments.iter().filter(|payment| payment.get("deposit").is_some());
    let deposits: BTreeSet<&str> = deposits.filter_map(|payment| payment["reference"].as_str()).collect();
    let by_us = |entry: &&Entry| {
        matches!(entry.provider, Provider::Toss | Provider::Kakaopay)
            && entry.charges > 0
            && !deposits.contains(&*entry.reference)
    };
    let mut charged: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in ledger.iter().filter(by_us) {
        if let Some(first) = charged.insert(&entry.order_id, entry) {
            anyhow::bail!("an order was charged twice: {first:?} {entry:?}");
        }
    }
    Ok(())
}

/// Checks that refunds recorded as made elsewhere were made in a dashboard.
fn dashboard_refunds_are_real(world: &World, payments: &[Value]) -> Result<()> {
    let dashboard_refunds = world.state().dashboard_refunds.clone();
    for payment in payments {
        let Some(refunds) = payment.get("refunds").and_then(Value::as_array) else {
            continue;
        };
        let recorded: i64 = refunds
            .iter()
            .filter(|refund| refund["reason"] == "ELSEWHERE" && refund["by_hand"] != true)
            .filter_map(|refund| refund["amount"]["amount"].as_i64())
            .sum();
        let reference = payment["reference"].as_str().unwrap_or_default();
        let known = dashboard_refunds.get(reference).copied().unwrap_or_default();
        ensure!(
            recorded <= known,
            "{recorded} recorded as refunded elsewhere, but only {known} was: {payment}"
        );
    }
    Ok(())
}

/// Checks that what is recorded as given back by hand was given back.
fn refunds_by_hand_are_real(world: &World, payments: &[Value]) -> Result<()> {
    let given = world.state().by_hand.clone();
    for payment in payments {
        let refunds = payment.get("refunds").and_then(Value::as_array).into_iter().flatten();
        let by_hand = refunds.filter(|refund| refund["by_hand"] == true && refund["status"] == "DONE");
        let recorded: i64 = by_hand.filter_map(|refund| refund["amount"]["amount"].as_i64()).sum();
        let known = given.get(payment["reference"].as_str().unwrap_or_default());
        ensure!(
            recorded <= known.copied().unwrap_or_default(),
            "{recorded} recorded as given back by hand, but only {known:?} was: {payment}"
        );
    }
    Ok(())
}

/// Checks that no period is charged before its date in the customer's time zone.
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

/// Checks that each invoice is of the latest period that was due when it was created: missed ones are skipped.
fn latest_is_billed(subscriptions: &[Value]) -> Result<()> {
    let is_subscription = |item: &&Value| item["sk"] == "SUBSCRIPTION";
    for subscription in subscriptions.iter().filter(is_subscription) {
        let schedule: Schedule = serde_json::from_value(subscription["schedule"].clone())?;
        let id = &subscription["subscription_id"];
        let is_invoice = |item: &&Value| item["subscription_id"] == *id && item["date"].is_string();
        for invoice in subscriptions.iter().filter(is_invoice) {
            let created_at: Timestamp = invoice["created_at"].as_str().unwrap_or_default().parse()?;
            let latest = schedule.last_due(created_at).map(u64::from);
            ensure!(
                latest == invoice["period"].as_u64(),
                "period {latest:?} was due: {invoice}"
            );
        }
    }
    Ok(())
}

/// Checks that due work of subscriptions is done or rescheduled.
fn no_period_is_overdue(subscriptions: &[Value], now: Timestamp) -> Result<()> {
    for item in subscriptions {
        if let Some(due) = item["due_ms"].as_i64() {
            let late = now.as_millisecond() - due;
            ensure!(late < 30 * 60_000, "overdue for {} s: {item}", late / 1_000);
        }
    }
    Ok(())
}

/// Checks that no order or bid is open long after its deadline.
fn nothing_is_overdue(orders: &[Value], auctions: &[Value], now: Timestamp) -> Result<()> {
    let is_late = |item: &Value| {
        let at = item["expires_at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        at.is_some_and(|at| now.duration_since(at) > PERIOD)
    };
    for order in orders.iter().filter(|order| order["status"] == "PENDING_PAYMENT") {
        ensure!(!is_late(order), "not expired: {order}");
    }
    let is_open = |item: &&Value| item["sk"] == "BID" && item["status"] == "OPEN";
    for bid in auctions.iter().filter(is_open) {
        ensure!(!is_late(bid), "not expired: {bid}");
    }
    Ok(())
}

/// Checks that each variant in a record exists.
fn variants_exist(images: &[Value], variants: &BTreeMap<String, Object>) -> Result<()> {
    for image in images {
        for key in keys_of(image) {
            ensure!(variants.contains_key(key), "{key} does not exist: {image}");
        }
    }
    Ok(())
}

/// Checks that each picture is its last upload, and that a deleted picture has none.
fn newest_uploads_are_kept(images: &[Value], uploads: &BTreeMap<String, Object>) -> Result<()> {
    for image in images {
        let id = image["image_id"].as_str().unwrap_or_default();
        let upload = uploads.get(&format!("raw/{id}"));
        match image["status"].as_str() {
            Some("DELETED") => ensure!(upload.is_none(), "its upload still exists: {image}"),
            _ => ensure!(
                image["sequencer"].as_str() == upload.map(|upload| &*upload.sequencer),
                "not the last upload, {upload:?}: {image}"
            ),
        }
    }
    Ok(())
}

/// Checks that each stored variant is in a record.
fn no_unrecorded_variants(images: &[Value], variants: &BTreeMap<String, Object>) -> Result<()> {
    let recorded: BTreeSet<&str> = images.iter().flat_map(keys_of).collect();
    for key in variants.keys() {
        ensure!(recorded.contains(key.as_str()), "no record has {key}");
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

/// Checks that each event of a table's stream and each accepted report of a deleted billing key was published, and that
/// no invocation ended as a dead letter.
fn all_events_are_delivered(world: &World) -> Result<()> {
    ensure!(
        world.undelivered.try_take().is_none(),
        "an event could not be published"
    );
    let state = world.state();
    for (id, name) in &state.emitted {
        ensure!(state.published.contains(id), "{name} {id} was never published");
    }
    for (key, _) in state.deleted_keys.iter().filter(|(_, is_accepted)| **is_accepted) {
        ensure!(
            state.published_keys.contains(key),
            "the deletion of the billing key {key} was never published"
        );
    }
    ensure!(state.dead_letters.is_empty(), "dead letters: {:?}", state.dead_letters);
    Ok(())
}
