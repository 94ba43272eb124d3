//! A retried request is the first one: for every action with an idempotency key, whatever has changed since.
//!
//! Each scenario sends a request, changes the world so that the request would now be refused or mean something else,
//! and sends it again. The retry returns the first response's entity in its present state, marked as a replay. Another
//! request with the same key is refused.

mod coupons;
mod tickets;
mod waiting_rooms;

use std::collections::BTreeSet;

use function_tests::auction_fixture::{AuctionFixture, CARD, bid_call, register_call, take_call};
use function_tests::billing_fixture::{monthly, subscribe_call, subscription};
use function_tests::fulfillment_fixture::{
    FulfillmentFixture, cancel_call, close_call, decide_call, deliver_call, receive_return_call, refund_return_call,
    return_call, ship_call,
};
use function_tests::image_fixture::{ImageFixture, picture, presign_call};
use function_tests::import_fixture::{ImportFixture, import_call, json_lines, row};
use function_tests::payment_fixture::{amount, start_call, stripe_call, toss_call};
use function_tests::{
    BillingFixture, PaymentFixture, RESERVATION, SearchFixture, Shop, create_call, id_of, order_call, product,
    receive_call, reshard_call,
};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use sandbox::{Fault, Provider};
use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Parameter;

use crate::refunds::paid;

/// The responses of a scenario.
struct Outcome {
    /// To the first request.
    first: Answer,
    /// To the same request, after the world has changed.
    again: Answer,
    /// To another request with the same key.
    other: Option<Answer>,
}

