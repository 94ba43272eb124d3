//! Venues, seating plans, performers, performances and showtimes.

use function_tests::id_of;
use function_tests::image_fixture::{ImageFixture, picture};
use function_tests::tickets_fixture::{
    TicketsFixture, create, key, performance, plan_call, showtime, showtime_call, text, update,
};
use harness::gateway::{Answer, Call};
use harness::objects::FakeS3;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tickets::plan::sample::hall;

use crate::holds::selling;
use crate::tickets::bought;

const VENUE: &str = "/admin/venues/{venue_id}";
const PERFORMANCE: &str = "/admin/performances/{performance_id}";
const SHOWTIME: &str = "/admin/showtimes/{showtime_id}";

fn get(route: &'static str, name: &str, id: &str) -> Call {
    Call::new("GET", route).path(name, id)
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

#[tokio::test]
async fn a_venue_is_created_once_by_a_retried_request() {
    let shop = TicketsFixture::open().await;
    let body = json!({ "names": { "en": "Opera House", "ko": "오페라하우스" }, "time_zone": "Asia/Seoul", "address": "1 Example-ro" });
    let call = Call::new("POST", "/admin/venues").by_admin().key("k").json(&body);
    let created = shop.call("create-venue", call.clone()).await;
    assert_eq!((created.status, created.replayed), (201, false), "{created:?}");
    let again = shop.call("create-venue", call.clone()).await;
    assert_eq!((again.status, again.replayed, &again.body), (201, true, &created.body));
    let other = call.json(&json!({ "names": { "en": "Arena" }, "time_zone": "Asia/Seoul" }));
    assert_eq!(
        seen(&shop.call("create-venue", other).await),
        (422, "idempotency-key-reused")
    );
    let venue = text(&created.body, "venue_id");
    let read = shop
        .call("get-venue", get("/venues/{venue_id}", "venue_id", &venue))
        .await;
    assert_eq!((read.status, &read.body), (200, &created.body));
    assert_eq!(created.header("location"), format!("/admin/venues/{venue}"));
    let listed = shop.call("list-venues", Call::new("GET", "/venues")).await;
    assert_eq!(listed.body["items"], json!([created.body]));
}

#[tokio::test]
async fn only_the_named_fields_of_a_venue_change_and_only_with_its_etag() {
    let shop = TicketsFixture::open().await;
    let venue = shop.venue("Asia/Seoul").await;
    let read = shop
        .call("get-admin-venue", get(VENUE, "venue_id", &venue).by_admin())
        .await;
    assert_eq!((read.status, read.header("cache-control")), (200, "private, no-cache"));
    let body = json!({ "names": { "ko": "오페라하우스" }, "address": "1 Example-ro" });
    let change = update(VENUE, "venue_id", &venue, read.header("etag"), &body);
    let changed = shop.call("update-venue", change.clone()).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(
        changed.body["names"],
        json!({ "en": "Opera House", "ko": "오페라하우스" })
    );
    assert_eq!(
        shop.call("update-venue", change).await.status,
        200,
        "it is made already"
    );
    let late = update(
        VENUE,
        "venue_id",
        &venue,
        read.header("etag"),
        &json!({ "address": null }),
    );
    assert_eq!(
        seen(&shop.call("update-venue", late).await),
        (412, "precondition-failed")
    );
    let zone = update(VENUE, "venue_id", &venue, "*", &json!({ "time_zone": "UTC" }));
    assert_eq!(seen(&shop.call("update-venue", zone).await), (400, "malformed-body"));
    let nameless = update(
        VENUE,
        "venue_id",
        &venue,
        "*",
        &json!({ "names": { "en": null, "ko": null } }),
    );
    let refused = shop.call("update-venue", nameless).await;
    assert_eq!(
        (seen(&refused), &refused.body["field"]),
        ((422, "invalid-show"), &json!("names"))
    );
}

#[tokio::test]
async fn a_list_is_walked_by_its_cursor() {
    let shop = TicketsFixture::open().await;
    let mut venues = vec![];
    for _ in 0..5 {
        venues.insert(0, shop.venue("UTC").await);
        shop.advance(SignedDuration::from_secs(1));
    }
    let (mut found, mut cursor): (Vec<String>, Option<String>) = (vec![], None);
    loop {
        let call = Call::new("GET", "/venues").query("limit", "2");
        let call = match &cursor {
            Some(cursor) => call.query("cursor", cursor),
            None => call,
        };
        let page = shop.call("list-venues", call).await;
        let items = page.body["items"].as_array().unwrap();
        found.extend(items.iter().map(|venue| text(venue, "venue_id")));
        cursor = page.body["next_cursor"].as_str().map(str::to_owned);
        assert_eq!(cursor.is_some(), page.link.is_some());
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, venues);
}

#[tokio::test]
async fn a_plan_of_10_000_seats_is_stored_with_a_tile_a_section() {
    let shop = TicketsFixture::open().await;
    let venue = shop.venue("Asia/Seoul").await;
    let plan = shop.plan(&venue, 20, 20, 25).await;
    assert_eq!(
        (&plan["seats"], plan["sections"].as_array().unwrap().len()),
        (&json!(10_000), 20)
    );
    assert_eq!(
        plan["zones"],
        json!([{ "zone": "front", "seats": 5000 }, { "zone": "back", "seats": 5000 }])
    );
    let read = shop
        .call("get-plan", get("/plans/{plan_id}", "plan_id", &text(&plan, "plan_id")))
        .await;
    assert_eq!(
        (&read.body, read.header("cache-control")),
        (&plan, "public, max-age=60, stale-while-revalidate=240"),
        "a tile is named after its content, a plan is not"
    );
    let digest = text(&plan["sections"][19], "tile");
    let call = get("/section-tiles/{digest}", "digest", &digest);
    let tile = shop.call("get-section-tile", call.clone()).await;
    assert_eq!(
        (tile.status, tile.header("cache-control")),
        (200, "public, max-age=31536000, immutable")
    );
    assert_eq!(tile.body["rows"].as_array().unwrap().len(), 20);
    let first = &tile.body["rows"][0];
    assert_eq!(
        (&first["part"], &first["number"], &first["first"]),
        (&json!(19), &json!(0), &json!(9_500))
    );
    assert_eq!(first["seats"][0]["flags"], json!(["ACCESSIBLE"]));
    assert_eq!(first["seats"][1]["companion_of"], json!(1));
    let unchanged = shop
        .call("get-section-tile", call.header("if-none-match", tile.header("etag")))
        .await;
    assert_eq!(unchanged.status, 304);
    let none = get("/section-tiles/{digest}", "digest", &"0".repeat(64));
    assert_eq!(seen(&shop.call("get-section-tile", none).await), (404, "not-found"));
    let listed = shop
        .call("list-plans", get("/venues/{venue_id}/plans", "venue_id", &venue))
        .await;
    assert_eq!(listed.body["items"], json!([plan]));
}

#[tokio::test]
async fn a_plan_of_100_000_seats_fits_a_request() {
    let body = json!(hall(100, 40, 25)).to_string();
    assert!(body.len() <= tickets::plan::MAX_BODY, "{}", body.len());
}

#[tokio::test]
async fn a_plan_that_breaks_a_rule_stores_nothing() {
    let shop = TicketsFixture::open().await;
    let venue = shop.venue("Asia/Seoul").await;
    let mut body = json!(hall(1, 2, 10));
    body["sections"][0]["rows"][1]["runs"][1]["first"] = json!(1);
    let refused = shop.call("create-plan", plan_call(&venue, &body)).await;
    assert_eq!(seen(&refused), (422, "invalid-plan"));
    assert_eq!(refused.body["detail"], "Section S0, row 2: there are two seats 1.");
    assert_eq!(
        (&refused.body["section"], &refused.body["row"]),
        (&json!("S0"), &json!("2"))
    );
    let nowhere = plan_call("00000000-0000-0000-0000-000000000000", &json!(hall(1, 1, 1)));
    assert_eq!(seen(&shop.call("create-plan", nowhere).await), (404, "not-found"));
    let long = plan_call(&venue, &json!({ "name": "x".repeat(1_100_000) }));
    assert_eq!(seen(&shop.call("create-plan", long).await), (413, "body-too-large"));
    assert_eq!(shop.s3.changes(), 0);
}

#[tokio::test]
async fn a_retried_plan_is_the_first_one() {
    let shop = TicketsFixture::open().await;
    let venue = shop.venue("Asia/Seoul").await;
    let call = plan_call(&venue, &json!(hall(2, 3, 10)));
    let (first, again) = (
        shop.created("create-plan", call.clone()).await,
        shop.call("create-plan", call).await,
    );
    assert_eq!((again.replayed, again.body), (true, first));
}

#[tokio::test]
async fn a_performance_names_performers_that_exist_and_images_that_can_be_shown() {
    let shop = TicketsFixture::open().await;
    let call = create("/admin/performers", &json!({ "names": { "en": "Clara Stahl" } }));
    let performer = text(&shop.created("create-performer", call).await, "performer_id");
    let mut body = performance();
    body["cast"] = json!([{ "performer_id": performer, "role": "Clara" }]);
    let created = shop
        .created("create-performance", create("/admin/performances", &body))
        .await;
    assert_eq!(created["cast"], body["cast"]);
    let nobody = "00000000-0000-0000-0000-000000000000";
    for (field, value) in [
        ("cast", json!([{ "performer_id": nobody }])),
        ("posters", json!([nobody])),
        ("max_seats", json!(0)),
        ("age_limit", json!(100)),
        ("titles", json!({})),
        (
            "refund_policy",
            json!({ "steps": [{ "days_before": 1, "percent": 10 }, { "days_before": 3, "percent": 20 }] }),
        ),
    ] {
        let mut bad = performance();
        bad[field] = value;
        let refused = shop
            .call("create-performance", create("/admin/performances", &bad))
            .await;
        assert_eq!(
            (seen(&refused), &refused.body["field"]),
            ((422, "invalid-show"), &json!(field))
        );
    }
}

#[tokio::test]
async fn customers_see_a_performance_once_it_is_listed() {
    let shop = TicketsFixture::open().await;
    let mut draft = performance();
    draft["status"] = json!("DRAFT");
    let draft = shop
        .created("create-performance", create("/admin/performances", &draft))
        .await;
    let id = text(&draft, "performance_id");
    let public = get("/performances/{performance_id}", "performance_id", &id);
    assert_eq!(
        seen(&shop.call("get-performance", public.clone()).await),
        (404, "not-found")
    );
    let drafts = Call::new("GET", "/admin/performances").by_admin();
    assert_eq!(
        shop.call("list-admin-performances", drafts).await.body["items"],
        json!([draft])
    );
    let read = shop
        .call(
            "get-admin-performance",
            get(PERFORMANCE, "performance_id", &id).by_admin(),
        )
        .await;
    let list = update(
        PERFORMANCE,
        "performance_id",
        &id,
        read.header("etag"),
        &json!({ "status": "LISTED", "age_limit": null }),
    );
    let listed = shop.call("update-performance", list).await;
    assert_eq!((listed.status, listed.body.get("age_limit")), (200, None), "{listed:?}");
    let seen = shop.call("get-performance", public).await;
    assert_eq!((seen.status, &seen.body), (200, &listed.body));
    let all = shop.call("list-performances", Call::new("GET", "/performances")).await;
    assert_eq!(all.body["items"], json!([listed.body]));
}

async fn created(shop: &TicketsFixture, zone: &str, change: &Value) -> Answer {
    let hall = shop.hall(zone, 1, 2, 4).await;
    let mut body = showtime(&hall.plan);
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    shop.call("create-showtime", showtime_call(&hall.performance, &body))
        .await
}

#[tokio::test]
async fn a_showtime_starts_at_the_local_time_of_its_venue_on_that_date() {
    let shop = TicketsFixture::open().await;
    for (zone, local, start) in [
        ("Asia/Seoul", "2026-03-07T19:00:00", "2026-03-07T10:00:00Z"),
        ("America/New_York", "2026-03-07T19:00:00", "2026-03-08T00:00:00Z"),
        ("America/New_York", "2026-03-14T19:00:00", "2026-03-14T23:00:00Z"),
    ] {
        let made = created(&shop, zone, &json!({ "local_start": local })).await;
        assert_eq!((made.status, &made.body["starts_at"]), (201, &json!(start)), "{made:?}");
        assert_eq!(
            (&made.body["local_start"], &made.body["status"]),
            (&json!(local), &json!("DRAFT"))
        );
        assert_eq!(
            made.body["sales_start_at"],
            json!("2026-01-05T01:00:00Z"),
            "that of the performance"
        );
    }
}

#[tokio::test]
async fn a_local_time_that_does_not_exist_is_refused_and_one_that_occurs_twice_needs_an_offset() {
    let shop = TicketsFixture::open().await;
    let of = async |change: &Value| created(&shop, "America/New_York", change).await;
    let skipped = of(&json!({ "local_start": "2026-03-08T02:30:00" })).await;
    assert_eq!(seen(&skipped), (422, "local-time-skipped"));
    let twice = of(&json!({ "local_start": "2026-11-01T01:30:00" })).await;
    assert_eq!(seen(&twice), (422, "local-time-ambiguous"));
    assert_eq!(twice.body["choices"][1]["utc_offset"], "-05:00");
    let chosen = of(&json!({ "local_start": "2026-11-01T01:30:00", "utc_offset": "-05:00" })).await;
    assert_eq!(
        (chosen.status, &chosen.body["starts_at"]),
        (201, &json!("2026-11-01T06:30:00Z"))
    );
}

#[tokio::test]
async fn a_showtime_whose_times_or_prices_do_not_fit_is_refused() {
    let shop = TicketsFixture::open().await;
    let nothing = "00000000-0000-0000-0000-000000000000";
    let price = |zones: &Value| json!([{ "class": "R", "price": { "amount": 1, "currency": "KRW" }, "zones": zones }]);
    let dollars = json!([{ "class": "R", "price": { "amount": 1, "currency": "USD" }, "zones": ["front", "back"] }]);
    for (field, change) in [
        ("doors_at", json!({ "doors_at": "2026-03-07T10:00:00Z" })),
        ("sales_end_at", json!({ "sales_end_at": "2026-03-07T10:00:01Z" })),
        ("sales_end_at", json!({ "sales_start_at": "2026-03-07T10:00:00Z" })),
        ("local_start", json!({ "local_start": "2025-12-31T19:00:00" })),
        ("plan_id", json!({ "plan_id": nothing })),
        ("prices", json!({ "prices": price(&json!(["front"])) })),
        ("prices", json!({ "prices": price(&json!(["front", "back", "top"])) })),
        ("prices", json!({ "prices": price(&json!(["front", "front", "back"])) })),
        ("prices", json!({ "prices": dollars })),
    ] {
        let refused = created(&shop, "Asia/Seoul", &change).await;
        let seen = (refused.status, refused.problem(), &refused.body["field"]);
        assert_eq!(seen, (422, "invalid-show", &json!(field)), "{change} {refused:?}");
    }
}

#[tokio::test]
async fn a_showtime_changes_its_local_time_and_not_its_plan_once_it_has_seats() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("America/New_York", 1, 2, 4).await;
    let other = text(&shop.plan(&hall.venue, 1, 2, 6).await, "plan_id");
    let id = shop.showtime(&hall).await;
    let changed = shop
        .change(&id, &json!({ "plan_id": other, "local_start": "2026-03-14T19:00:00" }))
        .await;
    assert_eq!(
        (changed.status, &changed.body["plan_id"]),
        (200, &json!(other)),
        "{changed:?}"
    );
    assert_eq!(changed.body["starts_at"], "2026-03-14T23:00:00Z", "summer time");
    assert_eq!(changed.body["sales_end_at"], "2026-03-14T23:00:00Z", "it was the start");
    assert_eq!(shop.publish(&id).await.status, 200);
    let back = shop.change(&id, &json!({ "plan_id": hall.plan })).await;
    assert_eq!(seen(&back), (409, "seats-exist"));
    let price = |amount: u64, zones: &Value| {
        json!({ "prices": [{ "class": "VIP", "price": { "amount": amount, "currency": "KRW" }, "zones": zones },
            { "class": "R", "price": { "amount": 1, "currency": "KRW" }, "zones": ["back"] }] })
    };
    assert_eq!(
        shop.change(&id, &price(5, &json!(["front"]))).await.status,
        200,
        "a price may change"
    );
    let one = json!({ "prices": [{ "class": "R", "price": { "amount": 1, "currency": "KRW" }, "zones": ["front", "back"] }] });
    assert_eq!(seen(&shop.change(&id, &one).await), (409, "seats-exist"));
    let in_other_order = json!({ "prices": [
        { "class": "R", "price": { "amount": 2, "currency": "KRW" }, "zones": ["back"] },
        { "class": "VIP", "price": { "amount": 5, "currency": "KRW" }, "zones": ["front"] },
    ] });
    let changed = shop.change(&id, &in_other_order).await;
    assert_eq!(
        changed.status, 200,
        "the order of the classes means nothing: {changed:?}"
    );
}

