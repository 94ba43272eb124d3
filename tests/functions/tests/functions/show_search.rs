//! The search over performances, performers and venues.

use function_tests::search_fixture::{ids, search_call};
use function_tests::tickets_fixture::{TicketsFixture, create, performance, text, update};
use function_tests::{SearchFixture, changes};
use harness::gateway::Call;
use jiff::SignedDuration;
use search_engine::Checksum;
use serde_json::{Value, json};
use shared::search::DocumentKind;
use shared::tickets::ShowKind;
use tickets::watch_shows::{self, WatchShows};

/// A shop with tickets and a search.
struct Theatre {
    search: SearchFixture,
    tickets: TicketsFixture,
}

impl Theatre {
    async fn open() -> Self {
        let search = SearchFixture::open().await;
        Self {
            tickets: TicketsFixture::in_shop(search.shop.again()),
            search,
        }
    }

    async fn performer(&self, names: &Value) -> String {
        let call = create("/admin/performers", &json!({ "names": names }));
        text(&self.tickets.created("create-performer", call).await, "performer_id")
    }

    async fn performance(&self, titles: &Value, status: &str, cast: &[&str]) -> String {
        let mut body = performance();
        body["titles"] = titles.clone();
        body["status"] = json!(status);
        body["cast"] = cast
            .iter()
            .map(|performer| json!({ "performer_id": performer }))
            .collect();
        let call = create("/admin/performances", &body);
        text(
            &self.tickets.created("create-performance", call).await,
            "performance_id",
        )
    }

