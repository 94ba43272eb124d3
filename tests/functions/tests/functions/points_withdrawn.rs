//! Points of orders whose money the customer has back without a refund of ours: lost disputes, withdrawn deposits, and
//! charges that were refunded before they were known.

use super::points::{bought_points, ordered_points};
use function_tests::PaymentFixture;
use function_tests::auction_fixture::AuctionFixture;
use function_tests::auction_fixture::CARD;
use function_tests::payment_fixture::{amount, start_call, stripe_call, toss_call};
use harness::audit::AuctionAudit;
use harness::engine::{AUCTIONS, ORDERS, PAYMENTS};
use harness::gateway::Call;
use sandbox::{Authentication, Card, Method};
use serde_json::{Value, json};

use crate::refunds::ask;

const TEMPLATE: &str = include_str!("../../../../functions/auctions/template.yaml");

/// A shop where `ann` bought 20,000 points for 20,000 won.
struct Bought {
    shop: PaymentFixture,
    auction: AuctionFixture,
    order: String,
    /// The provider's reference of the payment.
    reference: String,
}

impl Bought {
    async fn of(shop: PaymentFixture, order: String, reference: String) -> Self {
        shop.list(CARD, 50_000, 1).await;
        let auction = AuctionFixture::beside(&shop);
        Self {
            shop,
            auction,
            order,
            reference,
        }
    }

    /// Paid through Stripe, and credited.
    async fn by_card() -> Self {
        let (shop, order) = ordered_points().await;
        let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await.body;
        let intent = started["reference"].as_str().unwrap().to_owned();
        shop.sandbox.stripe_pay(&intent, &Card::Good);
        let call = stripe_call("ann", "pay", &order, &intent, 20_000);
        assert_eq!(shop.confirm(call).await.status, 200);
        shop.sandbox.webhooks();
        let bought = Self::of(shop, order, intent).await;
        bought.credit().await;
        bought
    }

    /// Paid by deposit, and credited.
    async fn by_deposit() -> Self {
        let (shop, order) = ordered_points().await;
        let deposit = Authentication {
            method: Method::VirtualAccount,
            ..Authentication::default()
        };
        let key = shop.sandbox.toss_authenticate_with(&order, 20_000, "KRW", &deposit);
        shop.confirm(toss_call("ann", "pay", &order, &key, 20_000)).await;
        shop.sandbox.toss_deposit(&key);
        shop.deliver_all().await;
        let bought = Self::of(shop, order, key).await;
        bought.credit().await;
        bought
    }

    /// Paid by a charge of which 5,000 won were refunded when it was first reported. Not credited.
    async fn refunded_in_part() -> Self {
        let (shop, order) = ordered_points().await;
        let data = json!({
            "order_id": order, "reference": "r", "amount": amount(20_000), "refunded": amount(5_000),
        });
        let webhook = shop.sandbox.standard_webhook("payment.refunded", &data);
        assert_eq!(shop.deliver(&webhook).await.status, 200);
        Self::of(shop, order, "r".to_owned()).await
    }

    /// Delivers `OrderPaid`.
    async fn credit(&self) {
        let paid = self.shop.see("ann", &self.order).await.body;
        assert_eq!(paid["status"], "PAID");
        self.auction.credit(&paid).await.unwrap();
    }

    async fn payment(&self) -> Value {
        self.shop.payment_of("ann", &self.order).await
    }

    /// Delivers the pending webhooks, and then the payment's event, if `credit-points` consumes it. Checks that every
    /// point is accounted for.
    async fn deliver(&self) {
        assert!(self.shop.deliver_all().await.iter().all(|status| *status == 200));
        let events = self.shop.engine.events(PAYMENTS).await;
        let [(kind, detail)] = events.as_slice() else {
            panic!("not one event: {events:?}");
        };
        let of_payments = |line: &&str| line.trim_start().starts_with("detail-type: [Payment");
        let consumed = TEMPLATE.lines().find(of_payments).unwrap();
        if consumed.contains(kind) {
            self.auction.refunded(&detail["data"]).await.unwrap();
        }
        let audit = AuctionAudit::of(self.shop.engine.items(AUCTIONS).await);
        audit.check().unwrap();
        let (orders, payments) = (
            self.shop.engine.items(ORDERS).await,
            self.shop.engine.items(PAYMENTS).await,
        );
        audit.check_refunds(&orders, &payments).unwrap();
    }

    async fn decide(&self, mut decision: Value) {
        let payment = self.payment().await;
        let id = payment["payment_id"].as_str().unwrap();
        decision["review_id"] = payment["reviews"][0]["review_id"].clone();
        let call = Call::new("POST", "/admin/payments/{payment_id}/review").path("payment_id", id);
        let decided = self.shop.resolve(call.by_admin().key("decide").json(&decision)).await;
        assert_eq!(decided.status, 200, "{decided:?}");
    }

