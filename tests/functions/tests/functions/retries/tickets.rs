//! The scenarios of shows, their seats and holds.

use function_tests::TicketsFixture;
use function_tests::tickets_fixture::{
    accept_call, hold_call, offer_call, performance, plan, publish_call, scan_key, showtime, text, ticket_call,
    undo_call, update, upload_call,
};
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Outcome;
use crate::holds;

/// An administrator's request under the key `k`.
fn create(route: &'static str, body: &Value) -> Call {
    Call::new("POST", route).by_admin().key("k").json(body)
}

/// Creates something, runs `change`, and creates it again; `other` is another body.
async fn created(
    shop: &TicketsFixture,
    action: &str,
    call: impl Fn(&Value) -> Call,
    [body, other]: [Value; 2],
    change: impl AsyncFn(&Value),
) -> Outcome {
    let first = shop.call(action, call(&body)).await;
    change(&first.body).await;
    Outcome {
        again: shop.call(action, call(&body)).await,
        other: Some(shop.call(action, call(&other)).await),
        first,
    }
}

pub async fn create_venue_renamed() -> Outcome {
    let shop = TicketsFixture::open().await;
    let body = |name: &str| json!({ "names": { "en": name }, "time_zone": "Asia/Seoul" });
    let call = |body: &Value| create("/admin/venues", body);
    let bodies = [body("Opera"), body("Arena")];
    created(&shop, "create-venue", call, bodies, async |venue| {
        let names = json!({ "names": { "en": "Old Opera" } });
        let (route, id) = ("/admin/venues/{venue_id}", text(venue, "venue_id"));
        shop.call("update-venue", update(route, "venue_id", &id, "*", &names))
            .await;
    })
    .await
}

pub async fn create_plan_with_another() -> Outcome {
    let shop = TicketsFixture::open().await;
    let venue = shop.venue("Asia/Seoul").await;
    let call = |body: &Value| create("/admin/venues/{venue_id}/plans", body).path("venue_id", &venue);
    created(&shop, "create-plan", call, [plan(1, 2, 4), plan(1, 2, 6)], async |_| {
        shop.plan(&venue, 1, 2, 4).await;
    })
    .await
}

pub async fn create_performer_renamed() -> Outcome {
    let shop = TicketsFixture::open().await;
    let body = |name: &str| json!({ "names": { "en": name } });
    let call = |body: &Value| create("/admin/performers", body);
    created(
        &shop,
        "create-performer",
        call,
        [body("Clara"), body("Fritz")],
        async |performer| {
            let (route, id) = ("/admin/performers/{performer_id}", text(performer, "performer_id"));
            shop.call(
                "update-performer",
                update(route, "performer_id", &id, "*", &body("Marie")),
            )
            .await;
        },
    )
    .await
}

pub async fn create_performance_hidden() -> Outcome {
    let shop = TicketsFixture::open().await;
    let mut other = performance();
    other["max_seats"] = json!(2);
    let call = |body: &Value| create("/admin/performances", body);
    created(
        &shop,
        "create-performance",
        call,
        [performance(), other],
        async |made| {
            let (route, id) = ("/admin/performances/{performance_id}", text(made, "performance_id"));
            let hidden = json!({ "status": "DRAFT" });
            shop.call("update-performance", update(route, "performance_id", &id, "*", &hidden))
                .await;
        },
    )
    .await
}

pub async fn create_showtime_cancelled() -> Outcome {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let mut other = showtime(&hall.plan);
    other["local_start"] = json!("2026-03-08T19:00:00");
    let call = |body: &Value| {
        let route = create("/admin/performances/{performance_id}/showtimes", body);
        route.path("performance_id", &hall.performance)
    };
    created(
        &shop,
        "create-showtime",
        call,
        [showtime(&hall.plan), other],
        async |made| {
            let id = text(made, "showtime_id");
            shop.change(&id, &json!({ "status": "CANCELLED" })).await;
        },
    )
    .await
}

