//! The examples of the API description: each request is sent to its function, and its response has the recorded status
//! and shape. `cargo examples` records them again; then `cargo contract` writes them into the description.

use std::collections::BTreeMap;
use std::{env, fs};

use contract::recordings::{FILE, Recording, recordings};
use function_tests::auction_fixture::{AuctionFixture, book_call, take_call};
use function_tests::billing_fixture::{monthly, subscribe_call, subscription};
use function_tests::coupons_fixture::{self, CouponsFixture};
use function_tests::delivery::{address, delivery_call, details_call};
use function_tests::fulfillment_fixture::{
    FulfillmentFixture, close_call, deliver_call, refund_return_call, return_call, ship_call, shipments_call,
};
use function_tests::image_fixture::{ImageFixture, picture};
use function_tests::import_fixture::ImportFixture;
use function_tests::payment_fixture::{amount, start_call, toss_call};
use function_tests::private_search_fixture::{PrivateSearchFixture, search_orders_call};
use function_tests::search_fixture::{SearchFixture, search_call};
use function_tests::tickets_fixture::{self, TicketsFixture, create, showtime_call, text, ticket_call, update};
use function_tests::waiting_rooms_fixture::{self, WaitingRoomsFixture};
use function_tests::{
    BillingFixture, PaymentFixture, Shop, admin_product_call, categories_call, create_call, id_of, movements_call,
    order_call, product, reshard_call, update_call, write_off_call,
};
use harness::gateway::{Answer, Call};
use harness::recording::record;
use jiff::SignedDuration;
use sandbox::Fault;
use serde_json::{Map, Value, json};

use crate::{billing_reviews, holds, refunds, reviews};

const SKU: &str = "green-tea-100g";
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

async fn catalog_and_orders() {
    let shop = Shop::with(SKU, 1, 10).await;
    shop.get_admin_product(admin_product_call(SKU)).await;
    shop.update_product(update_call(SKU, "*", &json!({ "brand": "Hadong" })))
        .await;
    shop.get_product(Call::new("GET", "/products/{sku}").path("sku", SKU))
        .await;
    shop.move_stock(write_off_call(SKU, "w", 2)).await;
    shop.list_movements(movements_call(SKU)).await;
    let placed = order_call("ann", "k", &[]).json(&json!({
        "items": [{ "sku": SKU, "quantity": 2 }], "expected_total": amount(2000),
        "metadata": { "campaign": "spring" }, "external_reference": "PO-2025-0117",
    }));
    let coupons = CouponsFixture::beside(shop.again());
    let mut claims = vec![];
    for class in ["SELLER", "PLATFORM"] {
        let coupon = coupons.coupon(&json!({ "class": class })).await;
        claims.push(coupons.claimed("ann", &coupon).await);
    }
    let items = json!({ "items": [{ "sku": SKU, "quantity": 2 }], "coupon_claim_ids": claims });
    shop.create_quote(Call::new("POST", "/quotes").by("ann").json(&items))
        .await;
    let order = id_of(&shop.checkout(placed).await);
    shop.see("ann", &order).await;
    shop.list_orders(Call::new("GET", "/orders").by("ann")).await;
    shop.index_all_orders().await;
    let of_product = Call::new("GET", "/admin/orders").by_admin().query("sku", SKU);
    shop.list_admin_orders(of_product).await;
    let quote = Call::new("POST", "/orders/{order_id}/cancellation-quotes").path("order_id", &order);
    shop.create_cancellation_quote(quote.by("ann")).await;
    shop.cancel("ann", &order).await;
}

