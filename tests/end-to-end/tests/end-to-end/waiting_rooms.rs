//! Waiting rooms: a coupon behind one is claimed with an admission.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::{Shop, text};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{Test, coupons};

pub const TESTS: &[Test] = &[(
    "a_coupon_behind_a_waiting_room_is_claimed_with_an_admission_of_its_customer_alone",
    a_coupon_behind_a_waiting_room_is_claimed_with_an_admission_of_its_customer_alone,
)];

/// How long a customer waits at most: the room opens, and admits everybody within a second.
const WAIT: Duration = Duration::from_secs(60);

fn a_coupon_behind_a_waiting_room_is_claimed_with_an_admission_of_its_customer_alone(shop: &Shop) -> Result<()> {
    let room = json!({
        "name": "Spring tour",
        "opens_at": (Timestamp::now() + SignedDuration::from_secs(10)).to_string(),
        "rate_per_minute": 60_000,
    });
    let create = shop.api.call("POST", "/admin/waiting-rooms").token(&shop.admin);
    let room = create.key(&shop.unique("room")).json(&room).send()?.expect(201)?;
    let id = text(&room, "waiting_room_id")?;
    let coupon = coupons::coupon(shop, &json!({ "waiting_room_id": id, "total": 10 }))?;
    let refused = coupons::claim(shop, &shop.ann, &coupon)?.expect(409)?;
    ensure!(refused["type"] == "urn:madang:problem:admission-required", "{refused}");

    let of_room = |method: &str, path: &str, token: &str| {
        let call = shop.api.call(method, &format!("/waiting-rooms/{id}{path}"));
        call.token(token).key(&shop.unique("visit")).send()
    };
    of_room("POST", "/joins", &shop.ann)?.expect(201)?;
    let page = shop.api.call("GET", &format!("/waiting-rooms/{id}/page")).send()?;
    ensure!(page.status == 200, "{page:?}");
    let enter =
        || of_room("POST", "/enter", &shop.ann).map(|answer| json!({ "status": answer.status, "body": answer.body }));
    let entered = shop.until(WAIT, enter, |answer: &Value| answer["status"] == 200)?;
    let token = text(&entered["body"], "token")?;

    let claim = |customer: &str| {
        let path = format!("/coupons/{}/claims", text(&coupon, "coupon_id")?);
        let call = shop
            .api
            .call("POST", &path)
            .token(customer)
            .header("waiting-room-token", token);
        call.key(&shop.unique("claim")).send()
    };
    let of_other = claim(&shop.bob)?.expect(409)?;
    ensure!(
        of_other["type"] == "urn:madang:problem:admission-required",
        "{of_other}"
    );
    let claimed = claim(&shop.ann)?.expect(201)?;
    ensure!(claimed["coupon_id"] == coupon["coupon_id"], "{claimed}");

    let listed = shop.get(&shop.admin, "/admin/waiting-rooms")?;
    let is_listed = |room: &Value| room["waiting_room_id"] == id;
    ensure!(
        listed["items"]
            .as_array()
            .is_some_and(|rooms| rooms.iter().any(is_listed)),
        "{listed}"
    );
    let change = shop
        .api
        .call("PATCH", &format!("/admin/waiting-rooms/{id}"))
        .token(&shop.admin);
    change
        .header("if-match", "*")
        .json(&json!({ "rate_per_minute": 0 }))
        .send()?
        .expect(200)?;
    Ok(())
}
