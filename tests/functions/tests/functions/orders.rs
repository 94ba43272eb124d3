//! Reading one's orders: one order, and all of them in pages.

use std::collections::BTreeSet;

use function_tests::{RESERVATION, Shop, id_of};
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;

async fn page(shop: &Shop, customer: &str, limit: &str, cursor: Option<&str>) -> Answer {
    let mut call = Call::new("GET", "/orders").by(customer).query("limit", limit);
    if let Some(cursor) = cursor {
        call = call.query("cursor", cursor);
    }
    shop.list_orders(call).await
}

#[tokio::test]
async fn another_customers_order_is_not_found() {
    let shop = Shop::with("tea", 1, 10).await;
    let order = shop.order("ann", "k", &[("tea", 1)]).await;
    let seen = shop.see("bob", &id_of(&order)).await;
    assert_eq!((seen.status, seen.problem()), (404, "not-found"));
    for id in ["x", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(shop.see("ann", id).await.problem(), "not-found");
    }
}

#[tokio::test]
async fn an_order_past_its_deadline_reads_as_expired_before_expiry_runs() {
    let shop = Shop::with("tea", 1, 10).await;
    let order = shop.order("ann", "k", &[("tea", 1)]).await;
    shop.advance(RESERVATION - SignedDuration::from_millis(1));
    assert_eq!(shop.see("ann", &id_of(&order)).await.body["status"], "PENDING_PAYMENT");
    shop.advance(SignedDuration::from_millis(1));
    assert_eq!(shop.see("ann", &id_of(&order)).await.body["status"], "EXPIRED");
    assert_eq!(
        page(&shop, "ann", "1", None).await.body["items"][0]["status"],
        "EXPIRED"
    );
}

#[tokio::test]
async fn orders_are_listed_newest_first_and_each_once() {
    let shop = Shop::with("tea", 1, 100).await;
    let mut placed = vec![];
    for n in 0..25 {
        let order = shop.order("ann", &format!("k{n}"), &[("tea", 1)]).await;
        placed.push(id_of(&order));
        shop.order("bob", &format!("k{n}"), &[("tea", 1)]).await;
        // Some have the same millisecond.
        shop.advance(SignedDuration::from_millis(n % 3));
    }
    let mut seen: Vec<(String, String)> = vec![];
    let mut cursor: Option<String> = None;
    loop {
        let answer = page(&shop, "ann", "7", cursor.as_deref()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        for order in answer.body["items"].as_array().unwrap() {
            assert_eq!(order["customer_id"], "ann");
            assert_eq!(order["lines"][0]["sku"], "tea");
            seen.push((
                order["placed_at"].as_str().unwrap().to_owned(),
                order["order_id"].as_str().unwrap().to_owned(),
            ));
        }
        cursor = answer.body["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let times: Vec<_> = seen
        .iter()
        .map(|(at, _)| at.parse::<jiff::Timestamp>().unwrap())
        .collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    assert_eq!(seen.len(), 25);
    let ids: BTreeSet<_> = seen.into_iter().map(|(_, id)| id).collect();
    assert_eq!(ids, placed.into_iter().collect());
}

#[tokio::test]
async fn orders_need_a_token() {
    let shop = Shop::with("tea", 1, 100).await;
    assert_eq!(
        shop.list_orders(Call::new("GET", "/orders")).await.problem(),
        "unauthenticated"
    );
    let one = Call::new("GET", "/orders/{order_id}").path("order_id", "x");
    assert_eq!(shop.get_order(one).await.problem(), "unauthenticated");
}
