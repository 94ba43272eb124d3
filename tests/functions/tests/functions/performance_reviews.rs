//! Reviews of performances: who may write them, and counters that are the visible reviews, whatever happens at once.

use std::collections::HashMap;

use function_tests::TicketsFixture;
use function_tests::tickets_fixture::{Hall, text};
use futures::future::join_all;
use harness::engine::{SHOWS, TICKETS};
use harness::faults::{Fault, Hold};
use harness::gateway::{Answer, Call};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::aws::lambda::action::Handler;

use crate::tickets::{bought, cancelled_by_admin, code, ids};

/// The end of the fixture's show: 10:00 UTC, and two hours.
const OVER: &str = "2026-03-07T12:00:00Z";

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

/// A shop where customers have attended a show that is over.
struct Theatre {
    shop: TicketsFixture,
    hall: Hall,
    showtime: String,
    /// A ticket of each customer, which was checked in, and their order.
    attended: HashMap<String, (String, Value)>,
}

impl Theatre {
    async fn with(customers: &[&str]) -> Self {
        let shop = TicketsFixture::open().await;
        let hall = shop.hall("Asia/Seoul", 1, 10, 6).await;
        let showtime = shop.on_sale(&hall).await;
        shop.open_sale();
        let mut attended = HashMap::new();
        for (row, customer) in customers.iter().enumerate() {
            let seats = [0, 1].map(|place| format!("0-{row}-{place}"));
            let seats = seats.each_ref().map(String::as_str);
            let order = bought(&shop, customer, &showtime, &seats).await;
            let ticket = ids(&shop, customer).await.remove(0);
            let code = code(&shop, customer, &ticket).await;
            assert_eq!(shop.check_in(customer, &showtime, &code, "A").await.status, 200);
            attended.insert((*customer).to_owned(), (ticket, order));
        }
        let over: Timestamp = OVER.parse().unwrap();
        shop.advance(over.duration_since(shop.now()));
        Self {
            shop,
            hall,
            showtime,
            attended,
        }
    }

    fn ticket(&self, customer: &str) -> &str {
        &self.attended[customer].0
    }

    fn of(&self, method: &'static str, route: &'static str) -> Call {
        Call::new(method, route).path("performance_id", &self.hall.performance)
    }

    fn mine(&self, method: &'static str, customer: &str) -> Call {
        self.of(method, "/performances/{performance_id}/reviews/mine")
            .by(customer)
    }

    fn write_call(&self, customer: &str, key: &str, stars: u8) -> Call {
        let body = json!({ "ticket_id": self.ticket(customer), "stars": stars, "text": "Splendid.\nGo!" });
        let call = self.of("POST", "/performances/{performance_id}/reviews");
        call.by(customer).key(key).json(&body)
    }

    async fn write(&self, customer: &str, stars: u8) -> Answer {
        let call = self.write_call(customer, "review", stars);
        self.shop.call("create-performance-review", call).await
    }

    fn edit_call(&self, customer: &str, tag: &str, body: &Value) -> Call {
        self.mine("PATCH", customer).header("if-match", tag).json(body)
    }

    async fn edit(&self, customer: &str, body: Value) -> Answer {
        let call = self.edit_call(customer, "*", &body);
        self.shop.call("update-own-performance-review", call).await
    }

    async fn delete(&self, customer: &str) -> Answer {
        let call = self.mine("DELETE", customer);
        self.shop.call("delete-own-performance-review", call).await
    }

    async fn own(&self, customer: &str) -> Answer {
        let call = self.mine("GET", customer);
        self.shop.call("get-own-performance-review", call).await
    }

    async fn moderate(&self, review: &str, reason: Value) -> Answer {
        let route = "/admin/performances/{performance_id}/reviews/{performance_review_id}";
        let call = self.of("PATCH", route).path("performance_review_id", review);
        let call = call.by_admin().header("if-match", "*");
        let call = call.json(&json!({ "hidden_reason": reason }));
        self.shop.call("update-performance-review", call).await
    }

