//! Cards that are charged without their holders: billing keys at Toss, saved cards at Stripe.

use std::time::Duration;

use sandbox::{Card, Fault, Provider};
use serde_json::{Value, json};

use crate::client::{Reply, World};
use crate::stripe::INTENTS;

/// A billing key of Toss.
async fn billing_key(world: &World) -> String {
    let auth = world.sandbox.toss_authorize_card("customer-1");
    let body = json!({ "authKey": auth, "customerKey": "customer-1" });
    let path = "/v1/billing/authorizations/issue";
    let issued = world.toss("POST", path, "issue-1", body.clone()).await.good();
    assert_eq!(
        world.toss("POST", path, "issue-1", body).await.good(),
        issued,
        "an authorization is exchanged once, and asked again under its key it tells the same"
    );
    issued["billingKey"].as_str().unwrap().to_owned()
}

async fn charge(world: &World, billing_key: &str, order_id: &str, key: &str) -> Reply {
    let body = json!({ "customerKey": "customer-1", "amount": 100, "orderId": order_id, "orderName": "Tea" });
    let path = format!("/v1/billing/{billing_key}");
    world.toss("POST", &path, key, body).await
}

#[tokio::test]
async fn the_next_charges_of_a_billing_key_are_declined_and_then_it_pays() {
    let world = World::start().await;
    let key = billing_key(&world).await;
    assert_eq!(
        world.sandbox.toss_billing_keys("customer-1"),
        std::slice::from_ref(&key)
    );
    world.sandbox.toss_decline_next(&key, "REJECT_CARD_PAYMENT", 2);
    for nth in ["1", "2"] {
        let declined = charge(&world, &key, "order-1", nth).await;
        assert_eq!(declined.refusal(), (403, "REJECT_CARD_PAYMENT"));
    }
    let replayed = charge(&world, &key, "order-1", "2").await;
    assert_eq!(
        replayed.refusal(),
        (403, "REJECT_CARD_PAYMENT"),
        "a refusal is kept for its key"
    );
    assert_eq!(charge(&world, &key, "order-1", "3").await.good()["type"], "BILLING");
    world.advance(60);
    let again = charge(&world, &key, "order-1", "4").await;
    assert_eq!(again.refusal(), (400, "DUPLICATED_ORDER_ID"));
    assert_eq!(world.moved(), (100, 1, 0, 0));
    assert_eq!(world.entry().charged_at.to_string(), "2026-01-01T00:00:00Z");
    assert!(world.sandbox.webhooks().is_empty(), "no webhook tells of it");
}

#[tokio::test]
async fn a_charge_whose_answer_is_lost_is_found_by_its_order() {
    let world = World::start().await;
    let key = billing_key(&world).await;
    let path = "/v1/payments/orders/order-1";
    assert_eq!(
        world.toss("GET", path, "", json!({})).await.refusal(),
        (404, "NOT_FOUND_PAYMENT")
    );
    world.sandbox.plan(Provider::Toss, "billing", Fault::ErrorAfter(500));
    assert_eq!(charge(&world, &key, "order-1", "1").await.status, 500);
    assert_eq!(world.toss("GET", path, "", json!({})).await.good()["status"], "DONE");
    world
        .sandbox
        .plan(Provider::Toss, "billing", Fault::Late(Duration::from_millis(50)));
    charge(&world, &key, "order-2", "2").await.good();
}

#[tokio::test]
async fn a_deleted_billing_key_charges_nothing_and_is_told_of() {
    let world = World::start().await;
    let (key, path) = (billing_key(&world).await, "/v1/billing");
    let deleted = world.toss("DELETE", &format!("{path}/{key}"), "", json!({})).await;
    assert_eq!((deleted.status, deleted.body), (200, Value::Null), "without a word");
    assert_eq!(
        charge(&world, &key, "order-1", "1").await.refusal(),
        (400, "ALREADY_REMOVED_BILLING_KEY")
    );
    assert!(world.sandbox.toss_billing_keys("customer-1").is_empty());
    assert_eq!(world.sandbox.webhooks()[0].json()["eventType"], "BILLING_DELETED");
}

/// A customer of Stripe.
async fn customer(world: &World) -> String {
    let created = world
        .stripe("POST", "/v1/customers", "", "metadata[customer_id]=mina")
        .await
        .good();
    created["id"].as_str().unwrap().to_owned()
}

async fn setup(world: &World, customer: &str, card: &str) -> Reply {
    let form =
        format!("customer={customer}&payment_method={card}&confirm=true&usage=off_session&expand[0]=payment_method");
    world.stripe("POST", "/v1/setup_intents", "", &form).await
}

/// An intent of 5,000 won, for a customer.
async fn intent(world: &World, customer: &str) -> String {
    let form = format!("amount=5000&currency=krw&customer={customer}&metadata[order_id]=order-1");
    let created = world.stripe("POST", INTENTS, "", &form).await.good();
    assert_eq!(created["status"], "requires_payment_method");
    created["id"].as_str().unwrap().to_owned()
}