#[tokio::test]
async fn a_published_showtime_keeps_its_currency() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let free = json!({ "refund_policy": { "steps": [] } });
    let call = update(PERFORMANCE, "performance_id", &hall.performance, "*", &free);
    assert_eq!(shop.call("update-performance", call).await.status, 200);
    let id = shop.showtime(&hall).await;
    let prices = |currency: &str| {
        json!({ "prices": [
            { "class": "VIP", "price": { "amount": 10, "currency": currency }, "zones": ["front"] },
            { "class": "R", "price": { "amount": 5, "currency": currency }, "zones": ["back"] },
        ] })
    };
    for currency in ["USD", "KRW"] {
        assert_eq!(shop.change(&id, &prices(currency)).await.status, 200, "it is a draft");
    }
    assert_eq!(shop.publish(&id).await.status, 200);
    assert_eq!(shop.change(&id, &prices("KRW")).await.status, 200);
    assert_eq!(seen(&shop.change(&id, &prices("USD")).await), (409, "seats-exist"));
}

#[tokio::test]
async fn a_postponed_showtime_moves_its_doors_and_the_end_of_its_sales() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("America/New_York", 1, 2, 4).await;
    let mut body = showtime(&hall.plan);
    body["doors_at"] = json!("2026-03-07T23:00:00Z");
    let call = showtime_call(&hall.performance, &body);
    let id = text(&shop.created("create-showtime", call).await, "showtime_id");
    let times = |answer: &Answer| {
        assert_eq!(answer.status, 200, "{answer:?}");
        ["starts_at", "doors_at", "sales_end_at"].map(|time| text(&answer.body, time))
    };
    // A week later the clocks are an hour ahead.
    let moved = shop.change(&id, &json!({ "local_start": "2026-03-14T19:00:00" })).await;
    assert_eq!(
        times(&moved),
        ["2026-03-14T23:00:00Z", "2026-03-14T22:00:00Z", "2026-03-14T23:00:00Z"]
    );
    let named = json!({ "local_start": "2026-03-15T19:00:00", "doors_at": "2026-03-15T21:00:00Z", "sales_end_at": "2026-03-15T20:00:00Z" });
    let moved = shop.change(&id, &named).await;
    let named = ["2026-03-15T23:00:00Z", "2026-03-15T21:00:00Z", "2026-03-15T20:00:00Z"];
    assert_eq!(times(&moved), named, "the request names them");
    let moved = shop.change(&id, &json!({ "local_start": "2026-03-16T19:00:00" })).await;
    let expected = ["2026-03-16T23:00:00Z", "2026-03-16T21:00:00Z", "2026-03-15T20:00:00Z"];
    assert_eq!(times(&moved), expected, "the sales did not end at the start");
    let again = shop.change(&id, &json!({ "local_start": "2026-03-16T19:00:00" })).await;
    assert_eq!(times(&again), expected, "a change that is made already moves nothing");
}