/// An action, what changes between its two requests, and the scenario.
type Scenario = (&'static str, &'static str, fn() -> LocalBoxFuture<'static, Outcome>);

/// A scenario from an async function without parameters.
macro_rules! scenario {
    ($action:literal, $change:literal, $run:path) => {
        ($action, $change, || $run().boxed_local())
    };
}

const SCENARIOS: &[Scenario] = &[
    scenario!(
        "checkout",
        "the product is dearer, unlisted and sold out",
        checkout_unlisted
    ),
    scenario!("checkout", "the order has expired", checkout_expired),
    scenario!("cancel-order", "the order was cancelled a year ago", cancel_order_late),
    scenario!(
        "cancel-order",
        "the units were cancelled, and the rest is shipped",
        cancel_order_shipped
    ),
    scenario!(
        "create-shipment",
        "the shipment was delivered, and no units are left",
        create_shipment_delivered
    ),
    scenario!(
        "deliver-shipment",
        "the carrier had reported it a month ago",
        deliver_shipment_late
    ),
    scenario!(
        "close-shipment",
        "the units were shipped again",
        close_shipment_shipped_again
    ),
    scenario!(
        "request-return",
        "the units are returned, and the time is over",
        request_return_received
    ),
    scenario!("decide-return", "the return was received", decide_return_received),
    scenario!("receive-return", "the return was refunded", receive_return_refunded),
    scenario!("refund-return", "the refund was made", refund_return_done),
    scenario!("start-payment", "the order was cancelled", start_payment_cancelled),
    scenario!(
        "confirm-payment",
        "the order was cancelled and the money refunded",
        confirm_payment_refunded
    ),
    scenario!(
        "confirm-payment",
        "a webhook had reported the payment first",
        confirm_payment_reported
    ),
    scenario!("request-refund", "all of the payment was refunded", request_refund_done),
    scenario!(
        "resolve-review",
        "the payment is not in review any more",
        resolve_review_done
    ),
    scenario!(
        "create-subscription",
        "the product is unlisted and the subscription cancelled",
        subscribe_cancelled
    ),
    scenario!(
        "pause-subscription",
        "a paused subscription was resumed",
        pause_subscription_resumed
    ),
    scenario!(
        "update-subscription",
        "a new card was replaced by another one",
        update_subscription_card
    ),
    scenario!(
        "update-subscription",
        "the new item is unlisted",
        update_subscription_items
    ),
    scenario!(
        "cancel-subscription",
        "the customer has continued it",
        cancel_subscription_continued
    ),
    scenario!(
        "cancel-subscription",
        "it was to end already, and then continued",
        cancel_subscription_twice
    ),
    scenario!("resume-subscription", "it was paused again", resume_subscription_paused),
    scenario!(
        "skip-period",
        "the period is not the next one any more",
        skip_period_skipped
    ),
    scenario!(
        "continue-subscription",
        "it was cancelled again",
        continue_subscription_ended
    ),
    scenario!(
        "resolve-charge",
        "the charge is not in review any more",
        resolve_charge_done
    ),
    scenario!("register-voucher", "the product is unlisted", register_voucher_unlisted),
    scenario!("register-voucher", "the voucher was sold", register_voucher_sold),
    scenario!(
        "register-voucher",
        "it was registered with another key, and then sold",
        register_voucher_twice
    ),
    scenario!(
        "place-bid",
        "the bid was cancelled, its deadline has passed, the wallet is empty",
        place_bid_over
    ),
    scenario!(
        "place-bid",
        "the bid was traded, and its voucher belongs to another customer",
        place_bid_traded
    ),
    scenario!("place-bid", "the limit of open bids is reached", place_bid_limit),
    scenario!("take-bid", "the order book and the wallet are empty", take_bid_emptied),
    scenario!(
        "take-bid",
        "the sold voucher belongs to another customer",
        take_bid_sold
    ),
    scenario!("cancel-bid", "its deadline has passed", cancel_bid_late),
    scenario!("cancel-bid", "it had been cancelled with another key", cancel_bid_twice),
    scenario!(
        "create-product",
        "the product was renamed and unlisted, and its image is deleted",
        create_product_changed
    ),
    scenario!(
        "create-stock-movement",
        "the product is unlisted and has more shards",
        move_stock_unlisted
    ),
    scenario!(
        "reshard-listing",
        "the listing has other shards by now",
        reshard_listing_resharded
    ),
    scenario!("start-rebuild", "the rebuild has ended", start_rebuild_ended),
    scenario!(
        "roll-back-search-index",
        "there is no previous build any more",
        roll_back_done
    ),
    scenario!("create-import", "the import is completed", create_import_completed),
    scenario!("create-export", "the export is completed", create_export_completed),
    scenario!("presign-upload", "the image was deleted", presign_upload_deleted),
    scenario!(
        "presign-upload",
        "the image to replace was deleted",
        presign_upload_replaced
    ),
    scenario!(
        "create-venue",
        "the venue has another name",
        tickets::create_venue_renamed
    ),
    scenario!(
        "create-plan",
        "the venue has another plan too",
        tickets::create_plan_with_another
    ),
    scenario!(
        "create-performer",
        "the performer has another name",
        tickets::create_performer_renamed
    ),
    scenario!(
        "create-performance",
        "the performance is hidden",
        tickets::create_performance_hidden
    ),
    scenario!(
        "create-showtime",
        "the showtime is cancelled",
        tickets::create_showtime_cancelled
    ),
    scenario!(
        "publish-showtime",
        "the showtime is closed",
        tickets::publish_showtime_closed
    ),
    scenario!("block-seats", "the seats were released", tickets::block_seats_released),
    scenario!(
        "release-seats",
        "the seats were blocked",
        tickets::release_seats_blocked
    ),
    scenario!(
        "hold-seats",
        "the hold has expired, another customer has the seats, and the sale is closed",
        tickets::hold_seats_expired
    ),
    scenario!(
        "hold-seats",
        "the hold was replaced by another one",
        tickets::hold_seats_replaced
    ),
    scenario!(
        "check-in-ticket",
        "the seat was given back",
        tickets::check_in_ticket_void
    ),
    scenario!(
        "undo-check-in",
        "the ticket was checked in again",
        tickets::undo_check_in_again
    ),
    scenario!("upload-scans", "the seats were given back", tickets::upload_scans_void),
    scenario!(
        "replace-ticket-code",
        "the code was replaced again",
        tickets::replace_ticket_code_again
    ),
    scenario!(
        "create-transfer-offer",
        "the ticket was accepted",
        tickets::create_transfer_offer_accepted
    ),
    scenario!(
        "accept-transfer-offer",
        "the ticket was passed on again",
        tickets::accept_transfer_offer_passed_on
    ),
    scenario!(
        "create-performance-review",
        "the review was edited, hidden and deleted",
        tickets::create_performance_review_deleted
    ),
    scenario!(
        "create-coupon",
        "its total was raised, and its claims have ended",
        coupons::create_coupon_ended
    ),
    scenario!(
        "claim-coupon",
        "the coupon is exhausted and over",
        coupons::claim_coupon_exhausted
    ),
    scenario!(
        "create-waiting-room",
        "its rate was changed, and it has opened",
        waiting_rooms::create_waiting_room_opened
    ),
    scenario!(
        "join-waiting-room",
        "the room has opened, and the customer has entered",
        waiting_rooms::join_waiting_room_entered
    ),
    scenario!(
        "enter-waiting-room",
        "the admission is over",
        waiting_rooms::enter_waiting_room_over
    ),
    scenario!(
        "claim-coupon-code",
        "the code was revoked, and the claims have ended",
        coupons::claim_coupon_code_revoked
    ),
    scenario!(
        "revoke-coupon-codes",
        "other codes were revoked too",
        coupons::revoke_coupon_codes_more
    ),
];

/// Checks all scenarios of an action.
async fn check(action: &str) {
    let scenarios: Vec<&Scenario> = SCENARIOS.iter().filter(|(name, _, _)| *name == action).collect();
    assert!(!scenarios.is_empty(), "{action} has no scenario");
    for (_, change, run) in scenarios {
        let Outcome { first, again, other } = run().await;
        assert!((200..300).contains(&first.status), "{action}, {change}: {first:?}");
        assert_eq!(
            (again.status, again.replayed),
            (first.status, true),
            "{action}, {change}: {again:?}"
        );
        assert_eq!(id(&again.body), id(&first.body), "{action}, {change}");
        if let Some(other) = other {
            let refused = (other.status, other.problem());
            assert_eq!(
                refused,
                (422, "idempotency-key-reused"),
                "{action}, {change}: {other:?}"
            );
        }
    }
}

/// Declares a test for each action.
macro_rules! tests {
    ($($test:ident: $action:literal,)*) => {
        const TESTED: &[&str] = &[$($action),*];

        $(
            #[tokio::test]
            async fn $test() {
                check($action).await;
            }
        )*
    };
}

tests! {
    a_retried_checkout_is_the_first_one: "checkout",
    a_retried_cancellation_of_an_order_is_the_first_one: "cancel-order",
    a_retried_shipment_is_the_first_one: "create-shipment",
    a_retried_delivery_of_a_shipment_is_the_first_one: "deliver-shipment",
    a_retried_closing_of_a_shipment_is_the_first_one: "close-shipment",
    a_retried_request_of_a_return_is_the_first_one: "request-return",
    a_retried_decision_of_a_return_is_the_first_one: "decide-return",
    a_retried_receipt_of_a_return_is_the_first_one: "receive-return",
    a_retried_refund_of_a_return_is_the_first_one: "refund-return",
    a_retried_start_of_a_payment_is_the_first_one: "start-payment",
    a_retried_confirmation_of_a_payment_is_the_first_one: "confirm-payment",
    a_retried_request_of_a_refund_is_the_first_one: "request-refund",
    a_retried_decision_of_a_review_is_the_first_one: "resolve-review",
    a_retried_start_of_a_subscription_is_the_first_one: "create-subscription",
    a_retried_update_of_a_subscription_is_the_first_one: "update-subscription",
    a_retried_pause_is_the_first_one: "pause-subscription",
    a_retried_resumption_is_the_first_one: "resume-subscription",
    a_retried_skip_is_the_first_one: "skip-period",
    a_retried_continuation_is_the_first_one: "continue-subscription",
    a_retried_cancellation_of_a_subscription_is_the_first_one: "cancel-subscription",
    a_retried_decision_of_a_charge_is_the_first_one: "resolve-charge",
    a_retried_registration_of_a_voucher_is_the_first_one: "register-voucher",
    a_retried_placement_of_a_bid_is_the_first_one: "place-bid",
    a_retried_take_is_the_first_one: "take-bid",
    a_retried_cancellation_of_a_bid_is_the_first_one: "cancel-bid",
    a_retried_creation_of_a_product_is_the_first_one: "create-product",
    a_retried_stock_movement_is_the_first_one: "create-stock-movement",
    a_retried_resharding_is_the_first_one: "reshard-listing",
    a_retried_rebuild_is_the_first_one: "start-rebuild",
    a_retried_roll_back_is_the_first_one: "roll-back-search-index",
    a_retried_import_is_the_first_one: "create-import",
    a_retried_export_is_the_first_one: "create-export",
    a_retried_upload_is_the_first_one: "presign-upload",
    a_retried_creation_of_a_venue_is_the_first_one: "create-venue",
    a_retried_creation_of_a_plan_is_the_first_one: "create-plan",
    a_retried_creation_of_a_performer_is_the_first_one: "create-performer",
    a_retried_creation_of_a_performance_is_the_first_one: "create-performance",
    a_retried_creation_of_a_showtime_is_the_first_one: "create-showtime",
    a_retried_publication_is_the_first_one: "publish-showtime",
    a_retried_blocking_of_seats_is_the_first_one: "block-seats",
    a_retried_release_of_seats_is_the_first_one: "release-seats",
    a_retried_hold_is_the_first_one: "hold-seats",
    a_retried_check_in_is_the_first_one: "check-in-ticket",
    a_retried_undo_of_a_check_in_is_the_first_one: "undo-check-in",
    a_retried_upload_of_scans_is_the_first_one: "upload-scans",
    a_retried_replacement_of_a_code_is_the_first_one: "replace-ticket-code",
    a_retried_review_of_a_performance_is_the_first_one: "create-performance-review",
    a_retried_offer_of_a_ticket_is_the_first_one: "create-transfer-offer",
    a_retried_acceptance_of_a_ticket_is_the_first_one: "accept-transfer-offer",
    a_retried_creation_of_a_coupon_is_the_first_one: "create-coupon",
    a_retried_claim_is_the_first_one: "claim-coupon",
    a_retried_creation_of_a_waiting_room_is_the_first_one: "create-waiting-room",
    a_retried_join_is_the_first_one: "join-waiting-room",
    a_retried_entry_is_the_first_one: "enter-waiting-room",
    a_retried_claim_with_a_code_is_the_first_one: "claim-coupon-code",
    a_retried_revocation_of_codes_is_the_first_one: "revoke-coupon-codes",
}

#[test]
fn every_action_with_an_idempotency_key_has_a_scenario_and_a_test() {
    let mut keyed = BTreeSet::new();
    for api in registry::DOMAINS.iter().filter_map(|domain| domain.api) {
        for item in api().paths.paths.into_values() {
            for operation in [item.put, item.post, item.patch, item.delete].into_iter().flatten() {
                let has_key = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.name == "Idempotency-Key");
                if operation.parameters.iter().flatten().any(has_key) {
                    keyed.insert(operation.operation_id.expect("an id"));
                }
            }
        }
    }
    let names = |actions: &mut dyn Iterator<Item = &&str>| actions.map(|&name| name.to_owned()).collect();
    let scenarios: BTreeSet<String> = names(&mut SCENARIOS.iter().map(|(name, _, _)| name));
    let tested: BTreeSet<String> = names(&mut TESTED.iter());
    assert_eq!(keyed, scenarios);
    assert_eq!(keyed, tested);
}

