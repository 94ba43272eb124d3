//! Webhooks: signed or not, repeated, late, in any order, and before their order is known.

use function_tests::payment_fixture::{amount, credentials, start_call, stripe_call, toss_call, webhook_call};
use function_tests::{PaymentFixture, id_of};
use harness::engine::{ORDERS, PAYMENTS};
use harness::gateway::Call;
use jiff::SignedDuration;
use sandbox::{Authentication, Card, Method, Provider, Webhook, sign};
use serde_json::{Value, json};
use shared::core::idempotency::derive_id;
use shared::core::identity::CustomerId;
use shared::orders::OrderId;
use shared::payments;
use shared::payments::provider::{Authorization, Charge};

/// Opens a shop with an order of 2,000 won and a started Stripe payment.
async fn with_stripe() -> (PaymentFixture, String, String) {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await;
    let intent = started.body["reference"].as_str().unwrap().to_owned();
    (shop, order, intent)
}

#[tokio::test]
async fn a_signed_webhook_alone_pays_the_order() {
    let (shop, order, intent) = with_stripe().await;
    shop.sandbox.stripe_pay(&intent, &Card::Good);
    assert!(shop.deliver_all().await.iter().all(|status| *status == 200));
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.payment_of("ann", &order).await["status"], "PAID");
}

#[tokio::test]
async fn an_unsigned_webhook_counts_only_as_far_as_the_provider_confirms_it() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    let forged = json!({
        "eventType": "PAYMENT_STATUS_CHANGED",
        "createdAt": "2026-01-01T09:00:00.000000",
        "data": {
            "paymentKey": key, "orderId": order, "status": "DONE", "currency": "KRW", "method": "카드",
            "totalAmount": 2000, "balanceAmount": 2000, "approvedAt": "2026-01-01T09:00:00+09:00",
        },
    });
    let call = Call::new("POST", "/webhooks/{provider}").path("provider", "toss");
    let answer = shop.webhook(call.json(&forged)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(shop.order_status("ann", &order).await, "PENDING_PAYMENT");
    assert_eq!(shop.engine.count(PAYMENTS).await, 0);
}

#[tokio::test]
async fn a_webhook_for_an_unknown_order_is_retried() {
    let shop = PaymentFixture::with("tea", 10).await;
    let ours = PaymentFixture::with("tea", 10).await;
    let order = id_of(&ours.order("ann", "k", &[("tea", 2)]).await);
    let key = ours.sandbox.toss_authenticate(&order, 2000, "KRW");
    ours.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    let webhooks = ours.sandbox.webhooks();
    assert_eq!(webhooks.len(), 1);
    // The other shop does not have this order.
    let answer = shop.deliver(&webhooks[0]).await;
    assert_eq!((answer.status, answer.problem()), (404, "unknown-order"), "{answer:?}");
    assert_eq!(ours.deliver(&webhooks[0]).await.status, 200);
    let delivered = shop.sandbox.standard_webhook(
        "payment.succeeded",
        &json!({ "order_id": order, "reference": "r-1", "amount": amount(2000) }),
    );
    assert_eq!(shop.deliver(&delivered).await.problem(), "unknown-order");
    assert_eq!(shop.engine.count(PAYMENTS).await, 0);
}

#[tokio::test]
async fn each_event_of_another_madang_shop_on_the_same_stripe_account_is_ignored() {
    let (ours, order, intent) = with_stripe().await;
    let other = PaymentFixture::with("tea", 10).await;
    ours.sandbox.stripe_pay(&intent, &Card::Good);
    ours.sandbox.dashboard_refund(Provider::Stripe, &intent, 500);
    ours.sandbox.stripe_dispute(&intent, 1000);
    for webhook in &ours.sandbox.webhooks() {
        // Both shops have the same secret.
        let answer = other.deliver(webhook).await;
        assert_eq!(
            (answer.status, &answer.body["outcome"]),
            (200, &"IGNORED".into()),
            "{answer:?}"
        );
        assert_eq!(ours.deliver(webhook).await.status, 200);
    }
    assert_eq!(ours.order_status("ann", &order).await, "PAID");
    assert_eq!(other.engine.count(PAYMENTS).await, 0);
}

