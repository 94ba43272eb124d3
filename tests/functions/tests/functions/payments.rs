//! Paying an order: each provider's flow, declines and retries.

use function_tests::fulfillment_fixture::cancel_call;
use function_tests::payment_fixture::{amount, confirm_call, kakaopay_call, start_call, stripe_call, toss_call};
use function_tests::{PaymentFixture, RESERVATION, id_of};
use harness::engine::{ORDERS, PAYMENTS};
use harness::gateway::Call;
use jiff::SignedDuration;
use sandbox::{Authentication, Card, Method};
use serde_json::json;

#[tokio::test]
async fn an_order_is_paid_through_toss() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "pay", "TOSS", &order)).await;
    assert_eq!(
        (started.status, &started.body["amount"]),
        (201, &amount(2000)),
        "{started:?}"
    );
    assert_eq!(started.body["client"]["order_name"], "Green tea, 100 g");
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    let paid = shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!((paid.status, &paid.body["status"]), (200, &"PAID".into()), "{paid:?}");
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    let charged = shop.charged();
    assert_eq!((charged.charged, charged.charges, charged.refunded), (2000, 1, 0));
    assert_eq!(shop.engine.balance("tea").await.available, 8);
    let kinds = kinds(&shop).await;
    assert!(kinds.contains(&"OrderPaid".to_owned()) && kinds.contains(&"PaymentConfirmed".to_owned()));
}

/// Returns the newest event of each order and payment.
async fn kinds(shop: &PaymentFixture) -> Vec<String> {
    let mut events = shop.engine.events(ORDERS).await;
    events.extend(shop.engine.events(PAYMENTS).await);
    events.into_iter().map(|(kind, _)| kind).collect()
}

#[tokio::test]
async fn an_order_is_paid_through_stripe() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "pay", "STRIPE", &order)).await;
    assert_eq!(started.status, 201, "{started:?}");
    assert!(started.body["client"]["client_secret"].is_string());
    let intent = started.body["reference"].as_str().unwrap();
    let early = shop.confirm(stripe_call("ann", "early", &order, intent, 2000)).await;
    assert_eq!((early.status, early.problem()), (402, "payment-refused"));
    assert_eq!(shop.order_status("ann", &order).await, "PENDING_PAYMENT");
    shop.sandbox.stripe_pay(intent, &Card::Good);
    let paid = shop.confirm(stripe_call("ann", "pay-2", &order, intent, 2000)).await;
    assert_eq!((paid.status, &paid.body["status"]), (200, &"PAID".into()), "{paid:?}");
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.charged().charges, 1);
}

#[tokio::test]
async fn an_order_is_paid_through_kakaopay() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "KAKAOPAY", &order)).await;
    assert_eq!(started.status, 201, "{started:?}");
    assert!(started.body["client"]["mobile_url"].is_string());
    let token = shop
        .sandbox
        .kakaopay_approve_in_app(started.body["reference"].as_str().unwrap());
    let paid = shop.confirm(kakaopay_call("ann", "pay", &order, &token, 2000)).await;
    assert_eq!((paid.status, &paid.body["status"]), (200, &"PAID".into()), "{paid:?}");
    assert_eq!(shop.charged().charges, 1);
    assert!(
        !paid.body.to_string().contains(&token),
        "its confirmation token is not public"
    );
}

#[tokio::test]
async fn a_kakaopay_payment_of_taxed_and_exempt_goods_is_refunded_in_parts() {
    let shop = PaymentFixture::with("tea", 10).await;
    let mut book = function_tests::product(1000, 1);
    book["tax_class"] = json!("EXEMPT");
    shop.put_product("book", &book).await;
    shop.receive("book", 1).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 1), ("book", 1)]).await);
    let started = shop.start(start_call("ann", "start", "KAKAOPAY", &order)).await;
    let tid = started.body["reference"].as_str().unwrap();
    let token = shop.sandbox.kakaopay_approve_in_app(tid);
    let paid = shop.confirm(kakaopay_call("ann", "pay", &order, &token, 2000)).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    for (key, part) in [("a", 700), ("b", 700), ("c", 600)] {
        crate::refunds::ask(&shop, key, &paid.body, &json!({ "amount": amount(part) })).await;
        shop.refund("RefundRequested", &paid.body).await.unwrap();
    }
    assert_eq!(shop.charged().refunded, 2000);
    assert_eq!(shop.payment_of("ann", &order).await["status"], "REFUNDED");
}