/// The id of the entity in a response.
fn id(body: &Value) -> &Value {
    let names = [
        "waiting_room_id",
        "coupon_claim_id",
        "coupon_id",
        "movement_id",
        "import_id",
        "export_id",
        "bid_id",
        "trade_id",
        "voucher_id",
        "image_id",
        "payment_id",
        "subscription_id",
        "return_id",
        "shipment_id",
        "performance_review_id",
        "transfer_offer_id",
        "ticket_id",
        "order_id",
        "sku",
        "showtime_id",
        "performance_id",
        "performer_id",
        "plan_id",
        "venue_id",
    ];
    let id = names.iter().map(|name| &body[*name]).find(|id| id.is_string());
    // An invoice is named by its subscription and period.
    id.unwrap_or(&body["of"])
}

async fn unlist(shop: &Shop, sku: &str) {
    let body = json!({
        "name": "Old",
        "price": { "amount": 77_000, "currency": "KRW" },
        "status": "UNLISTED",
    });
    assert_eq!(shop.put_product(sku, &body).await.status, 200);
}

async fn checkout_unlisted() -> Outcome {
    let shop = Shop::with("tea", 1, 1).await;
    let call = order_call("ann", "k", &[("tea", 1)]);
    let first = shop.checkout(call.clone()).await;
    unlist(&shop, "tea").await;
    let other = Some(shop.checkout(order_call("ann", "k", &[("tea", 2)])).await);
    let again = shop.checkout(call).await;
    Outcome { first, again, other }
}