#[tokio::test]
async fn a_cancelled_showtime_does_not_change() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.on_sale(&hall).await;
    let cancelled = shop.change(&id, &json!({ "status": "CANCELLED" })).await;
    assert_eq!(cancelled.status, 200);
    let again = shop.change(&id, &json!({ "status": "CANCELLED" })).await;
    assert_eq!(
        (again.status, &again.body),
        (200, &cancelled.body),
        "it is made already"
    );
    for change in [
        json!({ "local_start": "2026-03-14T19:00:00" }),
        json!({ "sales_end_at": "2026-03-07T09:00:00Z" }),
        json!({ "status": "CANCELLED", "doors_at": "2026-03-07T09:00:00Z" }),
    ] {
        assert_eq!(
            seen(&shop.change(&id, &change).await),
            (409, "showtime-cancelled"),
            "{change}"
        );
    }
}

#[tokio::test]
async fn a_local_start_with_an_offset_or_without_a_time_is_refused() {
    let shop = TicketsFixture::open().await;
    for local in [
        "2026-03-07T19:00:00+00:00",
        "2026-03-07T19:00:00Z",
        "2026-03-07T19:00:00[Asia/Seoul]",
        "2026-03-07T19:00:00.5",
        "2026-03-07T19:00",
        "2026-03-07",
    ] {
        let refused = created(&shop, "Asia/Seoul", &json!({ "local_start": local })).await;
        assert_eq!(seen(&refused), (400, "malformed-body"), "{local}");
        let detail = text(&refused.body, "detail");
        assert!(detail.contains("local_start"), "{detail}");
    }
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.showtime(&hall).await;
    let refused = shop.change(&id, &json!({ "local_start": "2026-03-07" })).await;
    assert_eq!(seen(&refused), (400, "malformed-body"));
}