#[tokio::test]
async fn three_concurrent_copies_of_a_webhook_settle_once() {
    let (shop, order, intent) = with_stripe().await;
    shop.sandbox.stripe_pay(&intent, &Card::Good);
    let webhooks = shop.sandbox.webhooks();
    let paid = webhooks.first().unwrap();
    let answers = tokio::join!(shop.deliver(paid), shop.deliver(paid), shop.deliver(paid));
    assert_eq!((answers.0.status, answers.1.status, answers.2.status), (200, 200, 200));
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    let events = [shop.engine.events(ORDERS).await, shop.engine.events(PAYMENTS).await].concat();
    let paid: Vec<_> = events.iter().filter(|(kind, _)| kind == "OrderPaid").collect();
    assert_eq!(paid.len(), 1);
    let version = |events: &[(String, Value)]| events.len();
    assert_eq!(version(&events), 2, "one of the order, one of the payment");
}

#[tokio::test]
async fn a_confirmation_and_a_webhook_at_once_settle_once() {
    for _ in 0..10 {
        let (shop, order, intent) = with_stripe().await;
        shop.sandbox.stripe_pay(&intent, &Card::Good);
        let webhooks = shop.sandbox.webhooks();
        let confirm = stripe_call("ann", "pay", &order, &intent, 2000);
        let (confirmed, delivered) = tokio::join!(shop.confirm(confirm), shop.deliver(&webhooks[0]));
        assert_eq!(confirmed.status, 200, "{confirmed:?}");
        assert_eq!(delivered.status, 200, "{delivered:?}");
        assert_eq!(shop.order_status("ann", &order).await, "PAID");
        let payment = shop.payment_of("ann", &order).await;
        assert_eq!(
            (&payment["status"], payment["refunds"].as_array().unwrap().len()),
            (&"PAID".into(), 0)
        );
        assert_eq!(shop.charged().charges, 1);
    }
}

#[tokio::test]
async fn a_toss_webhook_before_the_confirmations_response_settles_once() {
    for _ in 0..10 {
        let shop = PaymentFixture::with("tea", 10).await;
        let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
        let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
        let confirm = shop.confirm(toss_call("ann", "pay", &order, &key, 2000));
        let delivered = async {
            loop {
                // As soon as the provider has a webhook.
                if let Some(webhook) = shop.sandbox.webhooks().pop() {
                    return shop.deliver(&webhook).await;
                }
                tokio::task::yield_now().await;
            }
        };
        let (confirmed, delivered) = tokio::join!(confirm, delivered);
        assert_eq!(
            (confirmed.status, delivered.status),
            (200, 200),
            "{confirmed:?} {delivered:?}"
        );
        assert_eq!(shop.payment_of("ann", &order).await["status"], "PAID");
    }
}

#[tokio::test]
async fn an_older_decline_does_not_undo_a_charge() {
    let (shop, order, intent) = with_stripe().await;
    shop.sandbox
        .stripe_pay(&intent, &Card::declined("card_declined", "insufficient_funds"));
    shop.sandbox.stripe_pay(&intent, &Card::Good);
    let mut webhooks = shop.sandbox.webhooks();
    assert_eq!(webhooks.len(), 2);
    webhooks.reverse();
    for webhook in &webhooks {
        assert_eq!(shop.deliver(webhook).await.status, 200);
    }
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.payment_of("ann", &order).await["reviews"], Value::Null);
}

#[tokio::test]
async fn a_decline_by_webhook_is_recorded_and_the_customer_can_retry() {
    let (shop, order, intent) = with_stripe().await;
    shop.sandbox
        .stripe_pay(&intent, &Card::declined("card_declined", "lost_card"));
    assert_eq!(shop.deliver_all().await, [200]);
    let payment = shop.payment_of("ann", &order).await;
    assert_eq!(
        (&payment["status"], &payment["failure"]["code"]),
        (&"FAILED".into(), &"lost_card".into())
    );
    shop.sandbox.stripe_pay(&intent, &Card::Good);
    assert_eq!(shop.deliver_all().await, [200]);
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
}