async fn checkout_expired() -> Outcome {
    let shop = Shop::with("tea", 1, 1).await;
    let call = order_call("ann", "k", &[("tea", 1)]);
    let first = shop.checkout(call.clone()).await;
    shop.advance(RESERVATION);
    shop.expire_orders().await.unwrap();
    let again = shop.checkout(call).await;
    assert_eq!(again.body["status"], "EXPIRED");
    let other = Some(shop.checkout(order_call("ann", "k", &[("nothing", 1)])).await);
    Outcome { first, again, other }
}

async fn create_shipment_delivered() -> Outcome {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    let first = shop.create_shipment(ship_call(&order, "p", &[("1", 2)])).await;
    shop.report("p", shop.now()).await;
    let again = shop.create_shipment(ship_call(&order, "p", &[("1", 2)])).await;
    assert_eq!(again.body["status"], "DELIVERED", "{again:?}");
    let other = Some(shop.create_shipment(ship_call(&order, "p", &[("1", 1)])).await);
    Outcome { first, again, other }
}

async fn deliver_shipment_late() -> Outcome {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    let (shipment, another) = (
        shop.shipped(&order, "p", &[("1", 1)]).await,
        shop.shipped(&order, "q", &[("1", 1)]).await,
    );
    let first = shop.deliver_shipment(deliver_call(&shipment, "d")).await;
    shop.advance(SignedDuration::from_hours(24 * 29));
    let again = shop.deliver_shipment(deliver_call(&shipment, "d")).await;
    assert_eq!(again.body, first.body);
    let other = Some(shop.deliver_shipment(deliver_call(&another, "d")).await);
    Outcome { first, again, other }
}

async fn reshard_listing_resharded() -> Outcome {
    let shop = Shop::with("tea", 1, 1).await;
    let first = shop.reshard_listing(reshard_call("category:drinks", 4, "k")).await;
    // The waits of a change, and one run after each.
    for _ in 0..4 {
        shop.advance(SignedDuration::from_mins(20));
        shop.continue_resharding().await.unwrap();
    }
    let again = shop.reshard_listing(reshard_call("category:drinks", 4, "k")).await;
    let other = Some(shop.reshard_listing(reshard_call("category:drinks", 8, "k")).await);
    Outcome { first, again, other }
}

async fn start_rebuild_ended() -> Outcome {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea")]).await;
    let first = shop.start_rebuild("k").await;
    shop.write().await;
    assert_eq!(shop.state().next, None);
    let again = shop.start_rebuild("k").await;
    Outcome {
        first,
        again,
        other: None,
    }
}

async fn roll_back_done() -> Outcome {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea")]).await;
    shop.start_rebuild("k").await;
    shop.write().await;
    let first = shop.roll_back("r").await;
    shop.write().await;
    let again = shop.roll_back("r").await;
    Outcome {
        first,
        again,
        other: None,
    }
}

async fn close_shipment_shipped_again() -> Outcome {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1)]).await;
    let shipment = shop.shipped(&order, "p", &[("1", 1)]).await;
    let first = shop.close_shipment(close_call(&shipment, "c", "MISTAKE")).await;
    shop.shipped(&order, "q", &[("1", 1)]).await;
    let again = shop.close_shipment(close_call(&shipment, "c", "MISTAKE")).await;
    let other = Some(shop.close_shipment(close_call(&shipment, "c", "LOST")).await);
    assert_eq!(shop.quantities("ann", &order).await, [[0, 1, 0, 0]]);
    Outcome { first, again, other }
}

async fn request_return_received() -> Outcome {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    let call = |units| return_call("ann", &order, "r", &[("1", units)]);
    let first = shop.request_return(call(2)).await;
    let id = first.body["return_id"].as_str().unwrap();
    shop.decide_return(decide_call(id, "a", "APPROVE")).await;
    shop.receive_return(receive_return_call(id, "b", 2, 0)).await;
    shop.advance(SignedDuration::from_hours(24 * 365));
    let again = shop.request_return(call(2)).await;
    assert_eq!(again.body["status"], "RECEIVED", "{again:?}");
    let other = Some(shop.request_return(call(1)).await);
    Outcome { first, again, other }
}

async fn decide_return_received() -> Outcome {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    let id = shop.returning("ann", &order, "r", 2).await;
    let first = shop.decide_return(decide_call(&id, "a", "APPROVE")).await;
    shop.receive_return(receive_return_call(&id, "b", 2, 0)).await;
    let again = shop.decide_return(decide_call(&id, "a", "APPROVE")).await;
    assert_eq!(again.body["status"], "RECEIVED", "{again:?}");
    let other = Some(shop.decide_return(decide_call(&id, "a", "REFUSE")).await);
    Outcome { first, again, other }
}

async fn receive_return_refunded() -> Outcome {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    let id = shop.returning("ann", &order, "r", 2).await;
    shop.decide_return(decide_call(&id, "a", "APPROVE")).await;
    let first = shop.receive_return(receive_return_call(&id, "b", 1, 0)).await;
    shop.refund_return(refund_return_call(&id, "c", &json!({}))).await;
    let again = shop.receive_return(receive_return_call(&id, "b", 1, 0)).await;
    let other = Some(shop.receive_return(receive_return_call(&id, "b", 1, 1)).await);
    assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 2, 1]]);
    Outcome { first, again, other }
}

async fn refund_return_done() -> Outcome {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    let id = shop.received("ann", &order, "r", 2, 0).await;
    let first = shop.refund_return(refund_return_call(&id, "c", &json!({}))).await;
    let payment = shop.payment_of("ann", &order).await;
    shop.refund("RefundRequested", &payment).await.unwrap();
    let again = shop.refund_return(refund_return_call(&id, "c", &json!({}))).await;
    let deduction = json!({ "deduction": { "amount": amount(1), "note": "Worn." } });
    let other = Some(shop.refund_return(refund_return_call(&id, "c", &deduction)).await);
    assert_eq!(shop.charged().refunded, 5000, "with the delivery, once");
    Outcome { first, again, other }
}