async fn lists() {
    let shop = Shop::open().await;
    let weight = json!({ "type": "NUMBER", "names": { "en": "Weight", "ko": "무게" }, "unit": "g", "required": true });
    let roast = json!({ "type": "ENUM", "names": { "en": "Roast" }, "values": ["light", "dark"] });
    let categories = json!({
        "drinks": { "names": { "en": "Drinks", "ko": "음료" }, "position": 1, "attributes": { "weight": weight } },
        "drinks/tea": { "names": { "en": "Tea", "ko": "차" }, "position": 2, "attributes": { "roast": roast } },
    });
    shop.update_categories(categories_call("*", &categories)).await;
    shop.get_categories(Call::new("GET", "/categories")).await;
    shop.get_admin_categories().await;
    let mut tea = product(12_900, 1);
    tea["brand"] = json!("Hadong");
    tea["categories"] = json!(["drinks/tea"]);
    tea["attributes"] = json!({ "weight": "100", "roast": "light" });
    shop.create_product(create_call(SKU, "k", &tea)).await;
    shop.watch(&[SKU]).await;
    shop.list_products(Call::new("GET", "/products")).await;
    shop.list_admin_products(Call::new("GET", "/admin/products").by_admin())
        .await;
    shop.reshard_listing(reshard_call("category:drinks", 4, "k")).await;
}

async fn orders_by_name() {
    let shop = PrivateSearchFixture::open().await;
    shop.place("ann", "k", "김민지", "minji@example.com").await;
    shop.index().await;
    shop.search(search_orders_call("민지")).await;
}

async fn search() {
    let shop = SearchFixture::open().await;
    shop.index(&[(SKU, "Green tea, 100 g"), ("mug", "Tea mug")]).await;
    shop.search(search_call(&[("q", "green"), ("limit", "1")])).await;
    let suggestions = Call::new("GET", "/search/suggestions").query("q", "te");
    shop.suggest(suggestions).await;
    shop.start_rebuild("k").await;
    shop.write().await;
    shop.see_index().await;
    shop.roll_back("k").await;
}

async fn payments() {
    let shop = PaymentFixture::with(SKU, 10).await;
    let order = id_of(&shop.order("ann", "k", &[(SKU, 2)]).await);
    shop.start(start_call("ann", "start", "TOSS", &order)).await;
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    let changed = json!({
        "eventType": "PAYMENT_STATUS_CHANGED",
        "createdAt": "2026-01-01T09:00:00.000000",
        "data": { "paymentKey": key, "orderId": order, "status": "IN_PROGRESS" },
    });
    let webhook = Call::new("POST", "/webhooks/{provider}").path("provider", "toss");
    shop.webhook(webhook.json(&changed)).await;
    shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    let receipt = Call::new("GET", "/orders/{order_id}/receipt").path("order_id", &order);
    shop.get_receipt(receipt.by("ann")).await;
    let payment = shop.payment_of("ann", &order).await;
    let part = json!({ "amount": amount(500), "note": "The box was damaged." });
    refunds::ask(&shop, "refund", &payment, &part).await;
}

async fn fulfillment() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2), ("mug", 1)]).await;
    let parcel = ship_call(&order, "p", &[]).json(&json!({
        "lines": [{ "line_id": "1", "quantity": 2 }], "carrier": "CJ Logistics", "tracking_number": "6890-1234-5678",
        "tracking_url": "https://track.example.com/689012345678",
    }));
    let mistaken = shop.shipped(&order, "mistake", &[("2", 1)]).await;
    shop.close_shipment(close_call(&mistaken, "close", "MISTAKE")).await;
    let shipment = shop.create_shipment(parcel).await.body;
    let open = Call::new("GET", "/admin/shipments").by_admin();
    shop.list_shipments_by_status(open).await;
    let id = shipment["shipment_id"].as_str().unwrap();
    shop.list_shipments(shipments_call("ann", &order)).await;
    let delivered = json!({ "delivered_at": shop.now() });
    shop.deliver_shipment(deliver_call(id, "d").json(&delivered)).await;
    let data = json!({
        "carrier": "CJ Logistics", "tracking_number": "6890-1234-5678", "delivered_at": shop.now(),
    });
    shop.carrier_webhook(shop.carrier_call("shipment.delivered", &data))
        .await;
    let damaged = return_call("ann", &order, "r", &[]).json(&json!({
        "lines": [{ "line_id": "1", "quantity": 1 }], "reason": "DAMAGED", "note": "One packet is torn.",
    }));
    let requested = shop.request_return(damaged).await.body;
    let id = requested["return_id"].as_str().unwrap();
    shop.list_returns(Call::new("GET", "/admin/returns").by_admin()).await;
    let of_order = Call::new("GET", "/orders/{order_id}/returns").path("order_id", &order);
    shop.list_order_returns(of_order.by("ann")).await;
    let approve = json!({ "decision": "APPROVE", "note": "Please send it to our shop." });
    let decide = Call::new("POST", "/admin/returns/{return_id}/decide").path("return_id", id);
    shop.decide_return(decide.by_admin().key("a").json(&approve)).await;
    let arrived = json!({ "lines": [{ "line_id": "1", "restock": 0, "write_off": 1 }] });
    let receive = Call::new("POST", "/admin/returns/{return_id}/receive").path("return_id", id);
    shop.receive_return(receive.by_admin().key("b").json(&arrived)).await;
    let deduction = json!({ "deduction": { "amount": amount(100), "note": "The packet was opened." } });
    shop.refund_return(refund_return_call(id, "c", &deduction)).await;
}

