//! The control API: the library's methods over HTTP, with JSON bodies.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::buyer::{Authentication, Card, dashboard_refund};
use crate::fault::Fault;
use crate::http::{Answer, Call};
use crate::options::Provider;
use crate::state::State;
use crate::{kakaopay, stripe, toss};

/// Serves a call below `/control`. Names may have hyphens instead of underscores.
pub fn answer(state: &mut State, method: &str, path: &[&str], call: &Call) -> Answer {
    toss::expire(state);
    let name = path.join("/").replace('-', "_");
    let outcome = match method {
        "GET" => Ok(shown(state, &name)),
        "POST" => done(state, &name, call),
        _ => Ok(None),
    };
    match outcome {
        Ok(Some(body)) => Answer::json(200, &body),
        Ok(None) => Answer::json(404, &json!({ "error": format!("unknown control {method} {name}") })),
        Err(reason) => Answer::json(400, &json!({ "error": reason })),
    }
}

fn shown(state: &State, name: &str) -> Option<Value> {
    Some(match name {
        "ledger" => json!(state.ledger.entries()),
        "deliveries" => json!({ "pending": state.outbox.pending(), "tries": state.deliveries }),
        "credentials" => json!({
            "toss": { "secret_key": state.options.toss_secret_key },
            "stripe": {
                "secret_key": state.options.stripe_secret_key,
                "webhook_secrets": state.options.stripe_webhook_secrets,
            },
            "kakaopay": {
                "secret_key": state.options.kakaopay_secret_key,
                "cid": state.options.kakaopay_cid,
            },
            "standard": { "webhook_secrets": state.options.standard_webhook_secrets },
        }),
        _ => return None,
    })
}

fn done(state: &mut State, name: &str, call: &Call) -> Result<Option<Value>, String> {
    Ok(Some(match name {
        "toss_authenticate" => {
            let Authenticate {
                order_id,
                amount,
                currency,
                how,
            } = read(call)?;
            let key = toss::buyer::authenticate(state, &order_id, amount, &currency, &how)?;
            json!({ "payment_key": key })
        }
        "toss_deposit" => empty(toss::buyer::deposit(state, &text(call, "payment_key")?)?),
        "toss_withdraw_deposit" => empty(toss::buyer::withdraw_deposit(state, &text(call, "payment_key")?)?),
        "toss_authorize_card" => {
            json!({ "auth_key": toss::buyer::authorize_card(state, &text(call, "customer_key")?) })
        }
        "toss_set_billing_decline" => {
            let code = text(call, "code").ok();
            let key = text(call, "billing_key")?;
            empty(toss::buyer::set_billing_decline(state, &key, code.as_deref())?)
        }
        "toss_decline_next" => {
            let DeclineNext {
                billing_key,
                code,
                count,
            } = read(call)?;
            empty(toss::buyer::decline_next(state, &billing_key, &code, count)?)
        }
        "toss_billing_keys" => {
            json!({ "billing_keys": toss::buyer::billing_keys(state, &text(call, "customer_key")?) })
        }
        "toss_delete_billing" => {
            let (key, reason) = (text(call, "billing_key")?, text(call, "reason")?);
            empty(toss::buyer::delete_billing(state, &key, &reason)?)
        }
        "stripe_pay" => {
            let Pay { intent_id, card } = read(call)?;
            empty(stripe::buyer::pay(state, &intent_id, &card)?)
        }
        "stripe_settle" => {
            let Settle { intent_id, ok } = read(call)?;
            empty(stripe::buyer::settle(state, &intent_id, ok)?)
        }
        "stripe_fail_refund" => {
            let id = text(call, "refund_id")?;
            json!({ "amount": stripe::refund::fail(state, &id, "expired_or_canceled_card")? })
        }
        "stripe_refunds" => json!({ "refund_ids": stripe::refund::made(state, &text(call, "intent_id")?) }),
        "stripe_dispute" => {
            let Dispute { intent_id, amount } = read(call)?;
            json!({ "dispute_id": stripe::dispute::open(state, &intent_id, amount)? })
        }
        "stripe_close_dispute" => {
            let CloseDispute { dispute_id, won } = read(call)?;
            empty(stripe::dispute::close(state, &dispute_id, won)?)
        }
        "stripe_foreign_events" => {
            stripe::buyer::foreign_events(state);
            json!({})
        }
        "stripe_payment_method" => {
            let Save { card } = read(call)?;
            json!({ "payment_method": stripe::buyer::payment_method(state, &card) })
        }
        "stripe_set_card" => {
            let SetCard {
                payment_method,
                card,
                count,
            } = read(call)?;
            empty(state.stripe.saved.change(&payment_method, &card, count)?)
        }
        "stripe_saved_cards" => {
            json!({ "payment_methods": state.stripe.saved.of(&text(call, "customer_id")?) })
        }
        "stripe_authenticate" => empty(state.stripe.saved.authenticate(&text(call, "setup_intent")?)?),
        "kakaopay_approve_in_app" => {
            let (tid, decline) = (text(call, "tid")?, text(call, "decline").ok());
            json!({ "pg_token": kakaopay::buyer::approve_in_app(state, &tid, decline.as_deref())? })
        }
        "dashboard_refund" => {
            let DashboardRefund {
                provider,
                reference,
                amount,
            } = read(call)?;
            empty(dashboard_refund(state, provider, &reference, amount)?)
        }
        "plan" => {
            let Plan {
                provider,
                operation,
                fault,
            } = read(call)?;
            empty(state.faults.plan(provider, &operation, fault)?)
        }
        "set_random_faults" => {
            let RandomFaults { seed, per_mille } = read(call)?;
            state.faults.at_random(seed, per_mille);
            empty(())
        }
        "webhooks" => take_webhooks(state),
        "webhook_target" => {
            let Target { url } = read(call)?;
            state.options.webhook_target = url;
            empty(())
        }
        "set_stripe_webhook_secrets" => {
            let Secrets { secrets } = read(call)?;
            state.options.stripe_webhook_secrets = secrets;
            empty(())
        }
        "standard_webhook" => {
            let StandardWebhook { kind, data } = read(call)?;
            let webhook = state.standard_webhook(&kind, &data);
            let id = json!({ "id": webhook.header("webhook-id") });
            state.outbox.put(webhook);
            id
        }
        _ => return Ok(None),
    }))
}

