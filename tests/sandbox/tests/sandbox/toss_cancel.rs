//! Toss: amounts of cancellations.

use sandbox::{Authentication, Method, Provider};
use serde_json::{Value, json};

use crate::client::{Reply, TestClient};
use crate::toss::confirmation;

async fn paid(client: &TestClient, amount: i64) -> String {
    let key = client.sandbox.toss_authenticate("order-1", amount, "KRW");
    let body = confirmation(&key, "order-1", amount);
    client.toss("POST", "/v1/payments/confirm", "", body).await.success();
    key
}

async fn cancel(client: &TestClient, key: &str, mut fields: Value) -> Reply {
    fields["cancelReason"] = json!("the buyer's wish");
    client
        .toss("POST", &format!("/v1/payments/{key}/cancel"), "", fields)
        .await
}

#[tokio::test]
async fn a_fully_canceled_payment_cannot_be_canceled_again() {
    let client = TestClient::start().await;
    let key = paid(&client, 1000).await;
    let payment = cancel(&client, &key, json!({})).await.success();
    assert_eq!(
        (&payment["status"], &payment["balanceAmount"]),
        (&json!("CANCELED"), &json!(0))
    );
    assert_eq!(payment["cancels"][0]["cancelAmount"], 1000);
    assert_eq!(payment["cancels"][0]["cancelStatus"], "DONE");
    let again = cancel(&client, &key, json!({})).await;
    assert_eq!(again.refusal(), (400, "ALREADY_CANCELED_PAYMENT"));
    assert_eq!(client.moved(), (1000, 1, 1000, 1));
}

#[tokio::test]
async fn canceling_the_rest_keeps_the_payment_partially_canceled() {
    let client = TestClient::start().await;
    let key = paid(&client, 1000).await;
    let payment = cancel(&client, &key, json!({ "cancelAmount": 300 })).await.success();
    assert_eq!(
        (&payment["status"], &payment["balanceAmount"]),
        (&json!("PARTIAL_CANCELED"), &json!(700))
    );
    assert_eq!(payment["cancels"][0]["refundableAmount"], 700);
    let too_much = cancel(&client, &key, json!({ "cancelAmount": 701 })).await;
    assert_eq!(too_much.refusal(), (403, "NOT_CANCELABLE_AMOUNT"));
    let payment = cancel(&client, &key, json!({})).await.success();
    assert_eq!(
        (&payment["status"], &payment["balanceAmount"]),
        (&json!("PARTIAL_CANCELED"), &json!(0))
    );
    assert_eq!(payment["lastTransactionKey"], payment["cancels"][1]["transactionKey"]);
    let again = cancel(&client, &key, json!({})).await;
    assert_eq!(again.refusal(), (403, "NOT_CANCELABLE_AMOUNT"));
    assert_eq!(client.moved(), (1000, 1, 1000, 2));
}

#[tokio::test]
async fn of_two_refunds_that_expect_the_same_balance_one_succeeds() {
    let client = TestClient::start().await;
    let key = paid(&client, 1000).await;
    let fields = json!({ "cancelAmount": 300, "refundableAmount": 1000 });
    cancel(&client, &key, fields.clone()).await.success();
    let second = cancel(&client, &key, fields).await;
    assert_eq!(second.refusal(), (400, "NOT_MATCHES_REFUNDABLE_AMOUNT"));
    assert_eq!(client.moved(), (1000, 1, 300, 1));
}

#[tokio::test]
async fn a_cancellation_needs_a_reason_and_an_approved_payment() {
    let client = TestClient::start().await;
    let key = paid(&client, 1000).await;
    let path = format!("/v1/payments/{key}/cancel");
    for fields in [
        json!({}),
        json!({ "cancelReason": "r".repeat(201) }),
        json!({ "cancelReason": "r", "cancelAmount": 0 }),
    ] {
        let reply = client.toss("POST", &path, "", fields).await;
        assert_eq!(reply.refusal(), (400, "INVALID_REQUEST"));
    }
    let pending = client.sandbox.toss_authenticate("order-2", 1000, "KRW");
    assert_eq!(
        cancel(&client, &pending, json!({})).await.refusal(),
        (403, "NOT_CANCELABLE_PAYMENT")
    );
    assert_eq!(
        cancel(&client, "nobody", json!({})).await.refusal(),
        (404, "NOT_FOUND_PAYMENT")
    );
    assert_eq!(client.moved(), (1000, 1, 0, 0));
}

#[tokio::test]
async fn a_deposit_is_refunded_to_an_account() {
    let client = TestClient::start().await;
    let how = Authentication {
        method: Method::VirtualAccount,
        ..Authentication::default()
    };
    let key = client.sandbox.toss_authenticate_with("order-1", 1000, "KRW", &how);
    let body = confirmation(&key, "order-1", 1000);
    client.toss("POST", "/v1/payments/confirm", "", body).await.success();
    client.sandbox.toss_deposit(&key);
    assert_eq!(
        cancel(&client, &key, json!({})).await.refusal(),
        (400, "INVALID_REQUEST")
    );
    let account = json!({ "bank": "20", "accountNumber": "1234567890", "holderName": "김구매" });
    cancel(&client, &key, json!({ "refundReceiveAccount": account }))
        .await
        .success();
    assert_eq!(client.moved(), (1000, 1, 1000, 1));
}

#[tokio::test]
async fn a_dashboard_refund_sends_a_webhook() {
    let client = TestClient::start().await;
    let key = paid(&client, 1000).await;
    client.sandbox.webhooks();
    client.sandbox.dashboard_refund(Provider::Toss, &key, 400);
    let webhook = client.sandbox.webhooks().remove(0).json();
    assert_eq!(webhook["data"]["status"], "PARTIAL_CANCELED");
    assert_eq!(webhook["data"]["balanceAmount"], 600);
    assert_eq!(client.moved(), (1000, 1, 400, 1));
}