    async fn change_performance(&self, id: &str, change: &Value) {
        self.tickets.advance(SignedDuration::from_millis(1));
        let route = "/admin/performances/{performance_id}";
        let call = update(route, "performance_id", id, "*", change);
        let answer = self.tickets.call("update-performance", call).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Delivers the changes of these shows, and writes the index.
    async fn index(&self, shows: &[(ShowKind, &str)]) {
        let keys: Vec<String> = shows
            .iter()
            .map(|(kind, id)| format!("{}{id}", kind.key_prefix()))
            .collect();
        let function = WatchShows::new(self.search.platform()).unwrap();
        watch_shows::handle(&function, changes(&keys), self.search.shop.invocation())
            .await
            .unwrap();
        self.search.write().await;
    }

    async fn found(&self, parameters: &[(&str, &str)]) -> Vec<Value> {
        let answer = self.search.search(search_call(parameters)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["items"].as_array().unwrap().clone()
    }

    /// The checksum of the shows as they are stored.
    async fn stored(&self) -> Checksum {
        let mut checksum = Checksum::default();
        for item in self.search.shop.engine.items(harness::engine::SHOWS).await {
            if let Some((kind, id)) = ShowKind::in_key(item["pk"].as_str().unwrap()) {
                let version = item["version"].as_u64().unwrap();
                checksum.add(DocumentKind::from(kind).name(), &id.to_string(), version);
            }
        }
        checksum
    }
}

#[tokio::test]
async fn performances_performers_venues_and_products_are_found_in_one_request() {
    let theatre = Theatre::open().await;
    let performer = theatre
        .performer(&json!({ "ko": "조성진", "en": "Seong-Jin Cho" }))
        .await;
    let titles = json!({ "ko": "조성진 피아노 리사이틀", "en": "Piano recital" });
    let performance = theatre.performance(&titles, "LISTED", &[&performer]).await;
    let venue = json!({ "names": { "ko": "조성 음악당" }, "time_zone": "Asia/Seoul" });
    let venue = theatre
        .tickets
        .created("create-venue", create("/admin/venues", &venue))
        .await;
    let venue = text(&venue, "venue_id");
    theatre.search.index(&[("record", "조성진 쇼팽 음반")]).await;
    let shows = [
        (ShowKind::Performer, &*performer),
        (ShowKind::Performance, &*performance),
        (ShowKind::Venue, &*venue),
    ];
    theatre.index(&shows).await;

    let found = theatre.found(&[("q", "조성")]).await;
    let mut kinds: Vec<&str> = found.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["PERFORMANCE", "PERFORMER", "PRODUCT", "VENUE"]);
    let of_performer = theatre.found(&[("q", "cho"), ("kind", "PERFORMER")]).await;
    let expected = json!([{
        "kind": "PERFORMER", "id": performer, "title": "Seong-Jin Cho", "quality": "TEXT",
        "highlights": [{ "start": 10, "end": 13 }],
        "show": { "names": { "ko": "조성진", "en": "Seong-Jin Cho" } },
    }]);
    assert_eq!(json!(of_performer), expected, "the title is the one that matches");
    let by_cast = theatre.found(&[("q", "seong-jin"), ("kind", "PERFORMANCE")]).await;
    assert_eq!(by_cast[0]["id"], json!(performance), "{by_cast:?}");
    let typed = Call::new("GET", "/search/suggestions").query("q", "Piano");
    let suggestions = theatre.search.suggest(typed).await;
    assert_eq!(suggestions.body["items"][0]["text"], "Piano recital", "{suggestions:?}");
}

#[tokio::test]
async fn a_draft_of_a_performance_is_not_found_until_it_is_listed() {
    let theatre = Theatre::open().await;
    let id = theatre.performance(&json!({ "en": "Nutcracker" }), "DRAFT", &[]).await;
    let show = [(ShowKind::Performance, &*id)];
    theatre.index(&show).await;
    assert!(theatre.found(&[("q", "nutcracker")]).await.is_empty());
    theatre.change_performance(&id, &json!({ "status": "LISTED" })).await;
    theatre.index(&show).await;
    assert_eq!(theatre.found(&[("q", "nutcracker")]).await.len(), 1);
    theatre
        .change_performance(&id, &json!({ "titles": { "en": "Swan Lake" } }))
        .await;
    theatre.index(&show).await;
    assert!(theatre.found(&[("q", "nutcracker")]).await.is_empty());
    theatre.change_performance(&id, &json!({ "status": "DRAFT" })).await;
    theatre.index(&show).await;
    assert!(theatre.found(&[("q", "swan")]).await.is_empty());
}

#[tokio::test]
async fn a_deleted_performance_is_not_found_any_more() {
    let theatre = Theatre::open().await;
    let id = theatre.performance(&json!({ "en": "Nutcracker" }), "LISTED", &[]).await;
    let show = [(ShowKind::Performance, &*id)];
    theatre.index(&show).await;
    assert_eq!(theatre.found(&[("q", "nutcracker")]).await.len(), 1);
    let call = Call::new("DELETE", "/admin/performances/{performance_id}").path("performance_id", &id);
    let deleted = theatre.tickets.call("delete-performance", call.by_admin()).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    theatre.index(&show).await;
    assert!(theatre.found(&[("q", "nutcracker")]).await.is_empty());
}

#[tokio::test]
async fn a_show_that_no_message_has_named_is_found_by_the_daily_comparison() {
    let theatre = Theatre::open().await;
    theatre.search.index(&[("tea", "Green tea")]).await;
    let id = theatre.performance(&json!({ "en": "Nutcracker" }), "LISTED", &[]).await;
    theatre.performer(&json!({ "en": "Clara" })).await;
    theatre.tickets.venue("Asia/Seoul").await;
    let summary = theatre.search.sweep().await;
    assert_eq!((summary.compared, summary.queued), (4, 3));
    theatre.search.write().await;
    for (text, found) in [("nutcracker", 1), ("clara", 1), ("opera", 1), ("tea", 1)] {
        assert_eq!(theatre.found(&[("q", text)]).await.len(), found, "{text}");
    }
    theatre
        .change_performance(&id, &json!({ "titles": { "en": "Swan Lake" } }))
        .await;
    assert_eq!(theatre.search.sweep().await.queued, 1);
    theatre.search.write().await;
    assert_eq!(theatre.found(&[("q", "swan")]).await.len(), 1);
    assert_eq!(theatre.search.sweep().await.differing_buckets, 0);
}

#[tokio::test]
async fn a_rebuild_has_every_show_and_a_roll_back_catches_up_with_those_that_have_changed() {
    let theatre = Theatre::open().await;
    let mut ids = vec![];
    // More than a query reads.
    for number in 0..120 {
        let status = if number % 3 == 0 { "DRAFT" } else { "LISTED" };
        ids.push(
            theatre
                .performance(&json!({ "en": format!("Show {number}") }), status, &[])
                .await,
        );
        theatre.performer(&json!({ "en": format!("Performer {number}") })).await;
    }
    theatre.tickets.venue("Asia/Seoul").await;
    assert_eq!(theatre.search.start_rebuild("k").await.status, 202);
    theatre.search.write().await;
    let state = theatre.search.state();
    assert_eq!(
        (state.next, state.current.manifest.checksum),
        (None, theatre.stored().await)
    );
    let documents = &theatre.search.see_index().await.body["documents"];
    assert_eq!(documents, &json!({ "PERFORMANCE": 120, "PERFORMER": 120, "VENUE": 1 }));

    assert_eq!(theatre.search.start_rebuild("k2").await.status, 202);
    theatre.search.write().await;
    theatre
        .change_performance(&ids[1], &json!({ "titles": { "en": "Swan Lake" } }))
        .await;
    theatre.index(&[(ShowKind::Performance, &ids[1])]).await;
    assert_eq!(theatre.search.roll_back("k3").await.status, 200);
    theatre.search.write().await;
    assert_eq!(ids_of(&theatre.found(&[("q", "swan")]).await), [ids[1].as_str()]);
}

#[tokio::test]
async fn a_show_that_cannot_be_read_does_not_keep_the_others_from_the_index() {
    let theatre = Theatre::open().await;
    let performer = theatre.performer(&json!({ "en": "Clara" })).await;
    let damaged = theatre.performance(&json!({ "en": "Swan Lake" }), "LISTED", &[]).await;
    let titles = json!({ "en": "Nutcracker" });
    let performance = theatre.performance(&titles, "LISTED", &[&performer]).await;
    let engine = &theatre.search.shop.engine;
    let key = |kind: ShowKind, id: &str| format!("{}{id}", kind.key_prefix());
    engine.damage_show(&key(ShowKind::Performance, &damaged)).await;
    engine.damage_show(&key(ShowKind::Performer, &performer)).await;
    let shows = [
        (ShowKind::Performance, &*damaged),
        (ShowKind::Performance, &*performance),
    ];
    theatre.index(&shows).await;
    assert_eq!(
        ids_of(&theatre.found(&[("q", "nutcracker")]).await),
        [performance.as_str()]
    );
    let summary = theatre.search.sweep().await;
    assert_eq!((summary.compared, summary.damaged), (1, 2));
    theatre.search.start_rebuild("k").await;
    theatre.search.write().await;
    assert_eq!(theatre.search.state().next, None);
    assert_eq!(theatre.found(&[]).await.len(), 1);
}

fn ids_of(items: &[Value]) -> Vec<String> {
    ids(&json!({ "items": items }))
}
