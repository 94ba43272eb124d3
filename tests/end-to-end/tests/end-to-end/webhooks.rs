//! Whose messages are believed: those that the providers' own libraries sign, as they are sent, byte for byte.

use anyhow::{Result, ensure};
use end_to_end::sign::{Headers, Scheme, succeeded};
use end_to_end::{SOON, Shop, text};
use local_cloud::Moved;
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "a_message_signed_by_the_providers_library_is_believed",
        a_message_signed_by_the_providers_library_is_believed,
    ),
    (
        "a_message_that_is_not_as_it_was_signed_is_refused_and_changes_nothing",
        a_message_that_is_not_as_it_was_signed_is_refused_and_changes_nothing,
    ),
    (
        "a_message_that_says_nothing_to_the_shop_need_not_come_again",
        a_message_that_says_nothing_to_the_shop_need_not_come_again,
    ),
    (
        "a_message_about_an_unknown_order_shall_come_again",
        a_message_about_an_unknown_order_shall_come_again,
    ),
    (
        "a_message_that_needs_a_person_is_decided_by_an_administrator",
        a_message_that_needs_a_person_is_decided_by_an_administrator,
    ),
    (
        "a_forged_message_of_toss_changes_nothing",
        a_forged_message_of_toss_changes_nothing,
    ),
];

fn a_message_signed_by_the_providers_library_is_believed(shop: &Shop) -> Result<()> {
    for scheme in Scheme::ALL {
        let order = order(shop)?;
        let body = succeeded(scheme, &shop.unique("pi"), &order)?;
        let headers = shop.sign(scheme, &shop.webhook_secret(scheme)?, 0, &body)?;
        // The same message twice, as providers send it, is one payment.
        for _ in 0..2 {
            let answer = shop.send(scheme, &headers, &body)?.expect(200)?;
            ensure!(answer["outcome"] == "ENTERED", "{scheme:?}: {answer}");
        }
        let paid = shop.order_again(&shop.ann, &order)?;
        ensure!(paid["status"] == "PAID", "{scheme:?}: {paid}");
        shop.event("OrderPaid", &order, SOON)?;
    }
    Ok(())
}

fn a_message_that_is_not_as_it_was_signed_is_refused_and_changes_nothing(shop: &Shop) -> Result<()> {
    for scheme in Scheme::ALL {
        let order = order(shop)?;
        let secret = shop.webhook_secret(scheme)?;
        let reference = shop.unique("pi");
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
        ensure!(shop.order_again(&shop.ann, &order)? == order, "{scheme:?}");
        let kept = kept(shop, &reference)?;
        ensure!(kept.is_empty(), "{scheme:?}: {kept:?}");
        // So it was the signatures that were refused.
        shop.send(scheme, &signed, &body)?.expect(200)?;
        ensure!(shop.order_again(&shop.ann, &order)?["status"] == "PAID", "{scheme:?}");
        ensure!(kept_once(shop, &reference)?, "{scheme:?}");
    }
    Ok(())
}

fn a_message_that_says_nothing_to_the_shop_need_not_come_again(shop: &Shop) -> Result<()> {
    let stripe = json!({ "id": "evt_1", "type": "customer.created", "data": { "object": { "id": "cus_1" } } });
    let elsewhere = json!({ "id": "pi_1", "amount": 1, "currency": "krw", "status": "succeeded", "metadata": {} });
    let not_ours = json!({ "id": "evt_2", "type": "payment_intent.succeeded", "data": { "object": elsewhere } });
    let standard = json!({ "type": "parcel.delivered", "data": { "parcel": 7 } });
    for (scheme, message) in [
        (Scheme::Stripe, stripe),
        (Scheme::Stripe, not_ours),
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

fn a_message_about_an_unknown_order_shall_come_again(shop: &Shop) -> Result<()> {
    let order = json!({ "order_id": "3f0c6d6e-53a9-8b17-92c4-0de17a3b5c99", "total": { "amount": 1000 } });
    for scheme in Scheme::ALL {
        let reference = shop.unique("pi");
        let body = succeeded(scheme, &reference, &order)?;
        let headers = shop.sign(scheme, &shop.webhook_secret(scheme)?, 0, &body)?;
        let refused = shop.send(scheme, &headers, &body)?.expect(404)?;
        ensure!(refused["type"] == "urn:madang:problem:unknown-order", "{refused}");
        ensure!(kept(shop, &reference)?.is_empty());
    }
    Ok(())
}

/// Stripe says that a refund failed of which the shop knows nothing: a person looks at the payment, and finds that its
/// money was taken.
fn a_message_that_needs_a_person_is_decided_by_an_administrator(shop: &Shop) -> Result<()> {
    let order = order(shop)?;
    let started = shop.start(&shop.ann, &order, "stripe")?;
    let refund = json!({ "id": "re_1", "payment_intent": started["reference"], "status": "failed" });
    let message = json!({ "id": "evt_3", "type": "refund.failed", "data": { "object": refund } });
    let body = message.to_string().into_bytes();
    let headers = shop.sign(Scheme::Stripe, &shop.webhook_secret(Scheme::Stripe)?, 0, &body)?;
    shop.send(Scheme::Stripe, &headers, &body)?.expect(200)?;
    let event = shop.event("PaymentReviewNeeded", &order, SOON)?;
    ensure!(event["data"]["review"]["reason"].is_string(), "{event}");

    let path = format!("/payments/{}/review", text(&started, "payment_id")?);
    let keys = (shop.unique("decision"), shop.unique("decision"));
    let decide = |token: &str, key: &str| {
        let call = shop.api.call("POST", &path).token(token).key(key);
        call.json(&json!({ "decision": "CHARGED" })).send()
    };
    decide(&shop.ann, &keys.0)?.expect(403)?;
    let decided = decide(&shop.admin, &keys.0)?.expect(200)?;
    ensure!(
        decided["status"] == "PAID" && decided.get("review").is_none(),
        "{decided}"
    );
    ensure!(shop.order_again(&shop.ann, &order)?["status"] == "PAID");
    let retried = decide(&shop.admin, &keys.0)?;
    ensure!(retried.header("idempotency-replayed") == Some("true"), "{retried:?}");
    let again = decide(&shop.admin, &keys.1)?.expect(409)?;
    ensure!(again["type"] == "urn:madang:problem:not-in-review", "{again}");
    Ok(())
}

/// Toss's messages are not signed: they are a reason to ask Toss, and nothing more.
fn a_forged_message_of_toss_changes_nothing(shop: &Shop) -> Result<()> {
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
        ensure!(shop.order_again(&shop.ann, &order)? == order);
        ensure!(kept(shop, &key)?.is_empty());
    }
    ensure!(shop.moved(&order)? == Moved::default());
    Ok(())
}

/// An order of 1,000 won.
fn order(shop: &Shop) -> Result<Value> {
    let sku = shop.product(1, 1)?;
    shop.order(&shop.ann, &shop.unique("key"), &sku, 1)?.expect(201)
}

/// Whether the shop keeps one payment that its provider calls so.
fn kept_once(shop: &Shop, reference: &str) -> Result<bool> {
    Ok(kept(shop, reference)?.len() == 1)
}

/// The payments that the shop keeps of those that their provider calls so.
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
