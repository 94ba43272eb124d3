//! KakaoPay: from ready to cancel, and subscriptions.

use sandbox::Provider;
use serde_json::{Value, json};

use crate::client::{TestClient, send};

fn beginning(cid: &str) -> Value {
    json!({
        "cid": cid, "partner_order_id": "order-1", "partner_user_id": "user-1", "item_name": "tea", "quantity": 1,
        "total_amount": 1100, "tax_free_amount": 0, "approval_url": "https://shop.example/ok",
        "cancel_url": "https://shop.example/cancel", "fail_url": "https://shop.example/fail",
    })
}

async fn ready(client: &TestClient, cid: &str) -> String {
    let answer = client.kakaopay("ready", beginning(cid)).await.success();
    assert!(answer["next_redirect_pc_url"].is_string());
    answer["tid"].as_str().unwrap().to_owned()
}

fn approval(cid: &str, tid: &str, token: &str) -> Value {
    json!({ "cid": cid, "tid": tid, "partner_order_id": "order-1", "partner_user_id": "user-1", "pg_token": token })
}

async fn order(client: &TestClient, tid: &str) -> Value {
    let body = json!({ "cid": "TC0ONETIME", "tid": tid });
    client.kakaopay("order", body).await.success()
}

#[tokio::test]
async fn an_approved_payment_is_charged_once() {
    let client = TestClient::start().await;
    let tid = ready(&client, "TC0ONETIME").await;
    assert_eq!(order(&client, &tid).await["status"], "READY");
    let early = client.kakaopay("approve", approval("TC0ONETIME", &tid, "none")).await;
    assert_eq!((early.status, &early.body["error_code"]), (400, &json!(-701)));
    let token = client.sandbox.kakaopay_approve_in_app(&tid);
    let body = approval("TC0ONETIME", &tid, &token);
    let approved = client.kakaopay("approve", body.clone()).await.success();
    assert_eq!(
        approved["amount"],
        json!({ "total": 1100, "tax_free": 0, "vat": 100, "point": 0, "discount": 0 })
    );
    assert_eq!(
        (&approved["sid"], &approved["approved_at"]),
        (&Value::Null, &json!("2026-01-01T09:00:00"))
    );
    let again = client.kakaopay("approve", body).await;
    assert_eq!((again.status, &again.body["error_code"]), (400, &json!(-702)));
    let found = order(&client, &tid).await;
    assert_eq!(
        (&found["status"], &found["cancel_available_amount"]["total"]),
        (&json!("SUCCESS_PAYMENT"), &json!(1100))
    );
    assert_eq!(found["payment_action_details"][0]["aid"], approved["aid"]);
    assert_eq!(client.moved(), (1100, 1, 0, 0));
    assert_eq!(client.entry().order_id, "order-1");
    assert!(client.sandbox.webhooks().is_empty());
}

#[tokio::test]
async fn an_approval_must_match_the_started_payment() {
    let client = TestClient::start().await;
    let tid = ready(&client, "TC0ONETIME").await;
    let token = client.sandbox.kakaopay_approve_in_app(&tid);
    for (field, code) in [
        ("pg_token", -703),
        ("partner_order_id", -706),
        ("partner_user_id", -707),
        ("tid", -708),
        ("cid", -731),
    ] {
        let mut body = approval("TC0ONETIME", &tid, &token);
        body[field] = json!("another");
        let reply = client.kakaopay("approve", body).await;
        assert_eq!(
            (reply.status, &reply.body["error_code"]),
            (400, &json!(code)),
            "{field}"
        );
    }
    assert!(client.sandbox.ledger().is_empty());
    client
        .kakaopay("approve", approval("TC0ONETIME", &tid, &token))
        .await
        .success();
}

#[tokio::test]
async fn a_declined_approval_has_the_payment_methods_code() {
    let client = TestClient::start().await;
    let tid = ready(&client, "TC0ONETIME").await;
    let token = client.sandbox.kakaopay_approve_in_app_declined(&tid, "USER_LOCKED");
    let reply = client.kakaopay("approve", approval("TC0ONETIME", &tid, &token)).await;
    assert_eq!((reply.status, &reply.body["error_code"]), (400, &json!(-780)));
    assert_eq!(reply.body["extras"]["method_result_code"], "USER_LOCKED");
    assert_eq!(order(&client, &tid).await["status"], "FAIL_PAYMENT");
    assert!(client.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn a_payment_can_be_approved_for_fifteen_minutes() {
    let client = TestClient::start().await;
    let tid = ready(&client, "TC0ONETIME").await;
    let token = client.sandbox.kakaopay_approve_in_app(&tid);
    client.advance(15 * 60 - 1);
    assert_eq!(order(&client, &tid).await["status"], "AUTH_PASSWORD");
    client.advance(1);
    let reply = client.kakaopay("approve", approval("TC0ONETIME", &tid, &token)).await;
    assert_eq!((reply.status, &reply.body["error_code"]), (400, &json!(-723)));
    assert_eq!(order(&client, &tid).await["status"], "FAIL_PAYMENT");
}

#[tokio::test]
async fn cancellations_cannot_exceed_the_payment() {
    let client = TestClient::start().await;
    let tid = ready(&client, "TC0ONETIME").await;
    let token = client.sandbox.kakaopay_approve_in_app(&tid);
    let cancel = |amount: i64| {
        let body = json!({ "cid": "TC0ONETIME", "tid": tid, "cancel_amount": amount, "cancel_tax_free_amount": 0 });
        client.kakaopay("cancel", body)
    };
    assert_eq!(cancel(1).await.body["error_code"], -710, "nothing was charged");
    client
        .kakaopay("approve", approval("TC0ONETIME", &tid, &token))
        .await
        .success();
    let part = cancel(400).await.success();
    assert_eq!(
        (&part["status"], &part["cancel_available_amount"]["total"]),
        (&json!("PART_CANCEL_PAYMENT"), &json!(700))
    );
    assert_eq!(cancel(701).await.body["error_code"], -710);
    client.sandbox.dashboard_refund(Provider::Kakaopay, &tid, 600);
    assert_eq!(cancel(100).await.success()["status"], "CANCEL_PAYMENT");
    assert_eq!(order(&client, &tid).await["canceled_amount"]["total"], 1100);
    assert_eq!(client.moved(), (1100, 1, 1100, 3));
}

#[tokio::test]
async fn each_subscription_request_charges() {
    let client = TestClient::start().await;
    let tid = ready(&client, "TCSUBSCRIP").await;
    let token = client.sandbox.kakaopay_approve_in_app(&tid);
    let first = client
        .kakaopay("approve", approval("TCSUBSCRIP", &tid, &token))
        .await
        .success();
    let mut body = beginning("TCSUBSCRIP");
    body["sid"] = first["sid"].clone();
    for _ in 0..2 {
        assert_eq!(
            client.kakaopay("subscription", body.clone()).await.success()["sid"],
            first["sid"]
        );
    }
    assert_eq!(client.sandbox.ledger().len(), 3, "no idempotency");
    body["sid"] = json!("nobody");
    assert_eq!(client.kakaopay("subscription", body).await.body["error_code"], -750);
}

#[tokio::test]
async fn a_call_needs_the_secret_key() {
    let client = TestClient::start().await;
    let url = client.sandbox.kakaopay_url() + "/online/v1/payment/ready";
    for header in ["SECRET_KEY DEV_other", "Bearer DEV_sandbox"] {
        let headers = vec![("authorization", header.to_owned())];
        let reply = send("POST", url.clone(), headers, beginning("TC0ONETIME").to_string()).await;
        assert_eq!(reply.unwrap().status, 401);
    }
}