    /// Ann's available, held and owed points.
    async fn wallet(&self) -> (u64, u64, u64) {
        let answer = self.auction.get_wallet(Call::new("GET", "/wallet").by("ann")).await;
        let of = |name: &str| answer.body[name].as_u64().unwrap();
        (of("available"), of("held"), of("owed"))
    }
}

#[tokio::test]
async fn the_points_of_a_lost_dispute_are_taken_back_and_those_in_use_are_owed() {
    let bought = Bought::by_card().await;
    bought.auction.buy("ann", 5_000).await;
    let dispute = bought.shop.sandbox.stripe_dispute(&bought.reference, 20_000);
    bought.deliver().await;
    assert_eq!(bought.wallet().await, (15_000, 5_000, 0), "the bank has not decided");
    bought.shop.sandbox.stripe_close_dispute(&dispute, false);
    bought.deliver().await;
    assert_eq!(bought.wallet().await, (0, 5_000, 5_000));
}

#[tokio::test]
async fn the_points_of_a_dispute_that_was_won_stay() {
    let bought = Bought::by_card().await;
    let dispute = bought.shop.sandbox.stripe_dispute(&bought.reference, 20_000);
    bought.deliver().await;
    bought.shop.sandbox.stripe_close_dispute(&dispute, true);
    bought.deliver().await;
    assert_eq!(bought.wallet().await, (20_000, 0, 0));
}

#[tokio::test]
async fn a_lost_part_and_a_refunded_part_take_back_their_points_together() {
    let bought = Bought::by_card().await;
    let dispute = bought.shop.sandbox.stripe_dispute(&bought.reference, 5_000);
    bought.shop.sandbox.stripe_close_dispute(&dispute, false);
    bought.deliver().await;
    assert_eq!(bought.wallet().await, (15_000, 0, 0));
    bought.decide(json!({ "decision": "SETTLED" })).await;
    for (key, won, left) in [("1", 4_000, 11_000), ("2", 11_000, 0)] {
        let payment = bought.payment().await;
        let requested = ask(&bought.shop, key, &payment, &json!({ "amount": amount(won) })).await;
        assert_eq!(requested.status, 202, "{requested:?}");
        bought.shop.refund("RefundRequested", &requested.body).await.unwrap();
        bought.deliver().await;
        assert_eq!(bought.wallet().await, (left, 0, 0));
    }
}

#[tokio::test]
async fn the_points_of_a_withdrawn_deposit_are_taken_back_and_come_back_with_it() {
    let bought = Bought::by_deposit().await;
    bought.shop.sandbox.toss_withdraw_deposit(&bought.reference);
    bought.deliver().await;
    assert_eq!(bought.wallet().await, (0, 0, 0));
    bought.shop.sandbox.toss_deposit(&bought.reference);
    bought.deliver().await;
    assert_eq!(bought.payment().await["status"], "PAID");
    assert_eq!(bought.wallet().await, (20_000, 0, 0));
}

#[tokio::test]
async fn the_points_of_a_payment_that_a_person_recorded_as_taken_back_are_taken_back() {
    let (shop, order) = ordered_points().await;
    let reference = shop.sandbox.standard_charge(&order, 20_000);
    shop.deliver_all().await;
    let bought = Bought::of(shop, order, reference).await;
    bought.credit().await;
    bought.shop.advance(jiff::SignedDuration::from_hours(72));
    bought.shop.sandbox.standard_take_back(&bought.reference);
    bought.deliver().await;
    assert_eq!(bought.wallet().await, (20_000, 0, 0), "nobody has decided");
    let taken = json!({ "decision": "TAKEN_BACK", "amount": amount(8_000) });
    bought.decide(taken).await;
    bought.deliver().await;
    assert_eq!(bought.wallet().await, (12_000, 0, 0));
}

#[tokio::test]
async fn of_a_charge_that_was_refunded_in_part_when_it_was_first_reported_the_rest_is_credited() {
    for is_credited_first in [true, false] {
        let bought = Bought::refunded_in_part().await;
        if is_credited_first {
            bought.credit().await;
        }
        bought.deliver().await;
        bought.credit().await;
        assert_eq!(bought.wallet().await, (15_000, 0, 0), "{is_credited_first}");
    }
}

#[tokio::test]
async fn an_administrator_cancels_an_order_whose_points_are_spent_and_the_wallet_owes_them() {
    let (shop, order, paid) = bought_points().await;
    let bought = Bought::of(shop, order, "r".to_owned()).await;
    bought.auction.credit(&paid).await.unwrap();
    bought.auction.buy("ann", 6_000).await;
    bought.auction.sell("bob", 6_000).await;
    assert_eq!(bought.shop.cancel("ann", &bought.order).await.problem(), "points-spent");
    let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &bought.order);
    let cancelled = bought.shop.cancel_order(call.by_admin().key("c")).await;
    assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
    assert_eq!(bought.wallet().await, (0, 0, 6_000));
    AuctionAudit::of(bought.shop.engine.items(AUCTIONS).await)
        .check()
        .unwrap();
}
