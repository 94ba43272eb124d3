//! Customers give paid seats back: the fee of the day, the ticket that becomes void, and the refund.

use std::collections::HashMap;

use function_tests::tickets_fixture::text;
use function_tests::{PaymentFixture, TicketsFixture, id_of};
use futures::future::join;
use harness::engine::{ORDERS, TICKETS};
use harness::faults::{Fault, Hold};
use harness::gateway::{Answer, Call};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::tickets::SeatState::{Free, Sold};

use crate::holds::{named, paid, selling, states};

/// Two seats of 150,000 won that a customer has paid for, with their tickets.
struct Bought {
    shop: TicketsFixture,
    showtime: String,
    order: Value,
    payments: PaymentFixture,
}

impl Bought {
    async fn new() -> Self {
        let (shop, showtime) = selling(2, 6).await;
        Self::of(shop, showtime, json!({})).await
    }

    async fn of(shop: TicketsFixture, showtime: String, change: Value) -> Self {
        if change != json!({}) {
            assert_eq!(shop.change(&showtime, &change).await.status, 200);
            // Holds remember a showtime for a second.
            shop.advance(SignedDuration::from_secs(5));
        }
        let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
        assert_eq!(hold.status, 201, "{hold:?}");
        let payments = paid(&shop, "ann", &hold).await;
        let order = shop.shop.see("ann", &id_of(&hold)).await.body;
        shop.update_tickets("OrderPaid", &order).await;
        shop.mark_sold(&order).await;
        Self {
            shop,
            showtime,
            order,
            payments,
        }
    }

    fn id(&self) -> String {
        text(&self.order, "order_id")
    }

    /// Moves the clock to this instant.
    fn go_to(&self, instant: &str) {
        let instant: Timestamp = instant.parse().unwrap();
        self.shop.advance(instant.duration_since(self.shop.now()));
    }

    fn line(&self, nth: usize) -> Value {
        json!([{ "line_id": self.order["lines"][nth]["line_id"], "quantity": 1 }])
    }

    async fn quote(&self, body: Value) -> Answer {
        let call = Call::new("POST", "/orders/{order_id}/cancellation-quotes").path("order_id", &self.id());
        self.shop.create_cancellation_quote(call.by("ann").json(&body)).await
    }

    async fn cancel(&self, key: &str, body: Value) -> Answer {
        self.shop.cancel_order(self.call(key, body)).await
    }

    fn call(&self, key: &str, body: Value) -> Call {
        let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &self.id());
        call.by("ann").key(key).json(&body)
    }

    /// Makes the requested refund.
    async fn refund(&self) {
        let payment = self.payments.payment_of("ann", &self.id()).await;
        self.payments.refund("RefundRequested", &payment).await.unwrap();
    }

    /// What the provider has given back, once everything is settled.
    async fn refunded(&self) -> i64 {
        self.payments.deliver_all().await;
        self.payments.ledger_audit().await.assert_settled();
        self.payments.charged().refunded
    }

    /// The tickets' states, by seat.
    async fn tickets(&self) -> Vec<Value> {
        let mut tickets = self.shop.engine.items(TICKETS).await;
        tickets.retain(|item| text(item, "pk").starts_with("TICKET#"));
        tickets.sort_by_key(|ticket| text(ticket, "seat"));
        tickets.into_iter().map(|ticket| ticket["status"].clone()).collect()
    }

    async fn code(&self, nth: usize) -> String {
        let mut tickets = self.shop.tickets("ann").await;
        tickets.sort_by_key(|ticket| text(ticket, "seat"));
        let ticket = self.shop.ticket("ann", &text(&tickets[nth], "ticket_id")).await;
        text(&ticket.body, "code")
    }
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

fn won(amount: u64) -> Value {
    json!({ "amount": amount, "currency": "KRW" })
}

