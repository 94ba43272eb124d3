//! Toss: the arithmetic of cancellations.

use sandbox::{Authentication, Method, Provider};
use serde_json::{Value, json};

use crate::client::{Reply, World};
use crate::toss::confirmation;

async fn paid(world: &World, amount: i64) -> String {
    let key = world.sandbox.toss_authenticate("order-1", amount, "KRW");
    let body = confirmation(&key, "order-1", amount);
    world.toss("POST", "/v1/payments/confirm", "", body).await.good();
    key
}

async fn cancel(world: &World, key: &str, mut fields: Value) -> Reply {
    fields["cancelReason"] = json!("the buyer's wish");
    world
        .toss("POST", &format!("/v1/payments/{key}/cancel"), "", fields)
        .await
}

#[tokio::test]
async fn a_payment_canceled_whole_is_not_canceled_again() {
    let world = World::start().await;
    let key = paid(&world, 1000).await;
    let payment = cancel(&world, &key, json!({})).await.good();
    assert_eq!(
        (&payment["status"], &payment["balanceAmount"]),
        (&json!("CANCELED"), &json!(0))
    );
    assert_eq!(payment["cancels"][0]["cancelAmount"], 1000);
    assert_eq!(payment["cancels"][0]["cancelStatus"], "DONE");
    let again = cancel(&world, &key, json!({})).await;
    assert_eq!(again.refusal(), (400, "ALREADY_CANCELED_PAYMENT"));
    assert_eq!(world.moved(), (1000, 1, 1000, 1));
}

#[tokio::test]
async fn a_remainder_that_is_canceled_leaves_the_payment_canceled_in_part() {
    let world = World::start().await;
    let key = paid(&world, 1000).await;
    let payment = cancel(&world, &key, json!({ "cancelAmount": 300 })).await.good();
    assert_eq!(
        (&payment["status"], &payment["balanceAmount"]),
        (&json!("PARTIAL_CANCELED"), &json!(700))
    );
    assert_eq!(payment["cancels"][0]["refundableAmount"], 700);
    let too_much = cancel(&world, &key, json!({ "cancelAmount": 701 })).await;
    assert_eq!(too_much.refusal(), (403, "NOT_CANCELABLE_AMOUNT"));
    let payment = cancel(&world, &key, json!({})).await.good();
    assert_eq!(
        (&payment["status"], &payment["balanceAmount"]),
        (&json!("PARTIAL_CANCELED"), &json!(0))
    );
    assert_eq!(payment["lastTransactionKey"], payment["cancels"][1]["transactionKey"]);
    let again = cancel(&world, &key, json!({})).await;
    assert_eq!(again.refusal(), (403, "NOT_CANCELABLE_AMOUNT"));
    assert_eq!(world.moved(), (1000, 1, 1000, 2));
}

#[tokio::test]
async fn of_two_refunds_that_expect_the_same_balance_one_is_made() {
    let world = World::start().await;
    let key = paid(&world, 1000).await;
    let fields = json!({ "cancelAmount": 300, "refundableAmount": 1000 });
    cancel(&world, &key, fields.clone()).await.good();
    let second = cancel(&world, &key, fields).await;
    assert_eq!(second.refusal(), (400, "NOT_MATCHES_REFUNDABLE_AMOUNT"));
    assert_eq!(world.moved(), (1000, 1, 300, 1));
}

#[tokio::test]
async fn a_cancellation_has_a_reason_and_a_payment_that_was_approved() {
    let world = World::start().await;
    let key = paid(&world, 1000).await;
    let path = format!("/v1/payments/{key}/cancel");
    for fields in [
        json!({}),
        json!({ "cancelReason": "r".repeat(201) }),
        json!({ "cancelReason": "r", "cancelAmount": 0 }),
    ] {
        let reply = world.toss("POST", &path, "", fields).await;
        assert_eq!(reply.refusal(), (400, "INVALID_REQUEST"));
    }
    let pending = world.sandbox.toss_authenticate("order-2", 1000, "KRW");
    assert_eq!(
        cancel(&world, &pending, json!({})).await.refusal(),
        (403, "NOT_CANCELABLE_PAYMENT")
    );
    assert_eq!(
        cancel(&world, "nobody", json!({})).await.refusal(),
        (404, "NOT_FOUND_PAYMENT")
    );
    assert_eq!(world.moved(), (1000, 1, 0, 0));
}

#[tokio::test]
async fn a_deposit_is_refunded_to_an_account() {
    let world = World::start().await;
    let how = Authentication {
        method: Method::VirtualAccount,
        ..Authentication::default()
    };
    let key = world.sandbox.toss_authenticate_with("order-1", 1000, "KRW", &how);
    let body = confirmation(&key, "order-1", 1000);
    world.toss("POST", "/v1/payments/confirm", "", body).await.good();
    world.sandbox.toss_deposit(&key);
    assert_eq!(
        cancel(&world, &key, json!({})).await.refusal(),
        (400, "INVALID_REQUEST")
    );
    let account = json!({ "bank": "20", "accountNumber": "1234567890", "holderName": "김구매" });
    cancel(&world, &key, json!({ "refundReceiveAccount": account }))
        .await
        .good();
    assert_eq!(world.moved(), (1000, 1, 1000, 1));
}

#[tokio::test]
async fn a_refund_at_the_dashboard_is_told_by_a_webhook() {
    let world = World::start().await;
    let key = paid(&world, 1000).await;
    world.sandbox.webhooks();
    world.sandbox.dashboard_refund(Provider::Toss, &key, 400);
    let webhook = world.sandbox.webhooks().remove(0).json();
    assert_eq!(webhook["data"]["status"], "PARTIAL_CANCELED");
    assert_eq!(webhook["data"]["balanceAmount"], 600);
    assert_eq!(world.moved(), (1000, 1, 400, 1));
}