async fn cancel_order_shipped() -> Outcome {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    let call = |units| cancel_call("ann", &order, "c", &[("1", units)]);
    let first = shop.cancel_order(call(1)).await;
    shop.shipped(&order, "p", &[("1", 2)]).await;
    let again = shop.cancel_order(call(1)).await;
    assert_eq!(again.body["fulfillment_status"], "SHIPPED", "{again:?}");
    let other = Some(shop.cancel_order(call(2)).await);
    Outcome { first, again, other }
}

async fn cancel_order_late() -> Outcome {
    let shop = Shop::with("tea", 1, 1).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 1)]).await);
    let first = shop.cancel("ann", &order).await;
    shop.advance(SignedDuration::from_hours(24 * 365));
    let again = shop.cancel("ann", &order).await;
    Outcome {
        first,
        again,
        other: None,
    }
}

async fn start_payment_cancelled() -> Outcome {
    let shop = PaymentFixture::with("tea", 2).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 1)]).await);
    let another = id_of(&shop.order("ann", "l", &[("tea", 1)]).await);
    let first = shop.start(start_call("ann", "p", "STRIPE", &order)).await;
    assert_eq!(shop.cancel("ann", &order).await.status, 200);
    let again = shop.start(start_call("ann", "p", "STRIPE", &order)).await;
    let other = Some(shop.start(start_call("ann", "p", "STRIPE", &another)).await);
    Outcome { first, again, other }
}

async fn confirm_payment_refunded() -> Outcome {
    let shop = PaymentFixture::with("tea", 2).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 1)]).await);
    let another = id_of(&shop.order("ann", "l", &[("tea", 1)]).await);
    let key = shop.sandbox.toss_authenticate(&order, 1000, "KRW");
    let call = toss_call("ann", "pay", &order, &key, 1000);
    let first = shop.confirm(call.clone()).await;
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let again = shop.confirm(call).await;
    assert_eq!(again.body["status"], "REFUNDED", "{again:?}");
    let key = shop.sandbox.toss_authenticate(&another, 1000, "KRW");
    let other = Some(shop.confirm(toss_call("ann", "pay", &another, &key, 1000)).await);
    Outcome { first, again, other }
}

async fn confirm_payment_reported() -> Outcome {
    let shop = PaymentFixture::with("tea", 2).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 1)]).await);
    let another = id_of(&shop.order("ann", "l", &[("tea", 1)]).await);
    let started = shop.start(start_call("ann", "p", "STRIPE", &order)).await;
    let intent = started.body["reference"].as_str().unwrap().to_owned();
    shop.sandbox.stripe_pay(&intent, &sandbox::Card::Good);
    shop.deliver_all().await;
    let call = |order: &str| stripe_call("ann", "pay", order, &intent, 1000);
    let first = shop.confirm(call(&order)).await;
    let again = shop.confirm(call(&order)).await;
    let other = Some(shop.confirm(call(&another)).await);
    Outcome { first, again, other }
}

async fn request_refund_done() -> Outcome {
    let (shop, order, _, payment) = paid().await;
    let ask = async |body: Value| crate::refunds::ask(&shop, "r", &payment, &body).await;
    let body = json!({ "amount": amount(500), "note": "one cup was broken" });
    let first = ask(body.clone()).await;
    shop.refund("RefundRequested", &first.body).await.unwrap();
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let again = ask(body).await;
    assert_eq!(again.body["status"], "REFUNDED", "{again:?}");
    let other = Some(ask(json!({ "amount": amount(600) })).await);
    Outcome { first, again, other }
}

async fn resolve_review_done() -> Outcome {
    let (shop, order, _, payment) = paid().await;
    let cancelled = shop.cancel("ann", &order).await.body;
    let refusal = Fault::Code("NOT_ENOUGH_BALANCE".to_owned());
    shop.sandbox.plan(Provider::Toss, "cancel", refusal);
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let decide = async |body: Value| {
        let payment_id = payment["payment_id"].as_str().unwrap();
        let call = Call::new("POST", "/admin/payments/{payment_id}/review").path("payment_id", payment_id);
        shop.resolve(call.by_admin().key("d").json(&body)).await
    };
    let review_id = shop.payment(&payment["payment_id"]).await["reviews"][0]["review_id"].clone();
    let body = json!({ "review_id": review_id, "decision": "GIVEN_BACK", "amount": amount(2000) });
    let first = decide(body.clone()).await;
    shop.advance(SignedDuration::from_hours(48));
    shop.reconcile().await;
    let again = decide(body).await;
    let other = Some(decide(json!({ "review_id": review_id, "decision": "SETTLED" })).await);
    Outcome { first, again, other }
}

async fn subscribe_cancelled() -> Outcome {
    let shop = BillingFixture::with("tea", 5).await;
    let body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &shop.authorization("ann"));
    let first = shop.create_subscription(subscribe_call("ann", "s", &body)).await;
    let subscription_id = first.body["subscription_id"].as_str().unwrap();
    shop.end("ann", subscription_id, "NOW").await;
    unlist(&shop, "tea").await;
    shop.advance(SignedDuration::from_hours(24 * 365 * 4));
    let again = shop.create_subscription(subscribe_call("ann", "s", &body)).await;
    let changed = subscription(&[("tea", 2)], &monthly("2026-01-01"), &shop.authorization("ann"));
    let other = Some(shop.create_subscription(subscribe_call("ann", "s", &changed)).await);
    Outcome { first, again, other }
}

