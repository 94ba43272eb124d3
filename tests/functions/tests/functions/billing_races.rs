//! Subscriptions when runs overlap, functions crash, messages repeat and providers say nothing.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use function_tests::desk::{monthly, subscribe_call, subscription};
use function_tests::{Desk, Shop};
use jiff::SignedDuration;
use sandbox::{Card, Fault, Provider};
use serde_json::json;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Nothing hangs in the air, and books, ledger and stock agree.
async fn assert_settled(desk: &Desk) {
    desk.books().await.assert_settled();
    desk.engine
        .periods(desk.sandbox.ledger())
        .await
        .check()
        .expect("periods");
    desk.engine.balance("tea").await;
}

/// Lets the schedule bring back whatever was left behind, and refunds be made.
async fn recover(desk: &Desk) {
    desk.live(SignedDuration::from_hours(3), MINUTE * 10).await;
    desk.reconcile().await;
    desk.live(MINUTE * 10, MINUTE * 10).await;
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
fn wait_for_tables(desk: &Desk) {
    for operation in ["BatchGetItem", "GetItem", "Query", "TransactWriteItems", "UpdateItem"] {
        for _ in 0..20 {
            let late = harness::Fault::Late(Duration::from_millis(1));
            desk.engine.faults.plan(operation, late);
        }
    }
}

/// Lago 1086, 1988: duplicate invoices when two clock runs overlap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_overlapping_runs_bill_a_period_once() {
    let desk = Desk::with("tea", 20).await;
    let mut ids = vec![];
    for customer in ["ann", "bob", "cem", "dot", "eve"] {
        ids.push((customer, desk.subscribed(customer, "tea").await));
    }
    desk.queue.deliver_twice(true);
    desk.queue.shuffle(7);
    futures::future::join_all((0..3).map(|_| desk.run())).await;
    desk.run().await;
    for (customer, id) in &ids {
        let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
        assert_eq!(desk.statuses(customer, id).await, expected);
    }
    assert_eq!(desk.charges().len(), 5);
    assert_settled(&desk).await;
}

/// Lago 958: billing races termination.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn billing_that_races_a_cancellation_charges_once_or_gives_back() {
    for seed in 0..12 {
        let desk = Desk::with("tea", 1).await;
        let id = desk.subscribed("ann", "tea").await;
        desk.bill().await;
        let later = async {
            for _ in 0..seed * 3 {
                tokio::task::yield_now().await;
            }
            desk.end("ann", &id, "NOW").await
        };
        let (_, over) = futures::join!(desk.work(), later);
        assert_eq!(over.status, 200, "{over:?}");
        recover(&desk).await;
        let (status, invoices) = desk.statuses("ann", &id).await;
        assert_eq!(status, "CANCELLED");
        assert!(
            invoices.iter().all(|invoice| invoice == "PAID" || invoice == "VOID"),
            "{invoices:?}"
        );
        assert!(desk.charges().len() <= 1);
        assert_settled(&desk).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_charged_while_it_is_cancelled_goes_back() {
    let desk = Desk::with("tea", 1).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.bill().await;
    desk.sandbox
        .plan(Provider::Toss, "billing", Fault::Late(Duration::from_millis(800)));
    let cancelled = async {
        // Once the attempt is written down.
        while desk.statuses("ann", &id).await.1.is_empty() {
            tokio::task::yield_now().await;
        }
        desk.end("ann", &id, "NOW").await
    };
    let (_, over) = futures::join!(desk.work(), cancelled);
    assert_eq!(over.status, 200, "{over:?}");
    let order_id = desk.charged().order_id;
    let order = desk.see("ann", &order_id).await.body;
    assert_eq!(order["status"], "CANCELLED");
    desk.refund("OrderCancelled", &order).await.unwrap();
    assert_eq!(desk.charged().refunded, 1000);
    let expected = ("CANCELLED".to_owned(), vec!["VOID".to_owned()]);
    assert_eq!(desk.statuses("ann", &id).await, expected);
    recover(&desk).await;
    assert_settled(&desk).await;
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
        let desk = Desk::with("tea", 1).await;
        let id = desk.subscribed("ann", "tea").await;
        desk.sandbox.plan(Provider::Toss, "billing", fault.clone());
        desk.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
        desk.run().await;
        let (_, invoices) = desk.statuses("ann", &id).await;
        assert_eq!(invoices, ["CHARGING"], "{fault:?}: nobody knows yet");
        assert_eq!(desk.run().await, 0, "nobody asks while the call may be under way");
        recover(&desk).await;
        let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
        assert_eq!(desk.statuses("ann", &id).await, expected, "{fault:?}");
        assert_eq!(desk.charged().charges, 1, "{fault:?}");
        assert_settled(&desk).await;
    }
}