#[tokio::test]
async fn a_webhook_without_a_valid_signature_is_rejected_and_writes_nothing() {
    let (shop, order, intent) = with_stripe().await;
    shop.sandbox.stripe_pay(&intent, &Card::Good);
    let webhook = shop.sandbox.webhooks().remove(0);
    let standard = shop.sandbox.standard_webhook(
        "payment.succeeded",
        &json!({ "order_id": order, "reference": "r", "amount": amount(2000) }),
    );
    let now = shop.now().as_second();
    let resigned = |time: i64, secret: &str| {
        let header = sign::stripe(&[secret.to_owned()], time, &webhook.body);
        with_header(&webhook, "Stripe-Signature", &header)
    };
    let stale = |seconds: i64| resigned(now + seconds, "whsec_stripe_sandbox");
    let changed = |webhook: &Webhook| Webhook {
        body: [&webhook.body[..], b" "].concat(),
        ..webhook.clone()
    };
    let empty = |webhook: &Webhook| Webhook {
        body: vec![],
        ..webhook.clone()
    };
    let unsigned = Webhook {
        headers: vec![],
        ..webhook.clone()
    };
    for (name, webhook) in [
        ("changed", changed(&webhook)),
        ("stale", stale(-301)),
        ("from the future", stale(301)),
        ("another's secret", resigned(now, "whsec_another")),
        ("empty", empty(&webhook)),
        ("unsigned", unsigned),
        ("nonsense", with_header(&webhook, "Stripe-Signature", "t=1,v1=zz")),
        ("changed standard", changed(&standard)),
        ("empty standard", empty(&standard)),
    ] {
        let answer = shop.deliver(&webhook).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (401, "invalid-signature"),
            "{name}: {answer:?}"
        );
    }
    let long = Webhook {
        body: vec![b'x'; 1024 * 1024],
        ..webhook.clone()
    };
    for path in ["/webhooks/stripe", "/webhooks/toss", "/webhooks/standard"] {
        let long = Webhook {
            path: path.to_owned(),
            ..long.clone()
        };
        let answer = shop.deliver(&long).await;
        assert_eq!((answer.status, answer.problem()), (413, "body-too-large"));
    }
    assert_eq!(shop.order_status("ann", &order).await, "PENDING_PAYMENT");
    assert_eq!(shop.payment_of("ann", &order).await["status"], "STARTED");
    assert_eq!(shop.deliver(&webhook).await.status, 200, "the original is still valid");
}

fn with_header(webhook: &Webhook, name: &str, value: &str) -> Webhook {
    let mut webhook = webhook.clone();
    webhook.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    webhook.headers.push((name.to_owned(), value.to_owned()));
    webhook
}

#[tokio::test]
async fn the_signature_covers_the_raw_bytes_in_base64_too() {
    let (shop, order, intent) = with_stripe().await;
    shop.sandbox.stripe_pay(&intent, &Card::Good);
    let webhook = shop.sandbox.webhooks().remove(0);
    // The same JSON with other white space and an escape: parsing and serializing it would change the signed bytes.
    let body = format!(
        " {}\n",
        String::from_utf8(webhook.body.clone())
            .unwrap()
            .replace("evt_", "\\u0065vt_")
    );
    let header = sign::stripe(
        &shop.sandbox.options().stripe_webhook_secrets,
        shop.now().as_second(),
        body.as_bytes(),
    );
    let webhook = Webhook {
        body: body.into_bytes(),
        ..with_header(&webhook, "Stripe-Signature", &header)
    };
    let call = webhook_call(&webhook).base64(&webhook.body);
    assert_eq!(shop.webhook(call).await.status, 200);
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
}

#[tokio::test]
async fn rotated_secrets_are_loaded_when_a_signature_fails_but_not_for_each_forgery() {
    let (shop, order, intent) = with_stripe().await;
    shop.sandbox.stripe_pay(&intent, &Card::Good);
    let forged = shop.sandbox.webhooks().remove(0);
    let forged = with_header(&forged, "Stripe-Signature", "t=1767225600,v1=00");
    for _ in 0..20 {
        assert_eq!(shop.deliver(&forged).await.status, 401);
    }
    assert!(shop.vault.reads() <= 3, "{} reads", shop.vault.reads());
    shop.sandbox.set_stripe_webhook_secrets(vec!["whsec_new".to_owned()]);
    shop.vault.set(&credentials(&shop.sandbox.options()));
    shop.advance(SignedDuration::from_secs(31));
    let paid = shop.sandbox.again(&forged);
    assert_eq!(shop.deliver(&paid).await.status, 200);
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
}

#[tokio::test]
async fn irrelevant_webhooks_are_accepted_and_ignored() {
    let shop = PaymentFixture::with("tea", 10).await;
    let call = |body: &Value| {
        let call = Call::new("POST", "/webhooks/{provider}").path("provider", "toss");
        call.json(body)
    };
    for body in [
        json!({ "eventType": "payout.changed", "data": {} }),
        json!({ "eventType": "PAYMENT_STATUS_CHANGED", "data": {} }),
        json!({ "eventType": "PAYMENT_STATUS_CHANGED", "data": { "orderId": "cart-7", "paymentKey": "x" } }),
        json!({ "hello": 1 }),
        json!([]),
    ] {
        let answer = shop.webhook(call(&body)).await;
        assert_eq!(
            (answer.status, &answer.body["outcome"]),
            (200, &"IGNORED".into()),
            "{body}: {answer:?}"
        );
    }
    let delivered = shop.sandbox.standard_webhook("invoice.created", &json!({}));
    assert_eq!(shop.deliver(&delivered).await.body["outcome"], "IGNORED");
    let nonsense = Call::new("POST", "/webhooks/{provider}").path("provider", "toss");
    assert_eq!(shop.webhook(nonsense.text("{")).await.status, 400);
    let nobody = Call::new("POST", "/webhooks/{provider}").path("provider", "paypal");
    assert_eq!(shop.webhook(nobody.text("{}")).await.status, 404);
}

