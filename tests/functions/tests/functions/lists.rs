//! Lists: the page size, the link to the next page, and filters.

use function_tests::auction_fixture::{AuctionFixture, book_call, register_call};
use function_tests::billing_fixture::BillingFixture;
use function_tests::{RESERVATION, Shop, id_of};
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::{Value, json};

fn orders(query: &[(&str, &str)]) -> Call {
    let call = Call::new("GET", "/orders").by("ann");
    query.iter().fold(call, |call, (name, value)| call.query(name, value))
}

/// The ids on a page, by the member's name.
fn ids(answer: &Answer, name: &str) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let items = answer.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item[name].as_str().unwrap().to_owned())
        .collect()
}

/// The query of the link to the next page.
fn next_query(answer: &Answer) -> Option<&str> {
    let link = answer.link.as_deref()?;
    link.strip_prefix("<?")?.strip_suffix(">; rel=\"next\"")
}

/// Places `count` orders, a second apart, and returns their ids, newest first.
async fn placed(shop: &Shop, count: usize) -> Vec<String> {
    let mut ids = vec![];
    for n in 0..count {
        ids.insert(0, id_of(&shop.order("ann", &format!("k{n}"), &[("tea", 1)]).await));
        shop.advance(SignedDuration::from_secs(1));
    }
    ids
}

#[tokio::test]
async fn the_link_leads_to_the_next_page_with_the_same_filters_until_the_last() {
    let shop = Shop::with("tea", 1, 10).await;
    let placed = placed(&shop, 5).await;
    let mut seen = vec![];
    let mut query = "limit=2&status=PENDING_PAYMENT&color=red".to_owned();
    loop {
        let call = Call::new("GET", "/orders").by("ann");
        let page = shop.list_orders(call.set("/rawQueryString", json!(query))).await;
        seen.extend(ids(&page, "order_id"));
        let cursor = page.body["next_cursor"].as_str();
        let expected = cursor.map(|cursor| format!("status=PENDING_PAYMENT&limit=2&cursor={cursor}"));
        assert_eq!(next_query(&page), expected.as_deref());
        let Some(next) = expected else { break };
        query = next;
    }
    assert_eq!(seen, placed);
}

#[tokio::test]
async fn a_page_size_above_100_counts_as_100() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 10_000_000).await;
    for n in 0..101 {
        shop.buy("ann", 1_000 + n * 100).await;
    }
    for limit in ["100", "101", "1000000", "99999999999999999999999"] {
        let page = shop.book(book_call().query("side", "BUY").query("limit", limit)).await;
        assert_eq!(page.body["buy"]["items"].as_array().map(Vec::len), Some(100), "{limit}");
        assert!(next_query(&page).is_some_and(|query| query.starts_with(&format!("side=BUY&limit={limit}&"))));
        let bids = Call::new("GET", "/bids").by("ann").query("limit", limit);
        assert_eq!(ids(&shop.list_bids(bids).await, "bid_id").len(), 100, "{limit}");
    }
    let both = shop.book(book_call()).await;
    assert_eq!(both.link, None, "each side continues on its own");
}

#[tokio::test]
async fn orders_are_filtered_by_the_status_that_is_shown() {
    let shop = Shop::with("tea", 1, 10).await;
    let old = placed(&shop, 2).await;
    shop.cancel("ann", &old[0]).await;
    shop.advance(RESERVATION);
    let new = id_of(&shop.order("ann", "new", &[("tea", 1)]).await);
    for (status, expected) in [
        ("PENDING_PAYMENT", vec![&new]),
        ("CANCELLED", vec![&old[0]]),
        // Not expired yet in the table.
        ("EXPIRED", vec![&old[1]]),
        ("PAID", vec![]),
    ] {
        let page = shop.list_orders(orders(&[("status", status)])).await;
        assert_eq!(ids(&page, "order_id").iter().collect::<Vec<_>>(), expected, "{status}");
    }
}