async fn pause_subscription_resumed() -> Outcome {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    let pause = json!({ "change": "PAUSE" });
    let first = shop.change("ann", &id, "p", &pause).await;
    shop.change("ann", &id, "r", &json!({ "change": "RESUME" })).await;
    let again = shop.change("ann", &id, "p", &pause).await;
    assert_eq!(again.body["status"], "ACTIVE", "{again:?}");
    let other = Some(shop.change("ann", &id, "p", &json!({ "change": "CONTINUE" })).await);
    Outcome { first, again, other }
}

async fn resume_subscription_paused() -> Outcome {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    let (pause, resume) = (json!({ "change": "PAUSE" }), json!({ "change": "RESUME" }));
    shop.change("ann", &id, "p", &pause).await;
    let first = shop.change("ann", &id, "r", &resume).await;
    shop.change("ann", &id, "q", &pause).await;
    let again = shop.change("ann", &id, "r", &resume).await;
    assert_eq!(again.body["status"], "PAUSED", "{again:?}");
    let other = Some(shop.change("ann", &id, "r", &pause).await);
    Outcome { first, again, other }
}

async fn skip_period_skipped() -> Outcome {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    let skip = |period: u32| json!({ "change": "SKIP", "period": period });
    let first = shop.change("ann", &id, "s", &skip(0)).await;
    let again = shop.change("ann", &id, "s", &skip(0)).await;
    assert_eq!(again.body["next_period"], 1, "{again:?}");
    let other = Some(shop.change("ann", &id, "s", &skip(1)).await);
    Outcome { first, again, other }
}

async fn continue_subscription_ended() -> Outcome {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    let go_on = json!({ "change": "CONTINUE" });
    shop.end("ann", &id, "PERIOD_END").await;
    let first = shop.change("ann", &id, "g", &go_on).await;
    shop.end("ann", &id, "PERIOD_END").await;
    let again = shop.change("ann", &id, "g", &go_on).await;
    assert_eq!(again.body["ends_with_period"], true, "{again:?}");
    let other = Some(shop.change("ann", &id, "g", &json!({ "change": "PAUSE" })).await);
    Outcome { first, again, other }
}

async fn update_subscription_card() -> Outcome {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    let card = || json!({ "change": "CARD", "authorization": shop.authorization("ann") });
    let (one, another) = (card(), card());
    let first = shop.change("ann", &id, "c", &one).await;
    let second = shop.change("ann", &id, "d", &another).await;
    assert_eq!(second.status, 200, "{second:?}");
    let again = shop.change("ann", &id, "c", &one).await;
    assert_eq!(again.body["card"], second.body["card"]);
    let other = Some(shop.change("ann", &id, "c", &another).await);
    Outcome { first, again, other }
}

async fn update_subscription_items() -> Outcome {
    let shop = BillingFixture::with("tea", 5).await;
    shop.list("mug", 2000, 1).await;
    let id = shop.subscribed("ann", "tea").await;
    let items = |sku: &str| json!({ "change": "ITEMS", "items": [{ "sku": sku, "quantity": 1 }] });
    let first = shop.change("ann", &id, "i", &items("mug")).await;
    unlist(&shop, "mug").await;
    let again = shop.change("ann", &id, "i", &items("mug")).await;
    let other = Some(shop.change("ann", &id, "i", &items("tea")).await);
    Outcome { first, again, other }
}

async fn cancel_subscription_continued() -> Outcome {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    let first = shop.end_by("ann", &id, "c", "PERIOD_END").await;
    shop.change("ann", &id, "g", &json!({ "change": "CONTINUE" })).await;
    let again = shop.end_by("ann", &id, "c", "PERIOD_END").await;
    assert_eq!(again.body["ends_with_period"], false, "{again:?}");
    let other = Some(shop.end_by("ann", &id, "c", "NOW").await);
    assert_eq!(shop.statuses("ann", &id).await.0, "ACTIVE");
    Outcome { first, again, other }
}

async fn cancel_subscription_twice() -> Outcome {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.end_by("ann", &id, "before", "PERIOD_END").await;
    let first = shop.end_by("ann", &id, "c", "PERIOD_END").await;
    shop.change("ann", &id, "g", &json!({ "change": "CONTINUE" })).await;
    let again = shop.end_by("ann", &id, "c", "PERIOD_END").await;
    assert_eq!(again.body["ends_with_period"], false, "{again:?}");
    let other = Some(shop.end_by("ann", &id, "c", "NOW").await);
    assert_eq!(shop.statuses("ann", &id).await.0, "ACTIVE");
    Outcome { first, again, other }
}

async fn resolve_charge_done() -> Outcome {
    let shop = BillingFixture::with("tea", 1).await;
    let id = crate::billing_reviews::hanging(&shop, Fault::DropAfter).await;
    let decide = async |body: &Value| {
        let call = Call::new(
            "POST",
            "/admin/subscriptions/{subscription_id}/invoices/{period}/review",
        );
        let call = call.path("subscription_id", &id).path("period", "0").by_admin();
        shop.resolve_charge(call.key("d").json(body)).await
    };
    let body = json!({ "decision": "CHARGED", "reference": shop.charged().reference });
    let first = decide(&body).await;
    shop.end("ann", &id, "NOW").await;
    let again = decide(&body).await;
    let other = Some(decide(&json!({ "decision": "ASK_AGAIN" })).await);
    Outcome { first, again, other }
}

async fn register_voucher_unlisted() -> Outcome {
    let shop = AuctionFixture::open().await;
    let call = register_call("ann", "ABCD-1234");
    let first = shop.register(call.clone()).await;
    unlist(&shop, CARD).await;
    let other = shop
        .register(call.clone().json(&json!({ "sku": CARD, "code": "ABCD-1235" })))
        .await;
    let again = shop.register(call).await;
    assert_eq!(again.body, first.body);
    Outcome {
        first,
        again,
        other: Some(other),
    }
}