#[tokio::test]
async fn an_unknown_outcome_of_a_subscription_that_was_cancelled_is_settled_too() {
    for (fault, charges) in [(Fault::DropAfter, 1), (Fault::DropBefore, 0)] {
        let desk = Desk::with("tea", 1).await;
        let id = desk.subscribed("ann", "tea").await;
        desk.sandbox.plan(Provider::Toss, "billing", fault);
        desk.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
        desk.run().await;
        desk.end("ann", &id, "NOW").await;
        recover(&desk).await;
        assert_eq!(desk.charges().len(), charges);
        let expected = ("CANCELLED".to_owned(), vec!["VOID".to_owned()]);
        assert_eq!(desk.statuses("ann", &id).await, expected);
        assert_eq!(desk.engine.balance("tea").await.available, 1);
        assert_settled(&desk).await;
    }
}

#[tokio::test]
async fn a_card_is_not_changed_while_it_is_being_charged() {
    let desk = Desk::with("tea", 1).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.sandbox.plan(Provider::Toss, "billing", Fault::DropBefore);
    desk.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
    desk.run().await;
    let card = json!({ "change": "CARD", "authorization": desk.authorization("ann") });
    assert_eq!(desk.change("ann", &id, "1", &card).await.problem(), "payment-under-way");
}

#[tokio::test]
async fn a_charge_that_crashes_at_any_moment_is_made_once() {
    let mut nth = 0;
    loop {
        let desk = Desk::with("tea", 1).await;
        let id = desk.subscribed("ann", "tea").await;
        desk.bill().await;
        let delivery = desk.queue.receive(10, desk.now()).unwrap();
        wait_for_tables(&desk);
        let finished = dies_at(nth, desk.charge(&delivery)).await.is_some();
        // What was on its way arrives all the same.
        tokio::time::timeout(Duration::from_millis(30), std::future::pending::<()>())
            .await
            .ok();
        recover(&desk).await;
        let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
        assert_eq!(desk.statuses("ann", &id).await, expected, "it died at its wait {nth}");
        assert_eq!(desk.charged().charges, 1, "it died at its wait {nth}");
        assert_settled(&desk).await;
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
        let desk = Desk::with("tea", 3).await;
        for customer in ["ann", "bob", "cem"] {
            desk.subscribed(customer, "tea").await;
        }
        // Half of it may have been done.
        let messages = desk.queue.messages().len();
        wait_for_tables(&desk);
        let finished = dies_at(nth, desk.try_bill()).await.is_some();
        desk.run().await;
        desk.live(SignedDuration::from_hours(2), MINUTE * 10).await;
        assert_eq!(
            desk.charges().len(),
            3,
            "it died at its wait {nth}, {messages} messages before"
        );
        assert_settled(&desk).await;
        if finished || nth > 60 {
            break;
        }
        nth += 4;
    }
}

#[tokio::test]
async fn a_subscription_moves_only_once_the_queue_has_taken_its_command() {
    let desk = Desk::in_shop(Shop::with("tea", 1, 1).await.with_time(Duration::from_secs(7))).await;
    desk.subscribed("ann", "tea").await;
    desk.work().await;
    desk.pass(SignedDuration::from_hours(24 * 31));
    desk.queue.fail(1_000);
    let summary = desk.bill().await;
    assert_eq!((summary.processed, summary.failed), (0, 1), "the queue is away");
    desk.queue.fail(0);
    assert_eq!(desk.bill().await.processed, 1);
    assert_eq!(desk.bill().await.processed, 0, "it is commanded already");
}

#[tokio::test]
async fn a_command_that_is_lost_is_given_again() {
    let desk = Desk::with("tea", 1).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.bill().await;
    while let Some(delivery) = desk.queue.receive(10, desk.now()) {
        // Somebody purges the queue.
        desk.queue.settle(&delivery, &Default::default());
    }
    assert_eq!(desk.run().await, 0);
    desk.pass(SignedDuration::from_hours(1));
    assert_eq!(desk.run().await, 1);
    let (_, invoices) = desk.statuses("ann", &id).await;
    assert_eq!(invoices, ["PAID"]);
}

#[tokio::test]
async fn a_message_that_the_queue_refuses_holds_up_none_of_the_others() {
    let desk = Desk::with("tea", 5).await;
    let mut ids = vec![];
    for customer in ["ann", "bob", "cem"] {
        ids.push(desk.subscribed(customer, "tea").await);
    }
    desk.queue.refuse(&ids[1]);
    desk.run().await;
    assert_eq!(desk.charges().len(), 3, "what was refused is sent again");
}

