//! The administrator who imports and exports products.

use function_tests::import_fixture::{import_call, json_lines};
use harness::gateway::Call;
use harness::platform::CATALOG_FILES;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::product;
use crate::infrastructure::send_import_event;
use crate::world::World;

/// The products on the editor's shelf, which have schedules and sales.
const SHELF: &str = "shelf-";

/// Imports a file or exports all products, and looks at what was begun.
pub async fn exchange(world: &World) {
    match world.below(3) {
        0 => export(world).await,
        _ => import(world).await,
    }
    look(world).await;
}

/// Imports a file with products that exist, products that are new, and rows that are refused. Sometimes uploads it twice.
async fn import(world: &World) {
    let rows: Vec<Value> = (0..1 + world.below(30)).map(|_| row(world)).collect();
    let file = json_lines(&rows);
    let more = json!({ "dry_run": world.below(4) == 0 });
    let answer = world
        .request("create-import", import_call(&world.key(), &file, &more))
        .await;
    let Some(id) = answer.body["import_id"].as_str() else {
        return;
    };
    world.state().imports.insert(id.to_owned());
    for _ in 0..1 + world.below(2) {
        let event = world.objects.upload(CATALOG_FILES, &format!("imports/{id}"), &file);
        send_import_event(world, &event);
    }
}

fn row(world: &World) -> Value {
    let status = ["DRAFT", "LISTED"][world.below(2) as usize];
    match world.below(4) {
        0 => {
            let sku = product(world.below(world.fault_plan.actors.products));
            json!({ "sku": sku, "brand": format!("Brand {}", world.below(3)) })
        }
        1 if world.below(2) == 0 => {
            let soon = || json!(world.clock.now() + SignedDuration::from_secs(30 + world.below(300) as i64));
            let sku = format!("{SHELF}{}", world.below(3));
            match world.below(3) {
                0 => json!({ "sku": sku, "list_at": soon(), "unlist_at": null }),
                1 => json!({ "sku": sku, "sale": null }),
                _ => json!({ "sku": sku, "sale": {
                    "price": { "amount": 300, "currency": "KRW" }, "starts_at": soon(),
                    "ends_at": world.clock.now() + SignedDuration::from_mins(7),
                } }),
            }
        }
        1 => json!({ "sku": format!("imported-{}", world.below(8)), "price": { "amount": -1, "currency": "KRW" } }),
        _ => json!({
            "sku": format!("imported-{}", world.below(8)),
            "name": format!("Mug {}", world.below(3)),
            "price": { "amount": 500 + world.below(3), "currency": "KRW" },
            "status": status,
        }),
    }
}

async fn export(world: &World) {
    let call = Call::new("POST", "/admin/exports").by_admin().key(&world.key());
    let answer = world.request("create-export", call).await;
    if let Some(id) = answer.body["export_id"].as_str() {
        world.state().exports.insert(id.to_owned());
    }
}

async fn look(world: &World) {
    let call = Call::new("GET", "/admin/imports").by_admin();
    world.http("list-imports", call).await;
    let (imports, exports) = {
        let state = world.state();
        (
            Vec::from_iter(state.imports.clone()),
            Vec::from_iter(state.exports.clone()),
        )
    };
    if let Some(id) = world.one_of(&imports) {
        let call = Call::new("GET", "/admin/imports/{import_id}").path("import_id", &id);
        world.http("get-import", call.by_admin()).await;
    }
    if let Some(id) = world.one_of(&exports) {
        let call = Call::new("GET", "/admin/exports/{export_id}").path("export_id", &id);
        world.http("get-export", call.by_admin()).await;
    }
}
