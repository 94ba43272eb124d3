//! Bids on vouchers: placed, matched, taken, canceled and rejected.

use function_tests::auction_fixture::{AuctionFixture, bid_call, book_call, register_call, take_call};
use harness::engine::AUCTIONS;
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::json;

#[tokio::test]
async fn a_voucher_is_sold_to_the_taker_of_a_sell_bid() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 50_000).await;
    let bid = shop.sell("bob", 45_000).await;
    assert_eq!((bid.status, &bid.body["status"]), (201, &"OPEN".into()), "{bid:?}");
    let trade = shop.take(take_call("ann", "t", "BUY", Some(45_000), None)).await;
    assert_eq!((trade.status, &trade.body["price"]), (201, &45_000.into()), "{trade:?}");
    assert_eq!(shop.wallet("ann").await, (5_000, 0));
    assert_eq!(shop.wallet("bob").await, (45_000, 0));
    let vouchers = shop.vouchers("ann").await.body;
    assert_eq!(vouchers["items"][0]["voucher_id"], bid.body["voucher_id"]);
    assert!(vouchers["items"][0]["code"].is_string(), "its owner reads its code");
    assert_eq!(shop.vouchers("bob").await.body["items"], json!([]));
    let bids = shop.list_bids(Call::new("GET", "/bids").by("bob")).await.body;
    assert_eq!(bids["items"][0]["status"], "TRADED");
    let again = shop.take(take_call("ann", "t", "BUY", Some(45_000), None)).await;
    assert_eq!((again.status, again.replayed, again.body), (201, true, trade.body));
    let reused = shop.take(take_call("ann", "t", "BUY", Some(46_000), None)).await;
    assert_eq!(reused.problem(), "idempotency-key-reused");
}

#[tokio::test]
async fn a_voucher_is_bought_from_the_taker_of_a_buy_bid() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 50_000).await;
    assert_eq!(shop.buy("ann", 40_000).await.status, 201);
    assert_eq!(shop.wallet("ann").await, (10_000, 40_000));
    let voucher = shop.new_voucher("bob").await;
    let trade = shop.take(take_call("bob", "t", "SELL", None, Some(&voucher))).await;
    assert_eq!(trade.status, 201, "{trade:?}");
    assert_eq!(shop.wallet("ann").await, (10_000, 0));
    assert_eq!(shop.wallet("bob").await, (40_000, 0));
    assert_eq!(shop.vouchers("ann").await.body["items"][0]["voucher_id"], voucher);
}

#[tokio::test]
async fn matching_bids_trade_at_once_at_the_price_of_the_first() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 100_000).await;
    shop.sell("bob", 42_000).await;
    shop.advance(SignedDuration::from_millis(1));
    let bid = shop.buy("ann", 45_000).await;
    assert_eq!((bid.status, &bid.body["status"]), (201, &"TRADED".into()), "{bid:?}");
    assert_eq!(
        shop.wallet("ann").await,
        (58_000, 0),
        "points held beyond the price are released"
    );
    assert_eq!(shop.wallet("bob").await, (42_000, 0));
    shop.buy("ann", 40_000).await;
    shop.advance(SignedDuration::from_millis(1));
    let bid = shop.sell("bob", 30_000).await;
    assert_eq!(bid.body["status"], "TRADED");
    assert_eq!(shop.wallet("bob").await, (82_000, 0));
    assert_eq!(shop.count_of("BOOK#").await, 0);
}

#[tokio::test]
async fn the_best_price_is_taken_first_and_the_oldest_of_equal_prices() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 1_000_000).await;
    let mut order = vec![];
    for (seller, price) in [("bob", 50_000), ("cid", 45_000), ("dan", 45_000), ("eve", 47_000)] {
        order.push((price, shop.sell(seller, price).await.body["voucher_id"].clone()));
        shop.advance(SignedDuration::from_secs(1));
    }
    order.sort_by_key(|(price, _)| *price);
    for (n, (price, bid)) in order.iter().enumerate() {
        let trade = shop
            .take(take_call("ann", &format!("t{n}"), "BUY", None, None))
            .await
            .body;
        assert_eq!((&trade["price"], &trade["voucher_id"]), (&json!(price), bid));
    }
    let none = shop.take(take_call("ann", "t9", "BUY", None, None)).await;
    assert_eq!((none.status, none.problem()), (409, "nothing-to-take"));
}