/// Takes the pending webhooks from the outbox.
fn take_webhooks(state: &mut State) -> Value {
    let webhooks = state.outbox.drain().into_iter().map(|webhook| {
        json!({
            "provider": webhook.provider,
            "path": webhook.path,
            "headers": webhook.headers,
            "body": String::from_utf8_lossy(&webhook.body),
            "attempt": webhook.attempt,
        })
    });
    webhooks.collect()
}

/// Converts an empty result to a response body.
fn empty((): ()) -> Value {
    json!({})
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, String> {
    serde_json::from_slice(&call.body).map_err(|error| error.to_string())
}

fn text(call: &Call, name: &str) -> Result<String, String> {
    let body = call.json().ok_or("the body is not a JSON object")?;
    body[name]
        .as_str()
        .map(str::to_owned)
        .ok_or(format!("{name} is missing"))
}

#[derive(Deserialize)]
struct Authenticate {
    order_id: String,
    amount: i64,
    currency: String,
    #[serde(flatten)]
    how: Authentication,
}

#[derive(Deserialize)]
struct Pay {
    intent_id: String,
    card: Card,
}

#[derive(Deserialize)]
struct Settle {
    intent_id: String,
    ok: bool,
}

#[derive(Deserialize)]
struct Dispute {
    intent_id: String,
    amount: i64,
}

#[derive(Deserialize)]
struct CloseDispute {
    dispute_id: String,
    won: bool,
}

#[derive(Deserialize)]
struct Save {
    card: Card,
}

#[derive(Deserialize)]
struct DeclineNext {
    billing_key: String,
    code: String,
    count: u32,
}

#[derive(Deserialize)]
struct SetCard {
    payment_method: String,
    card: Card,
    count: Option<u32>,
}

#[derive(Deserialize)]
struct DashboardRefund {
    provider: Provider,
    reference: String,
    amount: i64,
}

#[derive(Deserialize)]
struct Plan {
    provider: Provider,
    operation: String,
    fault: Fault,
}

#[derive(Deserialize)]
struct RandomFaults {
    seed: u64,
    per_mille: u32,
}

#[derive(Deserialize)]
struct Target {
    url: Option<String>,
}

#[derive(Deserialize)]
struct Secrets {
    secrets: Vec<String>,
}

#[derive(Deserialize)]
struct StandardWebhook {
    #[serde(rename = "type")]
    kind: String,
    data: Value,
}
