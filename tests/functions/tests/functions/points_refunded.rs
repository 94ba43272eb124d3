//! Points of refunded orders: taken back in proportion, owed while they are spent or held, and returned.

use super::points::bought_points;
use function_tests::PaymentFixture;
use function_tests::auction_fixture::{AuctionFixture, CARD};
use function_tests::payment_fixture::amount;
use harness::Fault;
use harness::audit::AuctionAudit;
use harness::engine::{AUCTIONS, ORDERS, PAYMENTS};
use harness::gateway::Call;
use serde_json::{Value, json};

const WRITE: &str = "TransactWriteItems";

/// A shop where `ann` bought 20,000 points, which are in her wallet.
struct Bought {
    shop: PaymentFixture,
    auction: AuctionFixture,
    order: String,
    paid: Value,
}

impl Bought {
    async fn credited() -> Self {
        let bought = Self::paid().await;
        bought.auction.credit(&bought.paid).await.unwrap();
        bought
    }

    async fn paid() -> Self {
        let (shop, order, paid) = bought_points().await;
        shop.list(CARD, 50_000, 1).await;
        let auction = AuctionFixture::beside(&shop);
        Self {
            shop,
            auction,
            order,
            paid,
        }
    }

    /// Records that the provider has refunded this sum in total, without an event.
    async fn refunded_elsewhere(&self, sum: u64) {
        let data = json!({
            "order_id": self.order, "reference": "r", "amount": amount(20_000), "refunded": amount(sum),
        });
        let webhook = self.shop.sandbox.standard_webhook("payment.refunded", &data);
        assert_eq!(self.shop.deliver(&webhook).await.status, 200);
    }

    /// Delivers the event of a refund.
    async fn deliver(&self) -> Result<(), shared::Error> {
        let payment = self.shop.payment_of("ann", &self.order).await;
        self.auction.refunded(&payment).await
    }

    async fn refund(&self, sum: u64) {
        self.refunded_elsewhere(sum).await;
        self.deliver().await.unwrap();
        self.audit().await;
    }

    /// Lets the payment's refunded sum fall, as after a refund that fails.
    async fn fail_refunds(&self, sum: u64) {
        let payment = self.shop.payment_of("ann", &self.order).await;
        let id = payment["payment_id"].as_str().unwrap();
        self.shop.engine.set_refunded(id, sum).await;
        self.deliver().await.unwrap();
        self.audit().await;
    }

    /// Checks that every point is accounted for.
    async fn audit(&self) {
        let audit = AuctionAudit::of(self.shop.engine.items(AUCTIONS).await);
        audit.check().unwrap();
        let (orders, payments) = (
            self.shop.engine.items(ORDERS).await,
            self.shop.engine.items(PAYMENTS).await,
        );
        audit.check_refunds(&orders, &payments).unwrap();
    }

