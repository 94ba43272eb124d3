//! The first subscriptions of `cargo up`. The schedule bills one and creates its order. The other's card is declined.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::interrupt;
use crate::progress::Progress;
use crate::schedule;
use crate::stack::Stack;
use crate::tap::Tap;
use crate::up::{Tokens, address, money, text};

/// Delay of the first period, so that the schedule charges it and not the request.
const FIRST_DUE: SignedDuration = SignedDuration::from_secs(15);
/// The schedule that charges subscriptions, by its logical id.
const BILLING: &str = "EnqueueDueChargesSchedule";
const BILLING_TIMEOUT: Duration = Duration::from_secs(90);
const DECLINE_CODE: &str = "REJECT_CARD_PAYMENT";

/// One subscription with a valid card, and one with a card that is declined.
pub(crate) struct Subscriptions {
    paying: Value,
    declined: Value,
}

/// Starts both subscriptions, and runs the schedule when they are due. The customer's card is valid. The admin subscribes as a customer with a declined card.
pub(crate) fn start(stack: &Stack, tokens: &Tokens, progress: Progress) -> Result<Subscriptions> {
    interrupt::check()?;
    let step = progress.step("starting two subscriptions");
    let sandbox = stack.sandbox()?;
    let (paying, _) = subscribe(stack, &tokens.customer, "first-subscriber")?;
    let (declined, billing_key) = subscribe(stack, &tokens.admin, "second-subscriber")?;
    sandbox.toss_decline_next(&billing_key, DECLINE_CODE)?;
    // Both are due by then.
    schedule::run_once(stack, BILLING, Timestamp::now() + FIRST_DUE)?;
    step.done(format!(
        "subscriptions {} and {}: tea every month, first at {}",
        text(&paying["subscription_id"]),
        text(&declined["subscription_id"]),
        text(&paying["next_at"])
    ));
    Ok(Subscriptions { paying, declined })
}

/// Waits until the schedule has billed both, and prints the invoices.
pub(crate) fn wait_for_invoices(
    stack: &Stack,
    tokens: &Tokens,
    tap: &Tap,
    subscriptions: &Subscriptions,
    progress: Progress,
) -> Result<()> {
    interrupt::check()?;
    let step = progress.step("waiting for the schedule to bill the subscriptions");
    let paid = event(tap, "InvoicePaid", &subscriptions.paying)?;
    let invoice = latest(stack, &tokens.customer, &subscriptions.paying)?;
    step.done(format!(
        "InvoicePaid came over the bus, event {paid}: the invoice of {} is {}, {}, order {}",
        text(&invoice["date"]),
        text(&invoice["status"]),
        money(&invoice["totals"]["total"]),
        text(&invoice["order_id"])
    ));

    let step = progress.step("waiting for the InvoiceFailed event of the other");
    let failed = event(tap, "InvoiceFailed", &subscriptions.declined)?;
    let invoice = latest(stack, &tokens.admin, &subscriptions.declined)?;
    step.done(format!(
        "InvoiceFailed came over the bus, event {failed}: the invoice is {} ({}), next attempt at {}",
        text(&invoice["status"]),
        text(&invoice["failure"]["code"]),
        text(&invoice["next_try_at"])
    ));
    Ok(())
}

/// Subscribes as a customer's page does. Returns the subscription and its billing key at Toss.
fn subscribe(stack: &Stack, token: &str, customer_key: &str) -> Result<(Value, String)> {
    let sandbox = stack.sandbox()?;
    let first = (Timestamp::now() + FIRST_DUE).to_zoned(TimeZone::UTC);
    let body = json!({
        "items": [{ "sku": "tea", "quantity": 1 }],
        "shipping_address": address(),
        "schedule": {
            "anchor": first.date().to_string(),
            "time": first.strftime("%H:%M:%S").to_string(),
            "timezone": "UTC",
            "interval": { "unit": "MONTH", "count": 1 },
        },
        "authorization": {
            "provider": "TOSS",
            "auth_key": sandbox.toss_authorize_card(customer_key)?,
            "customer_key": customer_key,
        },
    });
    let call = stack.api().call("POST", "/subscriptions").token(token);
    let subscription = call.key("first-subscription").json(&body).send()?.expect(201);
    let subscription = subscription.context("the subscription was rejected")?;
    Ok((subscription, sandbox.toss_billing_key(customer_key)?))
}

/// The latest invoice of a subscription.
fn latest(stack: &Stack, token: &str, subscription: &Value) -> Result<Value> {
    let path = format!("/subscriptions/{}/invoices", text(&subscription["subscription_id"]));
    let page = stack.api().call("GET", &path).token(token).send()?.expect(200)?;
    Ok(page["items"][0].clone())
}

/// Waits for an event about an invoice of `subscription`. Returns the event's id.
fn event(tap: &Tap, detail_type: &str, subscription: &Value) -> Result<String> {
    let id = &subscription["subscription_id"];
    let event = tap.wait_for(
        detail_type,
        |event| event.detail["data"]["subscription_id"] == *id,
        BILLING_TIMEOUT,
    )?;
    Ok(text(&event.detail["metadata"]["id"]).to_owned())
}