    async fn list(&self) -> Value {
        let call = self.of("GET", "/performances/{performance_id}/reviews");
        let answer = self.shop.call("list-performance-reviews", call).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// The counters, after a check that they are the visible reviews in the table.
    async fn counts(&self) -> [i64; 5] {
        let items = self.shop.engine.items(SHOWS).await;
        let of = |prefix: &'static str| {
            let items = items.iter();
            items.filter(move |item| item["pk"].as_str().unwrap().starts_with(prefix))
        };
        let mut visible = [0; 5];
        for review in of("REVIEW#").filter(|review| review["status"] == "VISIBLE") {
            visible[review["stars"].as_u64().unwrap() as usize - 1] += 1;
        }
        let mut counted = [0; 5];
        for stars in of("STARS#") {
            for (nth, count) in counted.iter_mut().enumerate() {
                *count += stars[format!("s{}", nth + 1)].as_i64().unwrap_or_default();
            }
        }
        assert_eq!(counted, visible, "{items:?}");
        counted
    }
}

#[tokio::test]
async fn who_was_checked_in_reviews_the_performance_once_it_is_over() {
    let theatre = Theatre::with(&["ann"]).await;
    let review = theatre.write("ann", 5).await;
    assert_eq!(review.status, 201, "{review:?}");
    assert_eq!(
        review.header("location"),
        format!("/performances/{}/reviews/mine", theatre.hall.performance)
    );
    assert_eq!(
        (&review.body["stars"], &review.body["status"]),
        (&json!(5), &json!("VISIBLE"))
    );
    let own = theatre.own("ann").await;
    assert_eq!((&own.body, own.header("etag")), (&review.body, review.header("etag")));
    let list = theatre.list().await;
    assert_eq!(
        list["rating"],
        json!({ "stars": [0, 0, 0, 0, 1], "count": 1, "mean": 5.0 })
    );
    let shown = &list["items"][0];
    assert_eq!(
        (&shown["text"], &shown["is_verified"]),
        (&json!("Splendid.\nGo!"), &json!(true))
    );
    assert!(!list.to_string().contains("ann"), "nobody is named: {list}");
    assert_eq!(theatre.counts().await, [0, 0, 0, 0, 1]);
    let again = theatre
        .shop
        .call("create-performance-review", theatre.write_call("ann", "other", 1))
        .await;
    assert_eq!(seen(&again), (409, "review-exists"));
}

#[tokio::test]
async fn nobody_reviews_a_performance_before_its_end() {
    let theatre = Theatre::with(&["ann"]).await;
    theatre.shop.advance(-SignedDuration::from_millis(1));
    let early = theatre.write("ann", 5).await;
    assert_eq!(seen(&early), (409, "show-not-over"));
    assert_eq!(early.body["over_at"], OVER);
    theatre.shop.advance(SignedDuration::from_millis(1));
    assert_eq!(theatre.write("ann", 5).await.status, 201);
}

#[tokio::test]
async fn who_has_not_attended_writes_no_review() {
    let theatre = Theatre::with(&["ann", "bob"]).await;
    let with = async |customer: &str, ticket: &str, performance: &str| {
        let call = Call::new("POST", "/performances/{performance_id}/reviews").path("performance_id", performance);
        let call = call
            .by(customer)
            .key("k")
            .json(&json!({ "ticket_id": ticket, "stars": 1 }));
        theatre.shop.call("create-performance-review", call).await
    };
    let performance = theatre.hall.performance.clone();
    let unused = ids(&theatre.shop, "ann").await.pop().unwrap();
    assert_eq!(
        seen(&with("ann", &unused, &performance).await),
        (409, "not-attended"),
        "it was not checked in"
    );
    let bobs = theatre.ticket("bob");
    assert_eq!(seen(&with("ann", bobs, &performance).await), (404, "not-found"));
    let other = theatre.shop.performance().await;
    let anns = theatre.ticket("ann");
    assert_eq!(seen(&with("ann", anns, &other).await), (409, "not-attended"));
    let none = "018f0000-0000-8000-8000-000000000000";
    assert_eq!(seen(&with("ann", anns, none).await), (404, "not-found"));
    assert_eq!(seen(&with("ann", none, &performance).await), (404, "not-found"));
    cancelled_by_admin(&theatre.shop, &theatre.attended["ann"].1, &json!({})).await;
    assert_eq!(
        seen(&with("ann", anns, &performance).await),
        (409, "not-attended"),
        "it is void"
    );
    assert_eq!(theatre.counts().await, [0; 5]);
}