#[tokio::test]
async fn the_exempt_part_of_cancelled_units_is_refunded_as_tax_free_at_kakaopay() {
    let shop = PaymentFixture::with("tea", 10).await;
    for (sku, won, tax_class) in [("pot", 10_000, "STANDARD"), ("book", 15_000, "EXEMPT")] {
        let mut product = function_tests::product(won, 1);
        product["tax_class"] = json!(tax_class);
        shop.put_product(sku, &product).await;
        shop.receive(sku, 2).await;
    }
    let order = id_of(&shop.order("ann", "k", &[("pot", 1), ("book", 2)]).await);
    let started = shop.start(start_call("ann", "start", "KAKAOPAY", &order)).await;
    let tid = started.body["reference"].as_str().unwrap();
    let token = shop.sandbox.kakaopay_approve_in_app(tid);
    let paid = shop.confirm(kakaopay_call("ann", "pay", &order, &token, 40_000)).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    for (key, line, refunded, tax_free) in [("a", "2", 15_000, 15_000), ("b", "1", 25_000, 15_000)] {
        let cancelled = shop.cancel_order(cancel_call("ann", &order, key, &[(line, 1)])).await;
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
        let payment = shop.payment_of("ann", &order).await;
        shop.refund("RefundRequested", &payment).await.unwrap();
        assert_eq!(shop.charged().refunded, refunded);
        assert_eq!(shop.sandbox.kakaopay_refunded_tax_free(tid), tax_free, "{line}");
    }
    let payment = shop.payment_of("ann", &order).await;
    let untaxed = |nth: usize| &payment["refunds"][nth]["untaxed"];
    assert_eq!((untaxed(0), untaxed(1)), (&amount(15_000), &amount(0)));
}

#[tokio::test]
async fn a_refused_refund_of_exempt_goods_that_staff_request_again_is_tax_free_at_kakaopay() {
    let shop = PaymentFixture::with("tea", 10).await;
    let mut book = function_tests::product(15_000, 1);
    book["tax_class"] = json!("EXEMPT");
    shop.put_product("book", &book).await;
    shop.receive("book", 2).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 10), ("book", 2)]).await);
    let started = shop.start(start_call("ann", "start", "KAKAOPAY", &order)).await;
    let tid = started.body["reference"].as_str().unwrap();
    let token = shop.sandbox.kakaopay_approve_in_app(tid);
    let paid = shop.confirm(kakaopay_call("ann", "pay", &order, &token, 40_000)).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    shop.cancel_order(cancel_call("ann", &order, "c", &[("2", 1)])).await;
    let refusal = sandbox::Fault::Code("-780".to_owned());
    shop.sandbox.plan(sandbox::Provider::Kakaopay, "cancel", refusal);
    let payment = shop.payment_of("ann", &order).await;
    shop.refund("RefundRequested", &payment).await.unwrap();
    let payment = shop.payment_of("ann", &order).await;
    assert_eq!(payment["refunds"][0]["status"], "REFUSED", "{payment}");
    let again = crate::refunds::ask(&shop, "again", &payment, &json!({ "amount": amount(15_000) })).await;
    assert_eq!(again.status, 202, "{again:?}");
    let refund = &again.body["refunds"][1];
    assert_eq!(
        (&refund["reason"], &refund["untaxed"]),
        (&json!("LINES_CANCELLED"), &amount(15_000)),
        "{again:?}"
    );
    shop.refund("RefundRequested", &again.body).await.unwrap();
    assert_eq!(shop.charged().refunded, 15_000);
    assert_eq!(shop.sandbox.kakaopay_refunded_tax_free(tid), 15_000);
}

