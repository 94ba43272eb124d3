//! A shop with tickets: their functions on the engine, and a stand-in for S3.

use std::ops::Deref;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lambda_events::sqs::SqsBatchResponse;
use harness::gateway::{Answer, Call};
use harness::objects::FakeS3;
use harness::{FakeQueue, FakeVault, Services, TICKET_KEYS};
use jiff::SignedDuration;
use orders::cancel_unservable_orders::{self, CancelUnservableOrders};
use serde_json::{Value, json};
use shared::aws::Platform;
use shared::aws::lambda::action::Handler;
use shared::core::actor::Actor;
use tickets::plan::sample;

use crate::Shop;

/// A shop with tickets. Dereferences to its [`Shop`].
#[derive(Debug)]
pub struct TicketsFixture {
    /// The shop.
    pub shop: Shop,
    /// The stand-in for S3.
    pub s3: FakeS3,
    /// The secret with the keys of tickets.
    pub vault: FakeVault,
    /// The queue of orders that the shop cannot serve.
    pub unservable: FakeQueue,
}

impl Deref for TicketsFixture {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

/// The first key of tickets.
pub const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A hall with a performance.
#[derive(Clone, Debug)]
pub struct Hall {
    /// The venue.
    pub venue: String,
    /// The seating plan of the venue.
    pub plan: String,
    /// The performance.
    pub performance: String,
}

impl TicketsFixture {
    /// Opens an empty shop.
    pub async fn open() -> Self {
        Self::in_shop(Shop::open().await)
    }

    /// Adds tickets to a shop.
    pub fn in_shop(shop: Shop) -> Self {
        let vault = FakeVault::default();
        vault.set_secret(TICKET_KEYS, &json!({ "1": KEY }));
        Self {
            shop,
            s3: FakeS3::default(),
            vault,
            unservable: FakeQueue::new(SignedDuration::from_mins(3), 40),
        }
    }

    /// Returns the platform that its functions are built from.
    pub fn platform(&self) -> Platform {
        let services = Services {
            objects: Some(self.s3.clone()),
            secrets: Some(self.vault.clone()),
            queue: Some(self.unservable.clone()),
            ..Services::default()
        };
        self.shop.platform().with_aws(services.config())
    }

    /// Builds an action.
    pub fn handler(&self, action: &str) -> Handler {
        let mut actions = tickets::ACTIONS.iter();
        let action = actions
            .find(|known| known.name == action)
            .expect("an action of tickets");
        (action.build)(&self.platform()).expect("its variables")
    }

    /// Calls the action with this name.
    pub async fn call(&self, action: &str, call: Call) -> Answer {
        self.call_with(&self.handler(action), call).await
    }

    /// Calls an action that was built before.
    pub async fn call_with(&self, handler: &Handler, call: Call) -> Answer {
        let Handler::Http(handle) = handler else {
            panic!("an action of the API")
        };
        let response = handle(call.event().to_string(), self.invocation()).await;
        call.declared(Answer::of(response))
    }

    /// Creates something for which the answer is 201, and returns its body.
    pub async fn created(&self, action: &str, call: Call) -> Value {
        let answer = self.call(action, call).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body
    }

    /// Creates a venue in `zone`, and returns its id.
    pub async fn venue(&self, zone: &str) -> String {
        let call = create(
            "/admin/venues",
            &json!({ "names": { "en": "Opera House" }, "time_zone": zone }),
        );
        text(&self.created("create-venue", call).await, "venue_id")
    }

    /// Creates a plan of `sections` × `rows` × `seats`, and returns it.
    pub async fn plan(&self, venue: &str, sections: usize, rows: usize, seats: usize) -> Value {
        let body = plan(sections, rows, seats);
        self.created("create-plan", plan_call(venue, &body)).await
    }

    /// Creates a listed performance, and returns its id.
    pub async fn performance(&self) -> String {
        let call = create("/admin/performances", &performance());
        text(&self.created("create-performance", call).await, "performance_id")
    }

