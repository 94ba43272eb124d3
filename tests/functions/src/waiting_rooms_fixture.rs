//! A shop with waiting rooms: their functions on the engine.

use std::ops::Deref;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use harness::engine::WAITING_ROOMS;
use harness::gateway::{Answer, Call};
use harness::{ADMISSION_KEYS, FakeVault, Services};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::aws::Platform;
use shared::aws::lambda::action::Handler;

use crate::Shop;
use crate::tickets_fixture::{KEY, key};

/// A shop with waiting rooms. Dereferences to its [`Shop`].
#[derive(Debug)]
pub struct WaitingRoomsFixture {
    /// The shop.
    pub shop: Shop,
    /// The secrets.
    pub vault: FakeVault,
}

impl Deref for WaitingRoomsFixture {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl WaitingRoomsFixture {
    /// Opens a shop.
    pub async fn open() -> Self {
        Self::in_shop(Shop::open().await)
    }

    /// Adds waiting rooms to a shop.
    pub fn in_shop(shop: Shop) -> Self {
        let vault = FakeVault::default();
        vault.set_secret(ADMISSION_KEYS, &json!({ "1": KEY }));
        Self { shop, vault }
    }

    /// Returns the platform that its functions are built from.
    pub fn platform(&self) -> Platform {
        let services = Services {
            secrets: Some(self.vault.clone()),
            ..Services::default()
        };
        self.shop.platform().with_aws(services.config())
    }

    /// Builds an action.
    pub fn handler(&self, action: &str) -> Handler {
        let mut actions = waiting_rooms::ACTIONS.iter();
        let action = actions
            .find(|known| known.name == action)
            .expect("an action of waiting rooms");
        (action.build)(&self.platform()).expect("its variables")
    }

    /// Calls the action with this name, as a function that has just started.
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

    /// Tells the rooms of a change of an alarm.
    pub async fn alarm(&self, state: &str) {
        let Handler::Event(handle) = self.handler("slow-waiting-rooms") else {
            panic!("an action of events")
        };
        handle(alarm_change(state).to_string(), self.invocation())
            .await
            .expect("it is handled");
    }

    /// Creates a room that opens after `delay` and admits this many people a minute, and returns its id.
    pub async fn room(&self, delay: SignedDuration, rate_per_minute: u32) -> String {
        let body = json!({ "name": "Spring tour", "opens_at": self.now() + delay, "rate_per_minute": rate_per_minute });
        let created = self.call("create-waiting-room", create_call(&key(), &body)).await;
        assert_eq!(created.status, 201, "{created:?}");
        created.body["waiting_room_id"].as_str().expect("an id").to_owned()
    }

    /// Changes a room, whatever it is now.
    pub async fn change(&self, room: &str, body: &Value) -> Answer {
        self.call("update-waiting-room", update_call(room, "*", body)).await
    }

    /// Joins a customer.
    pub async fn join(&self, customer: &str, room: &str) -> Answer {
        self.call("join-waiting-room", join_call(customer, room)).await
    }

    /// Joins many customers at once, and returns how many of them joined just now.
    pub async fn join_all(self: &Arc<Self>, names: impl Iterator<Item = String>, room: &str) -> usize {
        let handler = self.handler("join-waiting-room");
        let calls = names.map(|name| join_call(&name, room));
        let answers = futures::future::join_all(calls.map(|call| self.call_with(&handler, call))).await;
        assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
        answers.iter().filter(|answer| !answer.replayed).count()
    }

    /// Tries to enter.
    pub async fn enter(&self, customer: &str, room: &str) -> Answer {
        self.call("enter-waiting-room", enter_call(customer, room)).await
    }

    /// Enters, and returns the token.
    pub async fn token(&self, customer: &str, room: &str) -> String {
        let entered = self.enter(customer, room).await;
        assert_eq!(entered.status, 200, "{entered:?}");
        entered.body["token"].as_str().expect("a token").to_owned()
    }