#[tokio::test]
async fn a_performance_with_a_published_showtime_stays_listed() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let set = async |status: &str| {
        let body = json!({ "status": status });
        let call = update(PERFORMANCE, "performance_id", &hall.performance, "*", &body);
        shop.call("update-performance", call).await
    };
    shop.showtime(&hall).await;
    assert_eq!(set("DRAFT").await.status, 200, "its showtime is a draft");
    assert_eq!(set("LISTED").await.status, 200);
    shop.on_sale(&hall).await;
    assert_eq!(seen(&set("DRAFT").await), (409, "performance-has-showtimes"));
    let age = update(
        PERFORMANCE,
        "performance_id",
        &hall.performance,
        "*",
        &json!({ "age_limit": 12 }),
    );
    assert_eq!(shop.call("update-performance", age).await.status, 200);
}

#[tokio::test]
async fn a_performance_can_be_retired_once_its_showtimes_are_over_or_cancelled() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let set = async |status: &str| {
        let body = json!({ "status": status });
        let call = update(PERFORMANCE, "performance_id", &hall.performance, "*", &body);
        shop.call("update-performance", call).await
    };
    let (cancelled, other) = (shop.on_sale(&hall).await, shop.on_sale(&hall).await);
    let call_off = json!({ "status": "CANCELLED" });
    assert_eq!(shop.change(&cancelled, &call_off).await.status, 200);
    assert_eq!(seen(&set("DRAFT").await), (409, "performance-has-showtimes"));
    // The show takes two hours.
    let over_at: jiff::Timestamp = "2026-03-07T12:00:00Z".parse().unwrap();
    let second = SignedDuration::from_secs(1);
    shop.advance(over_at.duration_since(shop.now()) - second);
    let refused = set("DRAFT").await;
    assert_eq!(seen(&refused), (409, "performance-has-showtimes"));
    assert!(text(&refused.body, "detail").contains(&other), "{refused:?}");
    shop.advance(second);
    assert_eq!(set("DRAFT").await.status, 200);
    let seen_by_all = Call::new("GET", "/performances/{performance_id}").path("performance_id", &hall.performance);
    assert_eq!(shop.call("get-performance", seen_by_all).await.status, 404);
}

