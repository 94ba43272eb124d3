//! The erasure of personal data: what it says, what ends with it, and requests that overlap it.

use function_tests::billing_fixture::{BillingFixture, monthly, subscribe_call, subscription};
use function_tests::delivery::{address, delivery_call};
use function_tests::{Shop, id_of};
use harness::engine::{ACCOUNTS, ORDERS, SUBSCRIPTIONS};
use harness::gateway::{Answer, Call};
use harness::{Fault, faults::Hold};
use jiff::SignedDuration;
use serde_json::{Value, json};

const WRITE: &str = "TransactWriteItems";
const MONTH: SignedDuration = SignedDuration::from_hours(24 * 32);

async fn details(shop: &Shop, order: &str) -> Answer {
    let call = Call::new("GET", "/orders/{order_id}/delivery-details").path("order_id", order);
    shop.get_delivery_details(call.by("ann")).await
}

/// A monthly subscription of tea that goes to an address.
async fn subscribe(shop: &BillingFixture, key: &str) -> Answer {
    let mut body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &shop.authorization("ann"));
    body["shipping_address"] = address();
    shop.create_subscription(subscribe_call("ann", key, &body)).await
}

async fn listed(shop: &BillingFixture, status: Option<&str>) -> Vec<Value> {
    let call = Call::new("GET", "/admin/customers/{customer_id}/subscriptions").path("customer_id", "ann");
    let call = status
        .iter()
        .fold(call.by_admin(), |call, status| call.query("status", status));
    let answer = shop.list_customer_subscriptions(call).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["items"].as_array().unwrap().clone()
}

/// Sends `request` so that the data are erased between its encryption and its write.
async fn overlapping(shop: &Shop, request: impl Future<Output = Answer>) -> Answer {
    let hold = Hold::default();
    shop.engine.faults.plan(WRITE, Fault::Held(hold.clone()));
    let erasure = async {
        hold.arrived().await;
        assert_eq!(shop.erase_personal_data("ann").await.status, 200);
        hold.release();
    };
    tokio::join!(request, erasure).0
}

#[tokio::test]
async fn an_erasure_says_whether_there_were_personal_data_and_is_published() {
    let shop = Shop::with("tea", 1, 20).await;
    shop.checkout(delivery_call("ann", "k", "tea", &address())).await;
    for had_personal_data in [true, false] {
        let erased = shop.erase_personal_data("ann").await;
        let told = json!({ "customer_id": "ann", "had_personal_data": had_personal_data, "erased_at": shop.now() });
        assert_eq!((erased.status, &erased.body), (200, &told));
        let events = shop.engine.events(ACCOUNTS).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].0, "PersonalDataErased");
        assert_eq!(events[0].1["data"], told);
    }
}

#[tokio::test]
async fn the_subscriptions_of_an_erased_customer_end_and_are_not_charged_again() {
    let shop = BillingFixture::with("tea", 9).await;
    for key in ["a", "b"] {
        assert_eq!(subscribe(&shop, key).await.status, 201);
    }
    let of_bob = shop.subscribed("bob", "tea").await;
    shop.run().await;
    let charged = shop.sandbox.ledger().len();
    assert_eq!(charged, 3);
    shop.erase_personal_data("ann").await;
    // An event can arrive twice.
    for _ in 0..2 {
        shop.cancel_erased_subscriptions().await;
    }
    let ended = listed(&shop, Some("CANCELLED")).await;
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert_eq!(shop.account("bob", &of_bob).await["subscription"]["status"], "ACTIVE");
    shop.advance_with_runs(MONTH, SignedDuration::from_hours(24)).await;
    assert_eq!(shop.sandbox.ledger().len(), charged + 1, "only bob's next period");
}

#[tokio::test]
async fn a_subscription_that_is_started_after_an_erasure_stays() {
    let shop = BillingFixture::with("tea", 9).await;
    subscribe(&shop, "a").await;
    shop.erase_personal_data("ann").await;
    // A request that overlaps the erasure.
    assert_eq!(subscribe(&shop, "b").await.status, 201);
    shop.advance(SignedDuration::from_secs(61));
    assert_eq!(subscribe(&shop, "c").await.status, 201);
    shop.cancel_erased_subscriptions().await;
    assert_eq!(listed(&shop, Some("ACTIVE")).await.len(), 1);
    assert_eq!(listed(&shop, None).await.len(), 3);
}

#[tokio::test]
async fn a_subscription_that_the_index_does_not_have_yet_at_an_erasure_ends_too() {
    let shop = BillingFixture::with("tea", 9).await;
    subscribe(&shop, "a").await;
    shop.erase_personal_data("ann").await;
    let hold = Hold::default();
    // The index was read, and the first subscription is about to be.
    shop.engine.faults.plan("GetItem", Fault::Held(hold.clone()));
    let late = async {
        hold.arrived().await;
        assert_eq!(subscribe(&shop, "b").await.status, 201);
        hold.release();
    };
    tokio::join!(shop.cancel_erased_subscriptions(), late);
    assert_eq!(listed(&shop, Some("CANCELLED")).await.len(), 2);
}