#[tokio::test]
async fn any_provider_with_signed_webhooks_can_pay_an_order() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let mut data = json!({ "order_id": order, "reference": "transfer-1", "amount": amount(2000) });
    // Members that nobody knows are ignored.
    data["bank"] = json!(null);
    data["fees"] = json!([1]);
    let delivered = shop.sandbox.standard_webhook("payment.succeeded", &data);
    assert_eq!(shop.deliver(&delivered).await.body["outcome"], "ENTERED");
    assert_eq!(shop.deliver(&delivered).await.body["outcome"], "ENTERED");
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    let data = json!({ "order_id": order, "reference": "transfer-1", "amount": amount(2000), "refunded": amount(500) });
    shop.deliver(&shop.sandbox.standard_webhook("payment.refunded", &data))
        .await;
    assert_eq!(shop.payment_of("ann", &order).await["refunded"], amount(500));
}

#[tokio::test]
async fn a_deposit_webhook_needs_the_deposits_secret() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let deposit = Authentication {
        method: Method::VirtualAccount,
        ..Authentication::default()
    };
    let key = shop.sandbox.toss_authenticate_with(&order, 2000, "KRW", &deposit);
    shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    shop.sandbox.toss_deposit(&key);
    let delivered: Vec<Webhook> = shop.sandbox.webhooks();
    let delivered = delivered
        .iter()
        .find(|webhook| webhook.json()["secret"].is_string())
        .unwrap();
    let mut forged = delivered.json();
    forged["secret"] = json!("ps_guessed");
    let call = Call::new("POST", "/webhooks/{provider}").path("provider", "toss");
    assert_eq!(shop.webhook(call.json(&forged)).await.status, 401);
    assert_eq!(shop.order_status("ann", &order).await, "PENDING_PAYMENT");
    assert_eq!(shop.deliver(delivered).await.status, 200);
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    shop.sandbox.toss_withdraw_deposit(&key);
    assert!(shop.deliver_all().await.iter().all(|status| *status == 200));
    let payment = shop.payment_of("ann", &order).await;
    assert!(
        payment["reviews"][0]["detail"].is_string(),
        "a withdrawn deposit goes to review: {payment}"
    );
}

#[tokio::test]
async fn a_webhook_while_the_provider_is_unavailable_is_retried() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    let webhook = shop.sandbox.webhooks().remove(0);
    shop.sandbox
        .plan(Provider::Toss, "payment", sandbox::Fault::ErrorBefore(500));
    assert_eq!(shop.deliver(&webhook).await.status, 503);
    assert_eq!(shop.deliver(&shop.sandbox.again(&webhook)).await.status, 200);
}

#[tokio::test]
async fn a_charge_of_a_subscription_that_is_not_recorded_yet_needs_no_webhook() {
    let shop = PaymentFixture::with("tea", 10).await;
    let providers = shop.service().providers;
    let (stripe, deadline) = (
        providers.billing(payments::Provider::Stripe).unwrap(),
        shop.invocation().deadline,
    );
    let authorization = Authorization::Stripe {
        payment_method: shop.sandbox.stripe_payment_method(&Card::Good),
    };
    let mina = CustomerId::new("mina");
    let issued = stripe
        .issue(&authorization, &mina, "request-1", deadline)
        .await
        .unwrap();
    let card = shop.sandbox.stripe_saved_cards("mina").remove(0);
    let broke = Card::declined("card_declined", "insufficient_funds");
    shop.sandbox.stripe_set_card_next(&card, &broke, 1);
    let charge = Charge {
        order_id: OrderId(derive_id(&["an unknown order"])),
        lines: &[],
        amount: serde_json::from_value(json!({ "amount": 1000, "currency": "KRW" })).unwrap(),
        reference: None,
        nth: 0,
    };
    let intent = stripe.prepare(&issued.key, charge, deadline).await.unwrap();
    for nth in [0, 1] {
        let reference = intent.as_deref();
        let charge = Charge {
            reference,
            nth,
            ..charge
        };
        stripe.charge(&issued.key, charge, deadline).await;
        assert_eq!(shop.deliver_all().await, [200]);
    }
}
