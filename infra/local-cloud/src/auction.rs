//! The auction of `cargo up`: buys points, places a bid that expires, and trades a voucher meanwhile.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::interrupt;
use crate::progress::Progress;
use crate::schedule;
use crate::seed::POINTS;
use crate::stack::Stack;
use crate::tap::Tap;
use crate::up::{EVENT_TIMEOUT, Tokens, pay_through_toss, text};

const VOUCHER_SKU: &str = "gift-card";
/// Units of [`POINTS`].
const POINTS_QUANTITY: u64 = 5;
const ASK_PRICE: u64 = 45_000;
const BID_PRICE: u64 = 1_000;
/// Lifetime of the expiring bid. Longer than its request takes on a slow machine.
const BID_LIFETIME: SignedDuration = SignedDuration::from_secs(10);
/// The schedule that expires bids, by its logical id.
const EXPIRY: &str = "ExpireBidsEveryMinute";
const EXPIRY_TIMEOUT: Duration = Duration::from_secs(90);

/// Waits until the schedule has expired the bid `id`.
pub(crate) fn wait_for_expiry(tap: &Tap, id: &Value, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let step = progress.step("waiting for the schedule to expire the first bid");
    let expired = event(tap, "BidExpired", "bid_id", id, EXPIRY_TIMEOUT)?;
    step.done(format!("BidExpired came over the bus, event {expired}"));
    Ok(())
}

/// Buys points as the customer.
pub(crate) fn buy_points(stack: &Stack, tokens: &Tokens, tap: &Tap, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let step = progress.step("buying points");
    let items = json!({ "items": [{ "sku": POINTS, "quantity": POINTS_QUANTITY }] });
    let order = post(stack, &tokens.customer, "/orders", "points", &items)?;
    pay_through_toss(stack, &tokens.customer, "points", &order)?;
    event(tap, "PointsCredited", "order_id", &order["order_id"], EVENT_TIMEOUT)?;
    let wallet = stack.api().call("GET", "/wallet").token(&tokens.customer);
    let wallet = wallet.send()?.expect(200)?;
    step.done(format!(
        "points bought: PointsCredited, wallet balance {}",
        wallet["available"]
    ));
    Ok(())
}

/// Places a bid that expires without a trade, and runs the schedule when it has. Returns its id.
pub(crate) fn place_expiring_bid(stack: &Stack, tokens: &Tokens, tap: &Tap, progress: Progress) -> Result<Value> {
    interrupt::check()?;
    let step = progress.step("placing a bid");
    let expires_at = Timestamp::now() + BID_LIFETIME;
    let body = json!({ "side": "BUY", "price": BID_PRICE, "expires_at": expires_at.to_string() });
    let bid = post(stack, &tokens.customer, &bids(), "bid", &body)?;
    schedule::run_once(stack, EXPIRY, expires_at)?;
    step.done(format!(
        "bid {}: {BID_PRICE} points for a voucher, expires in {} s",
        text(&bid["bid_id"]),
        BID_LIFETIME.as_secs()
    ));

    let step = progress.step("waiting for its BidPlaced event");
    let placed = event(tap, "BidPlaced", "bid_id", &bid["bid_id"], EVENT_TIMEOUT)?;
    step.done(format!("BidPlaced came over the bus, event {placed}"));
    Ok(bid["bid_id"].clone())
}

/// Sells a voucher of the admin to the customer.
pub(crate) fn trade(stack: &Stack, tokens: &Tokens, tap: &Tap, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let step = progress.step("offering a voucher");
    let body = json!({ "sku": VOUCHER_SKU, "code": "FIRST-GIFT-CARD" });
    let voucher = post(stack, &tokens.admin, "/vouchers", "voucher", &body)?;
    let expires_at = (Timestamp::now() + SignedDuration::from_hours(24)).to_string();
    let body = json!({
        "side": "SELL", "price": ASK_PRICE, "expires_at": expires_at, "voucher_id": voucher["voucher_id"],
    });
    let bid = post(stack, &tokens.admin, &bids(), "offer", &body)?;
    step.done(format!(
        "bid {}: a voucher for {ASK_PRICE} points",
        text(&bid["bid_id"])
    ));

    let step = progress.step("buying it");
    let body = json!({ "side": "BUY", "price": ASK_PRICE });
    let trade = post(stack, &tokens.customer, &format!("{}/take", bids()), "take", &body)?;
    step.done(format!(
        "trade {}: the voucher has a new owner",
        text(&trade["trade_id"])
    ));

    let step = progress.step("waiting for its BidTraded event");
    let traded = event(tap, "BidTraded", "trade_id", &trade["trade_id"], EVENT_TIMEOUT)?;
    step.done(format!("BidTraded came over the bus, event {traded}"));
    Ok(())
}

fn bids() -> String {
    format!("/products/{VOUCHER_SKU}/bids")
}

fn post(stack: &Stack, token: &str, path: &str, key: &str, body: &Value) -> Result<Value> {
    let call = stack.api().call("POST", path).token(token).key(key).json(body);
    call.send()?
        .expect(201)
        .with_context(|| format!("POST {path} was rejected"))
}

/// Waits for the event with this `member` in its data. Returns the event's id.
fn event(tap: &Tap, detail_type: &str, member: &str, value: &Value, within: Duration) -> Result<String> {
    let event = tap.wait_for(detail_type, |event| event.detail["data"][member] == *value, within)?;
    Ok(text(&event.detail["metadata"]["id"]).to_owned())
}