#[tokio::test]
async fn a_retried_start_returns_the_first_one() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    for provider in ["STRIPE", "KAKAOPAY"] {
        let call = || start_call("ann", provider, provider, &order);
        let (one, other) = tokio::join!(shop.start(call()), shop.start(call()));
        let third = shop.start(call()).await;
        assert_eq!(
            (one.status, other.status, third.status),
            (201, 201, 201),
            "{one:?} {other:?}"
        );
        assert_eq!((&one.body, &third.body), (&other.body, &other.body));
        assert!(third.replayed);
    }
    let reused = shop.start(start_call("ann", "STRIPE", "KAKAOPAY", &order)).await;
    assert_eq!((reused.status, reused.problem()), (422, "idempotency-key-reused"));
}

#[tokio::test]
async fn a_retried_confirmation_charges_once() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    let call = || toss_call("ann", "pay", &order, &key, 2000);
    let first = shop.confirm(call()).await;
    let again = shop.confirm(call()).await;
    let other_key = shop.confirm(toss_call("ann", "pay-2", &order, &key, 2000)).await;
    assert_eq!((first.status, first.replayed), (200, false));
    assert_eq!((again.status, again.replayed), (200, true));
    assert_eq!((other_key.status, other_key.replayed), (200, true));
    assert_eq!((&first.body, &first.body), (&again.body, &other_key.body));
    let reused = shop.confirm(toss_call("ann", "pay", &order, "another", 2000)).await;
    assert_eq!((reused.status, reused.problem()), (422, "idempotency-key-reused"));
    assert_eq!(shop.charged().charges, 1);
}

#[tokio::test]
async fn many_confirmations_at_once_charge_once() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    let rival = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    let answers = futures::future::join_all((0..12).map(|n| {
        let key = if n % 2 == 0 { &key } else { &rival };
        shop.confirm(toss_call("ann", &format!("pay-{n}"), &order, key, 2000))
    }))
    .await;
    assert!(
        answers.iter().all(|answer| matches!(answer.status, 200 | 202 | 409)),
        "{answers:?}"
    );
    assert!(answers.iter().any(|answer| answer.status == 200), "{answers:?}");
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.charged().charges, 1);
}

#[tokio::test]
async fn a_declined_card_leaves_the_order_payable() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let declined = Authentication {
        decline: Some("REJECT_CARD_PAYMENT".to_owned()),
        ..Authentication::default()
    };
    let key = shop.sandbox.toss_authenticate_with(&order, 2000, "KRW", &declined);
    let refused = shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!((refused.status, refused.problem()), (402, "payment-refused"));
    assert_eq!(refused.body["provider_code"], "REJECT_CARD_PAYMENT");
    assert!(!refused.body["detail"].as_str().unwrap().is_empty());
    let again = shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!(again.body["provider_code"], "REJECT_CARD_PAYMENT");
    assert_eq!(shop.order_status("ann", &order).await, "PENDING_PAYMENT");
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    let paid = shop.confirm(toss_call("ann", "pay-2", &order, &key, 2000)).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(shop.charged().charges, 1);
}

#[tokio::test]
async fn a_declined_payment_does_not_extend_the_orders_deadline() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let declined = Authentication {
        decline: Some("REJECT_CARD_COMPANY".to_owned()),
        ..Authentication::default()
    };
    shop.advance(RESERVATION - SignedDuration::from_secs(1));
    let key = shop.sandbox.toss_authenticate_with(&order, 2000, "KRW", &declined);
    assert_eq!(
        shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await.status,
        402
    );
    shop.advance(SignedDuration::from_secs(1));
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
    assert_eq!(shop.engine.balance("tea").await.available, 10);
}

#[tokio::test]
async fn a_deposit_pays_the_order_when_it_arrives() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let deposit = Authentication {
        method: Method::VirtualAccount,
        ..Authentication::default()
    };
    let key = shop.sandbox.toss_authenticate_with(&order, 2000, "KRW", &deposit);
    let waiting = shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!(
        (waiting.status, &waiting.body["status"]),
        (202, &"AWAITING_DEPOSIT".into()),
        "{waiting:?}"
    );
    assert!(waiting.body["deposit"]["account_number"].is_string());
    assert!(!waiting.body.to_string().contains("secret"));
    shop.sandbox.toss_deposit(&key);
    assert!(shop.deliver_all().await.iter().all(|status| *status == 200));
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
}

