//! Cursors: on each list route, a cursor continues its own list and cannot be used for anything else.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use function_tests::auction_fixture::{AuctionFixture, book_call};
use function_tests::{CouponsFixture, Shop};
use harness::gateway::{Answer, Call};
use serde_json::json;
use shared::aws::lambda::page::{Cursor, Position};
use uuid::Uuid;

/// Checks a list route's cursors. `list` returns a customer's page of one item, from a cursor on.
///
/// Both `ann` and `bob` need at least two items.
async fn check_cursors<const N: usize>(list: impl AsyncFn(&str, Option<&str>) -> Answer) {
    let first = list("ann", None).await;
    let cursor = first.body["next_cursor"].as_str().expect("a second page").to_owned();
    let second = list("ann", Some(&cursor)).await;
    assert_eq!(second.status, 200, "{second:?}");
    assert_ne!(second.body["items"], first.body["items"], "the next page");
    assert_eq!(second.body["items"].as_array().map(Vec::len), Some(1));

    assert_refused(&list("bob", Some(&cursor)).await, "another customer's cursor");
    let bytes = BASE64.decode(&cursor).unwrap();
    for byte in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[byte] ^= 1;
        assert_refused(&list("ann", Some(&BASE64.encode(changed))).await, "a changed cursor");
    }
    let foreign = Cursor {
        at: [1_767_225_600_000; N],
        id: Uuid::nil(),
    };
    for list_name in ["orders", "vouchers", "bids", "wallet", "book"] {
        let of_bob = foreign.text(&[list_name, "bob"]);
        assert_refused(
            &list("ann", Some(&of_bob)).await,
            "a cursor forged for another customer",
        );
    }
    assert_refused(
        &list("ann", Some(&foreign.text(&["x", "ann"]))).await,
        "a cursor of another route",
    );
    for nonsense in ["", "x", "AAAA", &cursor[1..], &format!("{cursor}AAAA")] {
        assert_refused(&list("ann", Some(nonsense)).await, nonsense);
    }
}

fn assert_refused(answer: &Answer, what: &str) {
    let seen = (answer.status, answer.body["parameter"].as_str());
    assert_eq!(seen, (400, Some("cursor")), "{what}: {answer:?}");
    assert_eq!(answer.problem(), "invalid-parameter");
}

fn page(route: &str, customer: &str, cursor: Option<&str>) -> Call {
    let call = Call::new("GET", route).by(customer).query("limit", "1");
    match cursor {
        Some(cursor) => call.query("cursor", cursor),
        None => call,
    }
}

#[tokio::test]
async fn a_forged_cursor_of_orders_is_rejected() {
    let shop = Shop::with("tea", 1, 100).await;
    for customer in ["ann", "bob"] {
        for key in ["a", "b", "c"] {
            assert_eq!(shop.order(customer, key, &[("tea", 1)]).await.status, 201);
        }
    }
    let list = async |customer: &str, cursor: Option<&str>| shop.list_orders(page("/orders", customer, cursor)).await;
    check_cursors::<1>(list).await;
}

#[tokio::test]
async fn a_forged_cursor_of_vouchers_is_rejected() {
    let shop = AuctionFixture::open().await;
    for customer in ["ann", "bob"] {
        shop.sell(customer, 40_000).await;
        shop.sell(customer, 41_000).await;
    }
    let list =
        async |customer: &str, cursor: Option<&str>| shop.list_vouchers(page("/vouchers", customer, cursor)).await;
    check_cursors::<1>(list).await;
}

#[tokio::test]
async fn a_forged_cursor_of_claims_is_rejected() {
    let shop = CouponsFixture::open().await;
    for _ in 0..2 {
        let coupon = shop.coupon(&json!({})).await;
        for customer in ["ann", "bob"] {
            shop.claimed(customer, &coupon).await;
        }
    }
    let list = async |customer: &str, cursor: Option<&str>| {
        shop.call("list-claims", page("/coupon-claims", customer, cursor)).await
    };
    check_cursors::<1>(list).await;
}

#[tokio::test]
async fn a_forged_cursor_of_bids_is_rejected() {
    let shop = AuctionFixture::open().await;
    for customer in ["ann", "bob"] {
        shop.sell(customer, 40_000).await;
        shop.sell(customer, 41_000).await;
    }
    let list = async |customer: &str, cursor: Option<&str>| shop.list_bids(page("/bids", customer, cursor)).await;
    check_cursors::<1>(list).await;
}

#[tokio::test]
async fn a_forged_cursor_of_a_wallet_is_rejected() {
    let shop = AuctionFixture::open().await;
    for customer in ["ann", "bob"] {
        shop.credit_points(customer, 1_000).await;
        shop.credit_points(customer, 2_000).await;
    }
    let list =
        async |customer: &str, cursor: Option<&str>| shop.list_entries(page("/wallet/entries", customer, cursor)).await;
    check_cursors::<0>(list).await;
}

#[tokio::test]
async fn an_order_book_cursor_is_rejected_on_the_other_side_and_for_another_product() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 10_000_000).await;
    for n in 0..101 {
        shop.buy("ann", 1_000 + n * 100).await;
    }
    let side = |side: &str| book_call().query("side", &side.to_uppercase());
    let first = shop.book(side("buy")).await;
    let cursor = first.body["buy"]["next_cursor"]
        .as_str()
        .expect("a second page")
        .to_owned();
    let second = shop.book(side("buy").query("cursor", &cursor)).await;
    assert_eq!(
        second.body["buy"]["items"].as_array().map(Vec::len),
        Some(1),
        "{second:?}"
    );

    assert_refused(
        &shop.book(side("sell").query("cursor", &cursor)).await,
        "the other side's cursor",
    );
    assert_refused(
        &shop.book(book_call().query("cursor", &cursor)).await,
        "a cursor without a side",
    );
    let other = Call::new("GET", "/products/{sku}/bids").path("sku", "other-card");
    let other = other.query("side", "BUY").query("cursor", &cursor);
    assert_refused(&shop.book(other).await, "another product's");
    let changed: String = cursor.chars().rev().collect();
    assert_refused(
        &shop.book(side("buy").query("cursor", &changed)).await,
        "a changed cursor",
    );
}
