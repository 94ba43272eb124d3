//! Coupons of subscriptions: the charges that they count for, the one subscription or order that has a claim, and its way back.

use std::time::Duration;

use function_tests::billing_fixture::{monthly, subscribe_call, subscription};
use function_tests::payment_fixture::{amount, start_call};
use function_tests::{BillingFixture, CouponsFixture, RESERVATION, id_of, order_body, order_call};
use harness::engine::SUBSCRIPTIONS;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use sandbox::{Card, Fault, Provider};
use serde_json::{Value, json};

use super::billing::{DAY, HOUR, assert_settled};
use super::billing_reviews::{decide, hanging_with};

const MONTH: SignedDuration = SignedDuration::from_hours(24 * 31);

/// A shop with subscriptions in which ann has claimed a coupon.
struct Claimed {
    shop: BillingFixture,
    coupons: CouponsFixture,
    claim: String,
}

/// A coupon with these fields, which can be redeemed for a year unless they say otherwise.
async fn claimed(fields: &Value) -> Claimed {
    let shop = BillingFixture::with("tea", 20).await;
    let coupons = CouponsFixture::beside(shop.again());
    let mut all = json!({ "redeemable_until": shop.now() + DAY * 365 });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let coupon = coupons.coupon(&all).await;
    let claim = coupons.claimed("ann", &coupon).await;
    Claimed { shop, coupons, claim }
}

fn repeating(charges: u32) -> Value {
    json!({ "kind": "REPEATING", "charges": charges })
}

impl Claimed {
    /// A monthly subscription of so many units, whose first period is due.
    fn body(&self, quantity: i64) -> Value {
        let authorization = self.shop.authorization("ann");
        let mut body = subscription(&[("tea", quantity)], &monthly("2026-01-01"), &authorization);
        body["coupon_claim_id"] = json!(self.claim);
        body
    }

    async fn subscribe(&self, customer: &str, key: &str, body: &Value) -> Answer {
        self.shop.create_subscription(subscribe_call(customer, key, body)).await
    }

    async fn subscribed(&self, quantity: i64) -> String {
        let begun = self.subscribe("ann", "k", &self.body(quantity)).await;
        assert_eq!(begun.status, 201, "{begun:?}");
        id(&begun)
    }

    async fn order(&self, key: &str) -> Answer {
        let mut body = order_body(&[("tea", 1)]);
        body["coupon_claim_ids"] = json!([self.claim]);
        self.shop.checkout(order_call("ann", key, &[]).json(&body)).await
    }

    async fn subscription(&self, id: &str) -> Value {
        self.shop.account("ann", id).await["subscription"].clone()
    }

    /// The invoices, oldest first.
    async fn invoices(&self, id: &str) -> Vec<Value> {
        let account = self.shop.account("ann", id).await;
        let mut invoices = account["invoices"].as_array().unwrap().clone();
        invoices.reverse();
        invoices
    }

    /// The totals of the invoices, oldest first.
    async fn totals(&self, id: &str) -> Vec<i64> {
        let invoices = self.invoices(id).await;
        let total = |invoice: &Value| invoice["totals"]["total"]["amount"].as_i64().unwrap();
        invoices.iter().map(total).collect()
    }

    async fn claim(&self) -> Value {
        self.coupons.claims("ann").await[0].clone()
    }

    async fn months(&self, count: i32) {
        self.shop.advance_with_runs(MONTH * count, DAY).await;
    }

    /// The data of the subscriptions' last event with this name.
    async fn event(&self, name: &str) -> Value {
        let events = self.shop.engine.events(SUBSCRIPTIONS).await;
        let named = events.into_iter().rfind(|event| event.0 == name);
        named.unwrap_or_else(|| panic!("no {name}")).1["data"].clone()
    }
}