#[tokio::test]
async fn a_performance_whose_showtimes_are_all_cancelled_can_be_retired_at_once() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let showtime = shop.on_sale(&hall).await;
    let call_off = json!({ "status": "CANCELLED" });
    assert_eq!(shop.change(&showtime, &call_off).await.status, 200);
    let body = json!({ "status": "DRAFT" });
    let call = update(PERFORMANCE, "performance_id", &hall.performance, "*", &body);
    assert_eq!(shop.call("update-performance", call).await.status, 200);
}

async fn delete(shop: &TicketsFixture, performance: &str) -> Answer {
    let call = Call::new("DELETE", PERFORMANCE).path("performance_id", performance);
    shop.call("delete-performance", call.by_admin()).await
}

#[tokio::test]
async fn a_deleted_performance_loses_its_posters_is_in_no_list_and_does_not_change_any_more() {
    let shop = TicketsFixture::open().await;
    let images = ImageFixture {
        shop: shop.again(),
        s3: FakeS3::default(),
    };
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let mut posters = vec![];
    for key in ["one", "two", "three"] {
        let poster = images.presign("staff", key, &json!({})).await;
        images
            .resize_image(&images.upload(&poster, &picture(60, 30)))
            .await
            .unwrap();
        posters.push(poster);
    }
    let change = |body: &Value| update(PERFORMANCE, "performance_id", &hall.performance, "*", body);
    let named = shop
        .call("update-performance", change(&json!({ "posters": posters })))
        .await;
    assert_eq!(named.status, 200, "{named:?}");
    images.delete("staff", &posters[2]).await;
    let draft = shop.showtime(&hall).await;

    let deleted = delete(&shop, &hall.performance).await;
    assert_eq!(
        (deleted.status, &deleted.body["status"], &deleted.body["posters"]),
        (200, &json!("DRAFT"), &json!([])),
        "{deleted:?}"
    );
    assert_eq!(deleted.body["deleted_at"], json!(shop.now()));
    for poster in &posters {
        assert_eq!(images.see(poster).await.body["status"], "DELETED");
    }
    images.purge_deleted().await.unwrap();
    assert!(images.variants().is_empty(), "{:?}", images.variants());

    shop.advance(SignedDuration::from_secs(1));
    let again = delete(&shop, &hall.performance).await;
    assert_eq!((again.status, &again.body), (200, &deleted.body));
    let read = get(PERFORMANCE, "performance_id", &hall.performance).by_admin();
    assert_eq!(shop.call("get-admin-performance", read).await.body, deleted.body);
    let public = get("/performances/{performance_id}", "performance_id", &hall.performance);
    assert_eq!(seen(&shop.call("get-performance", public).await), (404, "not-found"));
    for status in ["DRAFT", "LISTED"] {
        let list = Call::new("GET", "/admin/performances")
            .by_admin()
            .query("status", status);
        assert_eq!(
            shop.call("list-admin-performances", list).await.body["items"],
            json!([])
        );
    }
    let listed = shop
        .call("update-performance", change(&json!({ "status": "LISTED" })))
        .await;
    assert_eq!(seen(&listed), (404, "not-found"));
    let another = showtime_call(&hall.performance, &showtime(&hall.plan));
    assert_eq!(seen(&shop.call("create-showtime", another).await), (404, "not-found"));
    assert_eq!(seen(&shop.publish(&draft).await), (409, "performance-not-listed"));
    let later = json!({ "local_start": "2026-04-01T19:00:00" });
    assert_eq!(seen(&shop.change(&draft, &later).await), (404, "not-found"));
    assert_eq!(
        seen(&delete(&shop, "018f0000-0000-8000-8000-000000000009").await),
        (404, "not-found")
    );
}