#[tokio::test]
async fn a_wrong_answer_of_the_seal_or_the_tables_is_tried_again_by_the_queue() {
    let desk = Desk::with("tea", 1).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.kms.refuse(Some((500, "KMSInternalException")));
    // From the request itself, and from the schedule.
    assert_eq!(desk.run().await, 2);
    assert_eq!(desk.statuses("ann", &id).await.1, [""; 0], "nothing was begun");
    assert_eq!(desk.engine.balance("tea").await.available, 1);
    desk.kms.refuse(None);
    desk.pass(MINUTE * 15);
    assert_eq!(desk.work().await, 2, "the queue brings them again");
    assert_eq!(desk.statuses("ann", &id).await.1, ["PAID"]);
    assert_eq!(desk.queue.dead_letters(), [json!(null); 0]);
}

#[tokio::test]
async fn a_queue_that_is_away_holds_up_no_customer_and_leaves_their_period_to_the_schedule() {
    let desk = Desk::with("tea", 1).await;
    desk.queue.fail(1_000_000);
    let began = Instant::now();
    let id = desk.subscribed("ann", "tea").await;
    assert!(began.elapsed() < Duration::from_secs(20), "an invocation has minutes");
    assert!(desk.queue.messages().is_empty());
    desk.queue.fail(0);
    assert_eq!(desk.run().await, 1);
    assert_eq!(desk.statuses("ann", &id).await.1, ["PAID"]);
}

#[tokio::test]
async fn a_no_to_an_earlier_try_does_not_give_up_what_the_last_one_took() {
    let desk = Desk::with("tea", 1).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.sandbox
        .toss_decline_next(&desk.billing_key("ann"), "REJECT_CARD_PAYMENT", 1);
    desk.run().await;
    assert_eq!(desk.statuses("ann", &id).await.1, ["DECLINED"]);
    desk.pass(SignedDuration::from_hours(24));
    desk.sandbox.plan(Provider::Toss, "billing", Fault::DropAfter);
    desk.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
    desk.run().await;
    assert_eq!(desk.end("ann", &id, "NOW").await.status, 200);
    // Toss tells of the try that it declined, whatever came after it.
    desk.sandbox.toss_tell_oldest(true);
    recover(&desk).await;
    assert_eq!(desk.statuses("ann", &id).await.1, ["CHARGING"], "nobody knows");
    desk.sandbox.toss_tell_oldest(false);
    recover(&desk).await;
    assert_eq!(desk.statuses("ann", &id).await.1, ["VOID"]);
    let order = desk.see("ann", &desk.charged().order_id).await.body;
    assert_eq!(order["status"], "CANCELLED", "so that the money goes back");
    assert_settled(&desk).await;
}

#[tokio::test]
async fn a_paid_period_is_not_declined_because_toss_tells_of_an_earlier_try() {
    let desk = Desk::with("tea", 1).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.sandbox
        .toss_decline_next(&desk.billing_key("ann"), "REJECT_CARD_PAYMENT", 1);
    desk.run().await;
    desk.pass(SignedDuration::from_hours(24));
    desk.sandbox.toss_tell_oldest(true);
    desk.sandbox.plan(Provider::Toss, "billing", Fault::DropAfter);
    desk.run().await;
    recover(&desk).await;
    assert_eq!(desk.statuses("ann", &id).await.1, ["CHARGING"], "it may be paid");
    desk.sandbox.toss_tell_oldest(false);
    recover(&desk).await;
    assert_eq!(desk.statuses("ann", &id).await.1, ["PAID"]);
    assert_eq!(desk.charged().charges, 1);
    assert_settled(&desk).await;
}

#[tokio::test]
async fn a_hard_decline_whose_answer_was_lost_is_not_asked_for_again() {
    let desk = Desk::with("tea", 1).await;
    let method = desk.sandbox.stripe_payment_method(&Card::Good);
    let authorization = json!({ "provider": "stripe", "payment_method": method });
    let body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &authorization);
    let begun = desk.subscribe(subscribe_call("ann", "k", &body)).await;
    let id = begun.body["subscription_id"].as_str().unwrap();
    let stolen = Card::declined("card_declined", "stolen_card");
    // Asked again, it would pay.
    desk.sandbox.stripe_set_card_next(&method, &stolen, 1);
    desk.sandbox.plan(Provider::Stripe, "confirm_intent", Fault::DropAfter);
    desk.sandbox.plan(Provider::Stripe, "intent", Fault::ErrorBefore(500));
    desk.run().await;
    recover(&desk).await;
    let (status, invoices) = desk.statuses("ann", id).await;
    assert_eq!((&*status, &*invoices[0]), ("PAST_DUE", "DECLINED"));
    assert!(desk.charges().is_empty());
    assert_settled(&desk).await;
}
