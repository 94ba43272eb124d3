//! Subscriptions when runs overlap, functions crash, messages repeat and providers say nothing.

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

/// Nothing hangs in the air, and books, ledger and stock agree.
async fn assert_settled(shop: &BillingFixture) {
    shop.books().await.assert_settled();
    shop.engine
        .periods(shop.sandbox.ledger())
        .await
        .check()
        .expect("periods");
    shop.engine.balance("tea").await;
}

/// Lets the schedule bring back whatever was left behind, and refunds be made.
async fn recover(shop: &BillingFixture) {
    shop.live(SignedDuration::from_hours(3), MINUTE * 10).await;
    shop.reconcile().await;
    shop.live(MINUTE * 10, MINUTE * 10).await;
}

/// What a future comes to when the process dies at its `nth` wait: nothing.
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

/// From now on tables let themselves be waited for, so that there is a moment to die at before each request.
fn wait_for_tables(shop: &BillingFixture) {
    for operation in ["BatchGetItem", "GetItem", "Query", "TransactWriteItems", "UpdateItem"] {
        for _ in 0..20 {
            let late = harness::Fault::Late(Duration::from_millis(1));
            shop.engine.faults.plan(operation, late);
        }
    }
}

/// Lago 1086, 1988: duplicate invoices when two clock runs overlap.
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

/// Lago 958: billing races termination.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn billing_that_races_a_cancellation_charges_once_or_gives_back() {
    for seed in 0..12 {
        let shop = BillingFixture::with("tea", 1).await;
        let id = shop.subscribed("ann", "tea").await;
        shop.bill().await;
        let later = async {
            for _ in 0..seed * 3 {
                tokio::task::yield_now().await;
            }
            shop.end("ann", &id, "NOW").await
        };
        let (_, over) = futures::join!(shop.work(), later);
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
async fn what_is_charged_while_it_is_cancelled_goes_back() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.bill().await;
    shop.sandbox
        .plan(Provider::Toss, "billing", Fault::Late(Duration::from_millis(800)));
    let cancelled = async {
        // Once the attempt is written down.
        while shop.statuses("ann", &id).await.1.is_empty() {
            tokio::task::yield_now().await;
        }
        shop.end("ann", &id, "NOW").await
    };
    let (_, over) = futures::join!(shop.work(), cancelled);
    assert_eq!(over.status, 200, "{over:?}");
    let order_id = shop.charged().order_id;
    let order = shop.see("ann", &order_id).await.body;
    assert_eq!(order["status"], "CANCELLED");
    shop.refund("OrderCancelled", &order).await.unwrap();
    assert_eq!(shop.charged().refunded, 1000);
    let expected = ("CANCELLED".to_owned(), vec!["VOID".to_owned()]);
    assert_eq!(shop.statuses("ann", &id).await, expected);
    recover(&shop).await;
    assert_settled(&shop).await;
}

/// Kill Bill 1015: UNKNOWN and a retry make a double payment.
#[tokio::test]
async fn an_unknown_outcome_is_asked_about_and_never_charged_again() {
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
        assert_eq!(invoices, ["CHARGING"], "{fault:?}: nobody knows yet");
        assert_eq!(shop.run().await, 0, "nobody asks while the call may be under way");
        recover(&shop).await;
        let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
        assert_eq!(shop.statuses("ann", &id).await, expected, "{fault:?}");
        assert_eq!(shop.charged().charges, 1, "{fault:?}");
        assert_settled(&shop).await;
    }
}

#[tokio::test]
async fn an_unknown_outcome_of_a_subscription_that_was_cancelled_is_settled_too() {
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
async fn a_card_is_not_changed_while_it_is_being_charged() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.sandbox.plan(Provider::Toss, "billing", Fault::DropBefore);
    shop.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
    shop.run().await;
    let card = json!({ "change": "CARD", "authorization": shop.authorization("ann") });
    assert_eq!(shop.change("ann", &id, "1", &card).await.problem(), "payment-under-way");
}

#[tokio::test]
async fn a_charge_that_crashes_at_any_moment_is_made_once() {
    let mut nth = 0;
    loop {
        let shop = BillingFixture::with("tea", 1).await;
        let id = shop.subscribed("ann", "tea").await;
        shop.bill().await;
        let delivery = shop.queue.receive(10, shop.now()).unwrap();
        wait_for_tables(&shop);
        let finished = dies_at(nth, shop.charge(&delivery)).await.is_some();
        // What was on its way arrives all the same.
        tokio::time::timeout(Duration::from_millis(30), std::future::pending::<()>())
            .await
            .ok();
        recover(&shop).await;
        let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
        assert_eq!(shop.statuses("ann", &id).await, expected, "it died at its wait {nth}");
        assert_eq!(shop.charged().charges, 1, "it died at its wait {nth}");
        assert_settled(&shop).await;
        if finished {
            break;
        }
        nth += 1;
    }
    assert!(nth > 5, "it waits for tables, KMS and the provider: {nth}");
}

#[tokio::test]
async fn a_run_that_crashes_at_any_moment_leaves_no_period_out() {
    let mut nth = 0;
    loop {
        let shop = BillingFixture::with("tea", 3).await;
        for customer in ["ann", "bob", "cem"] {
            shop.subscribed(customer, "tea").await;
        }
        // Half of it may have been done.
        let messages = shop.queue.messages().len();
        wait_for_tables(&shop);
        let finished = dies_at(nth, shop.try_bill()).await.is_some();
        shop.run().await;
        shop.live(SignedDuration::from_hours(2), MINUTE * 10).await;
        assert_eq!(
            shop.charges().len(),
            3,
            "it died at its wait {nth}, {messages} messages before"
        );
        assert_settled(&shop).await;
        if finished || nth > 60 {
            break;
        }
        nth += 4;
    }
}

