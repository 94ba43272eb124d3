//! Webhooks: signatures of the providers' own libraries, over the raw bytes.

use anyhow::{Result, ensure};
use end_to_end::sign::{Headers, Scheme, succeeded};
use end_to_end::{EVENT_DEADLINE, Shop, text};
use local_cloud::Moved;
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "a_webhook_signed_by_the_providers_library_is_accepted",
        a_webhook_signed_by_the_providers_library_is_accepted,
    ),
    (
        "a_changed_webhook_is_rejected_and_changes_nothing",
        a_changed_webhook_is_rejected_and_changes_nothing,
    ),
    ("an_irrelevant_webhook_is_accepted", an_irrelevant_webhook_is_accepted),
    (
        "a_webhook_about_an_unknown_order_is_to_be_retried",
        a_webhook_about_an_unknown_order_is_to_be_retried,
    ),
    (
        "an_administrator_decides_a_review_that_a_webhook_started",
        an_administrator_decides_a_review_that_a_webhook_started,
    ),
    (
        "a_forged_toss_webhook_changes_nothing",
        a_forged_toss_webhook_changes_nothing,
    ),
];

fn a_webhook_signed_by_the_providers_library_is_accepted(shop: &Shop) -> Result<()> {
    for scheme in Scheme::ALL {
        let order = order(shop)?;
        let body = succeeded(scheme, &reference(shop, scheme, &order)?, &order)?;
        let headers = shop.sign(scheme, &shop.webhook_secret(scheme)?, 0, &body)?;
        // The same webhook sent twice, as providers do, is one payment.
        for _ in 0..2 {
            let answer = shop.send(scheme, &headers, &body)?.expect(200)?;
            ensure!(answer["outcome"] == "ENTERED", "{scheme:?}: {answer}");
        }
        let paid = shop.current_order(&shop.ann, &order)?;
        ensure!(paid["status"] == "PAID", "{scheme:?}: {paid}");
        shop.event("OrderPaid", &order, EVENT_DEADLINE)?;
    }
    Ok(())
}

fn a_changed_webhook_is_rejected_and_changes_nothing(shop: &Shop) -> Result<()> {
    for scheme in Scheme::ALL {
        let order = order(shop)?;
        let secret = shop.webhook_secret(scheme)?;
        let reference = reference(shop, scheme, &order)?;
        let (order, before) = (shop.current_order(&shop.ann, &order)?, kept(shop, &reference)?);
        let body = succeeded(scheme, &reference, &order)?;
        let signed = shop.sign(scheme, &secret, 0, &body)?;
        let stale = shop.sign(scheme, &secret, 600, &body)?;
        let forged = shop.sign(scheme, "whsec_bm90IHRoZSBzaG9wJ3Mgc2VjcmV0", 0, &body)?;
        let mut changed = body.clone();
        if let Some(blank) = changed.iter_mut().find(|byte| **byte == b'\t') {
            *blank = b' ';
        }
        let huge = [body.clone(), vec![b' '; 1 << 20]].concat();
        let signed_huge = shop.sign(scheme, &secret, 0, &huge)?;
        let cases: [(&str, &Headers, &[u8], u16); 7] = [
            ("changed", &signed, &changed, 401),
            ("stale", &stale, &body, 401),
            ("signed with another secret", &forged, &body, 401),
            ("not signed", &vec![], &body, 401),
            ("empty", &signed, b"", 401),
            ("cut", &signed, &body[..body.len() - 1], 401),
            ("too large", &signed_huge, &huge, 413),
        ];
        for (what, headers, body, status) in cases {
            let answer = shop.send(scheme, headers, body)?;
            ensure!(answer.status == status, "{scheme:?}, {what}: {answer:?}");
        }
        ensure!(shop.current_order(&shop.ann, &order)? == order, "{scheme:?}");
        let kept = kept(shop, &reference)?;
        ensure!(kept == before, "{scheme:?}: {kept:?}");
        // The original is accepted, so the signatures were the reason.
        shop.send(scheme, &signed, &body)?.expect(200)?;
        ensure!(shop.current_order(&shop.ann, &order)?["status"] == "PAID", "{scheme:?}");
        ensure!(kept_once(shop, &reference)?, "{scheme:?}");
    }
    Ok(())
}

fn an_irrelevant_webhook_is_accepted(shop: &Shop) -> Result<()> {
    let stripe = json!({ "id": "evt_1", "type": "customer.created", "data": { "object": { "id": "cus_1" } } });
    let elsewhere = json!({ "id": "pi_1", "amount": 1, "currency": "krw", "status": "succeeded", "metadata": {} });
    let not_ours = json!({ "id": "evt_2", "type": "payment_intent.succeeded", "data": { "object": elsewhere } });
    let standard = json!({ "type": "parcel.delivered", "data": { "parcel": 7 } });
    // Another shop can use the same Stripe account.
    let other_shops = succeeded(Scheme::Stripe, &shop.unique("pi"), &unknown_order())?;
    let other_shops: Value = serde_json::from_slice(&other_shops)?;
    for (scheme, message) in [
        (Scheme::Stripe, stripe),
        (Scheme::Stripe, not_ours),
        (Scheme::Stripe, other_shops),
        (Scheme::Standard, standard),
    ] {
        let body = message.to_string().into_bytes();
        let headers = shop.sign(scheme, &shop.webhook_secret(scheme)?, 0, &body)?;
        let answer = shop.send(scheme, &headers, &body)?.expect(200)?;
        ensure!(answer["outcome"] == "IGNORED", "{message}: {answer}");
    }
    let toss = json!({ "eventType": "PAYOUT_STATUS_CHANGED", "createdAt": "2025-03-21T18:20:00.000000", "data": {} });
    let call = shop.api.call("POST", "/webhooks/toss").json(&toss);
    ensure!(call.send()?.expect(200)?["outcome"] == "IGNORED");
    let call = shop.api.call("POST", "/webhooks/nobody").json(&json!({}));
    call.send()?.expect(404)?;
    Ok(())
}