#[tokio::test]
async fn a_filtered_page_costs_one_query_and_a_rare_status_is_found_page_by_page() {
    let shop = Shop::with("tea", 1, 300).await;
    let placed = placed(&shop, 130).await;
    let rare = placed.last().unwrap();
    shop.cancel("ann", rare).await;
    let mut found = vec![];
    let (mut pages, mut cursor) = (0, None::<String>);
    loop {
        shop.engine.faults.measure();
        let mut call = orders(&[("status", "CANCELLED"), ("limit", "1")]);
        if let Some(cursor) = &cursor {
            call = call.query("cursor", cursor);
        }
        let page = shop.list_orders(call).await;
        assert_eq!(shop.engine.faults.cost().requests["Query"], 1);
        found.extend(ids(&page, "order_id"));
        pages += 1;
        cursor = page.body["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(
        (found, pages),
        (vec![rare.clone()], 2),
        "100 orders are read for a page"
    );
}

#[tokio::test]
async fn orders_are_listed_by_the_time_at_which_they_were_placed() {
    let shop = Shop::with("tea", 1, 10).await;
    let start = shop.now();
    let placed = placed(&shop, 4).await;
    let at = |second: i64| (start + SignedDuration::from_secs(second)).to_string();
    for (from, to, expected) in [
        (Some(1), None, &placed[..3]),
        (None, Some(1), &placed[3..]),
        (Some(1), Some(3), &placed[1..3]),
        (Some(4), Some(5), &[][..]),
    ] {
        let bounds = [("created_from", from), ("created_to", to)];
        let bounds: Vec<_> = bounds
            .iter()
            .filter_map(|(name, time)| Some((*name, at((*time)?))))
            .collect();
        let query: Vec<_> = bounds.iter().map(|(name, time)| (*name, time.as_str())).collect();
        let page = shop.list_orders(orders(&query)).await;
        assert_eq!(ids(&page, "order_id"), expected, "{query:?}");
    }
}

#[tokio::test]
async fn a_filter_that_is_not_described_is_refused() {
    let shop = Shop::with("tea", 1, 10).await;
    let now = shop.now().to_string();
    for query in [
        &[("status", "paid")][..],
        &[("status", "")],
        &[("created_from", "yesterday")],
        &[("created_to", "2026-01-01")],
        &[("created_from", &now), ("created_to", &now)],
        &[("created_to", "1969-01-01T00:00:00Z")],
    ] {
        let answer = shop.list_orders(orders(query)).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid-parameter"),
            "{query:?}"
        );
    }
    let cursor = {
        placed(&shop, 2).await;
        let page = shop.list_orders(orders(&[("limit", "1")])).await;
        page.body["next_cursor"].as_str().unwrap().to_owned()
    };
    let with_other_filters = orders(&[("status", "PAID"), ("cursor", &cursor)]);
    assert_eq!(shop.list_orders(with_other_filters).await.body["parameter"], "cursor");
}

#[tokio::test]
async fn subscriptions_are_filtered_by_status_and_time() {
    let shop = BillingFixture::with("tea", 10).await;
    let first = shop.subscribed("ann", "tea").await;
    let start = shop.now();
    assert_eq!(shop.end("ann", &first, "NOW").await.status, 200);
    let list = |query: &[(&str, &str)]| {
        let call = Call::new("GET", "/subscriptions").by("ann");
        shop.list_subscriptions(query.iter().fold(call, |call, (name, value)| call.query(name, value)))
    };
    let cancelled = list(&[("status", "CANCELLED")]).await;
    assert_eq!(ids(&cancelled, "subscription_id"), [first]);
    assert_eq!(ids(&list(&[("status", "ACTIVE")]).await, "subscription_id"), [""; 0]);
    let later = (start + SignedDuration::from_secs(1)).to_string();
    assert_eq!(
        ids(&list(&[("created_from", &later)]).await, "subscription_id"),
        [""; 0]
    );
    assert_eq!(ids(&list(&[("created_to", &later)]).await, "subscription_id").len(), 1);
    assert_eq!(list(&[("status", "Active")]).await.problem(), "invalid-parameter");
}

#[tokio::test]
async fn invoices_are_listed_newest_first_in_pages() {
    let shop = BillingFixture::with("tea", 10).await;
    let id = shop.subscribed("ann", "tea").await;
    for _ in 0..3 {
        shop.run().await;
        shop.advance(SignedDuration::from_hours(24 * 32));
    }
    let page = |customer: &str, cursor: &Value| {
        let call = Call::new("GET", "/subscriptions/{subscription_id}/invoices").path("subscription_id", &id);
        let call = call.by(customer).query("limit", "2");
        shop.list_invoices(
            cursor
                .as_str()
                .map_or(call.clone(), |cursor| call.query("cursor", cursor)),
        )
    };
    let first = page("ann", &Value::Null).await;
    let second = page("ann", &first.body["next_cursor"]).await;
    let periods = |page: &Answer| {
        let items = page.body["items"].as_array().unwrap();
        items
            .iter()
            .map(|invoice| invoice["period"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!((periods(&first), periods(&second)), (vec![2, 1], vec![0]));
    assert!(next_query(&first).is_some() && next_query(&second).is_none());
    assert_eq!(page("bob", &Value::Null).await.problem(), "not-found");
}

#[tokio::test]
async fn bids_and_vouchers_are_filtered_by_product() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 1_000_000).await;
    shop.buy("ann", 1_000).await;
    let voucher = register_call("ann", "CODE-1234-5678");
    assert_eq!(shop.register(voucher).await.status, 201);
    let card = function_tests::auction_fixture::CARD;
    for (sku, expected) in [(card, 1), ("other-card", 0)] {
        let bids = Call::new("GET", "/bids").by("ann").query("sku", sku);
        assert_eq!(ids(&shop.list_bids(bids).await, "bid_id").len(), expected, "{sku}");
        let vouchers = Call::new("GET", "/vouchers").by("ann").query("sku", sku);
        assert_eq!(
            ids(&shop.list_vouchers(vouchers).await, "voucher_id").len(),
            expected,
            "{sku}"
        );
    }
    let bad = Call::new("GET", "/bids").by("ann").query("sku", "%2F");
    assert_eq!(shop.list_bids(bad).await.problem(), "invalid-parameter");
}
