//! `cargo up`'s subscriptions: one is billed by the schedule and its order made, another one's card is declined.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::interrupt;
use crate::progress::Progress;
use crate::stack::Stack;
use crate::tap::Tap;
use crate::up::{Tokens, money, text};

/// When their first periods fall due: the schedule is to find them, and not the request that begins them.
const DUE_IN: SignedDuration = SignedDuration::from_secs(20);
/// The schedule comes every minute here.
const BILLED_WITHIN: Duration = Duration::from_secs(180);
const DECLINED_WITH: &str = "REJECT_CARD_PAYMENT";

/// Subscriptions that the schedule is to bill.
pub(crate) struct Begun {
    paying: Value,
    declined: Value,
}

/// Begins them: the customer's card pays, the admin's, a customer like any other here, does not.
pub(crate) fn begin(stack: &Stack, tokens: &Tokens, progress: Progress) -> Result<Begun> {
    interrupt::check()?;
    let step = progress.step("beginning two subscriptions");
    let sandbox = stack.sandbox()?;
    let (paying, _) = subscribe(stack, &tokens.customer, "first-subscriber")?;
    let (declined, billing_key) = subscribe(stack, &tokens.admin, "second-subscriber")?;
    sandbox.toss_decline_next(&billing_key, DECLINED_WITH)?;
    step.done(format!(
        "subscriptions {} and {}: tea every month, first at {}",
        text(&paying["subscription_id"]),
        text(&declined["subscription_id"]),
        text(&paying["next_at"])
    ));
    Ok(Begun { paying, declined })
}

/// Waits for the schedule to bill them, and shows what came of it.
pub(crate) fn billed(stack: &Stack, tokens: &Tokens, tap: &Tap, begun: &Begun, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let step = progress.step("waiting for the schedule to bill them (up to two minutes)");
    let paid = event(tap, "InvoicePaid", &begun.paying)?;
    let invoice = latest(stack, &tokens.customer, &begun.paying)?;
    step.done(format!(
        "InvoicePaid came over the bus, event {paid}: the invoice of {} is {}, {}, order {}",
        text(&invoice["date"]),
        text(&invoice["status"]),
        money(&invoice["total"]),
        text(&invoice["order_id"])
    ));

    let step = progress.step("waiting for the other one's InvoiceFailed event");
    let failed = event(tap, "InvoiceFailed", &begun.declined)?;
    let invoice = latest(stack, &tokens.admin, &begun.declined)?;
    step.done(format!(
        "InvoiceFailed came over the bus, event {failed}: the invoice is {} ({}), tried again at {}",
        text(&invoice["status"]),
        text(&invoice["failure"]["code"]),
        text(&invoice["next_try_at"])
    ));
    Ok(())
}

/// Subscribes as a customer's page does it, and answers the subscription and the key to its card at Toss.
fn subscribe(stack: &Stack, token: &str, customer_key: &str) -> Result<(Value, String)> {
    let sandbox = stack.sandbox()?;
    let first = (Timestamp::now() + DUE_IN).to_zoned(TimeZone::UTC);
    let body = json!({
        "items": [{ "sku": "tea", "quantity": 1 }],
        "schedule": {
            "anchor": first.date().to_string(),
            "time": first.strftime("%H:%M:%S").to_string(),
            "timezone": "UTC",
            "interval": { "unit": "month", "count": 1 },
        },
        "authorization": {
            "provider": "toss",
            "auth_key": sandbox.toss_authorize_card(customer_key)?,
            "customer_key": customer_key,
        },
    });
    let call = stack.api().call("POST", "/subscriptions").token(token);
    let begun = call.key("first-subscription").json(&body).send()?.expect(201);
    let begun = begun.context("a subscription was not taken")?;
    Ok((begun, sandbox.toss_billing_key(customer_key)?))
}

/// The latest invoice of a subscription.
fn latest(stack: &Stack, token: &str, subscription: &Value) -> Result<Value> {
    let path = format!("/subscriptions/{}", text(&subscription["subscription_id"]));
    let account = stack.api().call("GET", &path).token(token).send()?.expect(200)?;
    Ok(account["invoices"][0].clone())
}

/// Waits for the event of an invoice of `subscription`, and answers its id.
fn event(tap: &Tap, detail_type: &str, subscription: &Value) -> Result<String> {
    let id = &subscription["subscription_id"];
    let event = tap.wait_for(
        detail_type,
        |event| event.detail["data"]["subscription_id"] == *id,
        BILLED_WITHIN,
    )?;
    Ok(text(&event.detail["metadata"]["id"]).to_owned())
}