    /// Returns how far a room has come.
    pub async fn status(&self, room: &str) -> Value {
        let answer = self.call("get-waiting-room", status_call(room)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Counts somebody in the first part of the numbers, as a write that is stored late does.
    pub async fn count_late(&self, room: &str, sk: &str, number: &str) {
        let update = self.engine.direct.update_item().table_name(WAITING_ROOMS);
        update
            .key("pk", AttributeValue::S(format!("COUNTS#{room}#0")))
            .key("sk", AttributeValue::S(sk.to_owned()))
            .update_expression("ADD #number :one")
            .expression_attribute_names("#number", number)
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .send()
            .await
            .expect("it is stored");
    }

    /// Returns the joins that are stored, and the number that is counted.
    pub async fn joins(&self, room: &str) -> (Vec<Value>, u64) {
        let is_join = |item: &Value| item["sk"] == "JOIN" && item["waiting_room_id"] == room;
        let items = self.engine.items(WAITING_ROOMS).await;
        let counted = counted(&items, room, &["early", "s"]);
        (items.into_iter().filter(is_join).collect(), counted)
    }

    /// Returns the joins with an admission, and the numbers of entries in time and of late ones.
    pub async fn entries(&self, room: &str) -> (Vec<Value>, u64, u64) {
        let (mut joins, _) = self.joins(room).await;
        joins.retain(|join| join["admitted_at"].is_string());
        let items = self.engine.items(WAITING_ROOMS).await;
        (joins, counted(&items, room, &["i"]), counted(&items, room, &["l"]))
    }
}

/// The sum of the numbers of a room whose names begin with one of `kinds`.
fn counted(items: &[Value], room: &str, kinds: &[&str]) -> u64 {
    let counts = format!("COUNTS#{room}#");
    let of_counts = items
        .iter()
        .filter(|item| item["pk"].as_str().is_some_and(|pk| pk.starts_with(&counts)));
    let numbers = of_counts.flat_map(|item| item.as_object().expect("an item"));
    let numbers = numbers.filter(|(name, _)| kinds.iter().any(|kind| name.starts_with(kind)));
    numbers.filter_map(|(_, people)| people.as_u64()).sum()
}

/// Returns a change of an alarm, as CloudWatch sends it.
pub fn alarm_change(state: &str) -> Value {
    json!({
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "account": "123456789012",
        "region": "ap-northeast-2",
        "resources": ["arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:madang-ApiServerErrors-1ABC"],
        "detail": {
            "alarmName": "madang-ApiServerErrors-1ABC",
            "state": { "value": state, "reason": "Threshold Crossed", "timestamp": "2026-01-01T00:00:00.000+0000" },
            "previousState": { "value": "OK" },
        },
    })
}

/// Builds an administrator's request to create a room.
pub fn create_call(key: &str, body: &Value) -> Call {
    Call::new("POST", "/admin/waiting-rooms").by_admin().key(key).json(body)
}

/// Builds an administrator's request to change a room that has the `ETag` `tag`.
pub fn update_call(room: &str, tag: &str, body: &Value) -> Call {
    let call = of_room("PATCH", "/admin/waiting-rooms/{waiting_room_id}", room);
    call.by_admin().header("if-match", tag).json(body)
}

/// Builds a customer's request to join a room.
pub fn join_call(customer: &str, room: &str) -> Call {
    let call = of_room("POST", "/waiting-rooms/{waiting_room_id}/joins", room);
    call.by(customer).key("join")
}

/// Builds a customer's request to enter a room.
pub fn enter_call(customer: &str, room: &str) -> Call {
    let call = of_room("POST", "/waiting-rooms/{waiting_room_id}/enter", room);
    call.by(customer).key("enter")
}

/// Builds a request for the status of a room.
pub fn status_call(room: &str) -> Call {
    of_room("GET", "/waiting-rooms/{waiting_room_id}", room)
}

/// Builds a request to a path of a room.
pub fn of_room(method: &str, route: &str, room: &str) -> Call {
    Call::new(method, route).path("waiting_room_id", room)
}
