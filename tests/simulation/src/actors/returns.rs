//! The staff who handle returns: they decide, receive units and refund, now and then at the wrong time, twice, or more than there
//! is.

use function_tests::fulfillment_fixture::{decide_call, refund_return_call};
use function_tests::payment_fixture::amount;
use harness::engine::FULFILLMENT;
use harness::gateway::Call;
use serde_json::{Value, json};

use super::{repeated, units};
use crate::world::World;

/// Takes the next step of a return.
pub async fn handle(world: &World) {
    let returns = world.state().returns.clone();
    let Some(id) = units::one_in(world, "RETURN", &returns, &["REQUESTED", "APPROVED", "RECEIVED"]) else {
        return;
    };
    let Some(details) = world.tables.item(FULFILLMENT, &format!("RETURN#{id}")) else {
        return;
    };
    let step = match (world.below(10), details["status"].as_str().expect("a status")) {
        (0, _) => ["REQUESTED", "APPROVED", "RECEIVED"][world.below(3) as usize],
        (_, status) => status,
    };
    match step {
        "REQUESTED" => decide(world, &id).await,
        "APPROVED" => receive(world, &id, &details).await,
        "RECEIVED" => refund(world, &id, &details).await,
        _ => {}
    }
}

/// Reads the list of returns that wait for a decision.
pub async fn list(world: &World) {
    let call = Call::new("GET", "/admin/returns").by_admin();
    world.http("list-returns", call).await;
}

async fn decide(world: &World, id: &str) {
    let decision = if world.below(4) == 0 { "REFUSE" } else { "APPROVE" };
    repeated::send(world, "decide-return", |key| decide_call(id, key, decision)).await;
}

/// Receives units: all of them, fewer, or one too many.
async fn receive(world: &World, id: &str, details: &Value) {
    let mut lines = vec![];
    for line in details["lines"].as_array().into_iter().flatten() {
        let sent = line["quantity"].as_u64().expect("a quantity");
        let arrived = match world.below(8) {
            0 => sent + 1,
            1 => world.below(sent + 1),
            _ => sent,
        };
        let restock = world.below(arrived + 1);
        lines.push(json!({ "line_id": line["line_id"], "restock": restock, "write_off": arrived - restock }));
    }
    let body = json!({ "lines": lines });
    let call = |key: &str| {
        let call = Call::new("POST", "/admin/returns/{return_id}/receive").path("return_id", id);
        call.by_admin().key(key).json(&body)
    };
    repeated::send(world, "receive-return", call).await;
}

/// Refunds a return: all, less a deduction, which may be too much, or with the price of the delivery.
async fn refund(world: &World, id: &str, details: &Value) {
    let lines = details["lines"].as_array().into_iter().flatten();
    let goods: u64 = lines.filter_map(|line| line["refund"]["amount"].as_u64()).sum();
    let mut body = json!({});
    if world.below(3) == 0 {
        let most = goods + goods / 4;
        body["deduction"] = json!({ "amount": amount(world.below(most + 1)), "note": "The box is damaged." });
    }
    if world.below(3) == 0 {
        body["shipping"] = amount([1_000, 3_000][world.below(2) as usize]);
    }
    repeated::send(world, "refund-return", |key| refund_return_call(id, key, &body)).await;
}