#[tokio::test]
async fn the_order_book_shows_both_sides_best_first_with_depth_and_no_names() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 1_000_000).await;
    for price in [30_000, 32_000, 32_000, 31_000] {
        shop.buy("ann", price).await;
        shop.advance(SignedDuration::from_secs(1));
    }
    for price in [50_000, 48_000] {
        shop.sell("bob", price).await;
    }
    let book = shop.book(book_call()).await;
    let prices = |side: &str| {
        let bids = book.body[side]["items"].as_array().unwrap();
        bids.iter()
            .map(|bid| bid["price"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(prices("buy"), [32_000, 32_000, 31_000, 30_000]);
    assert_eq!(prices("sell"), [48_000, 50_000]);
    assert_eq!(book.body["buy"]["depth"][0], json!({ "price": 32_000, "bids": 2 }));
    let text = book.body.to_string();
    assert!(!text.contains("ann") && !text.contains("bob"), "{text}");
    let one = shop.book(book_call().query("side", "SELL")).await.body;
    assert!(one.get("buy").is_none() && one["sell"].is_object());
    for (name, value) in [("side", "both"), ("cursor", "x")] {
        let bad = shop.book(book_call().query(name, value)).await;
        assert_eq!((bad.status, bad.problem()), (400, "invalid-parameter"));
    }
}

#[tokio::test]
async fn the_order_book_is_paged_past_expired_bids() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 10_000_000).await;
    let soon = shop.now() + SignedDuration::from_secs(5);
    shop.credit_points("cid", 10_000_000).await;
    for n in 0..130 {
        let call = bid_call("cid", &format!("old-{n}"), "BUY", 9_000, soon, None);
        assert_eq!(shop.place(call).await.status, 201);
    }
    for n in 0..120 {
        shop.buy("ann", 1_000 + n * 100).await;
    }
    shop.advance(SignedDuration::from_secs(5));
    let mut seen = vec![];
    let mut call = book_call().query("side", "BUY");
    loop {
        let page = shop.book(call).await.body["buy"].clone();
        for bid in page["items"].as_array().unwrap() {
            seen.push(bid["price"].as_u64().unwrap());
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        call = book_call().query("side", "BUY").query("cursor", cursor);
    }
    let expected: Vec<u64> = (0..120).rev().map(|n| 1_000 + n * 100).collect();
    assert_eq!(seen, expected, "each live bid once, best first, no expired one");
}

#[tokio::test]
async fn a_canceled_bid_releases_what_it_held() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 50_000).await;
    let bid = shop.buy("ann", 40_000).await;
    let id = bid.body["bid_id"].as_str().unwrap();
    assert_eq!(shop.cancel_bid("bob", id).await.status, 404);
    let cancelled = shop.cancel_bid("ann", id).await;
    assert_eq!(
        (cancelled.status, &cancelled.body["status"]),
        (200, &"CANCELLED".into())
    );
    assert!(shop.cancel_bid("ann", id).await.replayed);
    assert_eq!(shop.wallet("ann").await, (50_000, 0));
    let sell = shop.sell("bob", 45_000).await;
    shop.cancel_bid("bob", sell.body["bid_id"].as_str().unwrap()).await;
    let voucher = sell.body["voucher_id"].as_str().unwrap();
    let call = bid_call("bob", "again", "SELL", 44_000, shop.in_an_hour(), Some(voucher));
    assert_eq!(shop.place(call).await.status, 201, "the voucher can be offered again");
}