async fn confirm(world: &World, intent: &str, card: &str, key: &str) -> Reply {
    let form = format!("payment_method={card}&off_session=true");
    world
        .stripe("POST", &format!("{INTENTS}/{intent}/confirm"), key, &form)
        .await
}

#[tokio::test]
async fn a_card_that_was_set_up_pays_for_its_customer_and_for_nobody_else() {
    let world = World::start().await;
    let card = world.sandbox.stripe_payment_method(&Card::Good);
    let (mina, other) = (customer(&world).await, customer(&world).await);
    let of_mina = intent(&world, &mina).await;
    assert_eq!(
        confirm(&world, &of_mina, &card, "").await.refusal(),
        (400, "resource_missing")
    );
    let saved = setup(&world, &mina, &card).await.good();
    assert_eq!(
        (&saved["status"], &saved["payment_method"]["card"]["last4"]),
        (&json!("succeeded"), &json!("4242"))
    );
    assert_eq!(world.sandbox.stripe_saved_cards("mina"), std::slice::from_ref(&card));
    assert_eq!(
        setup(&world, &other, &card).await.status,
        400,
        "it is somebody's already"
    );
    let of_other = intent(&world, &other).await;
    assert_eq!(
        confirm(&world, &of_other, &card, "").await.refusal(),
        (400, "resource_missing")
    );
    assert_eq!(confirm(&world, &of_mina, &card, "").await.good()["status"], "succeeded");
    let again = confirm(&world, &of_mina, &card, "").await;
    assert_eq!(again.refusal(), (400, "payment_intent_unexpected_state"));
    assert_eq!(world.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn an_intent_that_was_declined_is_paid_by_a_later_try() {
    let world = World::start().await;
    let card = world.sandbox.stripe_payment_method(&Card::Good);
    let mina = customer(&world).await;
    setup(&world, &mina, &card).await.good();
    let id = intent(&world, &mina).await;
    let broke = Card::declined("card_declined", "insufficient_funds");
    world.sandbox.stripe_set_card_next(&card, &broke, 1);
    let declined = confirm(&world, &id, &card, "k").await;
    assert_eq!(declined.body["error"]["decline_code"], "insufficient_funds");
    assert!(confirm(&world, &id, &card, "k").await.replayed);
    confirm(&world, &id, &card, "k2").await.good();
    world
        .sandbox
        .stripe_set_card(&card, &Card::declined("card_declined", "lost_card"));
    let next = intent(&world, &mina).await;
    assert_eq!(
        confirm(&world, &next, &card, "").await.body["error"]["decline_code"],
        "lost_card"
    );
    assert_eq!(world.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn a_card_whose_bank_asks_for_its_holder_is_saved_once_they_have_proved_themselves() {
    let world = World::start().await;
    let card = world.sandbox.stripe_payment_method(&Card::RequiresAction);
    let mina = customer(&world).await;
    let begun = setup(&world, &mina, &card).await.good();
    assert_eq!(
        (&begun["status"], world.sandbox.stripe_saved_cards("mina").len()),
        (&json!("requires_action"), 0)
    );
    let id = begun["id"].as_str().unwrap();
    assert!(
        begun["client_secret"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{id}_secret_"))
    );
    world.sandbox.stripe_prove(id);
    let proved = world
        .stripe("GET", &format!("/v1/setup_intents/{id}"), "", "")
        .await
        .good();
    assert_eq!(
        (&proved["status"], &proved["payment_method"]),
        (&json!("succeeded"), &json!(card))
    );
    confirm(&world, &intent(&world, &mina).await, &card, "").await.good();
}

#[tokio::test]
async fn a_card_that_is_declined_or_unknown_is_not_saved_and_a_detached_one_pays_no_more() {
    let world = World::start().await;
    let mina = customer(&world).await;
    let stolen = world
        .sandbox
        .stripe_payment_method(&Card::declined("card_declined", "stolen_card"));
    assert_eq!(setup(&world, &mina, &stolen).await.refusal(), (402, "card_declined"));
    assert_eq!(
        setup(&world, &mina, "pm_nobody").await.refusal(),
        (400, "resource_missing")
    );
    assert_eq!(
        setup(&world, "cus_nobody", &stolen).await.refusal(),
        (400, "resource_missing")
    );
    let good = world.sandbox.stripe_payment_method(&Card::Good);
    setup(&world, &mina, &good).await.good();
    let path = format!("/v1/payment_methods/{good}/detach");
    world.stripe("POST", &path, "", "").await.good();
    assert_eq!(
        world.stripe("POST", &path, "", "").await.status,
        400,
        "it is nobody's any more"
    );
    let id = intent(&world, &mina).await;
    assert_eq!(
        confirm(&world, &id, &good, "").await.refusal(),
        (400, "resource_missing")
    );
    assert!(world.sandbox.ledger().is_empty());
}