fn a_webhook_about_an_unknown_order_is_to_be_retried(shop: &Shop) -> Result<()> {
    let (scheme, reference) = (Scheme::Standard, shop.unique("transfer"));
    let body = succeeded(scheme, &reference, &unknown_order())?;
    let headers = shop.sign(scheme, &shop.webhook_secret(scheme)?, 0, &body)?;
    let refused = shop.send(scheme, &headers, &body)?.expect(404)?;
    ensure!(refused["type"] == "urn:madang:problem:unknown-order", "{refused}");
    ensure!(kept(shop, &reference)?.is_empty());
    Ok(())
}

/// Stripe reports a failed refund that the shop does not know: the payment goes to review, and an administrator finds
/// that it was charged.
fn an_administrator_decides_a_review_that_a_webhook_started(shop: &Shop) -> Result<()> {
    let order = order(shop)?;
    let started = shop.start(&shop.ann, &order, "STRIPE")?;
    let refund = json!({
        "id": "re_1", "payment_intent": started["reference"], "status": "failed", "amount": 100, "currency": "krw",
    });
    let message = json!({ "id": "evt_3", "type": "refund.failed", "data": { "object": refund } });
    let body = message.to_string().into_bytes();
    let headers = shop.sign(Scheme::Stripe, &shop.webhook_secret(Scheme::Stripe)?, 0, &body)?;
    shop.send(Scheme::Stripe, &headers, &body)?.expect(200)?;
    let event = shop.event("PaymentReviewNeeded", &order, EVENT_DEADLINE)?;
    let review = &event["data"]["reviews"][0];
    ensure!(review["code"] == "CONTRADICTION", "{event}");

    let path = format!("/admin/payments/{}/review", text(&started, "payment_id")?);
    let keys = (shop.unique("decision"), shop.unique("decision"));
    let decide = |token: &str, key: &str| {
        let call = shop.api.call("POST", &path).token(token).key(key);
        call.json(&json!({ "decision": "CHARGED", "review_id": review["review_id"] }))
            .send()
    };
    decide(&shop.ann, &keys.0)?.expect(403)?;
    let decided = decide(&shop.admin, &keys.0)?.expect(200)?;
    ensure!(
        decided["status"] == "PAID" && decided.get("reviews").is_none(),
        "{decided}"
    );
    ensure!(shop.current_order(&shop.ann, &order)?["status"] == "PAID");
    let retried = decide(&shop.admin, &keys.0)?;
    ensure!(retried.header("idempotency-replayed") == Some("true"), "{retried:?}");
    let again = decide(&shop.admin, &keys.1)?.expect(409)?;
    ensure!(again["type"] == "urn:madang:problem:not-in-review", "{again}");
    Ok(())
}

/// Toss's webhooks are not signed, so they only make the shop query Toss.
fn a_forged_toss_webhook_changes_nothing(shop: &Shop) -> Result<()> {
    let order = order(shop)?;
    let id = text(&order, "order_id")?;
    let authenticated = shop.toss_key(&order)?;
    for key in [shop.unique("tviva"), authenticated] {
        let data = json!({
            "paymentKey": key, "orderId": id, "status": "DONE", "currency": "KRW", "totalAmount": 1000,
            "balanceAmount": 1000, "approvedAt": "2025-03-21T18:20:00+09:00",
        });
        let message = json!({ "eventType": "PAYMENT_STATUS_CHANGED", "data": data });
        let answer = shop.api.call("POST", "/webhooks/toss").json(&message).send()?;
        ensure!(answer.status == 200, "{answer:?}");
        ensure!(shop.current_order(&shop.ann, &order)? == order);
        ensure!(kept(shop, &key)?.is_empty());
    }
    ensure!(shop.moved(&order)? == Moved::default());
    Ok(())
}

/// Places an order of 1,000 won.
fn order(shop: &Shop) -> Result<Value> {
    let sku = shop.product(1, 1)?;
    shop.order(&shop.ann, &shop.unique("key"), &sku, 1)?.expect(201)
}

fn unknown_order() -> Value {
    json!({ "order_id": "3f0c6d6e-53a9-8b17-92c4-0de17a3b5c99", "totals": { "total": { "amount": 1000 } } })
}

/// Returns the reference of a payment of `order`. A payment at Stripe is started here.
fn reference(shop: &Shop, scheme: Scheme, order: &Value) -> Result<String> {
    Ok(match scheme {
        Scheme::Stripe => text(&shop.start(&shop.ann, order, "STRIPE")?, "reference")?.to_owned(),
        Scheme::Standard => shop.unique("transfer"),
    })
}

/// Whether the shop has one payment with this reference.
fn kept_once(shop: &Shop, reference: &str) -> Result<bool> {
    Ok(kept(shop, reference)?.len() == 1)
}

/// Returns the shop's payments with this reference.
fn kept(shop: &Shop, reference: &str) -> Result<Vec<Value>> {
    let database = shop.stack.aws("dynamodb");
    let scan = json!({
        "TableName": shop.stack.outputs.get("PaymentsTableName"),
        "ConsistentRead": true,
        "FilterExpression": "#reference = :reference",
        "ExpressionAttributeNames": { "#reference": "reference" },
        "ExpressionAttributeValues": { ":reference": { "S": reference } },
    });
    let found = database.call("Scan", &scan)?;
    Ok(found["Items"].as_array().cloned().unwrap_or_default())
}