#[tokio::test]
async fn a_subscription_moves_only_once_the_queue_has_taken_its_command() {
    let shop = BillingFixture::in_shop(Shop::with("tea", 1, 1).await.with_time(Duration::from_secs(7))).await;
    shop.subscribed("ann", "tea").await;
    shop.work().await;
    shop.pass(SignedDuration::from_hours(24 * 31));
    shop.queue.fail(1_000);
    let summary = shop.bill().await;
    assert_eq!((summary.processed, summary.failed), (0, 1), "the queue is away");
    shop.queue.fail(0);
    assert_eq!(shop.bill().await.processed, 1);
    assert_eq!(shop.bill().await.processed, 0, "it is commanded already");
}

#[tokio::test]
async fn a_command_that_is_lost_is_given_again() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.bill().await;
    while let Some(delivery) = shop.queue.receive(10, shop.now()) {
        // Somebody purges the queue.
        shop.queue.settle(&delivery, &Default::default());
    }
    assert_eq!(shop.run().await, 0);
    shop.pass(SignedDuration::from_hours(1));
    assert_eq!(shop.run().await, 1);
    let (_, invoices) = shop.statuses("ann", &id).await;
    assert_eq!(invoices, ["PAID"]);
}

#[tokio::test]
async fn a_message_that_the_queue_refuses_holds_up_none_of_the_others() {
    let shop = BillingFixture::with("tea", 5).await;
    let mut ids = vec![];
    for customer in ["ann", "bob", "cem"] {
        ids.push(shop.subscribed(customer, "tea").await);
    }
    shop.queue.refuse(&ids[1]);
    shop.run().await;
    assert_eq!(shop.charges().len(), 3, "what was refused is sent again");
}

#[tokio::test]
async fn a_wrong_answer_of_the_seal_or_the_tables_is_tried_again_by_the_queue() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.kms.refuse(Some((500, "KMSInternalException")));
    // From the request itself, and from the schedule.
    assert_eq!(shop.run().await, 2);
    assert_eq!(shop.statuses("ann", &id).await.1, [""; 0], "nothing was begun");
    assert_eq!(shop.engine.balance("tea").await.available, 1);
    shop.kms.refuse(None);
    shop.pass(MINUTE * 15);
    assert_eq!(shop.work().await, 2, "the queue brings them again");
    assert_eq!(shop.statuses("ann", &id).await.1, ["PAID"]);
    assert_eq!(shop.queue.dead_letters(), [json!(null); 0]);
}

#[tokio::test]
async fn a_queue_that_is_away_holds_up_no_customer_and_leaves_their_period_to_the_schedule() {
    let shop = BillingFixture::with("tea", 1).await;
    shop.queue.fail(1_000_000);
    let began = Instant::now();
    let id = shop.subscribed("ann", "tea").await;
    assert!(began.elapsed() < Duration::from_secs(20), "an invocation has minutes");
    assert!(shop.queue.messages().is_empty());
    shop.queue.fail(0);
    assert_eq!(shop.run().await, 1);
    assert_eq!(shop.statuses("ann", &id).await.1, ["PAID"]);
}

#[tokio::test]
async fn a_no_to_an_earlier_try_does_not_give_up_what_the_last_one_took() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.sandbox
        .toss_decline_next(&shop.billing_key("ann"), "REJECT_CARD_PAYMENT", 1);
    shop.run().await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["DECLINED"]);
    shop.pass(SignedDuration::from_hours(24));
    shop.sandbox.plan(Provider::Toss, "billing", Fault::DropAfter);
    shop.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
    shop.run().await;
    assert_eq!(shop.end("ann", &id, "NOW").await.status, 200);
    // Toss tells of the try that it declined, whatever came after it.
    shop.sandbox.toss_tell_oldest(true);
    recover(&shop).await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["CHARGING"], "nobody knows");
    shop.sandbox.toss_tell_oldest(false);
    recover(&shop).await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["VOID"]);
    let order = shop.see("ann", &shop.charged().order_id).await.body;
    assert_eq!(order["status"], "CANCELLED", "so that the money goes back");
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_paid_period_is_not_declined_because_toss_tells_of_an_earlier_try() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.sandbox
        .toss_decline_next(&shop.billing_key("ann"), "REJECT_CARD_PAYMENT", 1);
    shop.run().await;
    shop.pass(SignedDuration::from_hours(24));
    shop.sandbox.toss_tell_oldest(true);
    shop.sandbox.plan(Provider::Toss, "billing", Fault::DropAfter);
    shop.run().await;
    recover(&shop).await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["CHARGING"], "it may be paid");
    shop.sandbox.toss_tell_oldest(false);
    recover(&shop).await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["PAID"]);
    assert_eq!(shop.charged().charges, 1);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_hard_decline_whose_answer_was_lost_is_not_asked_for_again() {
    let shop = BillingFixture::with("tea", 1).await;
    let method = shop.sandbox.stripe_payment_method(&Card::Good);
    let authorization = json!({ "provider": "stripe", "payment_method": method });
    let body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &authorization);
    let begun = shop.subscribe(subscribe_call("ann", "k", &body)).await;
    let id = begun.body["subscription_id"].as_str().unwrap();
    let stolen = Card::declined("card_declined", "stolen_card");
    // Asked again, it would pay.
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