async fn reviews() {
    let (shop, _, payment) = reviews::refused().await;
    reviews::decide(&shop, "decide", &payment, "GIVEN_BACK").await;
}

/// The duration of a coupon that counts for three charges of a subscription.
fn repeating() -> Value {
    json!({ "kind": "REPEATING", "charges": 3 })
}

async fn subscriptions() {
    let shop = BillingFixture::with(SKU, 10).await;
    let coupons = CouponsFixture::beside(shop.again());
    let coupon = coupons.coupon(&json!({ "duration": repeating() })).await;
    let mut body = subscription(&[(SKU, 1)], &monthly("2026-01-01"), &shop.authorization("ann"));
    body["coupon_claim_id"] = json!(coupons.claimed("ann", &coupon).await);
    let begun = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    let id = text(&begun.body, "subscription_id");
    shop.run().await;
    shop.account("ann", &id).await;
    shop.list_subscriptions(Call::new("GET", "/subscriptions").by("ann"))
        .await;
    let of_ann = Call::new("GET", "/admin/customers/{customer_id}/subscriptions").path("customer_id", "ann");
    shop.list_customer_subscriptions(of_ann.by_admin()).await;
    let invoices = Call::new("GET", "/subscriptions/{subscription_id}/invoices").path("subscription_id", &id);
    shop.list_invoices(invoices.by("ann")).await;
    let items = json!({ "items": [{ "sku": SKU, "quantity": 2 }] });
    shop.change("ann", &id, "update", &items).await;
    shop.change("ann", &id, "pause", &json!({ "change": "PAUSE" })).await;
    let resumed = shop.change("ann", &id, "resume", &json!({ "change": "RESUME" })).await;
    let skip = json!({ "change": "SKIP", "period": resumed.body["next_period"] });
    shop.change("ann", &id, "skip", &skip).await;
    shop.end("ann", &id, "PERIOD_END").await;
    shop.change("ann", &id, "continue", &json!({ "change": "CONTINUE" }))
        .await;
}

async fn charges() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = billing_reviews::hanging(&shop, Fault::DropAfter).await;
    let charged = json!({ "decision": "CHARGED", "reference": shop.charged().reference });
    billing_reviews::decide(&shop, &id, "decide", &charged).await;
}

async fn auctions() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 100_000).await;
    shop.sell("bob", 45_000).await;
    shop.vouchers("bob").await;
    shop.book(book_call()).await;
    shop.take(take_call("ann", "take", "BUY", Some(45_000), None)).await;
    let bid = shop.buy("ann", 40_000).await;
    shop.list_bids(Call::new("GET", "/bids").by("ann")).await;
    shop.cancel_bid("ann", bid.body["bid_id"].as_str().unwrap()).await;
    shop.get_wallet(Call::new("GET", "/wallet").by("ann")).await;
    shop.list_entries(Call::new("GET", "/wallet/entries").by("ann")).await;
}

async fn images() {
    let shop = ImageFixture::open().await;
    let id = shop.presign("ann", "k", &json!({})).await;
    let event = shop.upload(&id, &picture(800, 600));
    shop.resize_image(&event).await.unwrap();
    shop.see(&id).await;
    shop.delete("ann", &id).await;
}