#[tokio::test]
async fn where_nobody_scans_a_valid_ticket_is_enough() {
    let theatre = Theatre::with(&["ann"]).await;
    let unused = ids(&theatre.shop, "ann").await.pop().unwrap();
    let platform = theatre.shop.platform().with_variable("REVIEWS_NEED_CHECK_IN", "false");
    let mut actions = tickets::ACTIONS.iter();
    let action = actions
        .find(|action| action.name == "create-performance-review")
        .unwrap();
    let function: Handler = (action.build)(&platform).unwrap();
    let call = theatre.of("POST", "/performances/{performance_id}/reviews");
    let call = call
        .by("ann")
        .key("k")
        .json(&json!({ "ticket_id": unused, "stars": 3 }));
    let written = theatre.shop.call_with(&function, call).await;
    assert_eq!(written.status, 201, "{written:?}");
    assert_eq!(written.body.get("text"), None);
    let unclear = theatre.shop.platform().with_variable("REVIEWS_NEED_CHECK_IN", "yes");
    assert!((action.build)(&unclear).is_err());
}

#[tokio::test]
async fn a_ticket_that_becomes_void_while_its_review_is_written_proves_nothing() {
    let theatre = Theatre::with(&["ann"]).await;
    let hold = Hold::default();
    theatre
        .shop
        .engine
        .faults
        .plan("TransactWriteItems", Fault::Held(hold.clone()));
    let voided = async {
        hold.arrived().await;
        cancelled_by_admin(&theatre.shop, &theatre.attended["ann"].1, &json!({})).await;
        hold.release();
    };
    let (written, ()) = tokio::join!(theatre.write("ann", 5), voided);
    assert_eq!(seen(&written), (409, "not-attended"));
    assert_eq!(theatre.counts().await, [0; 5]);
}

#[tokio::test]
async fn a_review_stays_after_a_refund_and_is_not_verified_any_more() {
    let theatre = Theatre::with(&["ann"]).await;
    assert_eq!(theatre.write("ann", 4).await.status, 201);
    cancelled_by_admin(&theatre.shop, &theatre.attended["ann"].1, &json!({})).await;
    let list = theatre.list().await;
    assert_eq!(
        (&list["items"][0]["is_verified"], &list["rating"]["count"]),
        (&json!(false), &json!(1))
    );
}

#[tokio::test]
async fn an_edit_moves_a_star_and_the_same_edit_again_changes_nothing() {
    let theatre = Theatre::with(&["ann"]).await;
    let written = theatre.write("ann", 1).await;
    theatre.shop.advance(SignedDuration::from_secs(60));
    let call = || theatre.edit_call("ann", written.header("etag"), &json!({ "stars": 5, "text": null }));
    theatre.shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    let edited = theatre.shop.call("update-own-performance-review", call()).await;
    assert_eq!((edited.status, &edited.body["stars"]), (200, &json!(5)), "{edited:?}");
    assert_eq!(edited.body.get("text"), None);
    assert_eq!(theatre.counts().await, [0, 0, 0, 0, 1]);
    let again = theatre.shop.call("update-own-performance-review", call()).await;
    assert_eq!((again.status, &again.body), (200, &edited.body));
    let stale = theatre.edit_call("ann", written.header("etag"), &json!({ "stars": 2 }));
    assert_eq!(
        seen(&theatre.shop.call("update-own-performance-review", stale).await),
        (412, "precondition-failed")
    );
    let blind = theatre.mine("PATCH", "ann").json(&json!({ "stars": 2 }));
    assert_eq!(
        seen(&theatre.shop.call("update-own-performance-review", blind).await),
        (428, "precondition-required")
    );
    assert_eq!(theatre.counts().await, [0, 0, 0, 0, 1]);
    let items = theatre.shop.engine.items(SHOWS).await;
    let review = items
        .iter()
        .find(|item| item["pk"].as_str().unwrap().starts_with("REVIEW#"))
        .unwrap();
    assert_eq!(review["version"], 2, "written and edited: {review}");
    theatre.shop.advance(SignedDuration::from_hours(30 * 24));
    assert_eq!(
        seen(&theatre.edit("ann", json!({ "stars": 2 })).await),
        (409, "review-final")
    );
    assert_eq!(theatre.delete("ann").await.status, 200, "it can still be deleted");
}