#[tokio::test]
async fn a_seat_that_is_given_back_eight_days_before_the_show_costs_ten_percent() {
    let bought = Bought::new().await;
    bought.go_to("2026-02-27T03:00:00Z");
    let quote = bought.quote(json!({ "lines": bought.line(0) })).await;
    assert_eq!(
        (&quote.body["refund"], &quote.body["fee"]),
        (&won(135_000), &won(15_000)),
        "{quote:?}"
    );
    assert_eq!(quote.body["valid_until"], "2026-02-27T15:00:00Z", "midnight in Seoul");
    let body = json!({ "lines": bought.line(0), "expected_refund": quote.body["refund"] });
    let cancelled = bought.cancel("one", body.clone()).await;
    assert_eq!(
        (cancelled.status, &cancelled.body["status"]),
        (200, &json!("PAID")),
        "{cancelled:?}"
    );
    let line = &cancelled.body["lines"][0];
    assert_eq!(
        (&line["cancellation_fee"], &line["refunded"]),
        (&won(15_000), &won(135_000)),
        "{line}"
    );
    assert_eq!(
        bought.tickets().await,
        ["VOID", "VALID"],
        "in the transaction of the order"
    );
    assert_eq!(states(&bought.shop, &bought.showtime).await[..2], [Free, Sold]);
    let again = bought.cancel("one", body).await;
    assert_eq!((again.replayed, &again.body), (true, &cancelled.body));
    bought.refund().await;
    assert_eq!(bought.refunded().await, 135_000);
    let receipt = Call::new("GET", "/orders/{order_id}/receipt").path("order_id", &bought.id());
    let receipt = bought.shop.get_receipt(receipt.by("ann")).await;
    assert_eq!(receipt.body["lines"][0]["cancellation_fee"], won(15_000), "{receipt:?}");
}

#[tokio::test]
async fn seats_that_are_given_back_one_by_one_cost_as_much_as_all_at_once() {
    let one_by_one = Bought::new().await;
    one_by_one.go_to("2026-03-03T03:00:00Z");
    assert_eq!(
        one_by_one
            .cancel("1", json!({ "lines": one_by_one.line(0) }))
            .await
            .status,
        200
    );
    one_by_one.refund().await;
    let last = one_by_one.cancel("2", json!({ "lines": one_by_one.line(1) })).await;
    assert_eq!(last.body["status"], "CANCELLED", "{last:?}");
    one_by_one.refund().await;
    let at_once = Bought::new().await;
    at_once.go_to("2026-03-03T03:00:00Z");
    let quote = at_once.quote(json!({})).await;
    assert_eq!(
        (&quote.body["refund"], &quote.body["fee"]),
        (&won(240_000), &won(60_000)),
        "{quote:?}"
    );
    let cancelled = at_once
        .cancel("all", json!({ "expected_refund": quote.body["refund"] }))
        .await;
    assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
    for line in cancelled.body["lines"].as_array().unwrap() {
        assert_eq!(
            (&line["cancellation_fee"], &line["refunded"]),
            (&won(30_000), &won(120_000))
        );
    }
    at_once.refund().await;
    assert_eq!(
        (one_by_one.refunded().await, at_once.refunded().await),
        (240_000, 240_000)
    );
    assert_eq!(at_once.tickets().await, ["VOID", "VOID"]);
    assert!(named(&at_once.shop).await.is_empty());
}

#[tokio::test]
async fn a_fee_that_has_risen_at_midnight_is_not_charged_without_asking() {
    let bought = Bought::new().await;
    bought.go_to("2026-02-28T14:59:59Z");
    let quote = bought.quote(json!({})).await;
    assert_eq!(
        quote.body["refund"],
        won(270_000),
        "the last second of the seventh day before"
    );
    bought.go_to("2026-02-28T15:00:00Z");
    let expected = json!({ "expected_refund": quote.body["refund"] });
    let refused = bought.cancel("k", expected).await;
    assert_eq!(
        (seen(&refused), &refused.body["refund"]),
        ((409, "refund-differs"), &won(240_000)),
        "{refused:?}"
    );
    assert_eq!(bought.tickets().await, ["VALID", "VALID"]);
    assert_eq!(bought.refunded().await, 0);
}

