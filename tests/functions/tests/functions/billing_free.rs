//! Subscriptions with periods that cost nothing.

use super::billing::{assert_settled, event_names, hours};
use function_tests::BillingFixture;
use function_tests::billing_fixture::{monthly, subscribe_call, subscription};
use harness::engine::{PAYMENTS, SUBSCRIPTIONS};
use serde_json::json;

/// Opens a shop with a monthly subscription of `sample`, which costs nothing, whose first period is due.
async fn subscribed() -> (BillingFixture, String) {
    let shop = BillingFixture::with("tea", 9).await;
    shop.list("sample", 0, 1).await;
    shop.receive("sample", 2).await;
    let body = subscription(&[("sample", 1)], &monthly("2026-01-01"), &shop.authorization("ann"));
    let begun = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let id = begun.body["subscription_id"].as_str().unwrap().to_owned();
    (shop, id)
}

#[tokio::test]
async fn a_period_that_costs_nothing_is_delivered_without_a_charge() {
    let (shop, id) = subscribed().await;
    // No charge of the card would succeed.
    shop.sandbox
        .toss_set_billing_decline(&shop.billing_key("ann"), Some("INVALID_STOPPED_CARD"));
    shop.run().await;
    let account = shop.account("ann", &id).await;
    let invoice = &account["invoices"][0];
    assert_eq!(
        (&invoice["status"], &invoice["attempts"]),
        (&json!("PAID"), &json!(0)),
        "{invoice}"
    );
    assert!(invoice.get("payment_id").is_none());
    let order = shop.see("ann", invoice["order_id"].as_str().unwrap()).await.body;
    assert_eq!(order["status"], "PAID");
    assert_eq!(order["subscription"], json!({ "subscription_id": id, "period": 0 }));
    assert!(
        event_names(&shop, SUBSCRIPTIONS)
            .await
            .contains(&"InvoicePaid".to_owned())
    );
    assert_eq!((shop.sandbox.ledger(), shop.engine.count(PAYMENTS).await), (vec![], 0));
    assert_eq!(shop.engine.balance("sample").await.held, 1);
    assert_settled(&shop).await;
    assert_eq!(shop.run().await, 0, "nothing is due");

    let cancelled = shop.cancel("ann", order["order_id"].as_str().unwrap()).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(shop.engine.balance("sample").await.available, 2);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_price_that_rises_from_nothing_is_charged_and_one_that_falls_to_nothing_is_not() {
    let (shop, id) = subscribed().await;
    shop.run().await;
    let items = |sku: &str| json!({ "change": "ITEMS", "items": [{ "sku": sku, "quantity": 1 }] });
    assert_eq!(shop.change("ann", &id, "1", &items("tea")).await.status, 200);
    shop.advance_with_runs(hours(24 * 31), hours(24)).await;
    assert_eq!(shop.charged().charged, 1_000);
    let changed = shop.change("ann", &id, "2", &items("sample")).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    shop.advance_with_runs(hours(24 * 28), hours(24)).await;
    assert_eq!(shop.charges().len(), 1);
    let (_, invoices) = shop.statuses("ann", &id).await;
    assert_eq!(invoices, ["PAID", "PAID", "PAID"]);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_period_that_costs_nothing_is_postponed_while_it_is_out_of_stock() {
    let (shop, id) = subscribed().await;
    shop.order("bob", "k", &[("sample", 2)]).await;
    shop.run().await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["POSTPONED"]);
    shop.receive("sample", 1).await;
    shop.advance_with_runs(hours(25), hours(5)).await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["PAID"]);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_command_that_arrives_twice_delivers_a_free_period_once() {
    let (shop, _) = subscribed().await;
    shop.enqueue_due_charges().await;
    let delivery = shop.queue.receive(10, shop.now()).unwrap();
    shop.engine
        .faults
        .plan("TransactWriteItems", harness::Fault::LoseAnswer);
    tokio::join!(shop.charge(&delivery), shop.charge(&delivery));
    shop.charge(&delivery).await;
    assert_eq!(shop.engine.balance("sample").await.held, 1);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_card_can_be_replaced_while_nothing_is_charged() {
    let (shop, id) = subscribed().await;
    let card = json!({ "change": "CARD", "authorization": shop.authorization("ann") });
    assert_eq!(shop.change("ann", &id, "1", &card).await.status, 200);
    shop.run().await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["PAID"]);
}