#[tokio::test]
async fn each_invalid_bid_gets_its_problem_and_writes_nothing() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 50_000).await;
    let voucher = shop.new_voucher("bob").await;
    let before = shop.engine.items(AUCTIONS).await.len();
    let hour = shop.in_an_hour();
    let far = shop.now() + SignedDuration::from_hours(24 * 90 + 1);
    let unknown = "11111111-1111-8111-8111-111111111111";
    for (call, status, problem) in [
        (bid_call("ann", "a", "BUY", 900, hour, None), 422, "invalid-price"),
        (
            bid_call("ann", "b", "BUY", 10_000_100, hour, None),
            422,
            "invalid-price",
        ),
        (bid_call("ann", "c", "BUY", 1_050, hour, None), 422, "invalid-price"),
        (
            bid_call("ann", "d", "BUY", 1_000, shop.now(), None),
            422,
            "invalid-deadline",
        ),
        (bid_call("ann", "e", "BUY", 1_000, far, None), 422, "invalid-deadline"),
        (
            bid_call("ann", "f", "BUY", 60_000, hour, None),
            402,
            "not-enough-points",
        ),
        (
            bid_call("ann", "g", "SELL", 1_000, hour, Some(&voucher)),
            422,
            "voucher-not-yours",
        ),
        (
            bid_call("ann", "h", "SELL", 1_000, hour, Some(unknown)),
            422,
            "voucher-not-yours",
        ),
        (
            bid_call("ann", "i", "SELL", 1_000, hour, None),
            422,
            "voucher-not-yours",
        ),
        (
            bid_call("ann", "j", "BUY", 1_000, hour, Some(&voucher)),
            422,
            "voucher-not-yours",
        ),
        (
            bid_call("ann", "k", "BUY", 1_000, hour, None).path("sku", "nothing"),
            422,
            "product-unavailable",
        ),
        (bid_call("ann", "l", "lend", 1_000, hour, None), 400, "malformed-body"),
    ] {
        let answer = shop.place(call).await;
        assert_eq!((answer.status, answer.problem()), (status, problem), "{answer:?}");
    }
    assert_eq!(shop.engine.items(AUCTIONS).await.len(), before);
    assert_eq!(shop.wallet("ann").await, (50_000, 0));
}

#[tokio::test]
async fn each_invalid_take_gets_its_problem_and_writes_nothing() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 50_000).await;
    shop.sell("bob", 45_000).await;
    let voucher = shop.new_voucher("cid").await;
    let before = shop.engine.items(AUCTIONS).await;
    for (call, status, problem) in [
        (take_call("bob", "a", "BUY", None, None), 422, "own-bid"),
        (take_call("ann", "b", "BUY", Some(44_000), None), 409, "price-differs"),
        (take_call("cid", "c", "BUY", None, None), 402, "not-enough-points"),
        (
            take_call("cid", "d", "SELL", None, Some(&voucher)),
            409,
            "nothing-to-take",
        ),
        (take_call("ann", "e", "SELL", None, None), 422, "voucher-not-yours"),
        (take_call("ann", "f", "BUY", Some(17), None), 422, "invalid-price"),
    ] {
        let answer = shop.take(call).await;
        assert_eq!((answer.status, answer.problem()), (status, problem), "{answer:?}");
    }
    let differs = shop.take(take_call("ann", "g", "BUY", Some(44_000), None)).await;
    assert_eq!(differs.body["best"], 45_000);
    assert_eq!(shop.engine.items(AUCTIONS).await.len(), before.len());
}

#[tokio::test]
async fn a_rejected_bid_does_not_change_open_bids() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 50_000).await;
    let bid = shop.buy("ann", 40_000).await;
    let key = bid.body["bid_id"].clone();
    shop.advance(SignedDuration::from_mins(59));
    for price in [39_000, 41_000] {
        assert_eq!(shop.buy("bob", price).await.problem(), "not-enough-points");
    }
    let bids = shop.list_bids(Call::new("GET", "/bids").by("ann")).await.body;
    assert_eq!(
        (&bids["items"][0]["bid_id"], &bids["items"][0]["expires_at"]),
        (&key, &bid.body["expires_at"])
    );
    shop.advance(SignedDuration::from_mins(1));
    assert_eq!(
        shop.expire_bids().await.unwrap().processed,
        1,
        "its deadline is unchanged"
    );
}