    /// Creates a venue in `zone` with a plan of `sections` × `rows` × `seats`, and a performance.
    pub async fn hall(&self, zone: &str, sections: usize, rows: usize, seats: usize) -> Hall {
        let venue = self.venue(zone).await;
        let plan = text(&self.plan(&venue, sections, rows, seats).await, "plan_id");
        Hall {
            venue,
            plan,
            performance: self.performance().await,
        }
    }

    /// Creates a draft of a showtime, and returns its id.
    pub async fn showtime(&self, hall: &Hall) -> String {
        let call = showtime_call(&hall.performance, &showtime(&hall.plan));
        text(&self.created("create-showtime", call).await, "showtime_id")
    }

    /// Publishes a showtime.
    pub async fn publish(&self, showtime: &str) -> Answer {
        self.call("publish-showtime", publish_call(showtime)).await
    }

    /// Creates and publishes a showtime, and returns its id.
    pub async fn on_sale(&self, hall: &Hall) -> String {
        let showtime = self.showtime(hall).await;
        let published = self.publish(&showtime).await;
        assert_eq!(published.status, 200, "{published:?}");
        showtime
    }

    /// Changes a showtime, whatever it is now.
    pub async fn change(&self, showtime: &str, body: &Value) -> Answer {
        let call = update("/admin/showtimes/{showtime_id}", "showtime_id", showtime, "*", body);
        self.call("update-showtime", call).await
    }

    /// Blocks or releases seats under `key`.
    pub async fn change_seats(&self, action: &str, showtime: &str, key: &str, seats: &[&str]) -> Answer {
        let body = json!({ "seats": seats });
        self.call(action, change_call(action, showtime, key, &body)).await
    }

    /// Blocks or releases places of an area under `key`.
    pub async fn change_places(&self, action: &str, showtime: &str, key: &str, area: &str, count: u32) -> Answer {
        let body = json!({ "general": { "area": area, "count": count } });
        self.call(action, change_call(action, showtime, key, &body)).await
    }

    /// Advances the clock to 6 January 2026, when the fixture's performance is on sale.
    pub fn open_sale(&self) {
        self.advance(SignedDuration::from_hours(5 * 24 + 12));
    }

    /// Holds seats of a showtime for a customer.
    pub async fn hold(&self, customer: &str, key: &str, showtime: &str, seats: &[&str]) -> Answer {
        self.call(
            "hold-seats",
            hold_call(customer, key, showtime, &json!({ "seats": seats })),
        )
        .await
    }

    /// Holds the best seats of a class for a customer.
    pub async fn hold_best(&self, customer: &str, key: &str, showtime: &str, class: &str, count: u8) -> Answer {
        let body = json!({ "best": { "class": class, "count": count } });
        self.call("hold-seats", hold_call(customer, key, showtime, &body)).await
    }

    /// Holds places of an area of general admission for a customer.
    pub async fn hold_places(&self, customer: &str, key: &str, showtime: &str, area: &str, count: u8) -> Answer {
        let body = json!({ "general": { "area": area, "count": count } });
        self.call("hold-seats", hold_call(customer, key, showtime, &body)).await
    }

    /// Delivers `OrderPaid` of an order to `mark-seats-sold`.
    pub async fn mark_sold(&self, order: &Value) {
        self.deliver("mark-seats-sold", "OrderPaid", order).await;
    }

    /// Delivers an event of an order to `update-order-tickets`.
    pub async fn update_tickets(&self, detail_type: &str, order: &Value) {
        let failed = self.update_tickets_of(detail_type, &[order]).await;
        assert_eq!(failed, [] as [usize; 0], "handled");
    }

    /// Delivers events of orders to `update-order-tickets`, in one batch. Returns the places of those that failed.
    pub async fn update_tickets_of(&self, detail_type: &str, orders: &[&Value]) -> Vec<usize> {
        let message = |order: &&Value| self.delivery("madang.orders", detail_type, order).to_string();
        let messages: Vec<String> = orders.iter().map(message).collect();
        self.serve_messages("update-order-tickets", &messages).await
    }

