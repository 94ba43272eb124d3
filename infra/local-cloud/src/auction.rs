//! `cargo up`'s auction: points are bought, a bid runs out, and meanwhile a voucher changes owners.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::interrupt;
use crate::progress::Progress;
use crate::seed::POINTS;
use crate::stack::Stack;
use crate::tap::Tap;
use crate::up::{EVENT_WITHIN, Tokens, pay_through_toss, text};

const VOUCHER_FOR: &str = "gift-card";
/// Units of [`POINTS`].
const BOUGHT: u64 = 5;
const OFFERED_AT: u64 = 45_000;
const BID_AT: u64 = 1_000;
/// How long the bid stands that nobody takes: longer than its request may take on a slow machine.
const BID_STANDS: SignedDuration = SignedDuration::from_secs(10);
/// The schedule comes every minute.
const EXPIRED_WITHIN: Duration = Duration::from_secs(150);

/// Runs it: the customer buys, the admin, a customer like any other here, sells.
pub(crate) fn run(stack: &Stack, tokens: &Tokens, tap: &Tap, progress: Progress) -> Result<()> {
    buy_points(stack, tokens, tap, progress)?;
    let left = bid_for_a_moment(stack, tokens, tap, progress)?;
    trade(stack, tokens, tap, progress)?;

    let step = progress.step("waiting for the schedule to end that bid (up to a minute)");
    let expired = event(tap, "BidExpired", "bid_id", &left, EXPIRED_WITHIN)?;
    step.done(format!("BidExpired came over the bus, event {expired}"));
    Ok(())
}

fn buy_points(stack: &Stack, tokens: &Tokens, tap: &Tap, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let step = progress.step("buying points");
    let items = json!({ "items": [{ "sku": POINTS, "quantity": BOUGHT }] });
    let order = post(stack, &tokens.customer, "/orders", "points", &items)?;
    pay_through_toss(stack, &tokens.customer, "points", &order)?;
    event(tap, "PointsCredited", "order_id", &order["order_id"], EVENT_WITHIN)?;
    let wallet = stack.api().call("GET", "/wallet").token(&tokens.customer);
    let wallet = wallet.send()?.expect(200)?;
    step.done(format!(
        "points bought: PointsCredited, {} in the wallet",
        wallet["wallet"]["available"]
    ));
    Ok(())
}

/// Places a bid that nobody will take, and answers its id.
fn bid_for_a_moment(stack: &Stack, tokens: &Tokens, tap: &Tap, progress: Progress) -> Result<Value> {
    let step = progress.step("placing a bid");
    let body = json!({ "side": "buy", "price": BID_AT, "expires_at": (Timestamp::now() + BID_STANDS).to_string() });
    let bid = post(stack, &tokens.customer, &bids(), "bid", &body)?;
    step.done(format!(
        "bid {}: {BID_AT} points for a voucher, good for {} s",
        text(&bid["bid_id"]),
        BID_STANDS.as_secs()
    ));

    let step = progress.step("waiting for its BidPlaced event");
    let placed = event(tap, "BidPlaced", "bid_id", &bid["bid_id"], EVENT_WITHIN)?;
    step.done(format!("BidPlaced came over the bus, event {placed}"));
    Ok(bid["bid_id"].clone())
}

fn trade(stack: &Stack, tokens: &Tokens, tap: &Tap, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let step = progress.step("offering a voucher");
    let body = json!({ "sku": VOUCHER_FOR, "code": "FIRST-GIFT-CARD" });
    let voucher = post(stack, &tokens.admin, "/vouchers", "voucher", &body)?;
    let expires_at = (Timestamp::now() + SignedDuration::from_hours(24)).to_string();
    let body = json!({
        "side": "sell", "price": OFFERED_AT, "expires_at": expires_at, "voucher_id": voucher["voucher_id"],
    });
    let bid = post(stack, &tokens.admin, &bids(), "offer", &body)?;
    step.done(format!(
        "bid {}: a voucher for {OFFERED_AT} points",
        text(&bid["bid_id"])
    ));

    let step = progress.step("taking it");
    let body = json!({ "side": "buy", "price": OFFERED_AT });
    let trade = post(stack, &tokens.customer, &format!("{}/take", bids()), "take", &body)?;
    step.done(format!("trade {}: it has a new owner", text(&trade["trade_id"])));

    let step = progress.step("waiting for its BidTraded event");
    let traded = event(tap, "BidTraded", "trade_id", &trade["trade_id"], EVENT_WITHIN)?;
    step.done(format!("BidTraded came over the bus, event {traded}"));
    Ok(())
}

fn bids() -> String {
    format!("/products/{VOUCHER_FOR}/bids")
}

fn post(stack: &Stack, token: &str, path: &str, key: &str, body: &Value) -> Result<Value> {
    let call = stack.api().call("POST", path).token(token).key(key).json(body);
    call.send()?
        .expect(201)
        .with_context(|| format!("POST {path} was not taken"))
}

/// Waits for the event about `value`, and answers its id.
fn event(tap: &Tap, detail_type: &str, member: &str, value: &Value, within: Duration) -> Result<String> {
    let event = tap.wait_for(detail_type, |event| event.detail["data"][member] == *value, within)?;
    Ok(text(&event.detail["metadata"]["id"]).to_owned())
}