#[tokio::test]
async fn a_seat_is_given_back_until_the_show_starts_and_not_after_its_ticket_was_checked_in() {
    let bought = Bought::new().await;
    let codes = [bought.code(0).await, bought.code(1).await];
    bought.go_to("2026-03-07T09:00:00Z");
    assert_eq!(
        bought.shop.check_in("s", &bought.showtime, &codes[0], "A").await.status,
        200
    );
    let refused = bought.cancel("both", json!({})).await;
    assert_eq!(
        (seen(&refused), &refused.body["line_id"]),
        ((409, "seat-used"), &json!("1")),
        "{refused:?}"
    );
    assert_eq!(seen(&bought.quote(json!({})).await), (409, "seat-used"));
    bought.go_to("2026-03-07T09:59:59Z");
    let other = bought.cancel("other", json!({ "lines": bought.line(1) })).await;
    // The policy takes nothing back on the day of the show, the law of the shop's country does.
    assert_eq!(other.body["lines"][1]["cancellation_fee"], won(135_000), "{other:?}");
    assert_eq!(
        seen(&bought.shop.check_in("t", &bought.showtime, &codes[1], "A").await),
        (409, "ticket-void")
    );
    bought.refund().await;
    assert_eq!(bought.refunded().await, 15_000);
    let late = Bought::new().await;
    late.go_to("2026-03-07T10:00:00Z");
    for answer in [late.cancel("late", json!({})).await, late.quote(json!({})).await] {
        assert_eq!(seen(&answer), (409, "seats-not-returnable"), "{answer:?}");
    }
}

#[tokio::test]
async fn of_a_check_in_and_a_cancellation_at_the_same_moment_one_happens() {
    for nth in 0..12 {
        let bought = Bought::new().await;
        let code = bought.code(0).await;
        bought.go_to("2026-03-07T09:00:00Z");
        let key = format!("scan-{nth}");
        let (scan, cancelled) = join(
            bought.shop.check_in(&key, &bought.showtime, &code, "A"),
            bought.cancel("k", json!({ "lines": bought.line(0) })),
        )
        .await;
        let outcome = (scan.status, cancelled.status);
        assert!(outcome == (200, 409) || outcome == (409, 200), "{scan:?} {cancelled:?}");
    }
}

#[tokio::test]
async fn a_seat_that_is_given_back_before_its_ticket_is_issued_gets_none() {
    let (shop, showtime) = selling(2, 6).await;
    let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    paid(&shop, "ann", &hold).await;
    let order = shop.shop.see("ann", &id_of(&hold)).await.body;
    let cancel = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &id_of(&hold));
    let cancel = cancel
        .by("ann")
        .key("k")
        .json(&json!({ "lines": [{ "line_id": "1", "quantity": 1 }] }));
    let (cancelled, ()) = join(shop.cancel_order(cancel), shop.update_tickets("OrderPaid", &order)).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    shop.update_tickets("OrderPaid", &order).await;
    shop.update_tickets("OrderLinesCancelled", &cancelled.body).await;
    let tickets = shop.engine.items(TICKETS).await;
    let valid: Vec<String> = tickets
        .iter()
        .filter(|ticket| ticket["status"] == "VALID")
        .map(|ticket| text(ticket, "seat"))
        .collect();
    assert_eq!(valid, ["0-0-1"]);
}

#[tokio::test]
async fn a_showtime_that_is_moved_is_given_back_free_of_charge_by_those_who_booked_before() {
    let bought = Bought::new().await;
    bought.go_to("2026-03-05T03:00:00Z");
    let later = bought
        .shop
        .change(&bought.showtime, &json!({ "local_start": "2026-03-08T15:00:00" }))
        .await;
    assert_eq!(later.status, 200, "{later:?}");
    bought.shop.advance(SignedDuration::from_secs(5));
    let other = bought.shop.hold("bob", "k", &bought.showtime, &["0-1-0"]).await;
    paid(&bought.shop, "bob", &other).await;
    let quote = bought.quote(json!({})).await;
    assert_eq!(
        (&quote.body["fee"], &quote.body["valid_until"]),
        (&won(0), &json!("2026-03-08T06:00:00Z")),
        "{quote:?}"
    );
    let of_bob = Call::new("POST", "/orders/{order_id}/cancellation-quotes").path("order_id", &id_of(&other));
    bought.go_to("2026-03-07T03:00:00Z");
    let of_bob = bought.shop.create_cancellation_quote(of_bob.by("bob")).await;
    assert_eq!(of_bob.body["fee"], won(27_000), "the day before: {of_bob:?}");
    let cancelled = bought.cancel("k", json!({})).await;
    assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
    bought.refund().await;
    bought.payments.deliver_all().await;
    let ledger = bought.payments.sandbox.ledger();
    let refunded: i64 = ledger.iter().map(|entry| entry.refunded).sum();
    assert_eq!(refunded, 300_000);
}

