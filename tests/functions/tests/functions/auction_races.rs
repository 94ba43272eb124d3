//! Concurrent takes, cancellations and expiry, and a long random run that accounts for every point.

use std::time::Duration;

use fastrand::Rng;
use function_tests::auction_fixture::{AuctionFixture, bid_call, take_call};
use harness::engine::AUCTIONS;
use harness::gateway::{Answer, Call};
use harness::{Fault, Hold};
use jiff::SignedDuration;
use shared::aws::lambda::Invocation;

#[tokio::test]
async fn two_takers_of_one_bid_make_one_trade() {
    for _ in 0..5 {
        let shop = AuctionFixture::open().await;
        shop.credit_points("ann", 50_000).await;
        shop.credit_points("cid", 50_000).await;
        shop.sell("bob", 45_000).await;
        let takes = tokio::join!(
            shop.take(take_call("ann", "t", "BUY", None, None)),
            shop.take(take_call("cid", "t", "BUY", None, None)),
        );
        let mut statuses = [takes.0.status, takes.1.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{takes:?}");
        assert_eq!(shop.wallet("bob").await, (45_000, 0));
    }
}

#[tokio::test]
async fn one_take_sent_many_times_at_once_is_one_trade() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 100_000).await;
    shop.sell("bob", 45_000).await;
    shop.sell("bob", 46_000).await;
    let takes = futures::future::join_all((0..8).map(|_| shop.take(take_call("ann", "t", "BUY", None, None)))).await;
    assert!(takes.iter().all(|answer| answer.status == 201), "{takes:?}");
    assert_eq!(shop.wallet("ann").await, (55_000, 0));
    assert_eq!(shop.count_of("TRADE#").await, 1);
}

#[tokio::test]
async fn bids_placed_at_the_same_moment_match_and_do_not_cross() {
    for _ in 0..10 {
        let shop = AuctionFixture::open().await;
        shop.credit_points("ann", 50_000).await;
        let (buy, sell) = tokio::join!(shop.buy("ann", 45_000), shop.sell("bob", 44_000));
        assert_eq!((buy.status, sell.status), (201, 201));
        assert_eq!(shop.count_of("TRADE#").await, 1);
        assert_eq!(shop.count_of("BOOK#").await, 0);
        let (available, held) = shop.wallet("ann").await;
        assert_eq!(held, 0);
        assert!(available == 5_000 || available == 6_000, "the price of the earlier bid");
    }
}

#[tokio::test]
async fn a_take_at_the_last_millisecond_succeeds_or_fails_as_a_whole() {
    for early in [true, false] {
        for _ in 0..5 {
            let shop = AuctionFixture::open().await;
            shop.credit_points("ann", 50_000).await;
            let deadline = shop.now() + SignedDuration::from_secs(10);
            let voucher = shop.new_voucher("bob").await;
            let call = bid_call("bob", "b", "SELL", 45_000, deadline, Some(&voucher));
            assert_eq!(shop.place(call).await.status, 201);
            // The taker's clock shows the last millisecond or the deadline; the clock of `expire-bids` shows the
            // deadline.
            let at = if early {
                deadline - SignedDuration::from_millis(1)
            } else {
                deadline
            };
            let taker = Invocation::new(at, Duration::from_secs(30));
            shop.advance(SignedDuration::from_secs(10));
            let (taken, cleaned) = tokio::join!(
                shop.take_in(take_call("ann", "t", "BUY", None, None), taker),
                shop.expire_bids()
            );
            let cleaned = cleaned.unwrap();
            assert_eq!(cleaned.failed, 0);
            // A request cut off at the deadline has no known outcome; a retry returns it.
            let taken = match taken.status {
                503 => shop.take(take_call("ann", "t", "BUY", None, None)).await,
                _ => taken,
            };
            let won = taken.status == 201;
            assert!(early || !won, "an expired bid traded");
            assert_eq!(cleaned.processed, u64::from(!won), "{taken:?} {cleaned:?}");
            let expected = if won { (5_000, 0) } else { (50_000, 0) };
            assert_eq!(shop.wallet("ann").await, expected);
            let owner = if won { "ann" } else { "bob" };
            let vouchers = shop.vouchers(owner).await.body;
            assert_eq!(vouchers["items"][0]["voucher_id"], voucher.as_str());
            assert!(vouchers["items"][0].get("offered_by").is_none());
        }
    }
}

#[tokio::test]
async fn a_cancellation_and_a_take_at_once_have_one_winner() {
    for _ in 0..5 {
        let shop = AuctionFixture::open().await;
        shop.credit_points("ann", 50_000).await;
        let bid = shop.sell("bob", 45_000).await;
        let id = bid.body["bid_id"].as_str().unwrap();
        let (given_up, taken) = tokio::join!(
            shop.cancel_bid("bob", id),
            shop.take(take_call("ann", "t", "BUY", None, None))
        );
        assert!(
            (given_up.status == 200) != (taken.status == 201),
            "{given_up:?} {taken:?}"
        );
    }
}