fn id(begun: &Answer) -> String {
    begun.body["subscription_id"].as_str().unwrap().to_owned()
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

#[tokio::test]
async fn the_charges_that_a_coupon_counts_for_are_discounted_and_the_next_one_is_not() {
    for (duration, totals, left) in [
        (Value::Null, [700, 1000, 1000], json!(0)),
        (json!({ "kind": "ONCE" }), [700, 1000, 1000], json!(0)),
        (repeating(2), [700, 700, 1000], json!(0)),
        (repeating(5), [700, 700, 700], json!(2)),
        (json!({ "kind": "FOREVER" }), [700, 700, 700], Value::Null),
    ] {
        let two_days = json!({ "duration": duration, "redeemable_until": "2026-01-03T00:00:00Z" });
        let scene = claimed(&two_days).await;
        let id = scene.subscribed(1).await;
        scene.shop.run().await;
        scene.months(2).await;
        assert_eq!(scene.totals(&id).await, totals, "{duration}");
        let ledger = scene.shop.sandbox.ledger();
        let charged: Vec<i64> = ledger.iter().map(|entry| entry.charged).collect();
        assert_eq!(charged, totals, "{duration}");
        let coupon = scene.subscription(&id).await["coupon"].clone();
        let used = totals.iter().filter(|total| **total == 700).count();
        assert_eq!(
            (&coupon["charges_used"], &coupon["charges_left"]),
            (&json!(used), &left)
        );
        let claim = scene.claim().await;
        assert_eq!(
            (&claim["status"], &claim["subscription_id"]),
            (&json!("REDEEMED"), &json!(id))
        );
        assert_settled(&scene.shop).await;
    }
}

#[tokio::test]
async fn a_subscription_redeems_a_claim_and_its_coupon_is_shown_everywhere() {
    let scene = claimed(&json!({ "duration": repeating(2) })).await;
    let begun = scene.subscribe("ann", "k", &scene.body(2)).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let (id, claim) = (id(&begun), scene.claim().await);
    assert_eq!(
        (&claim["status"], &claim["subscription_id"]),
        (&json!("REDEEMED"), &json!(id))
    );
    assert!(claim.get("order_id").is_none(), "{claim}");
    let of_claim = |name: &str| claim[name].clone();
    let mut coupon = json!({
        "coupon_id": of_claim("coupon_id"), "coupon_claim_id": of_claim("coupon_claim_id"),
        "charges_used": 0, "charges_left": 2,
    });
    assert_eq!(begun.body["coupon"], coupon);
    assert_eq!(scene.event("SubscriptionStarted").await["coupon"], coupon);

    scene.shop.run().await;
    (coupon["charges_used"], coupon["charges_left"]) = (json!(1), json!(1));
    assert_eq!(scene.subscription(&id).await["coupon"], coupon);
    let listed = scene
        .shop
        .list_subscriptions(Call::new("GET", "/subscriptions").by("ann"))
        .await;
    assert_eq!(listed.body["items"][0]["coupon"], coupon);
    let invoice = scene.invoices(&id).await[0].clone();
    let in_invoice = json!({
        "coupon_id": of_claim("coupon_id"), "coupon_claim_id": of_claim("coupon_claim_id"), "discount": amount(300),
    });
    assert_eq!(invoice["coupon"], in_invoice);
    let totals = &invoice["totals"];
    let parts =
        ["subtotal", "discount", "shipping", "tax", "included_tax", "total"].map(|name| &totals[name]["amount"]);
    assert_eq!(
        parts,
        [
            &json!(2000),
            &json!(300),
            &json!(0),
            &json!(0),
            &json!(155),
            &json!(1700)
        ]
    );
    assert_eq!(scene.event("InvoicePaid").await["coupon"], in_invoice);

    let order_id = invoice["order_id"].as_str().unwrap();
    let order = scene.shop.see("ann", order_id).await.body;
    let receipt = Call::new("GET", "/orders/{order_id}/receipt").path("order_id", order_id);
    let receipt = scene.shop.get_receipt(receipt.by("ann")).await.body;
    for shown in [&order, &receipt] {
        assert_eq!((&shown["lines"], &shown["totals"]), (&invoice["lines"], totals));
    }
    assert!(
        order.get("coupon").is_none(),
        "the subscription has it, not the order: {order}"
    );
    let cancelled = scene.shop.cancel("ann", order_id).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(
        scene.claim().await,
        claim,
        "an order that is cancelled leaves it to the subscription"
    );
}

#[tokio::test]
async fn a_claim_that_cannot_be_redeemed_is_refused_before_the_card_is_used() {
    let refused = async |scene: &Claimed, customer: &str, claim: &str| {
        let mut body = scene.body(1);
        body["coupon_claim_id"] = json!(claim);
        let answer = scene.subscribe(customer, "k", &body).await;
        assert_eq!(scene.shop.engine.count(SUBSCRIPTIONS).await, 0);
        assert_eq!(
            scene.shop.sandbox.toss_billing_keys("customer-of-the-shop-ann"),
            [""; 0]
        );
        answer
    };
    let scene = claimed(&json!({})).await;
    assert_eq!(
        seen(&refused(&scene, "bob", &scene.claim).await),
        (422, "coupon-not-found")
    );
    let unknown = "018f0000-0000-7000-8000-000000000000";
    assert_eq!(seen(&refused(&scene, "ann", unknown).await), (422, "coupon-not-found"));
    assert_eq!(scene.claim().await["status"], "ISSUED");

    let yen = json!({ "amount": 275, "currency": "JPY" });
    for (fields, problem) in [
        (json!({ "scope": { "skus": ["cup"] } }), "coupon-not-applicable"),
        (json!({ "scope": { "classes": ["VIP"] } }), "coupon-not-applicable"),
        (
            json!({ "minimum_subtotal": amount(2000) }),
            "coupon-minimum-not-reached",
        ),
        (
            json!({ "currency": "JPY", "benefit": { "kind": "FIXED", "amount": yen } }),
            "coupon-currency-differs",
        ),
    ] {
        let scene = claimed(&fields).await;
        assert_eq!(seen(&refused(&scene, "ann", &scene.claim).await), (422, problem));
        assert_eq!(scene.claim().await["status"], "ISSUED", "{fields}");
    }
    let scene = claimed(&json!({ "redeemable_until": "2026-01-02T00:00:00Z" })).await;
    scene.shop.advance(DAY);
    assert_eq!(
        seen(&refused(&scene, "ann", &scene.claim).await),
        (409, "coupon-expired")
    );
}

#[tokio::test]
async fn a_revoked_coupon_is_refused_to_a_new_subscription_and_stays_with_the_one_that_has_it() {
    let scene = claimed(&json!({ "duration": repeating(3) })).await;
    let coupon = scene.claim().await["coupon_id"].as_str().unwrap().to_owned();
    let revoke = json!({ "revoked_at": scene.shop.now() });
    assert_eq!(scene.coupons.change(&coupon, &revoke).await.status, 200);
    let expired = scene.subscribe("ann", "k", &scene.body(1)).await;
    assert_eq!(seen(&expired), (409, "coupon-expired"));
    let lifted = json!({ "revoked_at": null });
    assert_eq!(scene.coupons.change(&coupon, &lifted).await.status, 200);
    let body = scene.body(1);
    let begun = scene.subscribe("ann", "l", &body).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    assert_eq!(scene.coupons.change(&coupon, &revoke).await.status, 200);
    let again = scene.subscribe("ann", "l", &body).await;
    assert_eq!((again.status, again.replayed), (201, true), "{again:?}");
    scene.shop.run().await;
    scene.months(1).await;
    assert_eq!(scene.totals(&id(&begun)).await, [700, 700]);
}

#[tokio::test]
async fn a_subscription_is_refused_the_claim_of_an_order_until_the_order_gives_it_back() {
    let scene = claimed(&json!({})).await;
    let order = scene.order("o").await;
    let refused = scene.subscribe("ann", "k", &scene.body(1)).await;
    assert_eq!(seen(&refused), (409, "coupon-in-use"));
    assert_eq!(refused.body["order_id"], order.body["order_id"]);
    assert!(refused.body.get("subscription_id").is_none());
    assert_eq!(scene.shop.cancel("ann", &id_of(&order)).await.status, 200);
    scene.subscribed(1).await;
}

#[tokio::test]
async fn an_order_a_quote_and_another_subscription_are_refused_the_claim_of_a_subscription() {
    let scene = claimed(&json!({})).await;
    let id = scene.subscribed(1).await;
    let mut items = order_body(&[("tea", 1)]);
    items["coupon_claim_ids"] = json!([scene.claim]);
    for answer in [
        scene.order("o").await,
        scene
            .shop
            .create_quote(Call::new("POST", "/quotes").by("ann").json(&items))
            .await,
        scene.subscribe("ann", "l", &scene.body(1)).await,
    ] {
        assert_eq!(seen(&answer), (409, "coupon-in-use"));
        assert_eq!(answer.body["subscription_id"], id);
        assert!(answer.body.get("order_id").is_none(), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_order_and_a_subscription_at_once_one_has_the_coupon() {
    for seed in 0..10 {
        let scene = claimed(&json!({})).await;
        let later = async |first: usize| {
            for _ in 0..first {
                tokio::task::yield_now().await;
            }
        };
        let subscribe = async {
            later(if seed % 2 == 0 { 0 } else { seed }).await;
            scene.subscribe("ann", "k", &scene.body(1)).await
        };
        let order = async {
            later(if seed % 2 == 0 { seed * 4 } else { 0 }).await;
            scene.order("o").await
        };
        let (begun, placed) = futures::join!(subscribe, order);
        let claim = scene.claim().await;
        let (refused, name, winner) = match begun.status {
            201 => (&placed, "subscription_id", &begun),
            _ => (&begun, "order_id", &placed),
        };
        assert_eq!((winner.status, refused.status), (201, 409), "{begun:?} {placed:?}");
        assert_eq!(
            (refused.problem(), &refused.body[name]),
            ("coupon-in-use", &winner.body[name])
        );
        assert_eq!(claim[name], winner.body[name]);
        let has = ["order_id", "subscription_id"].map(|name| claim.get(name).is_some());
        assert_eq!(has.into_iter().filter(|has| *has).count(), 1, "{claim}");
    }
}

#[tokio::test]
async fn a_retried_subscription_with_a_coupon_is_the_first_one() {
    for fault in [
        harness::Fault::LoseAnswer,
        harness::Fault::LoseRequest,
        harness::Fault::Throttle,
    ] {
        let scene = claimed(&json!({})).await;
        let body = scene.body(1);
        scene.shop.engine.faults.plan("TransactWriteItems", fault);
        let first = scene.subscribe("ann", "k", &body).await;
        assert_eq!(first.status, 201, "{first:?}");
        scene.shop.advance(DAY * 400);
        let again = scene.subscribe("ann", "k", &body).await;
        assert_eq!(
            (again.status, again.replayed, again.body),
            (201, true, first.body.clone())
        );
        let mut without = body;
        without.as_object_mut().unwrap().remove("coupon_claim_id");
        assert_eq!(
            scene.subscribe("ann", "k", &without).await.problem(),
            "idempotency-key-reused"
        );
        assert_eq!(scene.claim().await["subscription_id"], first.body["subscription_id"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_subscription_sent_twice_at_once_redeems_its_coupon_once() {
    let scene = claimed(&json!({})).await;
    let body = scene.body(1);
    let sent = (0..4).map(|_| scene.subscribe("ann", "k", &body));
    let answers = futures::future::join_all(sent).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    scene.shop.run().await;
    assert_eq!(scene.shop.charged().charged, 700);
    assert_settled(&scene.shop).await;
}

#[tokio::test]
async fn a_retried_charge_has_the_discount_of_its_first_attempt() {
    let tenth = json!({ "benefit": { "kind": "PERCENT", "percent": 10 } });
    let scene = claimed(&tenth).await;
    let id = scene.subscribed(1).await;
    let key = scene.shop.billing_key("ann");
    scene.shop.sandbox.toss_decline_next(&key, "REJECT_CARD_PAYMENT", 2);
    scene.shop.run().await;
    let declined = scene.invoices(&id).await[0].clone();
    assert_eq!(
        (&declined["status"], &declined["coupon"]["discount"]),
        (&json!("DECLINED"), &amount(100))
    );
    assert_eq!(
        scene.subscription(&id).await["coupon"]["charges_used"],
        0,
        "it was not paid"
    );
    scene.shop.list("tea", 3000, 1).await;
    scene.shop.advance_with_runs(DAY * 4, HOUR * 6).await;
    assert_eq!(scene.totals(&id).await, [900]);
    assert_eq!(scene.shop.charged().charged, 900);
    assert_eq!(scene.subscription(&id).await["coupon"]["charges_used"], 1);
    assert_settled(&scene.shop).await;
}

#[tokio::test]
async fn a_coupon_that_takes_all_off_makes_a_charge_that_counts_as_paid_without_a_provider() {
    let all = json!({ "benefit": { "kind": "PERCENT", "percent": 100 } });
    let scene = claimed(&all).await;
    let id = scene.subscribed(1).await;
    let key = scene.shop.billing_key("ann");
    // No charge of the card would succeed.
    scene
        .shop
        .sandbox
        .toss_set_billing_decline(&key, Some("INVALID_STOPPED_CARD"));
    scene.shop.run().await;
    let invoice = scene.invoices(&id).await[0].clone();
    assert_eq!((&invoice["status"], &invoice["attempts"]), (&json!("PAID"), &json!(0)));
    assert_eq!(invoice["coupon"]["discount"], amount(1000));
    assert!(invoice.get("payment_id").is_none());
    assert_eq!(scene.shop.sandbox.ledger(), vec![]);
    let order = scene.shop.see("ann", invoice["order_id"].as_str().unwrap()).await.body;
    assert_eq!(
        (&order["status"], &order["totals"]),
        (&json!("PAID"), &invoice["totals"])
    );
    assert_eq!(scene.subscription(&id).await["coupon"]["charges_left"], 0);
    scene.shop.sandbox.toss_set_billing_decline(&key, None);
    scene.months(1).await;
    assert_eq!(scene.shop.charged().charged, 1000);
    scene.shop.end("ann", &id, "NOW").await;
    assert_eq!(scene.claim().await["status"], "REDEEMED", "a free charge has used it");
    assert_settled(&scene.shop).await;
}

#[tokio::test]
async fn a_first_charge_that_fails_until_the_subscription_ends_gives_the_coupon_back() {
    let scene = claimed(&json!({})).await;
    let id = scene.subscribed(1).await;
    let key = scene.shop.billing_key("ann");
    scene
        .shop
        .sandbox
        .toss_set_billing_decline(&key, Some("INVALID_STOPPED_CARD"));
    scene.shop.run().await;
    assert_eq!(scene.shop.statuses("ann", &id).await.0, "PAST_DUE");
    assert_eq!(
        scene.claim().await["status"],
        "REDEEMED",
        "a new card would be charged with it"
    );
    scene.shop.advance_with_runs(DAY * 15, DAY).await;
    assert_eq!(scene.shop.statuses("ann", &id).await.0, "CANCELLED");
    let claim = scene.claim().await;
    assert_eq!(claim["status"], "ISSUED");
    assert!(claim.get("subscription_id").is_none(), "{claim}");
    let ended = scene.event("SubscriptionCancelled").await;
    assert_eq!(ended["coupon"]["returned_at"], ended["cancelled_at"]);
    assert_eq!(
        scene.subscription(&id).await["coupon"]["returned_at"],
        ended["cancelled_at"]
    );
    assert_eq!(scene.order("o").await.status, 201, "it can be redeemed again");
    assert_settled(&scene.shop).await;
}

#[tokio::test]
async fn a_subscription_that_ends_gives_back_a_coupon_that_no_charge_was_paid_with() {
    for (paid, status) in [(0, "ISSUED"), (1, "REDEEMED")] {
        let scene = claimed(&json!({ "duration": repeating(3) })).await;
        let id = scene.subscribed(1).await;
        if paid > 0 {
            scene.shop.run().await;
        }
        // A crash at the write leaves both as they were.
        scene
            .shop
            .engine
            .faults
            .plan("TransactWriteItems", harness::Fault::Denied);
        assert_eq!(scene.shop.end_by("ann", &id, "end", "NOW").await.status, 500);
        assert_eq!(scene.claim().await["status"], "REDEEMED");
        let ended = scene.shop.end_by("ann", &id, "end", "NOW").await;
        assert_eq!(ended.status, 200, "{ended:?}");
        assert_eq!(ended.body["coupon"].get("returned_at").is_some(), paid == 0);
        assert_eq!(scene.claim().await["status"], status, "{paid} paid");
        assert_eq!(scene.order("o").await.status == 201, paid == 0);
    }
}

#[tokio::test]
async fn an_erased_customer_gets_the_coupon_of_an_unpaid_subscription_back() {
    let scene = claimed(&json!({})).await;
    scene.subscribed(1).await;
    scene.shop.erase_personal_data("ann").await;
    scene.shop.cancel_erased_subscriptions().await;
    assert_eq!(scene.claim().await["status"], "ISSUED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_that_is_refunded_because_its_subscription_has_ended_gives_the_coupon_back() {
    let scene = claimed(&json!({})).await;
    let id = scene.subscribed(1).await;
    let shop = &scene.shop;
    shop.enqueue_due_charges().await;
    shop.sandbox
        .plan(Provider::Toss, "billing", Fault::Late(Duration::from_millis(800)));
    let cancelled = async {
        // Wait until the attempt is recorded.
        while shop.statuses("ann", &id).await.1.is_empty() {
            tokio::task::yield_now().await;
        }
        let ended = shop.end("ann", &id, "NOW").await;
        assert_eq!(scene.claim().await["status"], "REDEEMED", "the charge may need it");
        ended
    };
    let (_, ended) = futures::join!(shop.process_queue(), cancelled);
    assert_eq!(ended.status, 200, "{ended:?}");
    assert!(ended.body["coupon"].get("returned_at").is_none());
    assert_eq!(shop.statuses("ann", &id).await.1, ["VOID"]);
    assert_eq!(scene.claim().await["status"], "ISSUED");
    let changed = scene.event("SubscriptionChanged").await;
    assert_eq!(
        (&changed["status"], &changed["coupon"]["charges_used"]),
        (&json!("CANCELLED"), &json!(0))
    );
    assert!(changed["coupon"]["returned_at"].is_string(), "{changed}");
}

#[tokio::test]
async fn a_decision_about_a_charge_of_an_ended_subscription_gives_the_coupon_back() {
    let scene = claimed(&json!({})).await;
    let id = scene.subscribed(1).await;
    hanging_with(&scene.shop, &id, Fault::DropBefore).await;
    scene.shop.end("ann", &id, "NOW").await;
    assert_eq!(scene.claim().await["status"], "REDEEMED", "the outcome is unknown");
    let not_charged = json!({ "decision": "NOT_CHARGED", "looked_up_at": scene.shop.now() });
    let decided = decide(&scene.shop, &id, "k", &not_charged).await;
    assert_eq!((decided.status, &decided.body["status"]), (200, &json!("VOID")));
    assert_eq!(scene.claim().await["status"], "ISSUED");
    assert!(scene.event("SubscriptionChanged").await["coupon"]["returned_at"].is_string());
}

#[tokio::test]
async fn a_charge_below_the_minimum_costs_the_full_price_says_so_and_does_not_count() {
    let fields = json!({ "minimum_subtotal": amount(2000), "duration": repeating(2) });
    let scene = claimed(&fields).await;
    let id = scene.subscribed(2).await;
    scene.shop.run().await;
    let items = |quantity: u32| json!({ "change": "ITEMS", "items": [{ "sku": "tea", "quantity": quantity }] });
    for quantity in [1, 3, 3] {
        let changed = scene
            .shop
            .change("ann", &id, &format!("items-{}", scene.shop.now()), &items(quantity))
            .await;
        assert_eq!(changed.status, 200, "{changed:?}");
        scene.months(1).await;
    }
    assert_eq!(scene.totals(&id).await, [1700, 1000, 2700, 3000]);
    let invoices = scene.invoices(&id).await;
    let coupon = &invoices[1]["coupon"];
    assert_eq!(
        (&coupon["discount"], &coupon["not_applied"]),
        (&amount(0), &json!("MINIMUM_NOT_REACHED"))
    );
    assert!(invoices[2]["coupon"].get("not_applied").is_none());
    assert!(invoices[3].get("coupon").is_none(), "it was used up before");
    assert_settled(&scene.shop).await;
}

#[tokio::test]
async fn a_coupon_that_leaves_less_than_the_provider_charges_waits_for_a_later_charge() {
    let most = json!({ "benefit": { "kind": "FIXED", "amount": amount(950) } });
    let scene = claimed(&most).await;
    let refused = scene.subscribe("ann", "j", &scene.body(1)).await;
    assert_eq!(seen(&refused), (422, "amount-not-taken"), "50 KRW are left");
    assert_eq!(scene.claim().await["status"], "ISSUED");
    let id = scene.subscribed(2).await;
    let items = |quantity: u32| json!({ "change": "ITEMS", "items": [{ "sku": "tea", "quantity": quantity }] });
    assert_eq!(scene.shop.change("ann", &id, "one", &items(1)).await.status, 200);
    scene.shop.run().await;
    let coupon = scene.invoices(&id).await[0]["coupon"].clone();
    assert_eq!(
        (&coupon["discount"], &coupon["not_applied"]),
        (&amount(0), &json!("AMOUNT_NOT_TAKEN"))
    );
    assert_eq!(scene.subscription(&id).await["coupon"]["charges_left"], 1);
    assert_eq!(scene.shop.change("ann", &id, "two", &items(2)).await.status, 200);
    scene.months(1).await;
    assert_eq!(scene.totals(&id).await, [1000, 1050]);
    assert_settled(&scene.shop).await;
}

#[tokio::test]
async fn a_discounted_charge_that_the_provider_finds_too_small_is_tried_again_at_the_full_price() {
    let scene = claimed(&json!({})).await;
    let id = scene.subscribed(1).await;
    let key = scene.shop.billing_key("ann");
    scene.shop.sandbox.toss_decline_next(&key, "BELOW_MINIMUM_AMOUNT", 1);
    scene.shop.run().await;
    let invoice = scene.invoices(&id).await[0].clone();
    assert_eq!(
        (&invoice["status"], &invoice["postponed"]["code"]),
        (&json!("POSTPONED"), &json!("amount-not-taken"))
    );
    scene.shop.advance_with_runs(DAY * 3, HOUR * 6).await;
    let invoice = scene.invoices(&id).await[0].clone();
    assert_eq!(
        (&invoice["status"], &invoice["coupon"]["not_applied"]),
        (&json!("PAID"), &json!("AMOUNT_NOT_TAKEN"))
    );
    scene.months(1).await;
    assert_eq!(
        scene.totals(&id).await,
        [1000, 700],
        "the coupon counts for the next one"
    );
    assert_settled(&scene.shop).await;
}

#[tokio::test]
async fn goods_outside_of_the_scope_are_charged_in_full() {
    let scene = claimed(&json!({ "scope": { "skus": ["tea"] } })).await;
    let id = scene.subscribed(1).await;
    scene.shop.list("cup", 500, 1).await;
    scene.shop.receive("cup", 5).await;
    let cups = json!({ "change": "ITEMS", "items": [{ "sku": "cup", "quantity": 1 }] });
    assert_eq!(scene.shop.change("ann", &id, "cups", &cups).await.status, 200);
    scene.shop.run().await;
    let invoice = scene.invoices(&id).await[0].clone();
    assert_eq!(invoice["coupon"]["not_applied"], "NOT_APPLICABLE");
    let both =
        json!({ "change": "ITEMS", "items": [{ "sku": "cup", "quantity": 1 }, { "sku": "tea", "quantity": 1 }] });
    assert_eq!(scene.shop.change("ann", &id, "both", &both).await.status, 200);
    scene.months(1).await;
    assert_eq!(scene.totals(&id).await, [500, 1200]);
    let invoice = scene.invoices(&id).await[1].clone();
    let discounts = [0, 1].map(|nth| invoice["lines"][nth]["discount"].clone());
    assert_eq!(discounts, [amount(0), amount(300)]);
}

#[tokio::test]
async fn a_pause_a_skip_and_a_promised_end_leave_the_rest_of_the_coupon() {
    let scene = claimed(&json!({ "duration": repeating(2) })).await;
    let id = scene.subscribed(1).await;
    scene.shop.run().await;
    let change = async |key: &str, body: &Value| {
        let changed = scene.shop.change("ann", &id, key, body).await;
        assert_eq!(
            (changed.status, &changed.body["coupon"]["charges_left"]),
            (200, &json!(1)),
            "{changed:?}"
        );
    };
    change("1", &json!({ "change": "PAUSE" })).await;
    scene.months(2).await;
    change("2", &json!({ "change": "RESUME" })).await;
    let next = scene.subscription(&id).await["next_period"].clone();
    change("3", &json!({ "change": "SKIP", "period": next })).await;
    assert_eq!(scene.shop.end("ann", &id, "PERIOD_END").await.status, 200);
    change("4", &json!({ "change": "CONTINUE" })).await;
    scene.months(3).await;
    assert_eq!(scene.totals(&id).await[..3], [700, 700, 1000]);
    assert_settled(&scene.shop).await;
}

#[tokio::test]
async fn a_period_that_is_given_up_does_not_count() {
    let scene = claimed(&json!({})).await;
    scene.shop.order("bob", "all", &[("tea", 20)]).await;
    let id = scene.subscribed(1).await;
    scene.shop.run().await;
    assert_eq!(scene.shop.statuses("ann", &id).await.1, ["POSTPONED"]);
    scene.months(1).await;
    assert_eq!(scene.subscription(&id).await["coupon"]["charges_left"], 1);
    scene.shop.receive("tea", 5).await;
    scene.months(2).await;
    let invoices = scene.invoices(&id).await;
    let paid = invoices.iter().filter(|invoice| invoice["status"] == "PAID");
    let totals: Vec<&Value> = paid.map(|invoice| &invoice["totals"]["total"]["amount"]).collect();
    assert_eq!(totals[..2], [&json!(700), &json!(1000)]);
    assert_settled(&scene.shop).await;
}

#[tokio::test]
async fn money_that_comes_for_an_expired_order_after_a_subscription_has_its_coupon_is_paid_back() {
    let scene = claimed(&json!({})).await;
    let (shop, order) = (&scene.shop, scene.order("o").await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &id_of(&order))).await;
    shop.advance(RESERVATION);
    shop.sandbox
        .stripe_pay(started.body["reference"].as_str().unwrap(), &Card::Good);
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
    let id = scene.subscribed(1).await;
    shop.deliver_all().await;
    let payment = shop.payment_of("ann", &id_of(&order)).await;
    assert_eq!(payment["status"], "UNSERVABLE");
    shop.refund("PaymentUnservable", &payment).await.unwrap();
    assert_eq!(shop.order_status("ann", &id_of(&order)).await, "EXPIRED");
    assert_eq!((shop.charged().charged, shop.charged().refunded), (700, 700));
    assert_eq!(scene.claim().await["subscription_id"], id);
}

#[tokio::test]
async fn a_new_subscription_shows_the_total_of_its_first_charge_as_expected() {
    let scene = claimed(&json!({})).await;
    let mut body = scene.body(1);
    body["expected_total"] = amount(1000);
    let refused = scene.subscribe("ann", "k", &body).await;
    assert_eq!(
        (seen(&refused), &refused.body["total"]),
        ((409, "total-differs"), &amount(700))
    );
    assert_eq!(scene.claim().await["status"], "ISSUED");
    body["expected_total"] = amount(700);
    assert_eq!(scene.subscribe("ann", "l", &body).await.status, 201);
}

#[tokio::test]
async fn a_coupon_says_for_how_many_charges_it_counts_and_this_never_changes() {
    let coupons = CouponsFixture::open().await;
    for (duration, field) in [(repeating(1), "duration"), (repeating(1000), "duration")] {
        let refused = coupons.create(&json!({ "duration": duration })).await;
        assert_eq!(
            (seen(&refused), &refused.body["field"]),
            ((422, "invalid-coupon"), &json!(field))
        );
    }
    let coupon = coupons.coupon(&json!({ "duration": repeating(3) })).await;
    let get = Call::new("GET", "/coupons/{coupon_id}").path("coupon_id", &coupon);
    assert_eq!(coupons.call("get-coupon", get).await.body["duration"], repeating(3));
    let changed = coupons.change(&coupon, &json!({ "duration": repeating(4) })).await;
    assert_eq!(changed.problem(), "malformed-body");
    let once = coupons.coupon(&json!({})).await;
    let get = Call::new("GET", "/coupons/{coupon_id}").path("coupon_id", &once);
    assert_eq!(
        coupons.call("get-coupon", get).await.body["duration"],
        json!({ "kind": "ONCE" })
    );
}

#[tokio::test]
async fn a_coupon_costs_a_new_subscription_two_reads_and_no_further_transaction() {
    let scene = claimed(&json!({})).await;
    let cost = async |body: &Value, key: &str| {
        scene.shop.engine.faults.measure();
        assert_eq!(scene.subscribe("ann", key, body).await.status, 201);
        scene.shop.engine.faults.cost()
    };
    let mut without = scene.body(1);
    without.as_object_mut().unwrap().remove("coupon_claim_id");
    let (plain, with) = (cost(&without, "1").await, cost(&scene.body(1), "2").await);
    println!(
        "a subscription: {} read and {} write units; with a coupon {} and {}",
        plain.read_units, plain.write_units, with.read_units, with.write_units
    );
    assert_eq!(
        with.requests["TransactWriteItems"],
        plain.requests["TransactWriteItems"]
    );
    assert_eq!(
        with.requests["GetItem"],
        plain.requests["GetItem"] + 2,
        "the claim and the terms"
    );
}