#[tokio::test]
async fn a_voucher_has_one_owner_and_one_open_bid() {
    let shop = AuctionFixture::open().await;
    let first = shop.register(register_call("ann", "abcd-1234")).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert!(shop.register(register_call("ann", " ABCD-1234 ")).await.replayed);
    assert_eq!(
        shop.register(register_call("bob", "ABCD-1234")).await.problem(),
        "voucher-registered"
    );
    for other in ["ABCD1234", "abcd 1234", "A-B-C-D-1-2-3-4"] {
        assert_eq!(
            shop.register(register_call("bob", other)).await.problem(),
            "voucher-registered",
            "{other}"
        );
    }
    for bad in ["abc-123", "", "ABCD.1234", "한글한글한글한글"] {
        assert_eq!(
            shop.register(register_call("ann", bad)).await.problem(),
            "invalid-voucher",
            "{bad}"
        );
    }
    let id = first.body["voucher_id"].as_str().unwrap();
    let hour = shop.in_an_hour();
    let bids = futures::future::join_all((0..6).map(|n| {
        let call = bid_call("ann", &format!("b{n}"), "SELL", 5_000, hour, Some(id));
        shop.place(call)
    }))
    .await;
    let placed = bids.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(placed, 1, "{bids:?}");
    assert!(
        bids.iter()
            .filter(|answer| answer.status != 201)
            .all(|bid| bid.problem() == "voucher-offered")
    );
}

#[tokio::test]
async fn a_retried_bid_returns_the_first_one() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 50_000).await;
    let hour = shop.in_an_hour();
    let call = || bid_call("ann", "k", "BUY", 40_000, hour, None);
    let answers = tokio::join!(shop.place(call()), shop.place(call()), shop.place(call()));
    assert_eq!(
        (answers.0.status, answers.1.status, answers.2.status),
        (201, 201, 201),
        "{answers:?}"
    );
    assert_eq!(shop.wallet("ann").await, (10_000, 40_000));
    let other = shop.place(bid_call("ann", "k", "BUY", 41_000, hour, None)).await;
    assert_eq!(other.problem(), "idempotency-key-reused");
}

#[tokio::test]
async fn a_customers_open_bids_are_limited() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 1_000_000).await;
    for _ in 0..200 {
        assert_eq!(shop.buy("ann", 1_000).await.status, 201);
    }
    assert_eq!(shop.buy("ann", 1_000).await.problem(), "too-many-bids");
    assert_eq!(shop.sell("ann", 9_000).await.problem(), "too-many-bids");
    shop.advance(SignedDuration::from_hours(1));
    assert_eq!(shop.expire_bids().await.unwrap().processed, 200);
    assert_eq!(shop.sell("ann", 9_000).await.status, 201, "ended bids do not count");
}

#[tokio::test]
async fn points_of_an_expired_bid_are_available_before_expiry_runs() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 50_000).await;
    let bid = shop.buy("ann", 40_000).await;
    let sell = shop.sell("bob", 45_000).await;
    shop.advance(SignedDuration::from_hours(1));
    let late = shop.cancel_bid("ann", bid.body["bid_id"].as_str().unwrap()).await;
    assert_eq!(
        (late.problem(), &late.body["bid_status"]),
        ("bid-closed", &"EXPIRED".into())
    );
    assert_eq!(shop.wallet("ann").await, (50_000, 0));
    let voucher = sell.body["voucher_id"].as_str().unwrap();
    let call = bid_call("bob", "again", "SELL", 44_000, shop.in_an_hour(), Some(voucher));
    assert_eq!(shop.place(call).await.status, 201);
}