async fn imports_and_exports() {
    let shop = ImportFixture::open().await;
    let file = "sku,name,price,currency,status\n\
        green-tea-100g,\"Green tea, 100 g\",12900,KRW,LISTED\n\
        mug,Mug,,,LISTED\n";
    let import = shop.import("k", file.as_bytes(), &json!({ "format": "CSV" })).await;
    assert_eq!(import["error_count"], 1, "{import}");
    shop.list_imports(Call::new("GET", "/admin/imports")).await;
    shop.export("k").await;
}

async fn tickets() {
    let shop = TicketsFixture::open().await;
    let names = json!({ "en": "Opera House", "ko": "오페라하우스" });
    let venue = json!({ "names": names, "time_zone": "Asia/Seoul", "address": "1 Example-ro, Seoul" });
    let venue = shop.created("create-venue", create("/admin/venues", &venue)).await;
    let venue = text(&venue, "venue_id");
    let body = json!({ "address": "2 Example-ro, Seoul" });
    let change = update("/admin/venues/{venue_id}", "venue_id", &venue, "*", &body);
    shop.call("update-venue", change).await;
    let of_venue = |route| Call::new("GET", route).path("venue_id", &venue);
    shop.call("get-venue", of_venue("/venues/{venue_id}")).await;
    shop.call("get-admin-venue", of_venue("/admin/venues/{venue_id}").by_admin())
        .await;
    shop.call("list-venues", Call::new("GET", "/venues")).await;
    let mut body = tickets_fixture::plan_with_area((1, 2, 4), 400);
    body["focus"] = json!({ "x": 175, "y": 0 });
    let plan = shop
        .created("create-plan", tickets_fixture::plan_call(&venue, &body))
        .await;
    let plan_id = text(&plan, "plan_id");
    shop.call(
        "get-plan",
        Call::new("GET", "/plans/{plan_id}").path("plan_id", &plan_id),
    )
    .await;
    shop.call("list-plans", of_venue("/venues/{venue_id}/plans")).await;
    let tile = Call::new("GET", "/section-tiles/{digest}").path("digest", &text(&plan["sections"][0], "tile"));
    shop.call("get-section-tile", tile).await;
    let dancer = json!({ "names": { "en": "Clara Stahl" }, "biographies": { "en": "Born in Example." } });
    let performer = shop
        .created("create-performer", create("/admin/performers", &dancer))
        .await;
    let performer = text(&performer, "performer_id");
    let route = "/admin/performers/{performer_id}";
    let korean = json!({ "names": { "ko": "클라라 슈탈" } });
    shop.call(
        "update-performer",
        update(route, "performer_id", &performer, "*", &korean),
    )
    .await;
    let call = Call::new("GET", "/performers/{performer_id}").path("performer_id", &performer);
    shop.call("get-performer", call).await;
    let call = Call::new("GET", route).path("performer_id", &performer).by_admin();
    shop.call("get-admin-performer", call).await;
    shop.call("list-performers", Call::new("GET", "/performers")).await;
    let mut nutcracker = tickets_fixture::performance();
    nutcracker["status"] = json!("DRAFT");
    nutcracker["cast"] = json!([{ "performer_id": performer, "role": "Clara" }]);
    let performance = shop
        .created("create-performance", create("/admin/performances", &nutcracker))
        .await;
    let performance = text(&performance, "performance_id");
    let of_performance = |route| Call::new("GET", route).path("performance_id", &performance);
    let route = "/admin/performances/{performance_id}";
    shop.call("get-admin-performance", of_performance(route).by_admin())
        .await;
    shop.call(
        "list-admin-performances",
        Call::new("GET", "/admin/performances").by_admin(),
    )
    .await;
    let listed = json!({ "status": "LISTED" });
    shop.call(
        "update-performance",
        update(route, "performance_id", &performance, "*", &listed),
    )
    .await;
    shop.call("get-performance", of_performance("/performances/{performance_id}"))
        .await;
    shop.call("list-performances", Call::new("GET", "/performances")).await;
    let mut evening = tickets_fixture::showtime_with_area(&plan_id);
    evening["doors_at"] = json!("2026-03-07T09:00:00Z");
    let showtime = shop
        .created("create-showtime", showtime_call(&performance, &evening))
        .await;
    let showtime = text(&showtime, "showtime_id");
    let of_showtime = |route| Call::new("GET", route).path("showtime_id", &showtime);
    shop.call(
        "get-admin-showtime",
        of_showtime("/admin/showtimes/{showtime_id}").by_admin(),
    )
    .await;
    let drafts = of_performance("/admin/performances/{performance_id}/showtimes").by_admin();
    shop.call("list-admin-showtimes", drafts).await;
    shop.change(&showtime, &json!({ "sales_end_at": "2026-03-07T09:00:00Z" }))
        .await;
    let closed = tickets_fixture::publish_call(&showtime).json(&json!({ "status": "CLOSED" }));
    shop.call("publish-showtime", closed).await;
    shop.call(
        "list-showtimes",
        of_performance("/performances/{performance_id}/showtimes"),
    )
    .await;
    shop.change_seats("block-seats", &showtime, "b", &["0-0-0", "0-0-1"])
        .await;
    shop.see(&showtime).await;
    shop.seat_map(&showtime).await;
    shop.change_seats("release-seats", &showtime, "r", &["0-0-0", "0-0-1"])
        .await;
    shop.change(&showtime, &json!({ "status": "ON_SALE" })).await;
    shop.open_sale();
    let quote = Call::new("POST", "/showtimes/{showtime_id}/quotes").path("showtime_id", &showtime);
    let seats = json!({ "seats": ["0-0-0", "0-0-1"] });
    shop.call("create-seat-quote", quote.by("ann").json(&seats)).await;
    shop.hold("ann", "h", &showtime, &["0-0-0", "0-0-1"]).await;
    let retired = Call::new("DELETE", route).path("performance_id", &shop.performance().await);
    shop.call("delete-performance", retired.by_admin()).await;
}

