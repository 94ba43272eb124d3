//! Subscriptions with overlapping runs, crashes, repeated messages and silent providers.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use function_tests::billing_fixture::{monthly, subscribe_call, subscription};
use function_tests::{BillingFixture, Shop};
use jiff::SignedDuration;
use sandbox::{Card, Fault, Provider};
use serde_json::json;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Checks that all work is done and that tables, ledger and stock agree.
async fn assert_settled(shop: &BillingFixture) {
    shop.ledger_audit().await.assert_settled();
    shop.engine
        .periods(shop.sandbox.ledger())
        .await
        .check()
        .expect("periods");
    shop.engine.balance("tea").await;
}

/// Runs the schedule until unfinished work is done and refunds are made.
async fn recover(shop: &BillingFixture) {
    shop.advance_with_runs(SignedDuration::from_hours(3), MINUTE * 10).await;
    shop.reconcile().await;
    shop.advance_with_runs(MINUTE * 10, MINUTE * 10).await;
}

/// Drops a future at its `nth` await, as a crash would; returns its output if it ends before that.
async fn dies_at<T>(nth: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut waits = 0;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending if waits == nth => Poll::Ready(None),
        Poll::Pending => {
            waits += 1;
            Poll::Pending
        }
    })
    .await
}

/// Makes requests to tables await, so that a crash can happen before each of them.
fn wait_for_tables(shop: &BillingFixture) {
    for operation in ["BatchGetItem", "GetItem", "Query", "TransactWriteItems", "UpdateItem"] {
        for _ in 0..20 {
            let late = harness::Fault::Late(Duration::from_millis(1));
            shop.engine.faults.plan(operation, late);
        }
    }
}

/// See Lago issues 1086 and 1988: duplicate invoices when two clock runs overlap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_overlapping_runs_bill_a_period_once() {
    let shop = BillingFixture::with("tea", 20).await;
    let mut ids = vec![];
    for customer in ["ann", "bob", "cem", "dot", "eve"] {
        ids.push((customer, shop.subscribed(customer, "tea").await));
    }
    shop.queue.deliver_twice(true);
    shop.queue.shuffle(7);
    futures::future::join_all((0..3).map(|_| shop.run())).await;
    shop.run().await;
    for (customer, id) in &ids {
        let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
        assert_eq!(shop.statuses(customer, id).await, expected);
    }
    assert_eq!(shop.charges().len(), 5);
    assert_settled(&shop).await;
}

/// See Lago issue 958: billing races with termination.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn billing_that_races_a_cancellation_charges_once_or_refunds() {
    for seed in 0..12 {
        let shop = BillingFixture::with("tea", 1).await;
        let id = shop.subscribed("ann", "tea").await;
        shop.enqueue_due_charges().await;
        let later = async {
            for _ in 0..seed * 3 {
                tokio::task::yield_now().await;
            }
            shop.end("ann", &id, "NOW").await
        };
        let (_, over) = futures::join!(shop.process_queue(), later);
        assert_eq!(over.status, 200, "{over:?}");
        recover(&shop).await;
        let (status, invoices) = shop.statuses("ann", &id).await;
        assert_eq!(status, "CANCELLED");
        assert!(
            invoices.iter().all(|invoice| invoice == "PAID" || invoice == "VOID"),
            "{invoices:?}"
        );
        assert!(shop.charges().len() <= 1);
        assert_settled(&shop).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_of_a_subscription_canceled_meanwhile_is_refunded() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.enqueue_due_charges().await;
    shop.sandbox
        .plan(Provider::Toss, "billing", Fault::Late(Duration::from_millis(800)));
    let cancelled = async {
        // Wait until the attempt is recorded.
        while shop.statuses("ann", &id).await.1.is_empty() {
            tokio::task::yield_now().await;
        }
        shop.end("ann", &id, "NOW").await
    };
    let (_, over) = futures::join!(shop.process_queue(), cancelled);
    assert_eq!(over.status, 200, "{over:?}");
    let order_id = shop.charged().order_id;
    let order = shop.see("ann", &order_id).await.body;
    assert_eq!(order["status"], "CANCELLED");
    assert_eq!(order["lines"][0]["refunded"]["amount"], 1000);
    shop.refund("OrderCancelled", &order).await.unwrap();
    assert_eq!(shop.charged().refunded, 1000);
    let expected = ("CANCELLED".to_owned(), vec!["VOID".to_owned()]);
    assert_eq!(shop.statuses("ann", &id).await, expected);
    recover(&shop).await;
    assert_settled(&shop).await;
}