    /// Delivers messages to a function of a queue, in one batch. Returns the places of those that failed.
    async fn serve_messages(&self, action: &str, messages: &[String]) -> Vec<usize> {
        let Handler::Event(handle) = self.handler(action) else {
            panic!("a function of a queue")
        };
        let messages = messages.iter().enumerate();
        let record = |(nth, body): (usize, &String)| json!({ "messageId": nth.to_string(), "body": body });
        let messages: Vec<Value> = messages.map(record).collect();
        let batch = json!({ "Records": messages }).to_string();
        let response = handle(batch, self.invocation()).await.expect("a response to the queue");
        let failures = response["batchItemFailures"].as_array().expect("a list");
        let place = |failure: &Value| text(failure, "itemIdentifier").parse().expect("a place");
        failures.iter().map(place).collect()
    }

    /// Delivers an event of a showtime to `update-showtime-orders`.
    pub async fn update_showtime_orders(&self, showtime: &str) {
        let data = json!({ "showtime_id": showtime });
        let message = self.delivery("madang.tickets", "ShowtimeChanged", &data).to_string();
        let failed = self.serve_messages("update-showtime-orders", &[message]).await;
        assert_eq!(failed, [] as [usize; 0], "handled");
    }

    /// Delivers the waiting messages of the queue, all of which name orders of a moved showtime, to `update-order-tickets`. Returns
    /// how many there were.
    pub async fn update_named_tickets(&self) -> usize {
        let mut named = 0;
        while let Some(delivery) = self.unservable.receive(10, self.now()) {
            let messages: Vec<String> = delivery
                .batch
                .messages
                .iter()
                .map(|message| message.body.clone())
                .collect();
            let failed = self.serve_messages("update-order-tickets", &messages).await;
            assert_eq!(failed, [] as [usize; 0], "handled");
            self.unservable.settle(&delivery, &SqsBatchResponse::default());
            named += messages.len();
        }
        named
    }

    /// Delivers the waiting messages of the queue to `cancel-unservable-orders`. Returns how many failed.
    pub async fn cancel_unservable_orders(&self) -> usize {
        let function = CancelUnservableOrders::new(&self.platform()).expect("its variables");
        let mut failed = 0;
        while let Some(delivery) = self.unservable.receive(10, self.now()) {
            let invocation = self.invocation().by(Actor::function("cancel-unservable-orders"));
            let handled = cancel_unservable_orders::handle(&function, delivery.batch.clone(), invocation).await;
            let response = handled.expect("a response to the queue");
            failed += response.batch_item_failures.len();
            self.unservable.settle(&delivery, &response);
        }
        failed
    }

    async fn deliver(&self, action: &str, detail_type: &str, data: &Value) {
        let Handler::Event(handle) = self.handler(action) else {
            panic!("a function of events")
        };
        let event = self.delivery("madang", detail_type, data);
        handle(event.to_string(), self.invocation()).await.expect("handled");
    }

    /// Returns a customer's ticket with its code.
    pub async fn ticket(&self, customer: &str, id: &str) -> Answer {
        self.call("get-ticket", ticket_call("/tickets/{ticket_id}", customer, id))
            .await
    }

    /// Returns a customer's tickets.
    pub async fn tickets(&self, customer: &str) -> Vec<Value> {
        let answer = self
            .call("list-tickets", Call::new("GET", "/tickets").by(customer))
            .await;
        answer.body["items"].as_array().expect("a list").clone()
    }

    /// Checks a ticket in at a gate, under `key`.
    pub async fn check_in(&self, key: &str, showtime: &str, code: &str, gate: &str) -> Answer {
        self.call("check-in-ticket", check_in_call(key, showtime, code, gate))
            .await
    }

    /// Offers a customer's ticket to somebody else under `key`, and returns the offer with its code.
    pub async fn offer(&self, customer: &str, key: &str, ticket: &str) -> Value {
        self.created("create-transfer-offer", offer_call(customer, key, ticket))
            .await
    }