#[tokio::test]
async fn a_performance_is_not_deleted_while_seats_of_a_showtime_are_sold_or_held() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let (one, other) = (shop.on_sale(&hall).await, shop.on_sale(&hall).await);
    shop.open_sale();
    let hold = shop.hold("ann", "k", &one, &["0-0-0", "0-0-1"]).await;
    assert_eq!(hold.status, 201, "{hold:?}");
    let closed = json!({ "status": "CLOSED" });
    for showtime in [&one, &other] {
        assert_eq!(shop.change(showtime, &closed).await.status, 200);
        assert_eq!(
            seen(&delete(&shop, &hall.performance).await),
            (409, "performance-has-showtimes")
        );
    }
    let public = get("/performances/{performance_id}", "performance_id", &hall.performance);
    assert_eq!(shop.call("get-performance", public).await.status, 200);
    let call_off = json!({ "status": "CANCELLED" });
    assert_eq!(shop.change(&one, &call_off).await.status, 200);
    assert_eq!(
        seen(&delete(&shop, &hall.performance).await),
        (409, "performance-has-showtimes")
    );
    assert_eq!(shop.change(&other, &call_off).await.status, 200);
    assert_eq!(delete(&shop, &hall.performance).await.status, 200);
    // The order of the cancelled showtime is cancelled as ever.
    shop.update_showtime_orders(&one).await;
    assert_eq!(shop.cancel_unservable_orders().await, 0);
    assert_eq!(shop.shop.see("ann", &id_of(&hold)).await.body["status"], "CANCELLED");
}