async fn at_the_door() {
    let (shop, showtime) = holds::selling(2, 4).await;
    let order = shop.hold("ann", "h", &showtime, &["0-0-0", "0-0-1"]).await;
    holds::paid(&shop, "ann", &order).await;
    let order = shop.shop.see("ann", &id_of(&order)).await.body;
    shop.update_tickets("OrderPaid", &order).await;
    let tickets = shop.tickets("ann").await;
    let id = tickets_fixture::text(&tickets[0], "ticket_id");
    shop.call("get-ticket-keys", Call::new("GET", "/ticket-keys")).await;
    shop.ticket("ann", &id).await;
    shop.call("get-ticket-qr", ticket_call("/tickets/{ticket_id}/qr", "ann", &id))
        .await;
    let replace = ticket_call("/tickets/{ticket_id}/replace-code", "ann", &id).key("r");
    let replaced = shop.call("replace-ticket-code", replace).await.body;
    let taken_back = shop.offer("ann", "taken-back", &id).await;
    shop.call(
        "delete-transfer-offer",
        tickets_fixture::delete_offer_call("ann", &taken_back),
    )
    .await;
    let offer = shop
        .offer("ann", "o", &tickets_fixture::text(&tickets[1], "ticket_id"))
        .await;
    shop.accept("bob", &offer).await;
    let transfers = Call::new("GET", "/admin/tickets/{ticket_id}/transfers");
    let transfers = transfers.path("ticket_id", &tickets_fixture::text(&offer, "ticket_id"));
    shop.call("list-ticket-transfers", transfers.by_admin()).await;
    let code = replaced["code"].as_str().unwrap();
    let tested = shop.check_in("test", &showtime, code, "North").await.body;
    let undo = tickets_fixture::undo_call("u", &id, &tested["check_in"]["scan_id"]);
    shop.call("undo-check-in", undo).await;
    shop.check_in("s", &showtime, code, "North").await;
    let scan =
        json!({ "key": tickets_fixture::scan_key("1"), "code": code, "gate": "South", "scanned_at": shop.now() });
    shop.call("upload-scans", tickets_fixture::upload_call("u", &showtime, &[scan]))
        .await;
    let door = Call::new("GET", "/admin/showtimes/{showtime_id}/tickets").path("showtime_id", &showtime);
    shop.call("list-showtime-tickets", door.by_admin()).await;
    let performance = tickets_fixture::text(&shop.see(&showtime).await.body, "performance_id");
    shop.advance(SignedDuration::from_hours(24 * 90));
    reviewed(&shop, &performance, &id).await;
}

