//! Checks who the events name as their actor: the one for whom the function acted that wrote the event.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;
use shared::aws::lambda::action::Trigger;

/// The user name of the administrator in [`harness::gateway::Call::by_admin`].
const ADMIN: &str = "the-admin";

/// Sources whose entities belong to the customer who changes them. A bid can be matched by another customer's.
const OWN: [&str; 4] = [
    "madang.orders",
    "madang.payments",
    "madang.billing",
    "madang.fulfillment",
];

/// The functions that act in the name of who sent a signed message.
const WEBHOOKS: [&str; 2] = ["receive-webhook", "receive-carrier-webhook"];

static TRIGGERS: LazyLock<BTreeMap<&str, Trigger>> = LazyLock::new(|| {
    registry::actions()
        .map(|action| (action.name, action.trigger))
        .collect()
});

/// What is wrong with the actor of an event that `function` wrote, if anything. `event` is a record as stored.
pub fn violation(function: &str, event: &Value) -> Option<String> {
    let text = |name: &str| event[name]["S"].as_str().unwrap_or_default();
    let detail: Value = serde_json::from_str(text("detail")).expect("JSON");
    let actor = &detail["metadata"]["actor"];
    let (kind, id) = (actor["kind"].as_str().unwrap_or_default(), &actor["id"]);
    let is_right = match TRIGGERS.get(function) {
        // It acts for the administrator who began the import.
        Some(_) if function == "run-import" => kind == "STAFF" && id == ADMIN,
        Some(Trigger::Schedule) => kind == "SCHEDULE" && id == function,
        Some(Trigger::Event | Trigger::Queue | Trigger::Stream) => kind == "FUNCTION" && id == function,
        Some(Trigger::Http) if WEBHOOKS.contains(&function) => kind == "PROVIDER",
        // It ends the hold of another customer, whose time has passed.
        Some(Trigger::Http) if id == function => kind == "FUNCTION" && text("detail_type") == "OrderExpired",
        Some(Trigger::Http) if id == ADMIN => kind == "STAFF",
        Some(Trigger::Http) => {
            let owner = &detail["data"]["customer_id"];
            kind == "CUSTOMER" && (!OWN.contains(&text("source")) || owner == id)
        }
        None => false,
    };
    (!is_right).then(|| format!("{} by {function} names {actor}", text("detail_type")))
}