#[tokio::test]
async fn a_damaged_subscription_does_not_keep_the_others_of_an_erased_customer() {
    let shop = BillingFixture::with("tea", 9).await;
    let mut ids = vec![];
    for key in ["a", "b", "c"] {
        shop.advance(SignedDuration::from_secs(1));
        let started = subscribe(&shop, key).await;
        ids.push(started.body["subscription_id"].as_str().unwrap().to_owned());
    }
    shop.engine.damage_subscription(&ids[1]).await;
    shop.advance(SignedDuration::from_secs(1));
    shop.erase_personal_data("ann").await;
    assert!(shop.try_cancel_erased_subscriptions().await.is_err());
    assert_eq!(listed(&shop, Some("CANCELLED")).await.len(), 2);
}

#[tokio::test]
async fn an_erasure_whose_answer_is_lost_says_what_it_has_erased() {
    let shop = Shop::with("tea", 1, 20).await;
    shop.checkout(delivery_call("ann", "k", "tea", &address())).await;
    shop.engine.faults.plan(WRITE, Fault::LoseAnswer);
    let erased = shop.erase_personal_data("ann").await;
    let told = json!({ "customer_id": "ann", "had_personal_data": true, "erased_at": shop.now() });
    assert_eq!((erased.status, &erased.body), (200, &told));
    let events = shop.engine.events(ACCOUNTS).await;
    assert_eq!(events[0].1["data"], told);
    shop.advance(SignedDuration::from_secs(1));
    let again = shop.erase_personal_data("ann").await;
    assert_eq!(again.body["had_personal_data"], false, "{again:?}");
}

#[tokio::test]
async fn a_checkout_that_overlaps_an_erasure_changes_nothing_and_its_retry_has_a_readable_address() {
    let shop = Shop::with("tea", 1, 20).await;
    shop.checkout(delivery_call("ann", "first", "tea", &address())).await;
    let checkout = || shop.checkout(delivery_call("ann", "k", "tea", &address()));
    let refused = overlapping(&shop, checkout()).await;
    assert_eq!((refused.status, refused.problem()), (503, "unavailable"), "{refused:?}");
    assert_eq!(shop.engine.count(ORDERS).await, 1);
    let placed = checkout().await;
    assert_eq!((placed.status, placed.replayed), (201, false), "{placed:?}");
    assert_eq!(
        details(&shop, &id_of(&placed)).await.body["shipping_address"],
        address()
    );
}

#[tokio::test]
async fn a_subscription_that_is_started_or_moved_during_an_erasure_has_a_readable_address_or_is_not_saved() {
    let shop = BillingFixture::with("tea", 9).await;
    shop.checkout(delivery_call("ann", "first", "tea", &address())).await;
    let refused = overlapping(&shop, subscribe(&shop, "a")).await;
    assert_eq!((refused.status, refused.problem()), (503, "unavailable"), "{refused:?}");
    assert_eq!(shop.engine.count(SUBSCRIPTIONS).await, 0);

    let started = subscribe(&shop, "b").await;
    let id = started.body["subscription_id"].as_str().unwrap().to_owned();
    let moved = json!({ "shipping_address": address() });
    let refused = overlapping(&shop, shop.change("ann", &id, "move", &moved)).await;
    assert_eq!((refused.status, refused.problem()), (503, "unavailable"), "{refused:?}");
    assert_eq!(shop.change("ann", &id, "move", &moved).await.status, 200);
}

#[tokio::test]
async fn an_administrator_cancels_the_subscription_of_a_customer() {
    let shop = BillingFixture::with("tea", 9).await;
    let id = shop.subscribed("ann", "tea").await;
    let call = || {
        let call = Call::new("POST", "/subscriptions/{subscription_id}/cancel").path("subscription_id", &id);
        call.key("end").json(&json!({ "when": "NOW" }))
    };
    assert_eq!(shop.cancel_subscription(call().by("bob")).await.problem(), "not-found");
    let cancelled = shop.cancel_subscription(call().by_admin()).await;
    assert_eq!(
        (cancelled.status, &cancelled.body["status"]),
        (200, &json!("CANCELLED"))
    );
    assert!(shop.cancel_subscription(call().by_admin()).await.replayed);
    let events = shop.engine.events(SUBSCRIPTIONS).await;
    let event = events.iter().find(|(name, _)| name == "SubscriptionCancelled").unwrap();
    assert_eq!(event.1["metadata"]["actor"]["kind"], "STAFF");
}
