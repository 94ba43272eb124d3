//! The pages of the order book, and the order in which bids came to it.

use std::collections::BTreeMap;

use function_tests::auction_fixture::{AuctionFixture, bid_call, book_call, take_call};
use harness::gateway::Answer;
use harness::{Fault, Hold};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::Value;

/// A bid of a random book: its price in hundreds above the lowest, and its lifetime in minutes.
type Drawn = (u64, i64);

/// The bids of a page, identified by their times, and its cursor.
struct Page {
    bids: Vec<(u64, Timestamp)>,
    depth: BTreeMap<u64, u64>,
    next: Option<String>,
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

async fn read(shop: &AuctionFixture, side: &str, limit: usize, cursor: Option<&str>) -> Page {
    let mut call = book_call()
        .query("side", &side.to_uppercase())
        .query("limit", &limit.to_string());
    if let Some(cursor) = cursor {
        call = call.query("cursor", cursor);
    }
    let answer = shop.book(call).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let page = &answer.body[side];
    let bids = page["items"].as_array().unwrap();
    let depth = page["depth"].as_array().unwrap();
    assert!(bids.len() <= limit);
    let page = Page {
        bids: bids
            .iter()
            .map(|bid| {
                (
                    number(&bid["price"]),
                    bid["placed_at"].as_str().unwrap().parse().unwrap(),
                )
            })
            .collect(),
        depth: depth
            .iter()
            .map(|level| (number(&level["price"]), number(&level["bids"])))
            .collect(),
        next: page["next_cursor"].as_str().map(str::to_owned),
    };
    assert_eq!(page.depth.len(), depth.len(), "each price once");
    assert_eq!(
        page.depth,
        levels(page.bids.iter().map(|(price, _)| *price)),
        "the depth counts the page's bids"
    );
    page
}

fn levels(prices: impl IntoIterator<Item = u64>) -> BTreeMap<u64, u64> {
    let mut levels = BTreeMap::new();
    for price in prices {
        *levels.entry(price).or_default() += 1;
    }
    levels
}

/// Walks all pages. Advances the clock by `step` before each page but the first.
async fn walk(shop: &AuctionFixture, side: &str, limit: usize, step: SignedDuration) -> Vec<(Timestamp, Page)> {
    let mut pages = vec![];
    let mut cursor: Option<String> = None;
    loop {
        let page = read(shop, side, limit, cursor.as_deref()).await;
        cursor = page.next.clone();
        pages.push((shop.now(), page));
        if cursor.is_none() {
            return pages;
        }
        shop.advance(step);
    }
}

/// Opens an auction with these bids. Returns it with each bid's price, time and deadline.
async fn placed(side: &str, drawn: &[Drawn]) -> (AuctionFixture, Vec<(u64, Timestamp, Timestamp)>) {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 100_000_000).await;
    let mut bids = vec![];
    for (price, minutes) in drawn {
        let price = 1_000 + 100 * price;
        let expires_at = shop.now() + SignedDuration::from_mins(*minutes);
        let voucher = match side {
            "sell" => Some(shop.new_voucher("ann").await),
            _ => None,
        };
        let call = bid_call(
            "ann",
            &shop.key(),
            &side.to_uppercase(),
            price,
            expires_at,
            voucher.as_deref(),
        );
        let bid = shop.place(call).await;
        assert_eq!(bid.status, 201, "{bid:?}");
        bids.push((price, placed_at(&bid), expires_at));
    }
    (shop, bids)
}

fn placed_at(bid: &Answer) -> Timestamp {
    bid.body["placed_at"].as_str().unwrap().parse().unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn the_depths_of_all_pages_add_up_to_the_bids_whatever_the_page_size(
        drawn in prop::collection::vec((0..4u64, 1..4i64), 0..60),
        elapsed in 0..4i64,
        limits in prop::collection::vec(1..=100usize, 6),
        is_sale in any::<bool>(),
    ) {
        let side = if is_sale { "sell" } else { "buy" };
        run(async {
            let (shop, bids) = placed(side, &drawn).await;
            shop.advance(SignedDuration::from_mins(elapsed));
            let live = bids.iter().filter(|(_, _, expires_at)| *expires_at > shop.now());
            let expected = levels(live.map(|(price, _, _)| *price));
            for limit in limits.iter().copied().chain([1, 2, 100]) {
                let mut sums = BTreeMap::new();
                for (_, page) in walk(&shop, side, limit, SignedDuration::ZERO).await {
                    for (price, bids) in page.depth {
                        *sums.entry(price).or_default() += bids;
                    }
                }
                assert_eq!(sums, expected, "{limit} bids on a page");
            }
        });
    }

    #[test]
    fn no_bid_is_skipped_or_listed_twice_while_others_expire(
        drawn in prop::collection::vec((0..4u64, 1..9i64), 0..60),
        limit in 1..=20usize,
        seconds in 1..120i64,
        is_cleaned in any::<bool>(),
    ) {
        run(async {
            let (shop, bids) = placed("buy", &drawn).await;
            let step = SignedDuration::from_secs(seconds);
            if is_cleaned {
                shop.advance(SignedDuration::from_mins(2));
                shop.expire_bids().await.unwrap();
            }
            let pages = walk(&shop, "buy", limit, step).await;
            let end = shop.now();
            let listed: Vec<(u64, Timestamp)> = pages.iter().flat_map(|(_, page)| page.bids.clone()).collect();
            for (price, placed_at, expires_at) in bids {
                let times = listed.iter().filter(|bid| **bid == (price, placed_at)).count();
                assert!(times <= 1, "listed twice");
                assert!(expires_at <= end || times == 1, "skipped");
                let is_late = |(now, page): &(Timestamp, Page)| *now >= expires_at && page.bids.contains(&(price, placed_at));
                assert!(!pages.iter().any(is_late), "listed after its deadline");
            }
            let mut sorted = listed.clone();
            sorted.sort_by_key(|(price, placed_at)| (std::cmp::Reverse(*price), *placed_at));
            assert_eq!(listed, sorted, "best price first, then the oldest");
        });
    }
}

