//! The coupon of `cargo up`: two people claim its last unit at the same moment, and the order of the one that has it costs less.

use std::thread;

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::api::Answer;
use crate::interrupt;
use crate::progress::Progress;
use crate::stack::Stack;
use crate::up::{Tokens, money, text};

/// Creates a coupon with one unit, lets two customers claim it, and redeems it.
pub(crate) fn race(stack: &Stack, tokens: &Tokens, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let step = progress.step("racing for the last unit of a coupon");
    let coupon = coupon(stack, tokens)?;
    let id = text(&coupon["coupon_id"]);
    let people = [&tokens.customer, &tokens.admin];
    let mut answers: Vec<Answer> = thread::scope(|scope| {
        let claims = people.map(|token| scope.spawn(|| claim(stack, token, id)));
        let answer = |claim: thread::ScopedJoinHandle<'_, Result<Answer>>| {
            claim.join().unwrap_or_else(|_| bail!("a request panicked"))
        };
        claims.into_iter().map(answer).collect::<Result<_>>()
    })?;
    let won = answers
        .iter()
        .position(|answer| answer.status == 201)
        .context("nobody got the coupon")?;
    let claim = answers.remove(won).expect(201)?;
    let refusal = answers.remove(0).expect(409).context("two people got one unit")?;
    let body = json!({
        "items": [{ "sku": "concert", "quantity": 1 }],
        "coupon_claim_ids": [claim["coupon_claim_id"]],
    });
    let call = stack.api().call("POST", "/orders").token(people[won]).key("coupon");
    let order = call.json(&body).send()?.expect(201).context("the coupon was refused")?;
    step.done(format!(
        "one of two customers has it; the other is told: {}; its order costs {} instead of {}",
        text(&refusal["title"]),
        money(&order["totals"]["total"]),
        money(&order["totals"]["subtotal"])
    ));
    Ok(())
}

fn coupon(stack: &Stack, tokens: &Tokens) -> Result<Value> {
    let now = Timestamp::now();
    let end = now + SignedDuration::from_hours(7 * 24);
    let body = json!({
        "name": "Opening week: 15 % off",
        "currency": "KRW",
        "benefit": { "kind": "PERCENT", "percent": 15 },
        "total": 1,
        "claims_start_at": (now - SignedDuration::from_mins(1)).to_string(),
        "claims_end_at": end.to_string(),
        "redeemable_until": end.to_string(),
        "on_cancellation": "RETURNED",
    });
    let call = stack.api().call("POST", "/admin/coupons").token(&tokens.admin);
    let created = call.key("coupon").json(&body).send()?;
    created.expect(201).context("the coupon was rejected")
}

fn claim(stack: &Stack, token: &str, coupon: &str) -> Result<Answer> {
    let call = stack.api().call("POST", &format!("/coupons/{coupon}/claims"));
    call.token(token).key("claim").send()
}