async fn register_voucher_sold() -> Outcome {
    let shop = AuctionFixture::open().await;
    shop.credit_points("bob", 50_000).await;
    let call = register_call("ann", "ABCD-1234");
    let first = shop.register(call.clone()).await;
    let voucher = first.body["voucher_id"].as_str().unwrap();
    let sell = bid_call("ann", "b", "SELL", 40_000, shop.in_an_hour(), Some(voucher));
    assert_eq!(shop.place(sell).await.status, 201);
    let offered = shop.register(call.clone()).await;
    assert!(
        offered.replayed && offered.body["offered_by"].is_string(),
        "{offered:?}"
    );
    shop.advance(SignedDuration::from_secs(1));
    assert_eq!(shop.take(take_call("bob", "t", "BUY", None, None)).await.status, 201);
    unlist(&shop, CARD).await;
    let again = shop.register(call.clone()).await;
    assert_eq!(again.body, first.body, "the buyer stays unknown to the seller");
    let other = shop
        .register(call.json(&json!({ "sku": CARD, "code": "ABCD-1235" })))
        .await;
    let fresh = shop.register(register_call("ann", "abcd 1234")).await;
    assert_eq!(
        (fresh.status, fresh.problem()),
        (422, "product-unavailable"),
        "a new request is judged anew"
    );
    Outcome {
        first,
        again,
        other: Some(other),
    }
}

async fn register_voucher_twice() -> Outcome {
    let shop = AuctionFixture::open().await;
    shop.credit_points("bob", 50_000).await;
    let before = shop.register(register_call("ann", "ABCD-1234")).await;
    let call = register_call("ann", "ABCD-1234").key("again");
    let first = shop.register(call.clone()).await;
    assert!(first.replayed && first.body == before.body, "{first:?}");
    let voucher = first.body["voucher_id"].as_str().unwrap();
    let sell = bid_call("ann", "b", "SELL", 40_000, shop.in_an_hour(), Some(voucher));
    assert_eq!(shop.place(sell).await.status, 201);
    assert_eq!(shop.take(take_call("bob", "t", "BUY", None, None)).await.status, 201);
    let again = shop.register(call.clone()).await;
    assert_eq!(again.body, first.body);
    let other = shop
        .register(call.json(&json!({ "sku": CARD, "code": "ABCD-1235" })))
        .await;
    let fresh = shop.register(register_call("ann", "ABCD-1234").key("fresh")).await;
    assert_eq!((fresh.status, fresh.problem()), (409, "voucher-registered"));
    Outcome {
        first,
        again,
        other: Some(other),
    }
}

async fn place_bid_over() -> Outcome {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 10_000).await;
    let hour = shop.in_an_hour();
    let call = |price| bid_call("ann", "b", "BUY", price, hour, None);
    let first = shop.place(call(10_000)).await;
    shop.cancel_bid("ann", first.body["bid_id"].as_str().unwrap()).await;
    shop.sell("bob", 10_000).await;
    assert_eq!(shop.take(take_call("ann", "t", "BUY", None, None)).await.status, 201);
    assert_eq!(shop.wallet("ann").await, (0, 0));
    unlist(&shop, CARD).await;
    shop.advance(SignedDuration::from_hours(2));
    let again = shop.place(call(10_000)).await;
    assert_eq!(again.body["status"], "CANCELLED", "{again:?}");
    let other = Some(shop.place(call(9_000)).await);
    Outcome { first, again, other }
}

async fn place_bid_traded() -> Outcome {
    let shop = AuctionFixture::open().await;
    shop.credit_points("bob", 50_000).await;
    let voucher = shop.new_voucher("ann").await;
    let hour = shop.in_an_hour();
    let call = |price| bid_call("ann", "b", "SELL", price, hour, Some(&voucher));
    let first = shop.place(call(40_000)).await;
    assert_eq!(shop.take(take_call("bob", "t", "BUY", None, None)).await.status, 201);
    let again = shop.place(call(40_000)).await;
    assert_eq!(again.body["status"], "TRADED", "{again:?}");
    let other = Some(shop.place(call(41_000)).await);
    Outcome { first, again, other }
}

async fn place_bid_limit() -> Outcome {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 1_000_000).await;
    let hour = shop.in_an_hour();
    let call = |price| bid_call("ann", "b", "BUY", price, hour, None);
    let first = shop.place(call(1_000)).await;
    for _ in 1..200 {
        assert_eq!(shop.buy("ann", 1_000).await.status, 201);
    }
    assert_eq!(shop.buy("ann", 1_000).await.problem(), "too-many-bids");
    let again = shop.place(call(1_000)).await;
    let other = Some(shop.place(call(1_100)).await);
    Outcome { first, again, other }
}

async fn take_bid_emptied() -> Outcome {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 45_000).await;
    shop.sell("bob", 45_000).await;
    let call = |price| take_call("ann", "t", "BUY", price, None);
    let first = shop.take(call(Some(45_000))).await;
    assert_eq!(shop.wallet("ann").await, (0, 0));
    unlist(&shop, CARD).await;
    let again = shop.take(call(Some(45_000))).await;
    assert_eq!(again.body, first.body);
    let other = Some(shop.take(call(None)).await);
    Outcome { first, again, other }
}

async fn take_bid_sold() -> Outcome {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 100_000).await;
    shop.buy("ann", 45_000).await;
    let voucher = shop.new_voucher("bob").await;
    let call = |price| take_call("bob", "t", "SELL", price, Some(&voucher));
    let first = shop.take(call(None)).await;
    // Another bid that the same request would take.
    shop.buy("ann", 44_000).await;
    let again = shop.take(call(None)).await;
    assert_eq!(again.body, first.body);
    assert_eq!(shop.wallet("bob").await, (45_000, 0));
    let other = Some(shop.take(call(Some(44_000))).await);
    Outcome { first, again, other }
}