#[tokio::test]
async fn a_page_of_the_order_book_is_one_read() {
    let (shop, _) = placed("buy", &[(0, 1), (0, 2), (1, 2), (1, 2)]).await;
    shop.advance(SignedDuration::from_mins(1));
    for limit in [1, 2, 100] {
        shop.engine.faults.measure();
        read(&shop, "buy", limit, None).await;
        assert_eq!(shop.engine.faults.cost().requests["Query"], 1);
    }
}

#[tokio::test]
async fn a_page_size_below_1_is_rejected() {
    let shop = AuctionFixture::open().await;
    for limit in ["0", "-1", "x", ""] {
        let answer = shop.book(book_call().query("limit", limit)).await;
        assert_eq!((answer.status, answer.problem()), (400, "invalid-parameter"), "{limit}");
    }
}

/// Places ann's bid to buy at 45,000 while bob's bid to sell at 30,000, which began first, is held at its transaction.
/// ann's machine is `skew` ahead of bob's. Returns bob's bid.
async fn overtaken(shop: &AuctionFixture, skew: SignedDuration) -> Answer {
    shop.credit_points("ann", 50_000).await;
    let voucher = shop.new_voucher("bob").await;
    let deadline = shop.in_an_hour() + SignedDuration::from_hours(48);
    let hold = Hold::default();
    shop.engine.faults.plan("TransactWriteItems", Fault::Held(hold.clone()));
    let sell = shop.place(bid_call("bob", "s", "SELL", 30_000, deadline, Some(&voucher)));
    let buy = async {
        hold.arrived().await;
        let mut invocation = shop.invocation();
        invocation.now += skew;
        let buy = shop
            .place_in(bid_call("ann", "b", "BUY", 45_000, deadline, None), invocation)
            .await;
        assert_eq!((buy.status, &buy.body["status"]), (201, &"OPEN".into()), "{buy:?}");
        hold.release();
    };
    tokio::join!(sell, buy).0
}

#[tokio::test]
async fn the_price_is_that_of_the_bid_on_the_order_book_first_whichever_request_began_first() {
    for skew in [0, 1, 5_000, 24 * 60 * 60 * 1000, -5_000, -24 * 60 * 60 * 1000] {
        let shop = AuctionFixture::open().await;
        let sold = overtaken(&shop, SignedDuration::from_millis(skew)).await;
        assert_eq!(sold.body["status"], "TRADED", "{sold:?}");
        assert_eq!(shop.wallet("bob").await, (45_000, 0), "with a clock {skew} ms ahead");
        assert_eq!(shop.wallet("ann").await, (5_000, 0));
    }
}

#[tokio::test]
async fn the_bid_on_the_order_book_first_trades_first_at_its_price_whichever_request_began_first() {
    for skew in [0, 5_000, -5_000] {
        let shop = AuctionFixture::open().await;
        shop.credit_points("ann", 100_000).await;
        let (bobs, cids) = (shop.new_voucher("bob").await, shop.new_voucher("cid").await);
        let hour = shop.in_an_hour();
        let hold = Hold::default();
        shop.engine.faults.plan("TransactWriteItems", Fault::Held(hold.clone()));
        let slow = shop.place(bid_call("bob", "s", "SELL", 30_000, hour, Some(&bobs)));
        let quick = async {
            hold.arrived().await;
            let mut invocation = shop.invocation();
            invocation.now += SignedDuration::from_millis(skew);
            let call = bid_call("cid", "s", "SELL", 30_000, hour, Some(&cids));
            let quick = shop.place_in(call, invocation).await;
            hold.release();
            quick
        };
        let (slow, quick) = tokio::join!(slow, quick);
        assert_eq!((slow.status, quick.status), (201, 201));
        assert!(placed_at(&quick) < placed_at(&slow));
        let taken = shop.take(take_call("ann", "t", "BUY", None, None)).await;
        assert_eq!(taken.body["voucher_id"], cids.as_str(), "with a clock {skew} ms ahead");
    }
}

#[tokio::test]
async fn bids_placed_at_once_have_different_times_in_the_order_of_their_commits() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 1_000_000).await;
    shop.engine.faults.set_conflicts_per_mille(100);
    for _ in 0..4 {
        shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    }
    let bids = futures::future::join_all((0..40).map(|_| shop.buy("ann", 1_000))).await;
    assert!(bids.iter().all(|bid| bid.status == 201), "{bids:?}");
    let mut times: Vec<Timestamp> = bids.iter().map(placed_at).collect();
    times.sort();
    times.dedup();
    assert_eq!(times.len(), 40);
}

#[tokio::test]
async fn the_book_may_be_reused_for_a_second_and_is_not_sent_again_while_it_is_the_same() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 100_000).await;
    shop.buy("ann", 40_000).await;
    let first = shop.book(book_call()).await;
    assert_eq!(first.header("cache-control"), "public, max-age=1");
    let again = || book_call().header("if-none-match", first.header("etag"));
    assert_eq!(shop.book(again()).await.status, 304);
    shop.buy("ann", 41_000).await;
    assert_eq!(shop.book(again()).await.status, 200);
}