pub async fn publish_showtime_closed() -> Outcome {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.showtime(&hall).await;
    let call = || publish_call(&id).key("k");
    let first = shop.call("publish-showtime", call()).await;
    shop.change(&id, &json!({ "status": "CLOSED" })).await;
    Outcome {
        again: shop.call("publish-showtime", call()).await,
        first,
        other: None,
    }
}

/// Blocks or releases seats, undoes it, and asks again.
async fn change_seats(action: &str, undo: &str) -> Outcome {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.on_sale(&hall).await;
    let first = shop.change_seats(action, &id, "k", &["0-0-0"]).await;
    shop.change_seats(undo, &id, "undo", &["0-0-0"]).await;
    Outcome {
        again: shop.change_seats(action, &id, "k", &["0-0-0"]).await,
        other: Some(shop.change_seats(action, &id, "k", &["0-0-1"]).await),
        first,
    }
}

pub async fn block_seats_released() -> Outcome {
    change_seats("block-seats", "release-seats").await
}

pub async fn release_seats_blocked() -> Outcome {
    change_seats("release-seats", "block-seats").await
}

pub async fn hold_seats_expired() -> Outcome {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.on_sale(&hall).await;
    shop.open_sale();
    let first = shop.hold("ann", "k", &id, &["0-0-0", "0-0-1"]).await;
    shop.advance(SignedDuration::from_mins(8));
    shop.hold("bob", "b", &id, &["0-0-0", "0-0-1"]).await;
    shop.change(&id, &json!({ "status": "CLOSED" })).await;
    let again = shop.hold("ann", "k", &id, &["0-0-0", "0-0-1"]).await;
    assert_eq!(again.body["status"], "EXPIRED");
    let best = json!({ "best": { "class": "R", "count": 2 } });
    Outcome {
        first,
        again,
        other: Some(shop.call("hold-seats", hold_call("ann", "k", &id, &best)).await),
    }
}

pub async fn hold_seats_replaced() -> Outcome {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.on_sale(&hall).await;
    shop.open_sale();
    let first = shop.hold("ann", "k", &id, &["0-0-0", "0-0-1"]).await;
    let swap = json!({ "seats": ["0-0-0", "0-0-1"], "replaces": first.body["order_id"] });
    shop.call("hold-seats", hold_call("ann", "swap", &id, &swap)).await;
    let again = shop.hold("ann", "k", &id, &["0-0-0", "0-0-1"]).await;
    assert_eq!(again.body["status"], "CANCELLED");
    Outcome {
        first,
        again,
        other: Some(shop.hold("ann", "k", &id, &["0-1-0"]).await),
    }
}

/// A shop where Ann has paid for two seats. Returns the showtime, the order, and the id and the code of one of her tickets.
async fn with_tickets() -> (TicketsFixture, String, Value, [String; 2]) {
    let (shop, showtime) = holds::selling(2, 4).await;
    let order = shop.hold("ann", "h", &showtime, &["0-0-0", "0-0-1"]).await;
    holds::paid(&shop, "ann", &order).await;
    let order = shop.shop.see("ann", &text(&order.body, "order_id")).await.body;
    shop.update_tickets("OrderPaid", &order).await;
    let id = text(&shop.tickets("ann").await[0], "ticket_id");
    let code = text(&shop.ticket("ann", &id).await.body, "code");
    (shop, showtime, order, [id, code])
}

/// Cancels an order with tickets.
async fn given_back(shop: &TicketsFixture, order: &Value) {
    let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &text(order, "order_id"));
    let ended = shop.cancel_order(call.by_admin().key("cancel")).await.body;
    shop.update_tickets("OrderCancelled", &ended).await;
}

pub async fn check_in_ticket_void() -> Outcome {
    let (shop, showtime, order, [_, code]) = with_tickets().await;
    let first = shop.check_in("k", &showtime, &code, "A").await;
    given_back(&shop, &order).await;
    Outcome {
        first,
        again: shop.check_in("k", &showtime, &code, "A").await,
        other: Some(shop.check_in("k", &showtime, &code, "B").await),
    }
}