async fn cancel_bid_with(shop: &AuctionFixture, bid: &Answer, key: &str) -> Answer {
    let bid_id = bid.body["bid_id"].as_str().unwrap();
    let call = Call::new("POST", "/bids/{bid_id}/cancel").path("bid_id", bid_id);
    shop.call_cancel_bid(call.by("ann").key(key)).await
}

async fn cancel_bid_late() -> Outcome {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 50_000).await;
    let (bid, another) = (shop.buy("ann", 10_000).await, shop.buy("ann", 11_000).await);
    let first = cancel_bid_with(&shop, &bid, "c").await;
    let other = Some(cancel_bid_with(&shop, &another, "c").await);
    assert_eq!(shop.wallet("ann").await, (39_000, 11_000), "the other bid is open");
    shop.advance(SignedDuration::from_hours(2));
    let again = cancel_bid_with(&shop, &bid, "c").await;
    Outcome { first, again, other }
}

async fn cancel_bid_twice() -> Outcome {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 50_000).await;
    let (bid, another) = (shop.buy("ann", 10_000).await, shop.buy("ann", 11_000).await);
    cancel_bid_with(&shop, &bid, "before").await;
    let first = cancel_bid_with(&shop, &bid, "c").await;
    let again = cancel_bid_with(&shop, &bid, "c").await;
    let other = Some(cancel_bid_with(&shop, &another, "c").await);
    assert_eq!(shop.wallet("ann").await, (39_000, 11_000), "the other bid is open");
    Outcome { first, again, other }
}

async fn create_product_changed() -> Outcome {
    let shop = ImageFixture::open().await;
    let image = shop.presign("ann", "image", &json!({})).await;
    shop.resize_image(&shop.upload(&image, &picture(60, 30))).await.unwrap();
    let mut body = product(1000, 1);
    body["images"] = json!([image]);
    let first = shop.shop.create_product(create_call("tea", "c", &body)).await;
    unlist(&shop.shop, "tea").await;
    shop.delete("ann", &image).await;
    let again = shop.shop.create_product(create_call("tea", "c", &body)).await;
    assert_eq!(
        (&again.body["name"], &again.body["version"]),
        (&json!("Old"), &json!(2))
    );
    let other = Some(shop.shop.create_product(create_call("mug", "c", &body)).await);
    Outcome { first, again, other }
}

async fn move_stock_unlisted() -> Outcome {
    let shop = Shop::with("tea", 1, 0).await;
    shop.list("mug", 1000, 1).await;
    let first = shop.move_stock(receive_call("tea", "d", 100)).await;
    shop.list("tea", 1000, 8).await;
    unlist(&shop, "tea").await;
    let again = shop.move_stock(receive_call("tea", "d", 100)).await;
    assert_eq!(again.body, first.body);
    let other = Some(shop.move_stock(receive_call("mug", "d", 100)).await);
    assert_eq!(shop.engine.balance("tea").await.available, 100);
    Outcome { first, again, other }
}

async fn create_import_completed() -> Outcome {
    let shop = ImportFixture::open().await;
    let file = json_lines(&[row("tea", 1000)]);
    let first = shop.create_import(import_call("k", &file, &json!({}))).await;
    shop.advance(SignedDuration::from_secs(1));
    let signed = shop.create_import(import_call("k", &file, &json!({}))).await;
    assert!(
        signed.replayed && signed.body["upload"]["url"].is_string(),
        "{signed:?}"
    );
    shop.import("k", &file, &json!({})).await;
    let again = shop.create_import(import_call("k", &file, &json!({}))).await;
    assert_eq!(
        (&again.body["status"], again.body.get("upload")),
        (&json!("COMPLETED"), None)
    );
    let other = Some(
        shop.create_import(import_call("k", &file, &json!({ "dry_run": true })))
            .await,
    );
    Outcome { first, again, other }
}

async fn create_export_completed() -> Outcome {
    let shop = ImportFixture::at(Shop::with("tea", 1, 0).await);
    let first = shop.create_export("k").await;
    shop.run_export_steps().await;
    let again = shop.create_export("k").await;
    assert_eq!(
        (&again.body["status"], &again.body["products"]),
        (&json!("COMPLETED"), &json!(1))
    );
    Outcome {
        first,
        again,
        other: None,
    }
}

async fn presign_upload_deleted() -> Outcome {
    let shop = ImageFixture::open().await;
    let call = presign_call("ann", "k", &json!({}));
    let first = shop.presign_upload(call.clone()).await;
    shop.delete("ann", first.body["image_id"].as_str().unwrap()).await;
    let again = shop.presign_upload(call).await;
    let image = again.body["image_id"].as_str().unwrap();
    assert_eq!(shop.see(image).await.body["status"], "DELETED");
    let other = Some(
        shop.presign_upload(presign_call("ann", "k", &json!({ "content_length": 1 })))
            .await,
    );
    Outcome { first, again, other }
}

async fn presign_upload_replaced() -> Outcome {
    let shop = ImageFixture::open().await;
    let replaced = shop.presign("ann", "old", &json!({})).await;
    let call = presign_call("ann", "k", &json!({ "replaces": replaced }));
    let first = shop.presign_upload(call.clone()).await;
    shop.delete("ann", &replaced).await;
    let again = shop.presign_upload(call).await;
    let unknown = json!({ "replaces": "5f0c9a2e-6d41-8b3f-a7e8-1c2d3e4f5a6b" });
    let other = Some(shop.presign_upload(presign_call("ann", "k", &unknown)).await);
    Outcome { first, again, other }
}
