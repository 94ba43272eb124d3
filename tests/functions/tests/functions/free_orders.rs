//! Orders that cost nothing: paid at once, without a payment.

use function_tests::auction_fixture::AuctionFixture;
use function_tests::payment_fixture::{start_call, toss_call};
use function_tests::{PaymentFixture, RESERVATION, id_of, order_call, product};
use harness::engine::{ORDERS, PAYMENTS};
use jiff::SignedDuration;
use serde_json::json;

/// Opens a shop that sells `sample` for nothing and `tea` for 1,000 won.
async fn shop() -> PaymentFixture {
    let shop = PaymentFixture::with("tea", 5).await;
    shop.list("sample", 0, 1).await;
    shop.receive("sample", 5).await;
    shop
}

#[tokio::test]
async fn an_order_that_costs_nothing_is_paid_at_once_without_a_provider() {
    let shop = shop().await;
    let order = shop.order("ann", "k", &[("sample", 2)]).await;
    assert_eq!(
        (order.status, &order.body["status"]),
        (201, &json!("PAID")),
        "{order:?}"
    );
    assert!(order.body["paid_at"].is_string() && order.body.get("payment_id").is_none());
    let events = shop.engine.events(ORDERS).await;
    assert_eq!(events.len(), 1);
    assert_eq!((&*events[0].0, &events[0].1["data"]), ("OrderPaid", &order.body));
    let again = shop.order("ann", "k", &[("sample", 2)]).await;
    assert_eq!(
        (again.status, again.replayed, again.body),
        (201, true, order.body.clone())
    );
    assert_eq!(shop.engine.balance("sample").await.held, 2);

    shop.advance(RESERVATION + SignedDuration::from_mins(1));
    shop.expire_orders().await.unwrap();
    shop.reconcile().await;
    let id = id_of(&order);
    assert_eq!(shop.order_status("ann", &id).await, "PAID", "it does not expire");
    assert_eq!(shop.engine.count(PAYMENTS).await, 0);
    shop.ledger_audit().await.assert_settled();
}

#[tokio::test]
async fn a_payment_of_an_order_that_costs_nothing_is_refused_as_paid() {
    let shop = shop().await;
    let id = id_of(&shop.order("ann", "k", &[("sample", 1)]).await);
    for provider in ["TOSS", "STRIPE", "KAKAOPAY"] {
        let answer = shop.start(start_call("ann", provider, provider, &id)).await;
        assert_eq!(answer.problem(), "order-closed", "{answer:?}");
        assert_eq!(answer.body["order_status"], "PAID");
    }
    let answer = shop.confirm(toss_call("ann", "c", &id, "payment-key", 0)).await;
    assert_eq!(answer.problem(), "order-closed", "{answer:?}");
    assert_eq!(answer.body["order_status"], "PAID");
    assert_eq!(shop.sandbox.ledger(), []);
    shop.ledger_audit().await.assert_settled();
}

#[tokio::test]
async fn a_cancelled_order_that_costs_nothing_returns_its_stock_and_owes_nothing() {
    let shop = shop().await;
    let order = shop.order("ann", "k", &[("sample", 5)]).await;
    let none = shop.order("bob", "k", &[("sample", 1)]).await;
    assert_eq!(none.problem(), "out-of-stock");
    let cancelled = shop.cancel("ann", &id_of(&order)).await;
    assert_eq!(
        (cancelled.status, &cancelled.body["status"]),
        (200, &json!("CANCELLED"))
    );
    shop.refund("OrderCancelled", &cancelled.body).await.unwrap();
    assert!(shop.cancel("ann", &id_of(&order)).await.replayed);
    assert_eq!(shop.engine.balance("sample").await.available, 5);
    // The table has the record of the cancellation's key only.
    assert_eq!(shop.engine.count(PAYMENTS).await, 1);
    shop.ledger_audit().await.assert_settled();
}

#[tokio::test]
async fn an_order_with_a_part_that_costs_nothing_waits_for_its_payment() {
    let shop = shop().await;
    let order = shop.order("ann", "k", &[("sample", 1), ("tea", 1)]).await;
    assert_eq!(order.body["status"], "PENDING_PAYMENT");
    assert_eq!(
        shop.start(start_call("ann", "s", "TOSS", &id_of(&order))).await.status,
        201
    );
    let mut differs = order_call("ann", "other", &[("sample", 1)]);
    differs = differs.json(&json!({
        "items": [{ "sku": "sample", "quantity": 1 }],
        "expected_total": { "amount": 100, "currency": "KRW" },
    }));
    assert_eq!(shop.checkout(differs).await.problem(), "total-differs");
}

#[tokio::test]
async fn points_that_cost_nothing_are_credited_and_taken_back() {
    let shop = shop().await;
    let mut gift = product(0, 1);
    gift["points"] = json!(5_000);
    shop.put_product("gift", &gift).await;
    shop.receive("gift", 1).await;
    let order = shop.order("ann", "k", &[("gift", 1)]).await;
    let auction = AuctionFixture::beside(&shop);
    auction.credit(&order.body).await.unwrap();
    assert_eq!(auction.wallet("ann").await, (5_000, 0));
    assert_eq!(shop.cancel("ann", &id_of(&order)).await.status, 200);
    assert_eq!(auction.wallet("ann").await, (0, 0));
}

#[tokio::test]
async fn the_points_of_returned_units_that_cost_nothing_are_taken_back() {
    let shop = shop().await;
    let mut gift = product(0, 1);
    gift["points"] = json!(1_000);
    shop.put_product("gift", &gift).await;
    shop.receive("gift", 2).await;
    let order = shop.order("ann", "k", &[("gift", 2)]).await.body;
    let auction = AuctionFixture::beside(&shop);
    auction.credit(&order).await.unwrap();
    let id = order["order_id"].as_str().unwrap();
    shop.engine.return_units(id, 1).await;
    for _ in 0..2 {
        auction.returned(&json!({ "order_id": id })).await.unwrap();
        assert_eq!(auction.wallet("ann").await, (1_000, 0));
    }
}