#[tokio::test]
async fn the_orders_tickets_and_reviews_of_a_deleted_performance_stay() {
    let (shop, showtime) = selling(2, 4).await;
    let order = bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = shop.tickets("ann").await[0].clone();
    let performance = text(&shop.see(&showtime).await.body, "performance_id");
    let code = text(&shop.ticket("ann", &text(&ticket, "ticket_id")).await.body, "code");
    assert_eq!(shop.check_in("s", &showtime, &code, "A").await.status, 200);
    assert_eq!(
        seen(&delete(&shop, &performance).await),
        (409, "performance-has-showtimes")
    );
    shop.advance(SignedDuration::from_hours(24 * 90));
    let route = "/performances/{performance_id}/reviews";
    let review = Call::new("POST", route)
        .path("performance_id", &performance)
        .by("ann")
        .key("r");
    let review = review.json(&json!({ "ticket_id": ticket["ticket_id"], "stars": 5 }));
    assert_eq!(shop.call("create-performance-review", review).await.status, 201);
    assert_eq!(delete(&shop, &performance).await.status, 200);
    let (tickets, order_id) = (shop.tickets("ann").await, text(&order, "order_id"));
    assert_eq!(tickets.len(), 2);
    assert!(tickets.iter().all(|ticket| ticket["status"] == "VALID"), "{tickets:?}");
    assert_eq!(shop.shop.see("ann", &order_id).await.body["status"], "PAID");
    let reviews = Call::new("GET", route).path("performance_id", &performance);
    let reviews = shop.call("list-performance-reviews", reviews).await;
    assert_eq!(reviews.body["items"].as_array().map(Vec::len), Some(1), "{reviews:?}");
}