    /// Accepts an offer for a customer.
    pub async fn accept(&self, customer: &str, offer: &Value) -> Answer {
        self.call("accept-transfer-offer", accept_call(customer, "accept", offer))
            .await
    }

    /// Returns the seat map.
    pub async fn seat_map(&self, showtime: &str) -> Answer {
        self.call("get-seat-map", seat_map_call(showtime)).await
    }

    /// Returns a showtime as everybody sees it.
    pub async fn see(&self, showtime: &str) -> Answer {
        let call = Call::new("GET", "/showtimes/{showtime_id}").path("showtime_id", showtime);
        self.call("get-showtime", call).await
    }
}

/// Returns the body of a plan of `sections` × `rows` × `seats`.
pub fn plan(sections: usize, rows: usize, seats: usize) -> Value {
    json!(sample::hall(sections, rows, seats))
}

/// Returns the body of a plan of `sections` × `rows` × `seats` with the standing area B of `places` in the zone `floor`.
pub fn plan_with_area((sections, rows, seats): (usize, usize, usize), places: u32) -> Value {
    let mut plan = sample::hall(sections, rows, seats);
    plan.areas = vec![sample::area("B", "floor", places)];
    json!(plan)
}

/// Returns the body of a listed performance.
pub fn performance() -> Value {
    json!({
        "titles": { "en": "The Nutcracker", "ko": "호두까기 인형" },
        "status": "LISTED",
        "duration_minutes": 120,
        "age_limit": 8,
        "max_seats": 4,
        "on_sale_at": "2026-01-05T01:00:00Z",
        "refund_policy": {
            "free_days": 7,
            "free_days_before": 10,
            "steps": [
                { "days_before": 10, "percent": 10, "at_most": { "amount": 4000, "currency": "KRW" } },
                { "days_before": 7, "percent": 10 },
                { "days_before": 3, "percent": 20 },
                { "days_before": 1, "percent": 30 },
            ],
        },
    })
}

/// Returns the body of a showtime on 7 March 2026.
pub fn showtime(plan: &str) -> Value {
    json!({
        "plan_id": plan,
        "local_start": "2026-03-07T19:00:00",
        "prices": [
            { "class": "VIP", "price": { "amount": 150_000, "currency": "KRW" }, "zones": ["front"] },
            { "class": "R", "price": { "amount": 90_000, "currency": "KRW" }, "zones": ["back"] },
        ],
    })
}

/// Returns the body of a showtime on 7 March 2026 whose standing area costs 50,000 won, in the class ST.
pub fn showtime_with_area(plan: &str) -> Value {
    let mut body = showtime(plan);
    let standing = json!({ "class": "ST", "price": { "amount": 50_000, "currency": "KRW" }, "zones": ["floor"] });
    body["prices"].as_array_mut().expect("a list").push(standing);
    body
}

/// Builds an administrator's request to create something, under a new key.
pub fn create(route: &'static str, body: &Value) -> Call {
    Call::new("POST", route).by_admin().key(&key()).json(body)
}

/// Builds an administrator's request to create a plan, under a new key.
pub fn plan_call(venue: &str, body: &Value) -> Call {
    create("/admin/venues/{venue_id}/plans", body).path("venue_id", venue)
}

/// Builds an administrator's request to create a showtime, under a new key.
pub fn showtime_call(performance: &str, body: &Value) -> Call {
    create("/admin/performances/{performance_id}/showtimes", body).path("performance_id", performance)
}

/// Builds an administrator's request to publish a showtime, under a new key.
pub fn publish_call(showtime: &str) -> Call {
    let call = Call::new("POST", "/admin/showtimes/{showtime_id}/publish");
    call.path("showtime_id", showtime).by_admin().key(&key())
}

/// Builds an administrator's request to change what has the `ETag` `tag`.
pub fn update(route: &'static str, name: &'static str, id: &str, tag: &str, body: &Value) -> Call {
    let call = Call::new("PATCH", route).path(name, id).by_admin();
    call.header("if-match", tag).json(body)
}

/// Builds a request to hold seats.
pub fn hold_call(customer: &str, key: &str, showtime: &str, body: &Value) -> Call {
    let call = Call::new("POST", "/showtimes/{showtime_id}/holds").path("showtime_id", showtime);
    call.by(customer).key(key).json(body)
}

/// Builds an administrator's request to block or release seats or places.
pub fn change_call(action: &str, showtime: &str, key: &str, body: &Value) -> Call {
    let (block, release) = (
        "/admin/showtimes/{showtime_id}/block-seats",
        "/admin/showtimes/{showtime_id}/release-seats",
    );
    let route = if action == "block-seats" { block } else { release };
    let call = Call::new("POST", route).path("showtime_id", showtime);
    call.by_admin().key(key).json(body)
}

/// Builds a request for a seat map.
pub fn seat_map_call(showtime: &str) -> Call {
    Call::new("GET", "/showtimes/{showtime_id}/seats").path("showtime_id", showtime)
}

/// Builds a customer's call about a ticket.
pub fn ticket_call(route: &'static str, customer: &str, id: &str) -> Call {
    let method = if route.ends_with("replace-code") { "POST" } else { "GET" };
    Call::new(method, route).path("ticket_id", id).by(customer)
}

/// Builds a scan of a code.
pub fn check_in_call(key: &str, showtime: &str, code: &str, gate: &str) -> Call {
    let call = Call::new("POST", "/admin/showtimes/{showtime_id}/check-ins").path("showtime_id", showtime);
    call.by_admin()
        .key(&scan_key(key))
        .json(&json!({ "code": code, "gate": gate }))
}

/// Builds an administrator's request to undo the check-in of a ticket by a scan.
pub fn undo_call(key: &str, ticket: &str, scan: &Value) -> Call {
    let call = Call::new("POST", "/admin/tickets/{ticket_id}/undo-check-in").path("ticket_id", ticket);
    let body = json!({ "scan_id": scan, "reason": "A test of the scanner" });
    call.by_admin().key(key).json(&body)
}

/// Returns a key that is long enough for a scan.
pub fn scan_key(key: &str) -> String {
    format!("scan-at-the-door-{key}")
}

/// Builds an upload of scans: the key, the code, the gate and the time of each.
pub fn upload_call(key: &str, showtime: &str, scans: &[Value]) -> Call {
    let call = Call::new("POST", "/admin/showtimes/{showtime_id}/scans").path("showtime_id", showtime);
    call.by_admin().key(key).json(&json!({ "scans": scans }))
}

/// Returns a text member.
pub fn text(body: &Value, member: &str) -> String {
    body[member].as_str().expect("a text").to_owned()
}

/// Returns a new key.
pub fn key() -> String {
    static KEYS: AtomicI64 = AtomicI64::new(0);
    format!("show-{}", KEYS.fetch_add(1, Ordering::SeqCst))
}

/// Builds a customer's offer of a ticket under `key`.
pub fn offer_call(customer: &str, key: &str, ticket: &str) -> Call {
    let call = Call::new("POST", "/tickets/{ticket_id}/transfer-offers").path("ticket_id", ticket);
    call.by(customer).key(key)
}

/// Builds a customer's request to take an offer back.
pub fn delete_offer_call(customer: &str, offer: &Value) -> Call {
    of_offer(
        "DELETE",
        "/tickets/{ticket_id}/transfer-offers/{transfer_offer_id}",
        offer,
    )
    .by(customer)
}

/// Builds a customer's acceptance of an offer, with its code.
pub fn accept_call(customer: &str, key: &str, offer: &Value) -> Call {
    let route = "/tickets/{ticket_id}/transfer-offers/{transfer_offer_id}/accept";
    let call = of_offer("POST", route, offer);
    call.by(customer).key(key).json(&json!({ "code": offer["code"] }))
}

fn of_offer(method: &'static str, route: &'static str, offer: &Value) -> Call {
    let call = Call::new(method, route).path("ticket_id", &text(offer, "ticket_id"));
    call.path("transfer_offer_id", &text(offer, "transfer_offer_id"))
}