#[tokio::test]
async fn a_hidden_review_does_not_count_and_its_author_sees_why() {
    let theatre = Theatre::with(&["ann", "bob"]).await;
    let review = text(&theatre.write("ann", 1).await.body, "performance_review_id");
    assert_eq!(theatre.write("bob", 5).await.status, 201);
    let hidden = theatre.moderate(&review, json!("ABUSE")).await;
    assert_eq!(
        (hidden.status, &hidden.body["status"], &hidden.body["customer_id"]),
        (200, &json!("HIDDEN"), &json!("ann")),
        "{hidden:?}"
    );
    assert_eq!(theatre.counts().await, [0, 0, 0, 0, 1]);
    let list = theatre.list().await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    let own = theatre.own("ann").await.body;
    assert_eq!(
        (&own["status"], &own["hidden_reason"]),
        (&json!("HIDDEN"), &json!("ABUSE"))
    );
    let edited = theatre.edit("ann", json!({ "stars": 3 })).await;
    assert_eq!(edited.body["status"], "HIDDEN", "an edit does not show it: {edited:?}");
    assert_eq!(theatre.counts().await, [0, 0, 0, 0, 1]);
    let all = |status: &str| {
        let call = theatre
            .of("GET", "/admin/performances/{performance_id}/reviews")
            .by_admin();
        theatre
            .shop
            .call("list-admin-performance-reviews", call.query("status", status))
    };
    let found = all("HIDDEN").await;
    let hidden: Vec<String> = found.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, "performance_review_id"))
        .collect();
    assert_eq!(hidden, std::slice::from_ref(&review));
    assert_eq!(theatre.moderate(&review, Value::Null).await.body["status"], "VISIBLE");
    assert_eq!(theatre.counts().await, [0, 0, 1, 0, 1]);
    assert_eq!(
        seen(&theatre.moderate(&review, json!("LOW_RATING")).await),
        (400, "malformed-body")
    );
    assert_eq!(
        seen(
            &theatre
                .moderate("018f0000-0000-8000-8000-000000000000", json!("SPAM"))
                .await
        ),
        (404, "not-found")
    );
}

#[tokio::test]
async fn a_deleted_review_counts_down_once_leaves_no_text_and_can_be_written_again() {
    let theatre = Theatre::with(&["ann"]).await;
    let written = theatre.write("ann", 2).await;
    let review = text(&written.body, "performance_review_id");
    theatre.shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    for _ in 0..2 {
        let deleted = theatre.delete("ann").await;
        assert_eq!(
            (deleted.status, &deleted.body["status"]),
            (200, &json!("DELETED")),
            "{deleted:?}"
        );
    }
    assert_eq!(theatre.counts().await, [0; 5]);
    let items = format!("{:?}", theatre.shop.engine.items(SHOWS).await);
    assert!(!items.contains("Splendid"), "its text is gone");
    assert_eq!(seen(&theatre.own("ann").await), (404, "not-found"));
    assert_eq!(
        seen(&theatre.edit("ann", json!({ "stars": 1 })).await),
        (404, "not-found")
    );
    assert_eq!(
        seen(&theatre.moderate(&review, json!("SPAM")).await),
        (404, "not-found")
    );
    let retried = theatre.write("ann", 2).await;
    assert_eq!(
        (retried.replayed, &retried.body["status"]),
        (true, &json!("DELETED")),
        "a late retry does not bring it back"
    );
    let again = theatre
        .shop
        .call("create-performance-review", theatre.write_call("ann", "again", 4))
        .await;
    assert_eq!((again.status, again.replayed), (201, false), "{again:?}");
    assert_eq!(text(&again.body, "performance_review_id"), review);
    assert_eq!(theatre.counts().await, [0, 0, 0, 1, 0]);
    let nobody = theatre.delete("bob").await;
    assert_eq!(seen(&nobody), (404, "not-found"));
}

