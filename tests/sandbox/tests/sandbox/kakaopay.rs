//! KakaoPay: from ready to cancel, and subscriptions.

use sandbox::Provider;
use serde_json::{Value, json};

use crate::client::{World, send};

fn beginning(cid: &str) -> Value {
    json!({
        "cid": cid, "partner_order_id": "order-1", "partner_user_id": "user-1", "item_name": "tea", "quantity": 1,
        "total_amount": 1100, "tax_free_amount": 0, "approval_url": "https://shop.example/ok",
        "cancel_url": "https://shop.example/cancel", "fail_url": "https://shop.example/fail",
    })
}

async fn ready(world: &World, cid: &str) -> String {
    let answer = world.kakaopay("ready", beginning(cid)).await.good();
    assert!(answer["next_redirect_pc_url"].is_string());
    answer["tid"].as_str().unwrap().to_owned()
}

fn approval(cid: &str, tid: &str, token: &str) -> Value {
    json!({ "cid": cid, "tid": tid, "partner_order_id": "order-1", "partner_user_id": "user-1", "pg_token": token })
}

async fn order(world: &World, tid: &str) -> Value {
    let body = json!({ "cid": "TC0ONETIME", "tid": tid });
    world.kakaopay("order", body).await.good()
}

#[tokio::test]
async fn an_approved_payment_is_charged_once() {
    let world = World::start().await;
    let tid = ready(&world, "TC0ONETIME").await;
    assert_eq!(order(&world, &tid).await["status"], "READY");
    let early = world.kakaopay("approve", approval("TC0ONETIME", &tid, "none")).await;
    assert_eq!((early.status, &early.body["error_code"]), (400, &json!(-701)));
    let token = world.sandbox.kakaopay_approve_in_app(&tid);
    let body = approval("TC0ONETIME", &tid, &token);
    let approved = world.kakaopay("approve", body.clone()).await.good();
    assert_eq!(
        approved["amount"],
        json!({ "total": 1100, "tax_free": 0, "vat": 100, "point": 0, "discount": 0 })
    );
    assert_eq!(
        (&approved["sid"], &approved["approved_at"]),
        (&Value::Null, &json!("2026-01-01T09:00:00"))
    );
    let again = world.kakaopay("approve", body).await;
    assert_eq!((again.status, &again.body["error_code"]), (400, &json!(-702)));
    let found = order(&world, &tid).await;
    assert_eq!(
        (&found["status"], &found["cancel_available_amount"]["total"]),
        (&json!("SUCCESS_PAYMENT"), &json!(1100))
    );
    assert_eq!(found["payment_action_details"][0]["aid"], approved["aid"]);
    assert_eq!(world.moved(), (1100, 1, 0, 0));
    assert_eq!(world.entry().order_id, "order-1");
    assert!(world.sandbox.webhooks().is_empty());
}

#[tokio::test]
async fn an_approval_names_the_payment_as_it_began() {
    let world = World::start().await;
    let tid = ready(&world, "TC0ONETIME").await;
    let token = world.sandbox.kakaopay_approve_in_app(&tid);
    for (field, code) in [
        ("pg_token", -703),
        ("partner_order_id", -706),
        ("partner_user_id", -707),
        ("tid", -708),
        ("cid", -731),
    ] {
        let mut body = approval("TC0ONETIME", &tid, &token);
        body[field] = json!("another");
        let reply = world.kakaopay("approve", body).await;
        assert_eq!(
            (reply.status, &reply.body["error_code"]),
            (400, &json!(code)),
            "{field}"
        );
    }
    assert!(world.sandbox.ledger().is_empty());
    world
        .kakaopay("approve", approval("TC0ONETIME", &tid, &token))
        .await
        .good();
}

#[tokio::test]
async fn a_declined_approval_says_what_the_payment_method_said() {
    let world = World::start().await;
    let tid = ready(&world, "TC0ONETIME").await;
    let token = world.sandbox.kakaopay_approve_in_app_declined(&tid, "USER_LOCKED");
    let reply = world.kakaopay("approve", approval("TC0ONETIME", &tid, &token)).await;
    assert_eq!((reply.status, &reply.body["error_code"]), (400, &json!(-780)));
    assert_eq!(reply.body["extras"]["method_result_code"], "USER_LOCKED");
    assert_eq!(order(&world, &tid).await["status"], "FAIL_PAYMENT");
    assert!(world.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn a_payment_waits_for_its_approval_for_fifteen_minutes() {
    let world = World::start().await;
    let tid = ready(&world, "TC0ONETIME").await;
    let token = world.sandbox.kakaopay_approve_in_app(&tid);
    world.advance(15 * 60 - 1);
    assert_eq!(order(&world, &tid).await["status"], "AUTH_PASSWORD");
    world.advance(1);
    let reply = world.kakaopay("approve", approval("TC0ONETIME", &tid, &token)).await;
    assert_eq!((reply.status, &reply.body["error_code"]), (400, &json!(-723)));
    assert_eq!(order(&world, &tid).await["status"], "FAIL_PAYMENT");
}

#[tokio::test]
async fn cancellations_fit_into_the_payment() {
    let world = World::start().await;
    let tid = ready(&world, "TC0ONETIME").await;
    let token = world.sandbox.kakaopay_approve_in_app(&tid);
    let cancel = |amount: i64| {
        let body = json!({ "cid": "TC0ONETIME", "tid": tid, "cancel_amount": amount, "cancel_tax_free_amount": 0 });
        world.kakaopay("cancel", body)
    };
    assert_eq!(cancel(1).await.body["error_code"], -710, "nothing was charged");
    world
        .kakaopay("approve", approval("TC0ONETIME", &tid, &token))
        .await
        .good();
    let part = cancel(400).await.good();
    assert_eq!(
        (&part["status"], &part["cancel_available_amount"]["total"]),
        (&json!("PART_CANCEL_PAYMENT"), &json!(700))
    );
    assert_eq!(cancel(701).await.body["error_code"], -710);
    world.sandbox.dashboard_refund(Provider::Kakaopay, &tid, 600);
    assert_eq!(cancel(100).await.good()["status"], "CANCEL_PAYMENT");
    assert_eq!(order(&world, &tid).await["canceled_amount"]["total"], 1100);
    assert_eq!(world.moved(), (1100, 1, 1100, 3));
}

#[tokio::test]
async fn a_subscription_is_charged_as_often_as_it_is_asked_for() {
    let world = World::start().await;
    let tid = ready(&world, "TCSUBSCRIP").await;
    let token = world.sandbox.kakaopay_approve_in_app(&tid);
    let first = world
        .kakaopay("approve", approval("TCSUBSCRIP", &tid, &token))
        .await
        .good();
    let mut body = beginning("TCSUBSCRIP");
    body["sid"] = first["sid"].clone();
    for _ in 0..2 {
        assert_eq!(
            world.kakaopay("subscription", body.clone()).await.good()["sid"],
            first["sid"]
        );
    }
    assert_eq!(world.sandbox.ledger().len(), 3, "there is no idempotency");
    body["sid"] = json!("nobody");
    assert_eq!(world.kakaopay("subscription", body).await.body["error_code"], -750);
}

#[tokio::test]
async fn a_call_shows_the_secret_key() {
    let world = World::start().await;
    let url = world.sandbox.kakaopay_url() + "/online/v1/payment/ready";
    for header in ["SECRET_KEY DEV_other", "Bearer DEV_sandbox"] {
        let headers = vec![("authorization", header.to_owned())];
        let reply = send("POST", url.clone(), headers, beginning("TC0ONETIME").to_string()).await;
        assert_eq!(reply.unwrap().status, 401);
    }
}