/// How often the SDK sends a request before it returns an error.
const SDK_ATTEMPTS: usize = 3;

/// Cancels `bob`'s bid, always with the same key.
async fn cancel(shop: &AuctionFixture, bid: &Answer) -> Answer {
    let call = Call::new("POST", "/bids/{bid_id}/cancel").path("bid_id", bid.body["bid_id"].as_str().unwrap());
    shop.call_cancel_bid(call.by("bob").key("c")).await
}

#[tokio::test]
async fn one_cancellation_sent_twice_at_once_succeeds_twice() {
    let shop = AuctionFixture::open().await;
    let bid = shop.sell("bob", 45_000).await;
    let (free, hold) = (Hold::default(), Hold::default());
    free.release();
    // The first attempt reads the request, and the bid only after the second attempt.
    shop.engine.faults.plan("GetItem", Fault::Held(free));
    shop.engine.faults.plan("GetItem", Fault::Held(hold.clone()));
    let (first, second) = tokio::join!(cancel(&shop, &bid), async {
        hold.arrived().await;
        let second = cancel(&shop, &bid).await;
        hold.release();
        second
    });
    assert_eq!((second.status, second.replayed), (200, false), "{second:?}");
    assert_eq!((first.status, first.replayed), (200, true), "{first:?}");
}

#[tokio::test]
async fn a_cancellation_of_a_cancelled_bid_succeeds_when_the_response_to_its_record_is_lost() {
    let shop = AuctionFixture::open().await;
    let bid = shop.sell("bob", 45_000).await;
    shop.cancel_bid("bob", bid.body["bid_id"].as_str().unwrap()).await;
    // The SDK's own attempts have one token, so that the engine answers them alike.
    for _ in 0..SDK_ATTEMPTS {
        shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    }
    let again = cancel(&shop, &bid).await;
    assert_eq!((again.status, again.replayed), (200, true), "{again:?}");
}

#[tokio::test]
async fn a_late_retry_of_a_cancellation_that_is_just_being_made_succeeds() {
    let shop = AuctionFixture::open().await;
    let bid = shop.sell("bob", 45_000).await;
    let (first_write, second_write) = (Hold::default(), Hold::default());
    for hold in [&first_write, &second_write] {
        shop.engine.faults.plan("TransactWriteItems", Fault::Held(hold.clone()));
    }
    let (first, retry) = tokio::join!(
        async {
            let first = cancel(&shop, &bid).await;
            second_write.release();
            first
        },
        async {
            first_write.arrived().await;
            shop.advance(SignedDuration::from_hours(1));
            tokio::join!(cancel(&shop, &bid), async {
                second_write.arrived().await;
                first_write.release();
            })
            .0
        }
    );
    assert_eq!((first.status, first.replayed), (200, false), "{first:?}");
    assert_eq!((retry.status, retry.replayed), (200, true), "{retry:?}");
}

#[tokio::test]
async fn two_expiry_runs_at_once_release_held_points_once() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 100_000).await;
    for _ in 0..20 {
        shop.buy("ann", 2_000).await;
    }
    shop.sell("bob", 45_000).await;
    shop.advance(SignedDuration::from_hours(1));
    let (one, other) = tokio::join!(shop.expire_bids(), shop.expire_bids());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.processed + other.processed, one.failed + other.failed), (21, 0));
    assert_eq!(shop.wallet("ann").await, (100_000, 0));
    assert_eq!(shop.count_of("BOOK#").await, 0);
    let items = shop.engine.items(AUCTIONS).await;
    let bids: Vec<_> = items.iter().filter(|item| item["sk"] == "BID").collect();
    let swept = shop.now().as_second() + 30 * 24 * 60 * 60;
    assert!(
        bids.iter()
            .all(|bid| bid["status"] == "EXPIRED" && bid["swept_at"] == swept),
        "{bids:?}"
    );
}

#[tokio::test]
async fn a_lost_response_trades_once() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 100_000).await;
    shop.sell("bob", 45_000).await;
    shop.sell("bob", 45_000).await;
    for _ in 0..3 {
        shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    }
    let taken = shop.take(take_call("ann", "t", "BUY", None, None)).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    assert_eq!(shop.wallet("ann").await, (55_000, 0));
    for _ in 0..3 {
        shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    }
    let bid = shop.buy("ann", 10_000).await;
    assert_eq!(bid.status, 201, "{bid:?}");
    assert_eq!(shop.wallet("ann").await, (45_000, 10_000));
}

const ACTORS: usize = 50;
const OPERATIONS: usize = 10_000;