#[tokio::test]
async fn a_hidden_review_that_is_deleted_and_written_again_stays_hidden() {
    let theatre = Theatre::with(&["ann"]).await;
    let review = text(&theatre.write("ann", 1).await.body, "performance_review_id");
    assert_eq!(theatre.moderate(&review, json!("ABUSE")).await.status, 200);
    let deleted = theatre.delete("ann").await;
    assert_eq!(deleted.body.get("hidden_reason"), None, "{deleted:?}");
    let again = theatre
        .shop
        .call("create-performance-review", theatre.write_call("ann", "again", 1))
        .await;
    let shown = (&again.body["status"], &again.body["hidden_reason"]);
    assert_eq!((again.status, shown), (201, (&json!("HIDDEN"), &json!("ABUSE"))));
    assert_eq!(theatre.counts().await, [0; 5]);
    assert_eq!(theatre.list().await["items"], json!([]));
    assert_eq!(theatre.moderate(&review, Value::Null).await.status, 200);
    assert_eq!(theatre.counts().await, [1, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_late_retry_of_an_earlier_review_writes_nothing() {
    let theatre = Theatre::with(&["ann"]).await;
    let write = async |key: &str| {
        let call = theatre.write_call("ann", key, 3);
        theatre.shop.call("create-performance-review", call).await
    };
    assert!(!write("one").await.replayed);
    theatre.delete("ann").await;
    assert!(!write("two").await.replayed);
    let late = write("one").await;
    assert_eq!((late.status, late.replayed), (201, true), "{late:?}");
    theatre.delete("ann").await;
    let late = write("one").await;
    assert_eq!((late.replayed, &late.body["status"]), (true, &json!("DELETED")));
    assert_eq!(theatre.counts().await, [0; 5]);
}

#[tokio::test]
async fn an_administrator_removes_a_text_and_the_stars_stay() {
    let theatre = Theatre::with(&["ann"]).await;
    let review = text(&theatre.write("ann", 4).await.body, "performance_review_id");
    let route = "/admin/performances/{performance_id}/reviews/{performance_review_id}";
    let change = |body: Value| {
        let call = theatre.of("PATCH", route).path("performance_review_id", &review);
        let call = call.by_admin().header("if-match", "*").json(&body);
        theatre.shop.call("update-performance-review", call)
    };
    let other = change(json!({ "text": "I was never here." })).await;
    assert_eq!(seen(&other), (400, "malformed-body"), "the text is the author's");
    let kept = change(json!({ "removes_text": false })).await;
    assert_eq!(kept.body["text"], "Splendid.\nGo!", "{kept:?}");
    for _ in 0..2 {
        let removed = change(json!({ "removes_text": true })).await;
        assert_eq!((removed.status, removed.body.get("text")), (200, None), "{removed:?}");
    }
    let items = format!("{:?}", theatre.shop.engine.items(SHOWS).await);
    assert!(!items.contains("Splendid"), "its text is gone");
    assert_eq!(theatre.counts().await, [0, 0, 0, 1, 0]);
    assert_eq!(theatre.own("ann").await.body["status"], "VISIBLE");
}

#[tokio::test]
async fn a_cancelled_showtime_was_attended_by_nobody() {
    let theatre = Theatre::with(&["ann"]).await;
    let off = json!({ "status": "CANCELLED" });
    assert_eq!(theatre.shop.change(&theatre.showtime, &off).await.status, 200);
    assert_eq!(seen(&theatre.write("ann", 5).await), (409, "not-attended"));
}

#[tokio::test]
async fn a_review_that_is_written_many_times_at_once_counts_once() {
    let theatre = Theatre::with(&["ann"]).await;
    let function = theatre.shop.handler("create-performance-review");
    let same = (0..4).map(|_| theatre.shop.call_with(&function, theatre.write_call("ann", "same", 5)));
    let answers = join_all(same).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    assert_eq!(
        answers.iter().filter(|answer| !answer.replayed).count(),
        1,
        "{answers:?}"
    );
    let others = ["a", "b"].map(|key| theatre.shop.call_with(&function, theatre.write_call("ann", key, 1)));
    for refused in join_all(others).await {
        assert_eq!(seen(&refused), (409, "review-exists"));
    }
    assert_eq!(theatre.counts().await, [0, 0, 0, 0, 1]);
}

/// Holds the transaction of `first` while `second` runs.
async fn overtaken(
    theatre: &Theatre,
    first: impl Future<Output = Answer>,
    second: impl Future<Output = Answer>,
) -> (Answer, Answer) {
    let hold = Hold::default();
    let faults = &theatre.shop.engine.faults;
    faults.plan("TransactWriteItems", Fault::Held(hold.clone()));
    let second = async {
        hold.arrived().await;
        let answer = second.await;
        hold.release();
        answer
    };
    tokio::join!(first, second)
}

#[tokio::test]
async fn two_edits_at_once_leave_the_star_that_is_stored() {
    let theatre = Theatre::with(&["ann"]).await;
    assert_eq!(theatre.write("ann", 1).await.status, 201);
    let (one, other) = overtaken(
        &theatre,
        theatre.edit("ann", json!({ "stars": 5 })),
        theatre.edit("ann", json!({ "stars": 4 })),
    )
    .await;
    assert_eq!((one.status, other.status), (200, 200), "{one:?} {other:?}");
    assert_eq!(theatre.own("ann").await.body["stars"], 5);
    assert_eq!(theatre.counts().await, [0, 0, 0, 0, 1]);
}

#[tokio::test]
async fn an_edit_that_a_deletion_or_a_hiding_overtakes_counts_nothing() {
    let theatre = Theatre::with(&["ann", "bob"]).await;
    theatre.write("ann", 1).await;
    let bobs = text(&theatre.write("bob", 1).await.body, "performance_review_id");
    let (edited, deleted) = overtaken(
        &theatre,
        theatre.edit("ann", json!({ "stars": 5 })),
        theatre.delete("ann"),
    )
    .await;
    assert_eq!((seen(&edited), deleted.status), ((404, "not-found"), 200));
    assert_eq!(theatre.counts().await, [1, 0, 0, 0, 0]);
    let (edited, hidden) = overtaken(
        &theatre,
        theatre.edit("bob", json!({ "stars": 5 })),
        theatre.moderate(&bobs, json!("SPAM")),
    )
    .await;
    assert_eq!((edited.status, hidden.status), (200, 200), "{edited:?} {hidden:?}");
    assert_eq!(theatre.counts().await, [0; 5]);
    assert_eq!(theatre.moderate(&bobs, Value::Null).await.status, 200);
    assert_eq!(theatre.counts().await, [0, 0, 0, 0, 1]);
}

#[tokio::test]
async fn the_counters_are_the_visible_reviews_after_many_changes_at_once() {
    let people = ["ann", "bob", "cat", "dan"];
    let theatre = Theatre::with(&people).await;
    let draw = std::cell::RefCell::new(fastrand::Rng::with_seed(7));
    let below = |end: u8| draw.borrow_mut().u8(..end);
    let mut reviews = HashMap::new();
    for person in people {
        let written = theatre.write(person, 1 + below(5)).await;
        reviews.insert(person, text(&written.body, "performance_review_id"));
    }
    for _ in 0..6 {
        let steps = (0..12).map(|_| {
            let person = people[usize::from(below(4))];
            let (kind, stars) = (below(6), 1 + below(5));
            let review = &reviews[person];
            let theatre = &theatre;
            async move {
                match kind {
                    0 => theatre.delete(person).await,
                    1 => theatre.moderate(review, json!("SPAM")).await,
                    2 => theatre.moderate(review, Value::Null).await,
                    3 => {
                        let call = theatre.write_call(person, &format!("again-{stars}"), stars);
                        theatre.shop.call("create-performance-review", call).await
                    }
                    _ => theatre.edit(person, json!({ "stars": stars })).await,
                }
            }
        });
        let answers = join_all(steps).await;
        assert!(answers.iter().all(|answer| answer.status < 500), "{answers:?}");
        theatre.counts().await;
    }
}

#[tokio::test]
async fn a_customer_writes_or_edits_ten_reviews_a_day() {
    let theatre = Theatre::with(&["ann"]).await;
    assert_eq!(theatre.write("ann", 1).await.status, 201);
    for nth in 0..9 {
        let edited = theatre.edit("ann", json!({ "stars": 2 + nth % 2 })).await;
        assert_eq!(edited.status, 200, "{nth}: {edited:?}");
    }
    let refused = theatre.edit("ann", json!({ "stars": 5 })).await;
    assert_eq!(seen(&refused), (409, "too-many-reviews"));
    assert_eq!(
        theatre.edit("ann", json!({ "stars": 2 })).await.status,
        200,
        "it is so already"
    );
    assert_eq!(theatre.delete("ann").await.status, 200);
    let again = theatre
        .shop
        .call("create-performance-review", theatre.write_call("ann", "again", 4))
        .await;
    assert_eq!(seen(&again), (409, "too-many-reviews"));
    theatre.shop.advance(SignedDuration::from_hours(12));
    let again = theatre
        .shop
        .call("create-performance-review", theatre.write_call("ann", "again", 4))
        .await;
    assert_eq!(again.status, 201, "the next day in UTC: {again:?}");
}

#[tokio::test]
async fn reviews_that_break_a_rule_are_refused() {
    let theatre = Theatre::with(&["ann"]).await;
    let ticket = theatre.ticket("ann");
    for (body, expected) in [
        (json!({ "ticket_id": ticket, "stars": 0 }), (422, "invalid-review")),
        (json!({ "ticket_id": ticket, "stars": 6 }), (422, "invalid-review")),
        (
            json!({ "ticket_id": ticket, "stars": 5, "text": "" }),
            (422, "invalid-text"),
        ),
        (
            json!({ "ticket_id": ticket, "stars": 5, "text": "가".repeat(2_001) }),
            (422, "invalid-text"),
        ),
        (json!({ "ticket_id": ticket, "stars": 5.5 }), (400, "malformed-body")),
        (json!({ "ticket_id": ticket, "stars": -1 }), (400, "malformed-body")),
        (json!({ "stars": 5 }), (400, "malformed-body")),
        (
            json!({ "ticket_id": ticket, "stars": 5, "customer_id": "bob" }),
            (400, "malformed-body"),
        ),
    ] {
        let call = theatre.of("POST", "/performances/{performance_id}/reviews");
        let answer = theatre
            .shop
            .call("create-performance-review", call.by("ann").key("k").json(&body))
            .await;
        assert_eq!(seen(&answer), expected, "{body}");
    }
    let longest = json!({ "ticket_id": ticket, "stars": 5, "text": "가".repeat(2_000) });
    let call = theatre.of("POST", "/performances/{performance_id}/reviews");
    let answer = theatre
        .shop
        .call("create-performance-review", call.by("ann").key("k").json(&longest))
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[tokio::test]
async fn pages_of_reviews_have_each_one_once_newest_first() {
    let people = ["ann", "bob", "cat", "dan", "eve"];
    let theatre = Theatre::with(&people).await;
    let mut written = vec![];
    for (nth, person) in people.iter().enumerate() {
        let review = theatre.write(person, 1 + nth as u8).await;
        written.insert(0, text(&review.body, "performance_review_id"));
        theatre.shop.advance(SignedDuration::from_secs(1));
    }
    let (mut found, mut cursor) = (vec![], None::<String>);
    loop {
        let mut call = theatre
            .of("GET", "/performances/{performance_id}/reviews")
            .query("limit", "2");
        if let Some(cursor) = &cursor {
            call = call.query("cursor", cursor);
        }
        let page = theatre.shop.call("list-performance-reviews", call).await;
        assert_eq!(page.body["rating"]["mean"], 3.0);
        let items = page.body["items"].as_array().unwrap().iter();
        found.extend(items.map(|one| text(one, "performance_review_id")));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(found, written);
    let other = Call::new("GET", "/performances/{performance_id}/reviews")
        .path("performance_id", "018f0000-0000-8000-8000-000000000000");
    let none = theatre.shop.call("list-performance-reviews", other).await;
    assert_eq!(
        none.body,
        json!({ "rating": { "stars": [0, 0, 0, 0, 0], "count": 0 }, "items": [] })
    );
}

#[tokio::test]
async fn the_events_of_a_review_have_no_text() {
    let theatre = Theatre::with(&["ann"]).await;
    let review = text(&theatre.write("ann", 3).await.body, "performance_review_id");
    let newest = async || {
        let events = theatre.shop.engine.events(SHOWS).await;
        let mut events = events
            .into_iter()
            .filter(|(name, _)| name.starts_with("PerformanceReview"));
        events.next_back().expect("an event")
    };
    let (name, event) = newest().await;
    assert_eq!(
        (name.as_str(), &event["metadata"]["actor"]),
        ("PerformanceReviewWritten", &json!({ "kind": "CUSTOMER", "id": "ann" }))
    );
    assert!(!event.to_string().contains("Splendid"), "{event}");
    theatre.moderate(&review, json!("OFF_TOPIC")).await;
    let (name, event) = newest().await;
    assert_eq!(
        (name.as_str(), &event["metadata"]["actor"]["kind"]),
        ("PerformanceReviewHidden", &json!("STAFF"))
    );
    theatre.moderate(&review, Value::Null).await;
    assert_eq!(newest().await.0, "PerformanceReviewShown");
    theatre.delete("ann").await;
    assert_eq!(newest().await.0, "PerformanceReviewDeleted");
}

#[tokio::test]
async fn a_review_takes_three_requests_and_an_edit_two() {
    const ANN: &str = "7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11";
    let theatre = Theatre::with(&[ANN]).await;
    let faults = &theatre.shop.engine.faults;
    faults.measure();
    assert_eq!(theatre.write(ANN, 5).await.status, 201);
    let cost = faults.cost();
    println!("a review: {cost:?}");
    let requests = |of: &[(&str, u32)]| -> HashMap<String, u32> {
        of.iter().map(|&(name, count)| (name.to_owned(), count)).collect()
    };
    assert_eq!(
        cost.requests,
        requests(&[("BatchGetItem", 1), ("GetItem", 1), ("TransactWriteItems", 1)])
    );
    assert!(cost.write_units <= 12.0 && cost.read_units <= 6.0, "{cost:?}");
    faults.measure();
    assert_eq!(theatre.edit(ANN, json!({ "stars": 4 })).await.status, 200);
    let cost = faults.cost();
    println!("an edit: {cost:?}");
    assert_eq!(
        cost.requests,
        requests(&[("BatchGetItem", 1), ("TransactWriteItems", 1)])
    );
    assert!(cost.write_units <= 12.0, "{cost:?}");
    faults.measure();
    theatre.list().await;
    let cost = faults.cost();
    println!("a list: {cost:?}");
    assert_eq!(
        cost.requests,
        requests(&[("BatchGetItem", 1), ("GetItem", 1), ("Query", 1)])
    );
}

#[tokio::test]
async fn a_check_in_stays_one_write_and_no_review_is_left_without_its_ticket() {
    let theatre = Theatre::with(&["ann"]).await;
    theatre.write("ann", 5).await;
    let tickets = theatre.shop.engine.items(TICKETS).await;
    let shows = theatre.shop.engine.items(SHOWS).await;
    let review = shows
        .iter()
        .find(|item| item["pk"].as_str().unwrap().starts_with("REVIEW#"))
        .unwrap();
    let ticket = format!("TICKET#{}", review["ticket_id"].as_str().unwrap());
    let ticket = tickets.iter().find(|item| item["pk"] == ticket.as_str()).unwrap();
    assert_eq!(
        (&ticket["holder_id"], &ticket["showtime_id"]),
        (&json!("ann"), &json!(theatre.showtime))
    );
    assert!(ticket["check_in"].is_object());
}
