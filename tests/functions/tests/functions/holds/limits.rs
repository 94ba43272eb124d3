//! The limits of a customer: the time of holds, and the seats of a showtime.

use function_tests::id_of;
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::tickets::SeatState::{Free, Held, Sold};

use super::{HOLD, named, paid, seats_held, seen, selling, states};

#[tokio::test]
async fn a_purchase_uses_the_time_until_it_is_paid_and_a_free_one_none() {
    let (shop, showtime) = selling(2, 8).await;
    for (nth, seat) in ["0-0-0", "0-0-1", "0-0-2"].into_iter().enumerate() {
        let order = shop.hold("ann", &format!("k{nth}"), &showtime, &[seat]).await;
        assert_eq!(order.body["expires_at"], json!(shop.now() + HOLD), "{order:?}");
        shop.advance(SignedDuration::from_secs(10));
        paid(&shop, "ann", &order).await;
    }
    let prices = json!([
        { "class": "VIP", "price": { "amount": 0, "currency": "KRW" }, "zones": ["front"] },
        { "class": "R", "price": { "amount": 90_000, "currency": "KRW" }, "zones": ["back"] },
    ]);
    assert_eq!(shop.change(&showtime, &json!({ "prices": prices })).await.status, 200);
    let free = shop.hold("bob", "k", &showtime, &["0-0-4", "0-0-5"]).await;
    assert_eq!((free.status, &free.body["status"]), (201, &json!("PAID")), "{free:?}");
    let map = states(&shop, &showtime).await;
    assert_eq!(map[4..6], [Sold, Sold]);
    let again = shop.hold("bob", "again", &showtime, &["0-0-6"]).await;
    assert_eq!(again.status, 201, "{again:?}");
    let given_back = shop.cancel("bob", &id_of(&free)).await;
    assert_eq!(given_back.body["status"], "CANCELLED", "{given_back:?}");
    assert_eq!(seats_held(&shop, "bob").await, 1);
}

#[tokio::test]
async fn a_customer_who_changes_their_mind_gets_other_seats_and_the_rest_of_the_time() {
    let (shop, showtime) = selling(2, 6).await;
    let order = shop.hold("ann", "1", &showtime, &["0-0-0", "0-0-1"]).await;
    let refused = shop.hold("ann", "2", &showtime, &["0-0-2", "0-0-3"]).await;
    assert_eq!(seen(&refused), (409, "hold-exists"));
    assert_eq!(refused.body["order_id"], order.body["order_id"]);
    for nth in 0..60 {
        let order = if nth == 0 {
            order.clone()
        } else {
            shop.hold("ann", &format!("again-{nth}"), &showtime, &["0-0-2", "0-0-3"])
                .await
        };
        assert_eq!(order.status, 201, "{order:?}");
        shop.advance(SignedDuration::from_secs(10));
        let cancel = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &id_of(&order));
        let cancel = cancel.by("ann").key(&format!("cancel-{nth}"));
        assert_eq!(shop.cancel_order(cancel).await.status, 200);
    }
    assert_eq!(seats_held(&shop, "ann").await, 0);
    assert!(named(&shop).await.is_empty());
    // Ten of twenty minutes are used.
    let last = shop.hold("ann", "last", &showtime, &["0-0-0", "0-0-1"]).await;
    assert_eq!(last.body["expires_at"], json!(shop.now() + HOLD));
    shop.advance(HOLD);
    let short = shop.hold("ann", "short", &showtime, &["0-0-0", "0-0-1"]).await;
    assert_eq!(
        short.body["expires_at"],
        json!(shop.now() + SignedDuration::from_mins(2)),
        "{short:?}"
    );
    shop.advance(SignedDuration::from_mins(2));
    let refused = shop.hold("ann", "none", &showtime, &["0-0-0", "0-0-1"]).await;
    assert_eq!(seen(&refused), (409, "hold-time-used-up"), "{refused:?}");
    let again_at = refused.body["again_at"]
        .as_str()
        .unwrap()
        .parse::<jiff::Timestamp>()
        .unwrap();
    shop.advance(again_at.duration_since(shop.now()));
    assert_eq!(
        shop.hold("ann", "new", &showtime, &["0-0-0", "0-0-1"]).await.status,
        201
    );
}

#[tokio::test]
async fn a_customer_has_at_most_four_seats_over_all_orders() {
    let (shop, showtime) = selling(2, 8).await;
    let many = shop
        .hold("ann", "5", &showtime, &["0-0-0", "0-0-1", "0-0-2", "0-0-3", "0-0-4"])
        .await;
    assert_eq!((seen(&many), &many.body["most"]), ((409, "too-many-seats"), &json!(4)));
    let first = shop.hold("ann", "1", &showtime, &["0-0-0", "0-0-1", "0-0-2"]).await;
    paid(&shop, "ann", &first).await;
    let refused = shop.hold("ann", "2", &showtime, &["0-0-3", "0-0-4"]).await;
    assert_eq!(
        (seen(&refused), &refused.body["seats"]),
        ((409, "too-many-seats"), &json!(3))
    );
    assert_eq!(
        shop.hold("ann", "3", &showtime, &["0-0-3"]).await.status,
        201,
        "the fourth one"
    );
    assert_eq!(shop.hold("bob", "1", &showtime, &["0-0-4", "0-0-5"]).await.status, 201);
}

#[tokio::test]
async fn administrators_give_sold_seats_back_as_a_whole_or_one_by_one() {
    let (shop, showtime) = selling(2, 4).await;
    let order = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    let payments = paid(&shop, "ann", &order).await;
    let by_admin = |key: &str, body: Value| {
        let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &id_of(&order));
        call.by_admin().key(key).json(&body)
    };
    let one = json!({ "lines": [{ "line_id": order.body["lines"][0]["line_id"], "quantity": 1 }] });
    let cancelled = shop.cancel_order(by_admin("one", one)).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(states(&shop, &showtime).await[..2], [Free, Held]);
    assert_eq!(seats_held(&shop, "ann").await, 1);
    let payment = payments.payment_of("ann", &id_of(&order)).await;
    payments.refund("RefundRequested", &payment).await.unwrap();
    let whole = shop.cancel_order(by_admin("whole", json!({}))).await;
    assert_eq!(whole.body["status"], "CANCELLED", "{whole:?}");
    assert!(named(&shop).await.is_empty());
    assert_eq!(seats_held(&shop, "ann").await, 0);
    payments.refund("OrderCancelled", &payment).await.unwrap();
    let ledger = payments.charged();
    assert_eq!((ledger.charged, ledger.refunded), (300_000, 300_000), "{ledger:?}");
    shop.mark_sold(&order.body).await;
    assert!(named(&shop).await.is_empty(), "a late event marks nothing");
}
