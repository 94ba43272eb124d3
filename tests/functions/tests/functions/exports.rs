//! Exports: all products, as files that an import takes, whatever interrupts the steps.

use std::collections::BTreeMap;
use std::time::Duration;

use function_tests::import_fixture::{ImportFixture, PART, json_lines, row};
use function_tests::{Shop, admin_product_call, create_call, update_call};
use harness::engine::CATALOG;
use harness::{Fault, Hold};
use jiff::SignedDuration;
use serde_json::{Value, json};

const CATEGORIES: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// A product with all texts as long as they may be.
fn longest(sku: &str) -> Value {
    let names = |count: usize, length: usize, of: &str| -> Value {
        let text = of.repeat(200);
        let name = |nth: usize| format!("{nth:02}{}", of.repeat(length - 2));
        (0..count)
            .map(|nth| (name(nth), json!(text)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let metadata = (0..20).map(|nth| (format!("{nth:02}{}", "x".repeat(38)), json!("𝒳".repeat(200))));
    json!({
        "sku": sku,
        "name": "𝒳".repeat(200),
        "description": "\"".repeat(5000),
        "brand": "𝒳".repeat(100),
        "categories": CATEGORIES,
        "attributes": names(30, 50, "𝒳"),
        "metadata": metadata.collect::<serde_json::Map<_, _>>(),
        "price": { "amount": 1_000_000_000_000_000_u64, "currency": "KRW" },
        "status": "LISTED",
        "list_at": "2026-01-01T00:00:00Z",
        "unlist_at": "2030-01-01T00:00:00Z",
        "sale": {
            "price": { "amount": 1, "currency": "KRW" },
            "starts_at": "2026-01-02T00:00:00Z",
            "ends_at": "2026-01-03T00:00:00Z",
        },
        "points": 10_000_000,
        "package": { "weight_grams": 1_000_000 },
        "tax_class": "REDUCED",
        "low_stock_threshold": 1_000_000,
        "stock_shards": 64,
    })
}

/// All products as administrators see them, without the time and number of their changes.
async fn contents(shop: &Shop, skus: &[String]) -> Vec<Value> {
    let mut contents = vec![];
    for sku in skus {
        let mut product = shop.get_admin_product(admin_product_call(sku)).await.body;
        for name in ["version", "first_listed_at", "updated_at", "updated_by"] {
            product.as_object_mut().unwrap().remove(name);
        }
        contents.push(product);
    }
    contents
}

/// The number of rows of each product in files.
fn rows_by_sku(files: &[Vec<u8>]) -> BTreeMap<String, usize> {
    let mut rows = BTreeMap::new();
    for file in files {
        for line in str::from_utf8(file).unwrap().lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            *rows.entry(row["sku"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    rows
}

async fn shop_with(count: usize) -> ImportFixture {
    let shop = ImportFixture::open().await;
    let rows: Vec<Value> = (0..count).map(|nth| row(&format!("sku-{nth}"), 1000)).collect();
    let import = shop.import("first", &json_lines(&rows), &json!({})).await;
    assert_eq!(import["created"], count);
    // What changes after an export has begun can be in it twice.
    shop.advance(SignedDuration::from_mins(1));
    shop
}

#[tokio::test]
async fn an_export_imports_again_without_a_write() {
    let shop = shop_with(30).await;
    shop.add_categories(&CATEGORIES).await;
    let created = shop
        .create_product(create_call("longest", "k", &longest("longest")))
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    let plain = json!({ "name": "Plain", "price": { "amount": 0, "currency": "EUR" }, "status": "UNLISTED" });
    shop.create_product(create_call("plain", "k2", &plain)).await;

    let export = shop.export("e").await;
    assert_eq!(
        (&export["status"], &export["products"]),
        (&json!("COMPLETED"), &json!(32)),
        "{export}"
    );
    let files = shop.files_of(&export);
    let parts = export["parts"].as_array().unwrap();
    let lengths: Vec<u64> = parts
        .iter()
        .map(|part| part["content_length"].as_u64().unwrap())
        .collect();
    assert_eq!(lengths, files.iter().map(|file| file.len() as u64).collect::<Vec<_>>());
    let before = shop.engine.items(CATALOG).await;
    let (mut unchanged, mut nth) = (0, 0);
    for file in &files {
        let import = shop
            .import(&format!("again {nth}").replace(' ', "-"), file, &json!({}))
            .await;
        assert_eq!(
            (&import["created"], &import["changed"], &import["error_count"]),
            (&json!(0), &json!(0), &json!(0))
        );
        unchanged += import["unchanged"].as_u64().unwrap();
        nth += 1;
    }
    assert_eq!(unchanged, 32);
    let after = shop.engine.items(CATALOG).await;
    let is_product = |item: &&Value| item["pk"].as_str().unwrap().starts_with("PRODUCT#");
    let products = |items: &[Value]| items.iter().filter(is_product).cloned().collect::<Vec<_>>();
    assert_eq!(products(&before), products(&after));
}

#[tokio::test]
async fn an_export_creates_the_same_products_in_an_empty_shop() {
    let shop = shop_with(3).await;
    shop.add_categories(&CATEGORIES).await;
    shop.create_product(create_call("longest", "k", &longest("longest")))
        .await;
    let export = shop.export("e").await;
    let other = ImportFixture::open().await;
    other.add_categories(&CATEGORIES).await;
    for (nth, file) in shop.files_of(&export).iter().enumerate() {
        let import = other.import(&format!("k{nth}"), file, &json!({})).await;
        assert_eq!(import["error_count"], 0, "{import}");
    }
    let skus = ["longest", "sku-0", "sku-1", "sku-2"].map(str::to_owned);
    assert_eq!(contents(&other, &skus).await, contents(&shop, &skus).await);
}

#[tokio::test]
async fn a_sale_that_has_ended_is_left_out_since_the_price_may_be_lower_by_now() {
    let shop = ImportFixture::open().await;
    shop.list("tea", 1000, 1).await;
    let (starts_at, ends_at) = (shop.now(), shop.now() + SignedDuration::from_mins(5));
    let sale = json!({ "price": { "amount": 700, "currency": "KRW" }, "starts_at": starts_at, "ends_at": ends_at });
    for (minutes, change) in [
        (0, json!({ "sale": sale })),
        (6, json!({ "price": { "amount": 600, "currency": "KRW" } })),
    ] {
        shop.advance(SignedDuration::from_mins(minutes));
        let changed = shop.update_product(update_call("tea", "*", &change)).await;
        assert_eq!(changed.status, 200, "{changed:?}");
    }
    let export = shop.export("k").await;
    let file = shop.files_of(&export).remove(0);
    let import = shop.import("k2", &file, &json!({})).await;
    assert_eq!(
        (&import["unchanged"], &import["error_count"]),
        (&json!(1), &json!(0)),
        "{import}"
    );
}

#[tokio::test]
async fn a_large_catalog_is_exported_in_parts_and_steps() {
    let shop = shop_with(150).await;
    // Each step writes one part.
    let shop = ImportFixture {
        shop: shop.shop.again().with_time(Duration::from_secs(19)),
        ..shop
    };
    let created = shop.create_export("e").await;
    let id = created.body["export_id"].as_str().unwrap();
    assert_eq!(shop.get_export(id).await.body["status"], "RUNNING");
    let steps = shop.run_export_steps().await;
    let export = shop.get_export(id).await.body;
    assert_eq!(
        (&export["status"], &export["products"]),
        (&json!("COMPLETED"), &json!(150))
    );
    let parts = export["parts"].as_array().unwrap();
    assert!(
        parts.len() > 3 && parts.len() <= steps,
        "{} parts in {steps} steps",
        parts.len()
    );
    assert!(
        parts[..parts.len() - 1]
            .iter()
            .all(|part| part["products"].as_u64().unwrap() >= PART)
    );
    let rows = rows_by_sku(&shop.files_of(&export));
    assert_eq!(rows.len(), 150);
    assert!(rows.values().all(|count| *count == 1));
}

#[tokio::test]
async fn an_export_that_is_interrupted_or_run_twice_has_each_product_once() {
    let shop = shop_with(60).await;
    let created = shop.create_export("e").await;
    let message = shop.next_step().unwrap().batch;
    // Killed before it records its second file.
    let hold = Hold::default();
    shop.engine.faults.plan("PutItem", Fault::Late(Duration::ZERO));
    shop.engine.faults.plan("PutItem", Fault::Held(hold.clone()));
    tokio::select! {
        _ = shop.run_export(message.clone()) => panic!("the run writes several files"),
        () = hold.arrived() => {}
    }
    shop.engine.faults.forget();
    let again = shop.again();
    tokio::join!(shop.run_export(message.clone()), again.run_export(message.clone()));
    shop.run_export(message).await;
    let export = shop.get_export(created.body["export_id"].as_str().unwrap()).await.body;
    assert_eq!(
        (&export["status"], &export["products"]),
        (&json!("COMPLETED"), &json!(60))
    );
    let rows = rows_by_sku(&shop.files_of(&export));
    assert_eq!((rows.len(), rows.values().sum::<usize>()), (60, 60));
}

#[tokio::test]
async fn a_product_that_changes_during_the_export_is_not_missing() {
    let shop = shop_with(60).await;
    shop.create_export("e").await;
    let message = shop.next_step().unwrap().batch;
    let hold = Hold::default();
    shop.engine.faults.plan("PutItem", Fault::Held(hold.clone()));
    let editor = async {
        hold.arrived().await;
        shop.advance(SignedDuration::from_secs(1));
        for nth in 0..60 {
            let change = json!({ "brand": "Hadong" });
            let changed = shop
                .update_product(update_call(&format!("sku-{nth}"), "*", &change))
                .await;
            assert_eq!(changed.status, 200, "{changed:?}");
        }
        hold.release();
    };
    let (response, ()) = tokio::join!(shop.run_export(message), editor);
    assert_eq!(response.batch_item_failures, []);
    let export = shop.create_export("e").await;
    assert!(export.replayed);
    let export = shop.get_export(export.body["export_id"].as_str().unwrap()).await.body;
    let rows = rows_by_sku(&shop.files_of(&export));
    assert_eq!(rows.len(), 60, "all products are there");
    assert!(rows.values().all(|count| *count <= 2));
}

#[tokio::test]
async fn an_empty_catalog_is_exported_without_files() {
    let shop = ImportFixture::open().await;
    let export = shop.export("e").await;
    assert_eq!(
        (&export["status"], &export["products"], export.get("parts")),
        (&json!("COMPLETED"), &json!(0), None)
    );
}

#[tokio::test]
async fn an_export_whose_first_message_was_lost_is_started_by_the_retry() {
    let shop = ImportFixture::at(shop_with(1).await.shop.again().with_time(Duration::from_secs(1)));
    shop.queue.fail(1000);
    let failed = shop.create_export("e").await;
    assert_eq!(failed.status, 503, "{failed:?}");
    shop.advance(SignedDuration::from_secs(1));
    shop.queue.fail(0);
    let again = shop.create_export("e").await;
    assert!(again.status == 202 && again.replayed, "{again:?}");
    assert_eq!(shop.queue.messages(), [json!({ "export_id": again.body["export_id"] })]);
    let shop = ImportFixture {
        shop: shop.shop.again().with_time(Duration::from_secs(60)),
        ..shop
    };
    shop.run_export_steps().await;
    let export = shop.get_export(again.body["export_id"].as_str().unwrap()).await.body;
    assert_eq!(
        (&export["status"], &export["products"]),
        (&json!("COMPLETED"), &json!(1))
    );
    assert!(shop.create_export("e").await.replayed);
    assert_eq!(shop.queue.messages(), [] as [Value; 0]);
}

#[tokio::test]
async fn an_unknown_export_is_not_found() {
    let shop = ImportFixture::open().await;
    let missing = shop.get_export("8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd").await;
    assert_eq!((missing.status, missing.problem()), (404, "not-found"));
}

#[tokio::test]
async fn a_product_that_cannot_be_read_is_left_out_and_does_not_stop_an_export() {
    let shop = shop_with(10).await;
    shop.engine.damage_product("sku-3").await;
    let export = shop.export("e").await;
    assert_eq!(
        (&export["status"], &export["products"]),
        (&json!("COMPLETED"), &json!(9)),
        "{export}"
    );
    let rows = rows_by_sku(&shop.files_of(&export));
    assert!(!rows.contains_key("sku-3") && rows.len() == 9, "{rows:?}");
}