async fn reviewed(shop: &TicketsFixture, performance: &str, ticket: &str) {
    let of = |method, route| Call::new(method, route).path("performance_id", performance);
    let body = json!({ "ticket_id": ticket, "stars": 4, "text": "Splendid, but the second act is long." });
    let write = of("POST", "/performances/{performance_id}/reviews").by("ann").key("r");
    let written = shop.call("create-performance-review", write.json(&body)).await;
    let mine = |method| of(method, "/performances/{performance_id}/reviews/mine").by("ann");
    let edit = mine("PATCH").header("if-match", written.header("etag"));
    shop.call("update-own-performance-review", edit.json(&json!({ "stars": 5 })))
        .await;
    shop.call("get-own-performance-review", mine("GET")).await;
    shop.call(
        "list-performance-reviews",
        of("GET", "/performances/{performance_id}/reviews"),
    )
    .await;
    let all = of("GET", "/admin/performances/{performance_id}/reviews").by_admin();
    shop.call("list-admin-performance-reviews", all).await;
    let route = "/admin/performances/{performance_id}/reviews/{performance_review_id}";
    let id = tickets_fixture::text(&written.body, "performance_review_id");
    let hide = of("PATCH", route).path("performance_review_id", &id).by_admin();
    let hide = hide
        .header("if-match", "*")
        .json(&json!({ "hidden_reason": "OFF_TOPIC" }));
    shop.call("update-performance-review", hide).await;
    shop.call("delete-own-performance-review", mine("DELETE")).await;
}

async fn coupons() {
    let shop = CouponsFixture::open().await;
    let body = shop.body(&json!({
        "benefit": { "kind": "PERCENT", "percent": 15, "at_most": amount(10_000) },
        "minimum_subtotal": amount(1000), "scope": { "categories": ["drinks/tea"], "skus": ["tea"] },
        "duration": repeating(),
    }));
    let created = shop
        .call("create-coupon", coupons_fixture::create_call("k", &body))
        .await
        .body;
    let coupon = text(&created, "coupon_id");
    let of_coupon = |route| Call::new("GET", route).path("coupon_id", &coupon);
    shop.change(&coupon, &json!({ "total": 20 })).await;
    shop.call("get-admin-coupon", of_coupon("/admin/coupons/{coupon_id}").by_admin())
        .await;
    shop.call("list-admin-coupons", Call::new("GET", "/admin/coupons").by_admin())
        .await;
    shop.call("get-coupon", of_coupon("/coupons/{coupon_id}")).await;
    shop.claim("ann", &coupon).await;
    let with_codes = json!({ "distribution": "CODES", "total": null, "name": "Newsletter: 300 won off" });
    let with_codes = shop.coupon(&with_codes).await;
    let codes = shop.codes(&with_codes, 0, 2).await;
    // The claims have an order in the list.
    shop.advance(SignedDuration::from_secs(1));
    shop.claim_code("ann", &codes[0]).await;
    shop.revoke(&with_codes, 1, 1).await;
    shop.claims("ann").await;
}