/// See Kill Bill issue 1015: an UNKNOWN payment and a retry pay twice.
#[tokio::test]
async fn an_unknown_outcome_is_queried_and_never_charged_again() {
    for fault in [
        Fault::DropAfter,
        Fault::DropBefore,
        Fault::ErrorAfter(500),
        Fault::ErrorBefore(503),
        Fault::Busy,
    ] {
        let shop = BillingFixture::with("tea", 1).await;
        let id = shop.subscribed("ann", "tea").await;
        shop.sandbox.plan(Provider::Toss, "billing", fault.clone());
        shop.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
        shop.run().await;
        let (_, invoices) = shop.statuses("ann", &id).await;
        assert_eq!(invoices, ["CHARGING"], "{fault:?}: the outcome is unknown");
        assert_eq!(shop.run().await, 0, "no query while the call may still be running");
        recover(&shop).await;
        let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
        assert_eq!(shop.statuses("ann", &id).await, expected, "{fault:?}");
        assert_eq!(shop.charged().charges, 1, "{fault:?}");
        assert_settled(&shop).await;
    }
}

#[tokio::test]
async fn an_unknown_outcome_of_a_canceled_subscription_is_settled() {
    for (fault, charges) in [(Fault::DropAfter, 1), (Fault::DropBefore, 0)] {
        let shop = BillingFixture::with("tea", 1).await;
        let id = shop.subscribed("ann", "tea").await;
        shop.sandbox.plan(Provider::Toss, "billing", fault);
        shop.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
        shop.run().await;
        shop.end("ann", &id, "NOW").await;
        recover(&shop).await;
        assert_eq!(shop.charges().len(), charges);
        let expected = ("CANCELLED".to_owned(), vec!["VOID".to_owned()]);
        assert_eq!(shop.statuses("ann", &id).await, expected);
        assert_eq!(shop.engine.balance("tea").await.available, 1);
        assert_settled(&shop).await;
    }
}

#[tokio::test]
async fn a_card_cannot_be_changed_while_it_is_being_charged() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.sandbox.plan(Provider::Toss, "billing", Fault::DropBefore);
    shop.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
    shop.run().await;
    let card = json!({ "change": "CARD", "authorization": shop.authorization("ann") });
    assert_eq!(shop.change("ann", &id, "1", &card).await.problem(), "payment-under-way");
}

#[tokio::test]
async fn a_charge_that_crashes_at_any_await_is_made_once() {
    let mut nth = 0;
    loop {
        let shop = BillingFixture::with("tea", 1).await;
        let id = shop.subscribed("ann", "tea").await;
        shop.enqueue_due_charges().await;
        let delivery = shop.queue.receive(10, shop.now()).unwrap();
        wait_for_tables(&shop);
        let finished = dies_at(nth, shop.charge(&delivery)).await.is_some();
        // Requests already sent are still served.
        tokio::time::timeout(Duration::from_millis(30), std::future::pending::<()>())
            .await
            .ok();
        recover(&shop).await;
        let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
        assert_eq!(shop.statuses("ann", &id).await, expected, "crashed at await {nth}");
        assert_eq!(shop.charged().charges, 1, "crashed at await {nth}");
        assert_settled(&shop).await;
        if finished {
            break;
        }
        nth += 1;
    }
    assert!(nth > 5, "expected awaits on tables, KMS and the provider: {nth}");
}

#[tokio::test]
async fn a_run_that_crashes_at_any_await_skips_no_period() {
    let mut nth = 0;
    loop {
        let shop = BillingFixture::with("tea", 3).await;
        for customer in ["ann", "bob", "cem"] {
            shop.subscribed(customer, "tea").await;
        }
        // The crash may have happened halfway.
        let messages = shop.queue.messages().len();
        wait_for_tables(&shop);
        let finished = dies_at(nth, shop.try_enqueue_due_charges()).await.is_some();
        shop.run().await;
        shop.advance_with_runs(SignedDuration::from_hours(2), MINUTE * 10).await;
        assert_eq!(
            shop.charges().len(),
            3,
            "crashed at await {nth}, with {messages} messages queued"
        );
        assert_settled(&shop).await;
        if finished || nth > 60 {
            break;
        }
        nth += 4;
    }
}

#[tokio::test]
async fn a_subscription_advances_only_after_its_command_is_queued() {
    let shop = BillingFixture::in_shop(Shop::with("tea", 1, 1).await.with_time(Duration::from_secs(7))).await;
    shop.subscribed("ann", "tea").await;
    shop.process_queue().await;
    shop.advance(SignedDuration::from_hours(24 * 31));
    shop.queue.fail(1_000);
    let summary = shop.enqueue_due_charges().await;
    assert_eq!((summary.processed, summary.failed), (0, 1), "the queue is unavailable");
    shop.queue.fail(0);
    assert_eq!(shop.enqueue_due_charges().await.processed, 1);
    assert_eq!(
        shop.enqueue_due_charges().await.processed,
        0,
        "its command is queued already"
    );
}