#[tokio::test]
async fn a_confirmation_that_does_not_match_is_rejected_and_charges_nothing() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let other = id_of(&shop.order("ann", "k2", &[("tea", 1)]).await);
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    let long = "x".repeat(201);
    for (call, status, problem) in [
        (toss_call("ann", "a", &order, &key, 1999), 409, "amount-differs"),
        (toss_call("bob", "b", &order, &key, 2000), 404, "not-found"),
        (toss_call("ann", "c", &order, "", 2000), 400, "invalid-parameter"),
        (toss_call("ann", "d", &order, &long, 2000), 400, "invalid-parameter"),
        (toss_call("ann", "e", &order, "한글", 2000), 400, "invalid-parameter"),
        (toss_call("ann", "f", "not-an-id", &key, 2000), 404, "not-found"),
        (stripe_call("ann", "g", &order, "pi_x", 2000), 404, "not-found"),
        (kakaopay_call("ann", "h", &order, "t", 2000), 404, "not-found"),
        (
            confirm_call("ann", "i", &order, &json!({ "provider": "cash" })),
            400,
            "malformed-body",
        ),
    ] {
        let answer = shop.confirm(call).await;
        assert_eq!((answer.status, answer.problem()), (status, problem), "{answer:?}");
    }
    let call = toss_call("ann", "j", &order, &key, 2000);
    let anonymous = shop
        .confirm(Call::new("POST", "/orders/{order_id}/payments/confirm").key("k"))
        .await;
    assert_eq!(anonymous.status, 401);
    assert_eq!(shop.engine.count(PAYMENTS).await, 0, "nothing was written");
    assert!(shop.sandbox.ledger().is_empty());
    assert_eq!(shop.confirm(call).await.status, 200);
    let stolen = shop.confirm(toss_call("ann", "k", &other, &key, 1000)).await;
    assert_eq!((stolen.status, stolen.problem()), (422, "payment-mismatch"));
    let twice = shop.start(start_call("ann", "again", "TOSS", &order)).await;
    assert_eq!((twice.status, twice.problem()), (409, "order-closed"));
}

#[tokio::test]
async fn an_ended_order_cannot_be_paid() {
    let shop = PaymentFixture::with("tea", 10).await;
    let expired = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let key = shop.sandbox.toss_authenticate(&expired, 2000, "KRW");
    shop.advance(RESERVATION);
    for status in ["EXPIRED", "EXPIRED"] {
        let answer = shop.confirm(toss_call("ann", "pay", &expired, &key, 2000)).await;
        assert_eq!(
            (answer.status, answer.problem(), &answer.body["order_status"]),
            (409, "order-closed", &status.into())
        );
        shop.expire_orders().await.unwrap();
    }
    let started = shop.start(start_call("ann", "start", "STRIPE", &expired)).await;
    assert_eq!(started.problem(), "order-closed");
    assert!(shop.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn a_provider_without_credentials_is_rejected() {
    let shop = PaymentFixture::with("tea", 10).await;
    shop.vault.set(&json!({}));
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    for provider in ["STRIPE", "KAKAOPAY", "STANDARD"] {
        let answer = shop.start(start_call("ann", provider, provider, &order)).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (422, "provider-not-configured"),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn only_its_customer_can_read_a_payment() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    let paid = shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    let id = paid.body["payment_id"].as_str().unwrap().to_owned();
    let call = || Call::new("GET", "/payments/{payment_id}").path("payment_id", &id);
    assert_eq!(shop.get(call().by("ann")).await.body, paid.body);
    assert_eq!(shop.get(call().by_admin()).await.body, paid.body);
    assert_eq!(shop.get(call().by("bob")).await.status, 404);
    let nonsense = Call::new("GET", "/payments/{payment_id}").path("payment_id", "x");
    assert_eq!(shop.get(nonsense.by("ann")).await.status, 404);
}
