//! The control API, the process, and starting and stopping a sandbox.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::client::{Reply, TestClient, send};
use crate::shop::Shop;
use crate::toss::confirmation;

async fn control(client: &TestClient, method: &str, name: &str, body: Value) -> Reply {
    let url = format!("{}/control/{name}", client.sandbox.url());
    send(method, url, vec![], body.to_string()).await.unwrap()
}

#[tokio::test]
async fn a_payment_is_made_and_refunded_through_the_control_api() {
    let client = TestClient::start().await;
    let post = |name, body| control(&client, "POST", name, body);
    let body = json!({ "order_id": "order-1", "amount": 100, "currency": "KRW", "method": "virtual_account" });
    let key = post("toss_authenticate", body).await.success()["payment_key"].clone();
    let fault =
        json!({ "provider": "toss", "operation": "confirm", "fault": { "kind": "error_before", "value": 503 } });
    post("plan", fault).await.success();
    let body = confirmation(key.as_str().unwrap(), "order-1", 100);
    assert_eq!(
        client
            .toss("POST", "/v1/payments/confirm", "", body.clone())
            .await
            .status,
        503
    );
    client.toss("POST", "/v1/payments/confirm", "", body).await.success();
    post("toss-deposit", json!({ "payment_key": key })).await.success();
    post(
        "dashboard-refund",
        json!({ "provider": "toss", "reference": key, "amount": 30 }),
    )
    .await
    .success();
    let ledger = control(&client, "GET", "ledger", json!({})).await.success();
    assert_eq!(
        ledger,
        json!([{
            "provider": "toss", "reference": key, "order_id": "order-1",
            "charged_at": "2026-01-01T00:00:00Z", "charged": 100, "refunded": 30, "failed": 0, "withdrawn": 0,
            "charges": 1, "refund_count": 1,
        }])
    );
    let webhooks = post("webhooks", json!({})).await.success();
    assert_eq!(webhooks.as_array().unwrap().len(), 3, "{webhooks}");
}

#[tokio::test]
async fn cards_and_tokens_are_created_through_the_control_api() {
    let client = TestClient::start().await;
    let post = |name, body| control(&client, "POST", name, body);
    let card = json!({ "kind": "declined", "value": ["card_declined", "lost_card"] });
    let method = post("stripe_payment_method", json!({ "card": card })).await.success();
    let method = method["payment_method"].as_str().unwrap().to_owned();
    let form = format!("amount=1&currency=krw&confirm=true&payment_method={method}");
    let declined = client.stripe("POST", "/v1/payment_intents", "", &form).await;
    assert_eq!(declined.refusal(), (402, "card_declined"));
    let intent = &declined.body["error"]["payment_intent"]["id"];
    post("stripe_pay", json!({ "intent_id": intent, "card": { "kind": "good" } }))
        .await
        .success();
    assert_eq!(client.moved(), (1, 1, 0, 0));
    assert_eq!(
        post("kakaopay_approve_in_app", json!({ "tid": "nobody" })).await.status,
        400
    );
    assert_eq!(
        post("stripe_settle", json!({ "intent_id": intent, "ok": true }))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_standard_webhook_is_delivered_on_demand() {
    let client = TestClient::start().await;
    let shop = Shop::start(&[200]).await;
    control(&client, "POST", "webhook-target", json!({ "url": shop.url }))
        .await
        .success();
    let body = json!({ "type": "payment.paid", "data": { "order_id": "order-1" } });
    control(&client, "POST", "standard-webhook", body).await.success();
    client.sandbox.settled().await;
    let deliveries = control(&client, "GET", "deliveries", json!({})).await.success();
    assert_eq!(
        (&deliveries["pending"], &deliveries["tries"][0]["status"]),
        (&json!(0), &json!(200))
    );
    assert!(shop.seen()[0].starts_with("POST /webhooks/standard "));
    assert!(shop.seen()[0].contains("webhook-signature: v1,"));
}

#[tokio::test]
async fn the_control_api_returns_the_keys_and_rejects_unknown_controls() {
    let client = TestClient::start().await;
    let keys = control(&client, "GET", "credentials", json!({})).await.success();
    assert_eq!(keys["toss"]["secret_key"], "test_sk_sandbox");
    assert_eq!(keys["stripe"]["webhook_secrets"], json!(["whsec_stripe_sandbox"]));
    assert_eq!(
        keys["kakaopay"],
        json!({ "secret_key": "DEV_sandbox", "cid": "TC0ONETIME" })
    );
    assert_eq!(control(&client, "POST", "nothing", json!({})).await.status, 404);
    let typo = json!({ "provider": "toss", "operation": "confrm", "fault": { "kind": "busy" } });
    assert_eq!(control(&client, "POST", "plan", typo).await.status, 400);
}

#[tokio::test]
async fn many_sandboxes_start_and_stop() {
    let mut urls = vec![];
    for _ in 0..500 {
        let sandbox = Sandbox::start(Options::default()).await;
        urls.push(sandbox.url() + "/control/ledger");
    }
    let last = Sandbox::start(Options::default()).await;
    let reply = send("GET", last.url() + "/control/ledger", vec![], String::new()).await;
    assert_eq!(reply.unwrap().body, json!([]));
    drop(last);
    // A stopped server accepts no connection after the runtime's next turn.
    tokio::task::yield_now().await;
    assert!(send("GET", urls.remove(0), vec![], String::new()).await.is_err());
}

#[tokio::test]
async fn the_process_prints_its_address_and_stops_when_its_input_ends() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args([
            "--port",
            "0",
            "--until-stdin-closes",
            "--toss-secret-key",
            "test_sk_mine",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap();
    let keys = send("GET", format!("{url}/control/credentials"), vec![], String::new())
        .await
        .unwrap();
    assert_eq!(keys.body["toss"]["secret_key"], "test_sk_mine");
    drop(process.stdin.take());
    assert!(process.wait().unwrap().success());
}