pub async fn upload_scans_void() -> Outcome {
    let (shop, showtime, order, [_, code]) = with_tickets().await;
    let scan = json!({ "key": scan_key("s"), "code": code, "gate": "A", "scanned_at": shop.now() });
    let upload = || upload_call("k", &showtime, std::slice::from_ref(&scan));
    let first = shop.call("upload-scans", upload()).await;
    given_back(&shop, &order).await;
    Outcome {
        first,
        again: shop.call("upload-scans", upload()).await,
        other: None,
    }
}

pub async fn undo_check_in_again() -> Outcome {
    let (shop, showtime, _, [id, code]) = with_tickets().await;
    let scan = shop.check_in("a", &showtime, &code, "A").await.body["check_in"]["scan_id"].clone();
    let first = shop.call("undo-check-in", undo_call("k", &id, &scan)).await;
    shop.check_in("b", &showtime, &code, "B").await;
    Outcome {
        first,
        again: shop.call("undo-check-in", undo_call("k", &id, &scan)).await,
        other: None,
    }
}

pub async fn replace_ticket_code_again() -> Outcome {
    let (shop, _, _, [id, _]) = with_tickets().await;
    let replace = |key: &str| ticket_call("/tickets/{ticket_id}/replace-code", "ann", &id).key(key);
    let first = shop.call("replace-ticket-code", replace("k")).await;
    shop.call("replace-ticket-code", replace("another")).await;
    Outcome {
        first,
        again: shop.call("replace-ticket-code", replace("k")).await,
        other: None,
    }
}

pub async fn create_transfer_offer_accepted() -> Outcome {
    let (shop, _, _, [id, _]) = with_tickets().await;
    let first = shop.call("create-transfer-offer", offer_call("ann", "k", &id)).await;
    assert_eq!(shop.accept("bob", &first.body).await.status, 200);
    let again = shop.call("create-transfer-offer", offer_call("ann", "k", &id)).await;
    assert_eq!(again.body, first.body);
    Outcome {
        first,
        again,
        other: None,
    }
}

pub async fn accept_transfer_offer_passed_on() -> Outcome {
    let (shop, _, _, [id, _]) = with_tickets().await;
    let offer = shop.offer("ann", "o", &id).await;
    let accept = || accept_call("bob", "k", &offer);
    let first = shop.call("accept-transfer-offer", accept()).await;
    let onward = shop.offer("bob", "o", &id).await;
    assert_eq!(shop.accept("eve", &onward).await.status, 200);
    Outcome {
        first,
        again: shop.call("accept-transfer-offer", accept()).await,
        other: None,
    }
}

pub async fn create_performance_review_deleted() -> Outcome {
    let (shop, showtime, _, [id, code]) = with_tickets().await;
    assert_eq!(shop.check_in("s", &showtime, &code, "A").await.status, 200);
    let performance = text(&shop.see(&showtime).await.body, "performance_id");
    shop.advance(SignedDuration::from_hours(24 * 90));
    let of = |method, route| Call::new(method, route).path("performance_id", &performance).by("ann");
    let write = |stars: u8| {
        let call = of("POST", "/performances/{performance_id}/reviews").key("k");
        call.json(&json!({ "ticket_id": id, "stars": stars }))
    };
    let first = shop.call("create-performance-review", write(5)).await;
    let mine = "/performances/{performance_id}/reviews/mine";
    let edit = of("PATCH", mine).header("if-match", "*").json(&json!({ "stars": 1 }));
    assert_eq!(shop.call("update-own-performance-review", edit).await.status, 200);
    assert_eq!(
        shop.call("delete-own-performance-review", of("DELETE", mine))
            .await
            .status,
        200
    );
    Outcome {
        first,
        again: shop.call("create-performance-review", write(5)).await,
        other: Some(shop.call("create-performance-review", write(4)).await),
    }
}