#[tokio::test]
async fn a_lost_command_is_enqueued_again() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.enqueue_due_charges().await;
    while let Some(delivery) = shop.queue.receive(10, shop.now()) {
        // The queue is purged.
        shop.queue.settle(&delivery, &Default::default());
    }
    assert_eq!(shop.run().await, 0);
    shop.advance(SignedDuration::from_hours(1));
    assert_eq!(shop.run().await, 1);
    let (_, invoices) = shop.statuses("ann", &id).await;
    assert_eq!(invoices, ["PAID"]);
}

#[tokio::test]
async fn a_refused_message_does_not_block_the_others() {
    let shop = BillingFixture::with("tea", 5).await;
    let mut ids = vec![];
    for customer in ["ann", "bob", "cem"] {
        ids.push(shop.subscribed(customer, "tea").await);
    }
    shop.queue.refuse(&ids[1]);
    shop.run().await;
    assert_eq!(shop.charges().len(), 3, "the refused message is sent again");
}

#[tokio::test]
async fn an_error_of_kms_or_the_tables_is_retried_by_the_queue() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.kms.refuse(Some((500, "KMSInternalException")));
    // One message is from the request, the other from the schedule.
    assert_eq!(shop.run().await, 2);
    assert_eq!(shop.statuses("ann", &id).await.1, [""; 0], "no charge was started");
    assert_eq!(shop.engine.balance("tea").await.available, 1);
    shop.kms.refuse(None);
    shop.advance(MINUTE * 15);
    assert_eq!(shop.process_queue().await, 2, "the queue delivers them again");
    assert_eq!(shop.statuses("ann", &id).await.1, ["PAID"]);
    assert_eq!(shop.queue.dead_letters(), [json!(null); 0]);
}

#[tokio::test]
async fn an_unavailable_queue_delays_no_customer_and_the_schedule_charges_their_period() {
    let shop = BillingFixture::with("tea", 1).await;
    shop.queue.fail(1_000_000);
    let began = Instant::now();
    let id = shop.subscribed("ann", "tea").await;
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "within the invocation's time limit"
    );
    assert!(shop.queue.messages().is_empty());
    shop.queue.fail(0);
    assert_eq!(shop.run().await, 1);
    assert_eq!(shop.statuses("ann", &id).await.1, ["PAID"]);
}

#[tokio::test]
async fn a_decline_of_an_earlier_attempt_does_not_discard_the_charge_of_the_last() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.sandbox
        .toss_decline_next(&shop.billing_key("ann"), "REJECT_CARD_PAYMENT", 1);
    shop.run().await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["DECLINED"]);
    shop.advance(SignedDuration::from_hours(24));
    shop.sandbox.plan(Provider::Toss, "billing", Fault::DropAfter);
    shop.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
    shop.run().await;
    assert_eq!(shop.end("ann", &id, "NOW").await.status, 200);
    // Toss reports the declined attempt instead of the later one.
    shop.sandbox.toss_return_oldest(true);
    recover(&shop).await;
    assert_eq!(
        shop.statuses("ann", &id).await.1,
        ["CHARGING"],
        "the outcome is unknown"
    );
    shop.sandbox.toss_return_oldest(false);
    recover(&shop).await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["VOID"]);
    let order = shop.see("ann", &shop.charged().order_id).await.body;
    assert_eq!(order["status"], "CANCELLED", "so the charge is refunded");
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_paid_period_is_not_declined_by_a_report_of_an_earlier_attempt() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.sandbox
        .toss_decline_next(&shop.billing_key("ann"), "REJECT_CARD_PAYMENT", 1);
    shop.run().await;
    shop.advance(SignedDuration::from_hours(24));
    shop.sandbox.toss_return_oldest(true);
    shop.sandbox.plan(Provider::Toss, "billing", Fault::DropAfter);
    shop.run().await;
    recover(&shop).await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["CHARGING"], "it may be paid");
    shop.sandbox.toss_return_oldest(false);
    recover(&shop).await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["PAID"]);
    assert_eq!(shop.charged().charges, 1);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_hard_decline_with_a_lost_response_is_not_charged_again() {
    let shop = BillingFixture::with("tea", 1).await;
    let method = shop.sandbox.stripe_payment_method(&Card::Good);
    let authorization = json!({ "provider": "STRIPE", "payment_method": method });
    let body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &authorization);
    let begun = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    let id = begun.body["subscription_id"].as_str().unwrap();
    let stolen = Card::declined("card_declined", "stolen_card");
    // A second request would succeed.
    shop.sandbox.stripe_set_card_next(&method, &stolen, 1);
    shop.sandbox.plan(Provider::Stripe, "confirm_intent", Fault::DropAfter);
    shop.sandbox.plan(Provider::Stripe, "intent", Fault::ErrorBefore(500));
    shop.run().await;
    recover(&shop).await;
    let (status, invoices) = shop.statuses("ann", id).await;
    assert_eq!((&*status, &*invoices[0]), ("PAST_DUE", "DECLINED"));
    assert!(shop.charges().is_empty());
    assert_settled(&shop).await;
}
