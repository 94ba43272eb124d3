//! Stock in shards: no checkout is sold out while there are units.

use std::collections::HashMap;
use std::time::Duration;

use function_tests::{Shop, id_of, order_call};
use harness::Fault;
use harness::gateway::Answer;
use orders::checkout::Checkout;
use shared::catalog::{ShardCount, Sku};
use shared::core::actor::Actor;
use shared::core::idempotency::Fingerprint;
use shared::orders::{Draft, Order, OrderEvent, OrderId, PlaceOrderOutcome, Pricing};
use tokio::time::Instant;

/// Opens a shop with a product that has exactly `levels` units in its shards.
async fn scattered(sku: &str, levels: &[u64]) -> Shop {
    let shop = Shop::with(sku, u8::try_from(levels.len()).unwrap(), 0).await;
    shop.engine.set_shards(sku, levels).await;
    shop
}

#[tokio::test]
async fn units_in_other_shards_are_found() {
    let shop = scattered("tea", &[0, 0, 0, 0, 0, 0, 5, 0]).await;
    for n in 0..5 {
        assert_eq!(shop.order("ann", &format!("k{n}"), &[("tea", 1)]).await.status, 201);
    }
    assert_eq!(shop.order("ann", "last", &[("tea", 1)]).await.problem(), "out-of-stock");
}

#[tokio::test]
async fn an_order_takes_scattered_units_from_several_shards_and_releases_them() {
    let shop = scattered("tea", &[1; 64]).await;
    let order = shop.order("ann", "k", &[("tea", 64)]).await;
    assert_eq!(order.status, 201, "{order:?}");
    assert_eq!(shop.engine.balance("tea").await.available, 0);
    shop.cancel("ann", &id_of(&order)).await;
    assert_eq!(shop.engine.shards("tea").await, [1; 64]);
}

#[tokio::test]
async fn units_too_scattered_for_one_transaction_are_gathered_first() {
    let shop = Shop::open().await;
    let mut items = vec![];
    for sku in ["a", "b", "c"] {
        shop.list(sku, 100, 50).await;
        shop.engine.set_shards(sku, &[2; 50]).await;
        items.push((sku, 100));
    }
    let order = shop.order("ann", "k", &items).await;
    assert_eq!(order.status, 201, "{order:?}");
    for sku in ["a", "b", "c"] {
        let balance = shop.engine.balance(sku).await;
        assert_eq!((balance.available, balance.held), (0, 100), "{sku}");
    }
}

#[tokio::test]
async fn stock_moved_by_a_raise_meanwhile_is_found() {
    let shop = Shop::with("tea", 1, 64).await;
    let order = shop.order("ann", "k", &[("tea", 1)]).await;
    shop.cancel("ann", &id_of(&order)).await;
    shop.list("tea", 1000, 64).await;
    let order: Order = serde_json::from_value(order.body).unwrap();
    let (reservations, deadline) = (shop.engine.reservations(), shop.invocation().deadline);
    let sku = Sku::try_from("tea".to_owned()).unwrap();
    let mut loaded = reservations
        .load(order.order_id, std::slice::from_ref(&sku), &[], true, deadline)
        .await
        .unwrap();
    // A buyer with an older read of the product knows one shard only.
    loaded
        .products
        .values_mut()
        .for_each(|product| product.stock_shards = ShardCount::ONE);
    let pricing = Pricing::new(&shop.platform()).unwrap();
    let quote = pricing.quote(
        &[(sku, 60)],
        &loaded.products,
        &pricing.delivery(None, None),
        shop.now(),
    );
    let draft = Draft {
        event: shop
            .invocation()
            .by(Actor::customer(&order.customer_id))
            .record(&OrderEvent::OrderPlaced(order.clone()))
            .unwrap(),
        order: Order::new(
            OrderId("7f3b0c5e-8d6a-8a57-9a43-0a4f1f2d7c11".parse().unwrap()),
            order.customer_id,
            quote.unwrap(),
            order.placed_at,
            order.expires_at,
        ),
        delivery_details: None,
        fingerprint: Fingerprint::of(&"a request").unwrap(),
        products: loaded.products,
    };
    let placed = reservations.place(&draft, deadline).await.unwrap();
    assert!(matches!(placed, PlaceOrderOutcome::Placed), "{placed:?}");
    assert_eq!(shop.engine.balance("tea").await.available, 4);
}

/// Returns a function of a warm process.
fn warm(shop: &Shop) -> Checkout {
    Checkout::new(&shop.platform()).unwrap()
}

async fn order_in(function: &Checkout, shop: &Shop, key: &str) -> Answer {
    let call = order_call("ann", key, &[("tea", 1)]);
    call.send(shop.invocation(), |request, invocation| {
        orders::checkout::handle(function, request, invocation)
    })
    .await
}

#[tokio::test]
async fn a_warm_function_takes_from_the_fuller_of_two_shards_without_another_request() {
    let shop = scattered("tea", &[0, 0]).await;
    let function = warm(&shop);
    assert_eq!(order_in(&function, &shop, "first").await.problem(), "out-of-stock");
    shop.engine.set_shards("tea", &[0, 20]).await;
    shop.engine.faults.measure();
    for n in 0..20 {
        assert_eq!(order_in(&function, &shop, &format!("k{n}")).await.status, 201);
    }
    let cost = shop.engine.faults.cost();
    let requests = ["BatchGetItem", "TransactWriteItems"].map(|name| (name.to_owned(), 20));
    assert_eq!(cost.requests, HashMap::from(requests), "never the empty one");
    assert!(cost.read_units <= 20.0 * 2.5, "{cost:?}");
}

#[tokio::test]
async fn a_warm_function_that_knows_too_few_shards_finds_units_in_the_others() {
    let shop = scattered("tea", &[0, 0]).await;
    let function = warm(&shop);
    assert_eq!(order_in(&function, &shop, "first").await.problem(), "out-of-stock");
    shop.list("tea", 1000, 8).await;
    shop.engine.set_shards("tea", &[0, 0, 0, 0, 0, 1, 0, 1]).await;
    for key in ["a", "b"] {
        assert_eq!(order_in(&function, &shop, key).await.status, 201);
    }
    assert_eq!(order_in(&function, &shop, "c").await.problem(), "out-of-stock");
}

/// Measures an order's wait in virtual time when its first transactions conflict; the engine itself takes no virtual
/// time.
async fn wait_after_conflicts(count: usize) -> Duration {
    let shop = scattered("tea", &[5, 5]).await;
    for _ in 0..count {
        // The first item is the order, the second its stock.
        shop.engine.faults.plan("TransactWriteItems", Fault::Conflict(1));
    }
    let began = Instant::now();
    assert_eq!(shop.order("ann", "k", &[("tea", 1)]).await.status, 201);
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_busy_shard_is_replaced_by_another_at_once_and_repeated_conflicts_wait() {
    assert_eq!(wait_after_conflicts(1).await, Duration::ZERO);
    assert_ne!(wait_after_conflicts(2).await, Duration::ZERO);
}