async fn waiting_rooms() {
    let shop = WaitingRoomsFixture::open().await;
    let body = json!({ "name": "Spring tour", "opens_at": shop.now() + MINUTE, "rate_per_minute": 6000 });
    let created = shop
        .call("create-waiting-room", waiting_rooms_fixture::create_call("k", &body))
        .await
        .body;
    let room = text(&created, "waiting_room_id");
    shop.change(&room, &json!({ "rate_per_minute": 3000 })).await;
    shop.join("ann", &room).await;
    shop.join("bob", &room).await;
    shop.advance(MINUTE + MINUTE);
    let of_room = |route| waiting_rooms_fixture::of_room("GET", route, &room);
    let seen = of_room("/admin/waiting-rooms/{waiting_room_id}").by_admin();
    shop.call("get-admin-waiting-room", seen).await;
    shop.call(
        "list-admin-waiting-rooms",
        Call::new("GET", "/admin/waiting-rooms").by_admin(),
    )
    .await;
    shop.status(&room).await;
    shop.enter("ann", &room).await;
    shop.call(
        "get-waiting-room-page",
        of_room("/waiting-rooms/{waiting_room_id}/page"),
    )
    .await;
}

async fn personal_data() {
    let shop = Shop::with(SKU, 1, 10).await;
    let order = id_of(&shop.checkout(delivery_call("ann", "k", SKU, &address())).await);
    shop.get_delivery_details(details_call(&order).by("ann")).await;
    shop.erase_personal_data("ann").await;
}

/// The first exchange of each operation that succeeded.
async fn examples() -> BTreeMap<String, Recording> {
    let ids = operations();
    let mut examples = BTreeMap::new();
    for exchanges in [
        record(Box::pin(catalog_and_orders())).await,
        // Boxed: the futures of all scenarios together do not fit the stack of a test.
        record(Box::pin(lists())).await,
        record(Box::pin(search())).await,
        record(Box::pin(orders_by_name())).await,
        record(Box::pin(payments())).await,
        record(Box::pin(fulfillment())).await,
        record(Box::pin(reviews())).await,
        record(Box::pin(coupons())).await,
        record(Box::pin(subscriptions())).await,
        record(Box::pin(charges())).await,
        record(Box::pin(auctions())).await,
        record(Box::pin(images())).await,
        record(Box::pin(imports_and_exports())).await,
        record(Box::pin(tickets())).await,
        record(Box::pin(at_the_door())).await,
        record(Box::pin(waiting_rooms())).await,
        record(Box::pin(personal_data())).await,
    ] {
        for (call, answer) in exchanges.into_iter().filter(|(_, answer)| answer.status < 300) {
            let id = ids[call.route()].clone();
            examples.entry(id).or_insert_with(|| recording(&call, answer));
        }
    }
    examples
}

fn recording(call: &Call, answer: Answer) -> Recording {
    let event = call.event();
    let body = event["body"].as_str();
    Recording {
        parameters: event["pathParameters"].as_object().cloned().unwrap_or_default(),
        request: body.map(|body| serde_json::from_str(body).unwrap()),
        status: answer.status,
        response: answer.body,
    }
}

/// The id of each route's operation.
fn operations() -> BTreeMap<String, String> {
    let document = serde_json::to_value(contract::document()).unwrap();
    let mut ids = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            ids.insert(format!("{} {path}", method.to_uppercase()), id);
        }
    }
    ids
}

/// A value with the types in place of its texts and numbers, since ids and times differ from run to run.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), shape(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!(0),
        other => other.clone(),
    }
}

#[tokio::test]
async fn each_operation_answers_as_in_its_example() {
    let sent = examples().await;
    let missing: Vec<String> = operations().into_values().filter(|id| !sent.contains_key(id)).collect();
    assert!(missing.is_empty(), "send a request that succeeds to {missing:?}");
    if env::var_os("RECORD_EXAMPLES").is_some() {
        let text = serde_json::to_string_pretty(&sent).unwrap();
        fs::write(contract::root().join(FILE), text + "\n").unwrap();
        return;
    }
    let recorded = recordings();
    assert_eq!(sent.len(), recorded.len(), "run `cargo examples`");
    for (id, sent) in sent {
        let recorded = &recorded[&id];
        let compared = |recording: &Recording| {
            let request = recording.request.as_ref().map(shape);
            (recording.status, request, shape(&recording.response))
        };
        assert_eq!(compared(&sent), compared(recorded), "{id}: run `cargo examples`");
    }
}