#[tokio::test]
async fn an_order_keeps_the_refund_policy_of_its_time() {
    let bought = Bought::new().await;
    let stored = bought.shop.engine.items(ORDERS).await;
    assert_eq!(
        stored[0]["refund_terms"],
        json!([[7, 10], [10, 10, 4000], [7, 10], [3, 20], [1, 30]])
    );
    bought.go_to("2026-02-27T03:00:00Z");
    let performance = bought.shop.see(&bought.showtime).await.body["performance_id"].clone();
    let steps = json!({ "refund_policy": { "steps": [{ "days_before": 1, "percent": 90 }] } });
    let call = function_tests::tickets_fixture::update(
        "/admin/performances/{performance_id}",
        "performance_id",
        performance.as_str().unwrap(),
        "*",
        &steps,
    );
    assert_eq!(bought.shop.call("update-performance", call).await.status, 200);
    assert_eq!(bought.quote(json!({})).await.body["fee"], won(30_000));
}

#[tokio::test]
async fn an_order_that_is_cancelled_with_a_fee_stays_settled_whatever_the_provider_repeats() {
    let bought = Bought::new().await;
    bought.go_to("2026-03-06T03:00:00Z");
    assert_eq!(bought.cancel("k", json!({})).await.status, 200);
    bought.refund().await;
    bought.payments.deliver_all().await;
    bought.payments.reconcile().await;
    assert_eq!(bought.refunded().await, 210_000, "30 % are kept");
    let payment = bought.payments.payment_of("ann", &bought.id()).await;
    assert_eq!(payment["status"], "PAID", "a part of it is kept: {payment}");
    // What is kept can still be refunded by an administrator.
    let refund =
        Call::new("POST", "/admin/payments/{payment_id}/refunds").path("payment_id", &text(&payment, "payment_id"));
    let refund = bought
        .payments
        .request_refund(refund.by_admin().key("r").json(&json!({})))
        .await;
    assert_eq!(refund.status, 202, "{refund:?}");
    bought.refund().await;
    assert_eq!(bought.refunded().await, 300_000);
}

#[tokio::test]
async fn a_quote_says_what_others_may_not_know_to_nobody_else_and_writes_nothing() {
    let bought = Bought::new().await;
    let call = || Call::new("POST", "/orders/{order_id}/cancellation-quotes").path("order_id", &bought.id());
    assert_eq!(
        seen(&bought.shop.create_cancellation_quote(call().by("bob")).await),
        (404, "not-found")
    );
    let admin = bought.shop.create_cancellation_quote(call().by_admin()).await;
    assert_eq!(
        (&admin.body["refund"], &admin.body["fee"]),
        (&won(300_000), &won(0)),
        "{admin:?}"
    );
    bought.shop.engine.faults.measure();
    let quote = bought.quote(json!({})).await;
    let cost = bought.shop.engine.faults.cost();
    assert_eq!(quote.status, 200);
    assert_eq!(
        cost.requests,
        HashMap::from([("GetItem".to_owned(), 2), ("BatchGetItem".to_owned(), 1)]),
        "the order, its payment, and the showtime with the tickets"
    );
    for bad in [
        json!({ "lines": [] }),
        json!({ "lines": [{ "line_id": "9", "quantity": 1 }] }),
    ] {
        assert_eq!(bought.quote(bad.clone()).await.status, 422, "{bad}");
    }
    assert_eq!(bought.cancel("all", json!({})).await.status, 200);
    assert_eq!(seen(&bought.quote(json!({})).await), (409, "order-closed"));
}