    /// Available, held and owed points.
    async fn wallet(&self, customer: &str) -> (u64, u64, u64) {
        let answer = self.auction.get_wallet(Call::new("GET", "/wallet").by(customer)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let of = |name: &str| answer.body[name].as_u64().unwrap();
        (of("available"), of("held"), of("owed"))
    }

    async fn events(&self) -> Vec<(String, Value)> {
        let events = self.shop.engine.events(AUCTIONS).await;
        let named = events.into_iter().map(|(name, detail)| (name, detail["data"].clone()));
        named.collect()
    }

    async fn event(&self, name: &str) -> Value {
        let events = self.events().await;
        let found = events.iter().find(|event| event.0 == name);
        found.unwrap_or_else(|| panic!("no {name}: {events:?}")).1.clone()
    }
}

#[tokio::test]
async fn unspent_points_of_a_refunded_order_are_taken_back() {
    let bought = Bought::credited().await;
    bought.deliver().await.unwrap();
    assert_eq!(bought.wallet("ann").await, (20_000, 0, 0), "nothing was refunded");
    bought.refund(20_000).await;
    bought.refund(20_000).await;
    assert_eq!(bought.wallet("ann").await, (0, 0, 0));
    let taken = bought.event("PointsTakenBack").await;
    assert_eq!(
        (&taken["status"], &taken["taken_back"]),
        (&json!("TAKEN_BACK"), &json!(20_000))
    );
}

#[tokio::test]
async fn points_held_by_a_bid_are_owed_after_a_refund_and_taken_when_the_bid_ends() {
    let bought = Bought::credited().await;
    let bid = bought.auction.buy("ann", 1_000).await;
    bought.refund(20_000).await;
    assert_eq!(bought.wallet("ann").await, (0, 1_000, 1_000));
    let taken = bought.event("PointsTakenBack").await;
    assert_eq!(
        (&taken["taken_back"], &taken["owed"]),
        (&json!(20_000), &json!(1_000)),
        "{taken}"
    );
    let id = bid.body["bid_id"].as_str().unwrap();
    bought.auction.cancel_bid("ann", id).await;
    assert_eq!(bought.wallet("ann").await, (0, 0, 0));
    let collected = bought.event("OwedPointsCollected").await;
    assert_eq!(
        (&collected["points"], &collected["about"]["id"]),
        (&json!(1_000), &json!(id))
    );
    bought.audit().await;
}

#[tokio::test]
async fn owed_points_are_taken_from_an_expired_bid_a_new_credit_and_a_sale() {
    let bought = Bought::credited().await;
    for price in [1_000, 2_000, 6_000] {
        assert_eq!(bought.auction.buy("ann", price).await.status, 201);
    }
    // Another customer pays 6,000 points for ... nothing: the points of this bid are spent.
    assert_eq!(bought.auction.sell("bob", 6_000).await.status, 201);
    bought.refund(20_000).await;
    assert_eq!(bought.wallet("ann").await, (0, 3_000, 9_000));

    bought.auction.advance(jiff::SignedDuration::from_hours(2));
    bought.auction.expire_bids().await.unwrap();
    assert_eq!(bought.wallet("ann").await, (0, 0, 6_000));

    bought.auction.credit_points("ann", 2_500).await;
    assert_eq!(bought.wallet("ann").await, (0, 0, 3_500));
    let refused = bought.auction.buy("ann", 1_000).await;
    assert_eq!(refused.problem(), "not-enough-points");

    bought.auction.credit_points("cid", 50_000).await;
    bought.auction.buy("cid", 5_000).await;
    assert_eq!(bought.auction.sell("ann", 5_000).await.body["status"], "TRADED");
    assert_eq!(bought.wallet("ann").await, (1_500, 0, 0));
    bought.audit().await;
}

#[tokio::test]
async fn a_taken_bid_pays_the_sellers_debt_first() {
    let bought = Bought::credited().await;
    bought.auction.buy("ann", 20_000).await;
    bought.auction.sell("bob", 20_000).await;
    bought.refund(20_000).await;
    assert_eq!(bought.wallet("ann").await, (0, 0, 20_000));
    bought.auction.credit_points("cid", 50_000).await;
    let voucher = bought.auction.new_voucher("ann").await;
    bought.auction.buy("cid", 30_000).await;
    let call = function_tests::auction_fixture::take_call("ann", "t", "SELL", None, Some(&voucher));
    assert_eq!(bought.auction.take(call).await.status, 201);
    assert_eq!(bought.wallet("ann").await, (10_000, 0, 0));
    bought.audit().await;
}

#[tokio::test]
async fn a_partial_refund_takes_back_its_part_rounded_down() {
    let bought = Bought::credited().await;
    bought.refund(5_001).await;
    assert_eq!(bought.wallet("ann").await, (14_999, 0, 0));
    let taken = bought.event("PointsTakenBack").await;
    assert_eq!(
        (&taken["status"], &taken["taken_back"]),
        (&json!("CREDITED"), &json!(5_001))
    );
    bought.refund(12_000).await;
    assert_eq!(bought.wallet("ann").await, (8_000, 0, 0));
    bought.refund(20_000).await;
    assert_eq!(bought.wallet("ann").await, (0, 0, 0));

    let points = shared::auctions::Points::try_from(10_000).unwrap();
    assert_eq!(points.share(1, 3).get(), 3_333);
    assert_eq!(points.share(2, 3).get(), 6_666);
    assert_eq!(points.share(3, 3).get(), 10_000);
}

#[tokio::test]
async fn points_of_an_order_refunded_before_their_credit_are_never_credited() {
    let bought = Bought::paid().await;
    bought.refund(20_000).await;
    bought.auction.credit(&bought.paid).await.unwrap();
    assert_eq!(bought.wallet("ann").await, (0, 0, 0));
    bought.audit().await;
}

#[tokio::test]
async fn of_an_order_refunded_in_part_before_its_credit_the_rest_is_credited() {
    let bought = Bought::paid().await;
    bought.refund(5_000).await;
    assert_eq!(bought.wallet("ann").await, (15_000, 0, 0));
    bought.auction.credit(&bought.paid).await.unwrap();
    assert_eq!(bought.wallet("ann").await, (15_000, 0, 0));
    bought.audit().await;
}

#[tokio::test]
async fn points_are_returned_when_a_refund_fails_and_pay_the_debt_first() {
    let bought = Bought::credited().await;
    bought.auction.buy("ann", 6_000).await;
    bought.auction.sell("bob", 6_000).await;
    bought.refund(20_000).await;
    assert_eq!(bought.wallet("ann").await, (0, 0, 6_000));
    bought.fail_refunds(10_000).await;
    assert_eq!(bought.wallet("ann").await, (4_000, 0, 0));
    let returned = bought.event("PointsReturned").await;
    assert_eq!(
        (&returned["status"], &returned["taken_back"]),
        (&json!("CREDITED"), &json!(10_000))
    );
    bought.fail_refunds(0).await;
    assert_eq!(bought.wallet("ann").await, (14_000, 0, 0));
    bought.refund(20_000).await;
    assert_eq!(bought.wallet("ann").await, (0, 0, 6_000));
}

#[tokio::test]
async fn a_cancelled_order_after_a_refund_takes_no_more_and_returns_nothing() {
    let bought = Bought::credited().await;
    bought.refund(20_000).await;
    assert_eq!(bought.shop.cancel("ann", &bought.order).await.status, 200);
    assert_eq!(bought.wallet("ann").await, (0, 0, 0));
    bought.fail_refunds(0).await;
    assert_eq!(bought.wallet("ann").await, (0, 0, 0), "the order is cancelled");
}

#[tokio::test]
async fn a_cancellation_after_a_partial_refund_takes_the_rest() {
    let bought = Bought::credited().await;
    bought.refund(5_000).await;
    let bid = bought.auction.buy("ann", 15_000).await;
    let refused = bought.shop.cancel("ann", &bought.order).await;
    assert_eq!(refused.problem(), "points-spent");
    bought
        .auction
        .cancel_bid("ann", bid.body["bid_id"].as_str().unwrap())
        .await;
    assert_eq!(bought.shop.cancel("ann", &bought.order).await.status, 200);
    assert_eq!(bought.wallet("ann").await, (0, 0, 0));
    bought.audit().await;
}

#[tokio::test]
async fn a_refund_while_bids_take_and_release_points_loses_none() {
    for round in 0..6_u64 {
        let bought = Bought::credited().await;
        let bid = bought.auction.buy("ann", 3_000 + 100 * round).await;
        bought.refunded_elsewhere(20_000).await;
        let bid = bid.body["bid_id"].as_str().unwrap();
        bought.shop.engine.faults.set_conflicts_per_mille(50);
        let (first, second, ..) = tokio::join!(
            bought.deliver(),
            bought.deliver(),
            bought.auction.buy("ann", 5_000),
            bought.auction.cancel_bid("ann", bid),
            bought.auction.sell("bob", 5_000),
            bought.auction.credit_points("ann", 700),
        );
        bought.shop.engine.faults.set_conflicts_per_mille(0);
        first.unwrap();
        second.unwrap();
        bought.audit().await;
        let (available, held, owed) = bought.wallet("ann").await;
        let bob = bought.wallet("bob").await.0;
        assert_eq!(available + held + bob, 700 + owed, "{available} {held} {bob} {owed}");
    }
}

#[tokio::test]
async fn a_take_back_whose_write_is_lost_is_made_once() {
    for fault in [
        Fault::LoseAnswer,
        Fault::LoseRequest,
        Fault::Throttle,
        Fault::Conflict(0),
        Fault::Conflict(1),
    ] {
        let bought = Bought::credited().await;
        bought.auction.buy("ann", 1_000).await;
        bought.refunded_elsewhere(20_000).await;
        bought.shop.engine.faults.plan(WRITE, fault);
        bought.deliver().await.unwrap();
        bought.deliver().await.unwrap();
        assert_eq!(bought.wallet("ann").await, (0, 1_000, 1_000));
        bought.audit().await;
    }
}

/// The event data of a paid order of the most points that an order can have, 499,500,000,000.
fn large_order(key: &str, customer: &str, now: jiff::Timestamp) -> Value {
    let mut order = function_tests::auction_fixture::paid_order(customer, key, 10_000_000, now);
    let mut line = order["lines"][0].clone();
    line["quantity"] = json!(999);
    order["lines"] = json!(vec![line; 50]);
    order
}

#[tokio::test]
async fn a_credit_beyond_the_wallets_limit_is_refused_and_can_be_made_later() {
    let auction = AuctionFixture::open().await;
    for key in ["1", "2"] {
        auction.credit(&large_order(key, "ann", auction.now())).await.unwrap();
    }
    let third = large_order("3", "ann", auction.now());
    for _ in 0..2 {
        assert!(auction.credit(&third).await.is_err(), "it becomes a dead letter");
    }
    assert_eq!(auction.wallet("ann").await, (999_000_000_000, 0));
    AuctionAudit::of(auction.engine.items(AUCTIONS).await).check().unwrap();
    let events = auction.engine.events(AUCTIONS).await;
    let refused = events.iter().find(|event| event.0 == "PointsRefused").unwrap();
    assert_eq!(refused.1["data"]["order_id"], third["order_id"]);

    // Held points that are released after a credit to the limit are readable, and so are earned ones.
    let bid = auction.buy("ann", 10_000_000).await;
    auction.credit_points("ann", 1_000_000_000).await;
    auction.cancel_bid("ann", bid.body["bid_id"].as_str().unwrap()).await;
    assert_eq!(auction.wallet("ann").await, (1_000_000_000_000, 0));
    auction.credit_points("bob", 10_000_000).await;
    auction.buy("bob", 10_000_000).await;
    assert_eq!(auction.sell("ann", 10_000_000).await.body["status"], "TRADED");
    assert_eq!(auction.wallet("ann").await, (1_000_010_000_000, 0));
    assert!(auction.credit(&third).await.is_err());
    AuctionAudit::of(auction.engine.items(AUCTIONS).await).check().unwrap();
}

#[tokio::test]
async fn a_refused_credit_is_settled_by_a_refund() {
    let bought = Bought::paid().await;
    for key in ["1", "2"] {
        let order = large_order(key, "ann", bought.auction.now());
        bought.auction.credit(&order).await.unwrap();
    }
    bought.auction.credit_points("ann", 990_000_000).await;
    let full = bought.wallet("ann").await;
    assert!(bought.auction.credit(&bought.paid).await.is_ok(), "there is room");
    let other = function_tests::auction_fixture::paid_order("ann", "last", 10_000_000, bought.auction.now());
    assert!(bought.auction.credit(&other).await.is_err());
    assert_eq!(bought.wallet("ann").await.0, full.0 + 20_000);
    bought.refund(20_000).await;
    assert_eq!(bought.wallet("ann").await, full);
    assert!(bought.auction.credit(&other).await.is_ok(), "there is room again");
    AuctionAudit::of(bought.shop.engine.items(AUCTIONS).await)
        .check()
        .unwrap();
}
