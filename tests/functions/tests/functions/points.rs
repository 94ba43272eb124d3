//! Points: bought, credited and taken back, and their ledger.

use function_tests::auction_fixture::{AuctionFixture, CARD, paid_order};
use function_tests::id_of;
use harness::engine::ORDERS;
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// Opens a shop where `ann` ordered a product of 10,000 points twice, for 20,000 won.
pub async fn ordered_points() -> (function_tests::PaymentFixture, String) {
    let shop = function_tests::PaymentFixture::with("tea", 1).await;
    let mut product = function_tests::product(10_000, 1);
    product["points"] = json!(10_000);
    shop.put_product("points", &product).await;
    shop.receive("points", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("points", 2)]).await);
    (shop, order)
}

/// Opens a shop where `ann` ordered 20,000 points and paid by a signed webhook.
pub async fn bought_points() -> (function_tests::PaymentFixture, String, Value) {
    let (shop, order) = ordered_points().await;
    let amount = function_tests::payment_fixture::amount(20_000);
    let data = json!({ "order_id": order, "reference": "r", "amount": amount });
    shop.deliver(&shop.sandbox.standard_webhook("payment.succeeded", &data))
        .await;
    let paid = shop.see("ann", &order).await.body;
    assert_eq!(paid["status"], "PAID");
    (shop, order, paid)
}

#[tokio::test]
async fn unspent_points_of_a_cancelled_order_are_taken_back() {
    let (shop, order, paid) = bought_points().await;
    let auction = AuctionFixture::beside(&shop);
    auction.credit(&paid).await.unwrap();
    assert_eq!(auction.wallet("ann").await, (20_000, 0));
    shop.list(CARD, 50_000, 1).await;
    let bid = auction.buy("ann", 15_000).await;
    assert_eq!(shop.cancel("ann", &order).await.problem(), "points-spent");
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    auction.cancel_bid("ann", bid.body["bid_id"].as_str().unwrap()).await;
    assert_eq!(shop.cancel("ann", &order).await.status, 200);
    assert_eq!(auction.wallet("ann").await, (0, 0));
    auction.credit(&paid).await.unwrap();
    assert_eq!(auction.wallet("ann").await, (0, 0), "a repeated event credits nothing");
}

#[tokio::test]
async fn the_points_of_an_order_that_was_cancelled_first_are_never_credited() {
    let (shop, order, paid) = bought_points().await;
    let auction = AuctionFixture::beside(&shop);
    assert_eq!(shop.cancel("ann", &order).await.status, 200);
    auction.credit(&paid).await.unwrap();
    assert_eq!(auction.wallet("ann").await, (0, 0));
    assert!(
        shop.engine
            .events(ORDERS)
            .await
            .iter()
            .any(|(kind, _)| kind == "OrderCancelled")
    );
}

#[tokio::test]
async fn points_are_credited_once_per_order() {
    let auction = AuctionFixture::open().await;
    let order = paid_order("ann", "o", 30_000, auction.now());
    let copies = futures::future::join_all((0..4).map(|_| auction.credit(&order))).await;
    assert!(copies.iter().all(Result::is_ok));
    assert_eq!(auction.wallet("ann").await, (30_000, 0));
    let entries = Call::new("GET", "/wallet/entries").by("ann");
    let entries = auction.list_entries(entries).await.body["items"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 1);
    assert_eq!(
        (&entries[0]["kind"], &entries[0]["about"]),
        (&"CREDITED".into(), &json!({ "kind": "ORDER", "id": order["order_id"] }))
    );
}

#[tokio::test]
async fn a_refund_of_a_second_payment_takes_no_points() {
    let (shop, order, paid) = bought_points().await;
    let auction = AuctionFixture::beside(&shop);
    auction.credit(&paid).await.unwrap();
    let amount = function_tests::payment_fixture::amount(20_000);
    let data = json!({ "order_id": order, "reference": "second", "amount": amount });
    shop.deliver(&shop.sandbox.standard_webhook("payment.succeeded", &data))
        .await;
    let data = json!({ "order_id": order, "reference": "second", "amount": amount, "refunded": amount });
    shop.deliver(&shop.sandbox.standard_webhook("payment.refunded", &data))
        .await;
    let id = shared::core::id::PaymentId::of(shared::payments::Provider::Standard, "second");
    let second = shop.payment(&json!(id)).await;
    assert_eq!(second["refunded"]["amount"], 20_000);
    auction.refunded(&second).await.unwrap();
    assert_eq!(auction.wallet("ann").await, (20_000, 0));
}

#[tokio::test]
async fn the_ledger_is_read_page_by_page_newest_first() {
    let auction = AuctionFixture::open().await;
    for points in 1..=25 {
        auction.credit_points("ann", points).await;
        auction.advance(SignedDuration::from_millis(1));
    }
    let mut seen = vec![];
    let mut call = Call::new("GET", "/wallet/entries").by("ann").query("limit", "10");
    loop {
        let page = auction.list_entries(call).await.body;
        for entry in page["items"].as_array().unwrap() {
            seen.push(entry["points"].as_u64().unwrap());
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        call = Call::new("GET", "/wallet/entries")
            .by("ann")
            .query("limit", "10")
            .query("cursor", cursor);
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<_>>());
}
