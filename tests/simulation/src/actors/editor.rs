//! The editor of the catalog: categories, drafts, schedules, sales, and the lists that show them.

use function_tests::{
    admin_product_call, categories_call, create_call, product as product_body, reshard_call, update_call,
};
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::product;
use crate::world::World;

/// Categories, and the products on the editor's own shelf. Nobody buys them.
const CATEGORIES: [&str; 4] = ["drinks", "drinks/tea", "drinks/coffee", "gifts"];
const SHELF: u64 = 3;

/// Sets up the categories and the shelf, and looks at the lists.
pub async fn open(world: &World) {
    change_categories(world).await;
    create(world).await;
    list_all(world).await;
    walk(world).await;
}

/// Edits something, or looks at a list.
pub async fn edit(world: &World) {
    match world.below(10) {
        0 => change_categories(world).await,
        1 => create(world).await,
        2 => categorize(world).await,
        3 => drop(world.http("get-categories", Call::new("GET", "/categories")).await),
        4 => reshard(world).await,
        5 => list_all(world).await,
        6 => walk(world).await,
        _ => change(world).await,
    }
}

async fn change_categories(world: &World) {
    let path = CATEGORIES[world.below(4) as usize];
    let change = match world.below(4) {
        0 => json!({ path: null }),
        _ => json!({
            "drinks": { "names": { "en": "Drinks" } },
            path: { "names": { "en": path, "ko": "차" }, "position": world.below(9) },
        }),
    };
    let seen = Call::new("GET", "/admin/categories").by_admin();
    let seen = world.http("get-admin-categories", seen).await;
    if let Some(tag) = seen.headers.get("etag") {
        world.request("update-categories", categories_call(tag, &change)).await;
    }
}

/// Creates a product of the shelf, often as a draft. It may exist.
async fn create(world: &World) {
    let mut body = product_body(500 + world.below(500), 1);
    body["status"] = ["DRAFT", "LISTED"][world.below(2) as usize].into();
    let call = create_call(&on_shelf(world), &world.key(), &body);
    world.request("create-product", call).await;
}

/// Puts a product into categories, which may not exist.
async fn categorize(world: &World) {
    let sku = match world.below(2) {
        0 => on_shelf(world),
        _ => product(world.below(world.fault_plan.actors.products)),
    };
    let paths: Vec<&str> = CATEGORIES.into_iter().filter(|_| world.below(2) == 0).collect();
    save(world, &sku, &json!({ "categories": paths })).await;
}

/// Changes the status, the schedule or the sale of a product of the shelf.
async fn change(world: &World) {
    let soon = || json!(world.clock.now() + SignedDuration::from_secs(30 + world.below(300) as i64));
    let status = ["LISTED", "UNLISTED", "DRAFT"][world.below(3) as usize];
    let change = match world.below(5) {
        0 => json!({ "status": status }),
        1 => json!({ "list_at": soon(), "unlist_at": null }),
        2 => json!({ "unlist_at": soon(), "list_at": null }),
        3 => json!({ "sale": {
            "price": { "amount": 400, "currency": "KRW" }, "starts_at": soon(),
            "ends_at": world.clock.now() + SignedDuration::from_mins(6),
        } }),
        _ => json!({ "sale": null, "price": { "amount": 500 + world.below(9), "currency": "KRW" } }),
    };
    save(world, &on_shelf(world), &change).await;
}

async fn save(world: &World, sku: &str, change: &Value) {
    let seen = world.request("get-admin-product", admin_product_call(sku)).await;
    if let Some(tag) = seen.headers.get("etag") {
        world.request("update-product", update_call(sku, tag, change)).await;
    }
}

async fn reshard(world: &World) {
    let listing = ["all", "admin", "category:drinks"][world.below(3) as usize];
    let call = reshard_call(listing, 1 + world.below(8) as u8, &world.key());
    world.request("reshard-listing", call).await;
}

async fn list_all(world: &World) {
    let call = Call::new("GET", "/admin/products").by_admin().query("limit", "2");
    world.request("list-admin-products", call).await;
}

/// Reads two pages of a list.
async fn walk(world: &World) {
    let filters: [&[(&str, &str)]; 4] = [
        &[],
        &[("order", "PRICE_ASC"), ("currency", "KRW")],
        &[("order", "RECENTLY_UPDATED"), ("available", "true")],
        &[("category", "drinks")],
    ];
    let filters = filters[world.below(4) as usize];
    let call = Call::new("GET", "/products").query("limit", "2");
    let call = filters.iter().fold(call, |call, (name, value)| call.query(name, value));
    let first = world.http("list-products", call.clone()).await;
    if let Some(cursor) = first.body["next_cursor"].as_str() {
        world.http("list-products", call.query("cursor", cursor)).await;
    }
}

fn on_shelf(world: &World) -> String {
    format!("shelf-{}", world.below(SHELF))
}