#[tokio::test]
async fn a_cast_of_100_performers_is_read_in_one_request() {
    let shop = TicketsFixture::open().await;
    let mut cast = vec![];
    for _ in 0..100 {
        let call = create("/admin/performers", &json!({ "names": { "en": "Dancer" } }));
        let performer = text(&shop.created("create-performer", call).await, "performer_id");
        cast.push(json!({ "performer_id": performer }));
    }
    let mut body = performance();
    body["cast"] = json!(cast);
    shop.engine.faults.measure();
    shop.created("create-performance", create("/admin/performances", &body))
        .await;
    let requests = shop.engine.faults.cost().requests;
    assert_eq!(
        (requests["BatchGetItem"], requests["GetItem"], requests["PutItem"]),
        (1, 1, 1),
        "{requests:?}"
    );
    body["cast"][99]["performer_id"] = json!("00000000-0000-0000-0000-000000000000");
    let refused = shop
        .call("create-performance", create("/admin/performances", &body))
        .await;
    assert_eq!(
        (seen(&refused), &refused.body["field"]),
        ((422, "invalid-show"), &json!("cast"))
    );
}

#[tokio::test]
async fn a_showtime_moves_from_a_draft_to_sale_and_stays_cancelled() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.showtime(&hall).await;
    let move_to = async |status: &str| shop.change(&id, &json!({ "status": status })).await;
    for status in ["ON_SALE", "CLOSED"] {
        let refused = move_to(status).await;
        let was = &refused.body["showtime_status"];
        assert_eq!((seen(&refused), was), ((409, "invalid-status-change"), &json!("DRAFT")));
    }
    assert_eq!(shop.publish(&id).await.status, 200);
    for status in ["CLOSED", "ON_SALE", "CANCELLED"] {
        assert_eq!(move_to(status).await.body["status"], status);
    }
    assert_eq!(seen(&move_to("ON_SALE").await), (409, "invalid-status-change"));
    assert_eq!(seen(&shop.publish(&id).await), (409, "invalid-status-change"));
}

#[tokio::test]
async fn customers_see_published_showtimes_the_earliest_first() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let mut ids = vec![];
    for day in ["09", "07", "08"] {
        let mut body = showtime(&hall.plan);
        body["local_start"] = json!(format!("2026-03-{day}T19:00:00"));
        let made = shop
            .created("create-showtime", showtime_call(&hall.performance, &body))
            .await;
        ids.push(text(&made, "showtime_id"));
    }
    let list = || {
        get(
            "/performances/{performance_id}/showtimes",
            "performance_id",
            &hall.performance,
        )
    };
    let drafts = get(
        "/admin/performances/{performance_id}/showtimes",
        "performance_id",
        &hall.performance,
    )
    .by_admin();
    let days = |answer: &Answer| -> Vec<String> {
        let items = answer.body["items"].as_array().unwrap().iter();
        items.map(|item| text(item, "local_start")[8..10].to_owned()).collect()
    };
    assert_eq!(
        days(&shop.call("list-admin-showtimes", drafts).await),
        ["07", "08", "09"]
    );
    assert!(days(&shop.call("list-showtimes", list()).await).is_empty());
    for id in &ids {
        shop.publish(id).await;
    }
    assert_eq!(days(&shop.call("list-showtimes", list()).await), ["07", "08", "09"]);
    let later = list().query("starts_from", "2026-03-08T10:00:00Z");
    assert_eq!(days(&shop.call("list-showtimes", later).await), ["08", "09"]);
    let wrong = list().query("starts_from", "tomorrow");
    assert_eq!(
        seen(&shop.call("list-showtimes", wrong).await),
        (400, "invalid-parameter")
    );
}

#[tokio::test]
async fn a_retried_showtime_is_the_first_one_even_if_it_would_be_refused_now() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let call = showtime_call(&hall.performance, &showtime(&hall.plan)).key(&key());
    let first = shop.created("create-showtime", call.clone()).await;
    shop.advance(SignedDuration::from_hours(24 * 90));
    let again = shop.call("create-showtime", call).await;
    assert_eq!((again.status, again.replayed, &again.body), (201, true, &first));
    let id = text(&first, "showtime_id");
    assert_eq!(seen(&shop.publish(&id).await), (422, "invalid-show"), "it has passed");
    let read = shop
        .call("get-admin-showtime", get(SHOWTIME, "showtime_id", &id).by_admin())
        .await;
    assert_eq!(read.body, first);
}