/// Checks at each step: wallets have all credited points, held points equal what open bids need, each voucher has one
/// owner, an offered voucher has one open bid, no bid trades twice, and no expired bid trades.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_point_is_accounted_for_in_a_long_random_run() {
    let shop = AuctionFixture::open().await;
    let mut draw = Rng::with_seed(7);
    let mut credited = 0;
    for actor in 0..ACTORS {
        let points = draw.u64(10_000..200_000);
        shop.credit_points(&name(actor), points).await;
        credited += points;
    }
    let mut run = Run {
        shop: &shop,
        vouchers: (0..ACTORS).map(|_| vec![]).collect(),
        bids: vec![],
        draw,
        credited,
    };
    shop.engine.faults.set_conflicts_per_mille(30);
    let mut done = 0;
    while done < OPERATIONS {
        done += run.step().await;
        if done % 500 < 4 {
            run.audit().await;
        }
    }
    run.audit().await;
    shop.engine.faults.set_conflicts_per_mille(0);
    shop.advance(SignedDuration::from_hours(24 * 91));
    shop.expire_bids().await.unwrap();
    run.audit().await;
    assert_eq!(shop.count_of("BOOK#").await, 0);
}

fn name(actor: usize) -> String {
    format!("actor-{actor}")
}

struct Run<'a> {
    shop: &'a AuctionFixture,
    vouchers: Vec<Vec<String>>,
    bids: Vec<(usize, String)>,
    draw: Rng,
    credited: u64,
}

impl Run<'_> {
    /// Runs one to four operations, some of them concurrently, and returns their number.
    async fn step(&mut self) -> usize {
        if self.draw.u32(..40) == 0 {
            let fault = [Fault::LoseAnswer, Fault::LoseRequest, Fault::Throttle][self.draw.usize(..3)].clone();
            self.shop.engine.faults.plan("TransactWriteItems", fault);
        }
        match self.draw.u32(..100) {
            0..=3 => {
                let actor = self.actor();
                let points = self.draw.u64(1_000..20_000);
                self.shop.credit_points(&name(actor), points).await;
                self.credited += points;
                1
            }
            4..=9 => {
                let actor = self.actor();
                let voucher = self.shop.new_voucher(&name(actor)).await;
                self.vouchers[actor].push(voucher);
                1
            }
            10..=49 => {
                let (one, other) = (self.bid(), self.bid());
                let answers = tokio::join!(self.shop.place(one.1), self.shop.place(other.1));
                self.note(one.0, &answers.0);
                self.note(other.0, &answers.1);
                2
            }
            50..=74 => {
                let calls = [self.wish(), self.wish(), self.wish()];
                let [one, two, three] = calls;
                let shop = self.shop;
                let cleaner = async { drop(shop.expire_bids().await) };
                tokio::join!(shop.take(one), shop.take(two), shop.take(three), cleaner);
                4
            }
            75..=89 => {
                if let Some((actor, bid)) = self.draw.choice(&self.bids).cloned() {
                    let (call, actor) = (self.wish(), name(actor));
                    tokio::join!(self.shop.cancel_bid(&actor, &bid), self.shop.take(call));
                }
                2
            }
            _ => {
                self.shop.advance(SignedDuration::from_secs(self.draw.i64(1..300)));
                drop(self.shop.expire_bids().await);
                1
            }
        }
    }

    fn actor(&mut self) -> usize {
        self.draw.usize(..ACTORS)
    }

    fn price(&mut self) -> u64 {
        self.draw.u64(10..30) * 1_000
    }

    fn bid(&mut self) -> (usize, harness::gateway::Call) {
        let (actor, price) = (self.actor(), self.price());
        let expires = self.shop.now() + SignedDuration::from_secs(self.draw.i64(1..1_200));
        // A voucher that the actor once had; it may be sold or offered now.
        let voucher = self
            .draw
            .choice(&self.vouchers[actor])
            .cloned()
            .filter(|_| self.draw.bool());
        let side = if voucher.is_some() { "SELL" } else { "BUY" };
        let key = self.shop.key();
        (
            actor,
            bid_call(&name(actor), &key, side, price, expires, voucher.as_deref()),
        )
    }

    fn wish(&mut self) -> harness::gateway::Call {
        let actor = self.actor();
        let voucher = self
            .draw
            .choice(&self.vouchers[actor])
            .cloned()
            .filter(|_| self.draw.bool());
        let side = if voucher.is_some() { "SELL" } else { "BUY" };
        let price = self.draw.bool().then(|| self.price());
        let key = self.shop.key();
        take_call(&name(actor), &key, side, price, voucher.as_deref())
    }

    fn note(&mut self, actor: usize, answer: &Answer) {
        if let Some(bid) = answer.body["bid_id"].as_str() {
            self.bids.push((actor, bid.to_owned()));
        }
        assert!(answer.status < 500 || answer.status == 503, "{answer:?}");
    }

    async fn audit(&self) {
        let audit = harness::audit::AuctionAudit::of(self.shop.engine.items(AUCTIONS).await);
        audit.check().expect("every point is accounted for");
        assert_eq!(
            audit.points(),
            i64::try_from(self.credited).unwrap(),
            "points appeared or vanished"
        );
    }
}