#[tokio::test]
async fn a_fee_stays_kept_when_the_last_seat_is_given_back_without_one() {
    let bought = Bought::new().await;
    bought.go_to("2026-02-27T03:00:00Z");
    assert_eq!(
        bought.cancel("one", json!({ "lines": bought.line(0) })).await.status,
        200
    );
    bought.refund().await;
    let by_admin = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &bought.id());
    let whole = bought
        .shop
        .cancel_order(by_admin.by_admin().key("rest").json(&json!({})))
        .await;
    assert_eq!(whole.body["status"], "CANCELLED", "{whole:?}");
    assert_eq!(
        (
            &whole.body["lines"][0]["cancellation_fee"],
            &whole.body["lines"][1]["cancellation_fee"]
        ),
        (&won(15_000), &Value::Null)
    );
    bought.refund().await;
    assert_eq!(bought.refunded().await, 285_000);
}

#[tokio::test]
async fn what_was_refunded_before_counts_and_no_more_is_kept_than_is_left() {
    for (goodwill, refund, fee) in [(20_000, 250_000, 30_000), (290_000, 0, 10_000), (300_000, 0, 0)] {
        let bought = Bought::new().await;
        bought.go_to("2026-02-27T03:00:00Z");
        let payment = bought.payments.payment_of("ann", &bought.id()).await;
        let call = Call::new("POST", "/admin/payments/{payment_id}/refunds");
        let call = call
            .path("payment_id", &text(&payment, "payment_id"))
            .by_admin()
            .key("r");
        let asked = bought
            .payments
            .request_refund(call.json(&json!({ "amount": won(goodwill) })))
            .await;
        assert_eq!(asked.status, 202, "{asked:?}");
        bought.refund().await;
        let quote = bought.quote(json!({})).await;
        assert_eq!(
            (&quote.body["refund"], &quote.body["fee"]),
            (&won(refund), &won(fee)),
            "{goodwill}: {quote:?}"
        );
        let of_lines: u64 = quote.body["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line["refund"]["amount"].as_u64().unwrap())
            .sum();
        assert_eq!(of_lines, refund);
        assert_eq!(
            bought
                .cancel("k", json!({ "expected_refund": won(refund) }))
                .await
                .status,
            200
        );
        bought.refund().await;
        assert_eq!(bought.refunded().await, i64::try_from(goodwill + refund).unwrap());
    }
}

#[tokio::test]
async fn a_fee_is_not_charged_for_a_showtime_that_is_cancelled_after_it_was_read() {
    let bought = Bought::new().await;
    bought.go_to("2026-03-05T03:00:00Z");
    let hold = Hold::default();
    bought
        .shop
        .engine
        .faults
        .plan("TransactWriteItems", Fault::Held(hold.clone()));
    let cancel_showtime = async {
        hold.arrived().await;
        let cancelled = json!({ "status": "CANCELLED" });
        assert_eq!(bought.shop.change(&bought.showtime, &cancelled).await.status, 200);
        hold.release();
    };
    let (answer, ()) = join(bought.cancel("k", json!({})), cancel_showtime).await;
    assert_eq!(answer.body["status"], "CANCELLED", "{answer:?}");
    assert_eq!(answer.body["lines"][0]["cancellation_fee"], Value::Null, "{answer:?}");
    bought
        .payments
        .refund("OrderCancelled", &bought.payments.payment_of("ann", &bought.id()).await)
        .await
        .unwrap();
    assert_eq!(bought.refunded().await, 300_000);
}

#[tokio::test]
async fn an_unpaid_order_is_quoted_without_a_refund() {
    let (shop, showtime) = selling(2, 6).await;
    let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    let call = Call::new("POST", "/orders/{order_id}/cancellation-quotes").path("order_id", &id_of(&hold));
    let quote = shop.create_cancellation_quote(call.by("ann")).await;
    assert_eq!(
        (&quote.body["refund"], &quote.body["fee"]),
        (&won(0), &won(0)),
        "{quote:?}"
    );
    assert!(
        quote.body["lines"]
            .as_array()
            .unwrap()
            .iter()
            .all(|line| line["refund"] == won(0))
    );
}
