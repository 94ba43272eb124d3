//! Webhooks: their contents and signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandbox::{Card, Options, Provider, Webhook};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::client::TestClient;
use crate::stripe::intent;
use crate::toss::confirmation;

/// HMAC from its definition, independent of the sandbox's implementation.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::digest([&pad(0x36)[..], message].concat());
    Sha256::digest([&pad(0x5c)[..], &inner].concat()).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_hmac_of_these_tests_matches_rfc_4231() {
    let mac = hex(&hmac(b"Jefe", b"what do ya want for nothing?"));
    assert_eq!(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

#[tokio::test]
async fn stripe_signs_with_the_raw_text_of_every_secret() {
    let client = TestClient::start().await;
    let secrets = ["whsec_old".to_owned(), "whsec_new".to_owned()];
    client.sandbox.set_stripe_webhook_secrets(secrets.to_vec());
    let id = intent(&client).await;
    client.sandbox.stripe_pay(&id, &Card::Good);
    let webhook = client.sandbox.webhooks().remove(0);
    assert_eq!(
        (webhook.provider, webhook.path.as_str()),
        (Provider::Stripe, "/webhooks/stripe")
    );
    let message = [b"1767225600.", &webhook.body[..]].concat();
    let [old, new] = secrets.map(|secret| hex(&hmac(secret.as_bytes(), &message)));
    let expected = format!("t=1767225600,v1={old},v1={new}");
    assert_eq!(webhook.header("Stripe-Signature"), Some(expected.as_str()));
    assert_eq!(client.sandbox.sign_stripe(1_767_225_600, &webhook.body), expected);
    let event = webhook.json();
    assert_eq!(
        (&event["type"], &event["object"]),
        (&json!("payment_intent.succeeded"), &json!("event"))
    );
    assert_eq!(
        (&event["created"], &event["data"]["object"]["id"]),
        (&json!(1_767_225_600), &json!(id))
    );
}

#[tokio::test]
async fn the_next_attempt_of_a_stripe_webhook_has_a_new_signature() {
    let client = TestClient::start().await;
    let id = intent(&client).await;
    client
        .sandbox
        .stripe_pay(&id, &Card::declined("card_declined", "generic_decline"));
    let first = client.sandbox.webhooks().remove(0);
    client.advance(60);
    let second = client.sandbox.again(&first);
    assert_eq!((second.attempt, &second.body), (2, &first.body));
    let expected = client.sandbox.sign_stripe(1_767_225_660, &first.body);
    assert_eq!(second.header("stripe-signature"), Some(expected.as_str()));
    assert_ne!(second.header("stripe-signature"), first.header("stripe-signature"));
}

#[tokio::test]
async fn a_standard_webhook_is_signed_with_the_decoded_secret() {
    let keys = [
        b"the first of two secret keys".to_vec(),
        b"and the other one of the two".to_vec(),
    ];
    let client = TestClient::with(Options {
        standard_webhook_secrets: keys
            .iter()
            .map(|key| format!("whsec_{}", STANDARD.encode(key)))
            .collect(),
        ..Options::default()
    });
    let client = client.await;
    let webhook = client
        .sandbox
        .standard_webhook("payment.paid", &json!({ "order_id": "order-1" }));
    let signature = |webhook: &Webhook, second: i64| {
        let id = webhook.header("webhook-id").unwrap();
        let message = [format!("{id}.{second}.").as_bytes(), &webhook.body].concat();
        keys.each_ref()
            .map(|key| format!("v1,{}", STANDARD.encode(hmac(key, &message))))
            .join(" ")
    };
    assert_eq!(webhook.header("webhook-timestamp"), Some("1767225600"));
    assert_eq!(
        webhook.header("webhook-signature"),
        Some(signature(&webhook, 1_767_225_600).as_str())
    );
    assert_eq!(webhook.json()["data"]["order_id"], "order-1");

    client.advance(300);
    let again = client.sandbox.again(&webhook);
    assert_eq!(again.header("webhook-id"), webhook.header("webhook-id"));
    assert_eq!(
        again.header("webhook-signature"),
        Some(signature(&again, 1_767_225_900).as_str())
    );
}

#[tokio::test]
async fn toss_sends_each_status_without_a_signature() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    client.toss("POST", "/v1/payments/confirm", "", body).await.success();
    for amount in [40, 60] {
        let body = json!({ "cancelReason": "r", "cancelAmount": amount });
        client
            .toss("POST", &format!("/v1/payments/{key}/cancel"), "", body)
            .await
            .success();
    }
    let webhooks = client.sandbox.webhooks();
    let seen: Vec<Value> = webhooks.iter().map(Webhook::json).collect();
    let statuses: Vec<&Value> = seen.iter().map(|body| &body["data"]["status"]).collect();
    assert_eq!(statuses, ["DONE", "PARTIAL_CANCELED", "PARTIAL_CANCELED"]);
    assert_eq!(seen[0]["eventType"], "PAYMENT_STATUS_CHANGED");
    assert_eq!(seen[0]["createdAt"], "2026-01-01T09:00:00.000000");
    assert_eq!(seen[0]["data"]["paymentKey"], key);
    assert!(
        webhooks
            .iter()
            .all(|webhook| webhook.header("tosspayments-webhook-signature").is_none())
    );
    assert!(client.sandbox.webhooks().is_empty(), "the outbox is empty");

    client.advance(60);
    let again = client.sandbox.again(&webhooks[0]);
    let header = |webhook: &Webhook, name: &str| {
        webhook
            .header(&format!("tosspayments-webhook-transmission-{name}"))
            .map(str::to_owned)
    };
    assert_eq!(header(&webhooks[0], "retried-count").as_deref(), Some("0"));
    assert_eq!(header(&again, "retried-count").as_deref(), Some("1"));
    assert_eq!(header(&again, "time").as_deref(), Some("2026-01-01T09:01:00+09:00"));
    assert_ne!(header(&again, "id"), header(&webhooks[0], "id"));
}

#[tokio::test]
async fn a_replayed_call_sends_no_webhook() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    for _ in 0..3 {
        client
            .toss("POST", "/v1/payments/confirm", "k", body.clone())
            .await
            .success();
    }
    assert_eq!(client.sandbox.webhooks().len(), 1);
}
