//! Imports: the rows of a file are applied to the catalog in their order, each once, whatever interrupts the steps.

mod files;
mod steps;

use std::collections::HashMap;
use std::time::Duration;

use function_tests::image_fixture::{ImageFixture, picture};
use function_tests::import_fixture::{ImportFixture, json_lines, row};
use function_tests::{Shop, admin_product_call, update_call};
use harness::engine::CATALOG;
use harness::gateway::Call;
use harness::{Fault, Hold};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// An invocation this short applies one chunk of rows.
const ONE_CHUNK: Duration = Duration::from_secs(19);

fn csv() -> Value {
    json!({ "format": "CSV" })
}

fn dry_run() -> Value {
    json!({ "dry_run": true })
}

/// The rows of `count` new products.
fn rows(count: usize) -> Vec<Value> {
    (0..count).map(|nth| row(&format!("sku-{nth}"), 1000)).collect()
}

/// A product as administrators see it.
async fn product(shop: &Shop, sku: &str) -> Value {
    shop.get_admin_product(admin_product_call(sku)).await.body
}

/// The products' items, by SKU.
async fn products(shop: &Shop) -> HashMap<String, Value> {
    let items = shop.engine.items(CATALOG).await.into_iter();
    let products = items.filter(|item| item["pk"].as_str().is_some_and(|pk| pk.starts_with("PRODUCT#")));
    products
        .map(|item| (item["sku"].as_str().unwrap().to_owned(), item))
        .collect()
}

/// The created, changed and unchanged rows, and those with an error.
fn counts(import: &Value) -> [u64; 4] {
    ["created", "changed", "unchanged", "error_count"].map(|name| import[name].as_u64().unwrap())
}

#[tokio::test]
async fn a_new_sku_creates_a_product_and_a_known_one_changes_what_is_named() {
    let shop = ImportFixture::open().await;
    shop.list("tea", 1000, 1).await;
    let file = json_lines(&[
        json!({ "sku": "tea", "brand": "Hadong", "attributes": { "Origin": "Boseong" } }),
        json!({ "sku": "mug", "name": "Mug", "price": { "amount": 9000, "currency": "KRW" }, "tax_class": "REDUCED" }),
    ]);
    let import = shop.import("k", &file, &json!({})).await;
    assert_eq!(
        (&import["status"], counts(&import)),
        (&json!("COMPLETED"), [1, 1, 0, 0]),
        "{import}"
    );

    let tea = product(&shop, "tea").await;
    assert_eq!(
        (&tea["brand"], &tea["name"]),
        (&json!("Hadong"), &json!("Green tea, 100 g"))
    );
    assert_eq!((&tea["price"]["amount"], &tea["version"]), (&json!(1000), &json!(2)));
    let mug = product(&shop, "mug").await;
    assert_eq!(
        (&mug["status"], &mug["tax_class"], &mug["version"]),
        (&json!("DRAFT"), &json!("REDUCED"), &json!(1))
    );
    let staff = json!({ "kind": "STAFF", "id": "the-admin" });
    assert_eq!((&tea["updated_by"], &mug["updated_by"]), (&staff, &staff));
    for item in products(&shop).await.values() {
        let event: Value = serde_json::from_str(item["event"]["detail"].as_str().unwrap()).unwrap();
        assert_eq!(item["event"]["detail_type"], "ProductChanged");
        assert_eq!(
            (&event["metadata"]["actor"], &event["data"]["version"]),
            (&staff, &item["version"])
        );
    }
}

#[tokio::test]
async fn null_clears_a_field_in_json_lines() {
    let shop = ImportFixture::open().await;
    let mut tea = row("tea", 1000);
    tea["brand"] = json!("Hadong");
    tea["attributes"] = json!({ "Origin": "Boseong", "Harvest": "Spring" });
    shop.import("k", &json_lines(&[tea]), &json!({})).await;
    let cleared = json!({ "sku": "tea", "brand": null, "attributes": { "Origin": null } });
    let import = shop.import("k2", &json_lines(&[cleared]), &json!({})).await;
    assert_eq!(counts(&import), [0, 1, 0, 0], "{import}");
    let tea = product(&shop, "tea").await;
    assert_eq!(
        (tea.get("brand"), &tea["attributes"]),
        (None, &json!({ "Harvest": "Spring" }))
    );
}

#[tokio::test]
async fn the_same_file_again_writes_nothing() {
    let shop = ImportFixture::open().await;
    let file = json_lines(&rows(250));
    let import = shop.import("k", &file, &json!({})).await;
    assert_eq!(counts(&import), [250, 0, 0, 0]);
    let before = products(&shop).await;

    let (id, uploaded) = shop.uploaded("k2", &file, &json!({})).await;
    shop.engine.faults.measure();
    shop.run_import(uploaded).await;
    let cost = shop.engine.faults.cost();
    // The import's record: its start and three chunks. Each chunk reads its products, and the record again.
    let expected = [("BatchGetItem", 3), ("GetItem", 1 + 3), ("PutItem", 1 + 3)];
    assert_eq!(
        cost.requests,
        expected.map(|(name, count)| (name.to_owned(), count)).into()
    );
    assert_eq!(counts(&shop.get_import(&id).await.body), [0, 0, 250, 0]);
    assert_eq!(products(&shop).await, before);
}

#[tokio::test]
async fn a_new_product_takes_one_write_and_a_few_hundredths_of_a_read() {
    let shop = ImportFixture::open().await;
    let (id, uploaded) = shop.uploaded("k", &json_lines(&rows(1000)), &json!({})).await;
    shop.engine.faults.measure();
    shop.run_import(uploaded).await;
    let cost = shop.engine.faults.cost();
    let expected = [("BatchGetItem", 10), ("GetItem", 1 + 10), ("PutItem", 1000 + 1 + 10)];
    assert_eq!(
        cost.requests,
        expected.map(|(name, count)| (name.to_owned(), count)).into()
    );
    println!(
        "1,000 new products: {} read units, {} write units",
        cost.read_units, cost.write_units
    );
    assert_eq!(counts(&shop.get_import(&id).await.body), [1000, 0, 0, 0]);
}

#[tokio::test]
async fn a_wrong_row_does_not_stop_the_others() {
    let shop = ImportFixture::open().await;
    shop.list("tea", 1000, 4).await;
    let mut file = json_lines(&[
        row("a", 1000),
        json!({ "sku": "b", "name": "B" }),
        json!({ "sku": "tea", "stock_shards": 2 }),
        json!({ "sku": "tea", "colour": "green" }),
        json!({ "sku": "tea", "name": "x".repeat(201) }),
        json!({ "sku": "a b" }),
        json!({ "sku": "tea", "images": ["8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd"] }),
        json!({ "sku": "tea", "categories": ["unknown"] }),
    ]);
    file.extend(b"not JSON\n\n");
    file.extend(json_lines(&[row("c", 1000)]));
    let import = shop.import("k", &file, &json!({})).await;
    assert_eq!(
        (&import["status"], counts(&import)),
        (&json!("COMPLETED"), [2, 0, 0, 8]),
        "{import}"
    );
    assert_eq!(import["rows"], 10, "an empty line is none");
    let errors = import["errors"].as_array().unwrap().iter();
    let errors: Vec<(u64, &str, Option<&str>)> = errors
        .map(|error| {
            (
                error["row"].as_u64().unwrap(),
                error["code"].as_str().unwrap(),
                error["field"].as_str(),
            )
        })
        .collect();
    let expected = [
        (2, "invalid-product", Some("price")),
        (3, "shards-not-lowered", None),
        (4, "malformed-row", Some("colour")),
        (5, "invalid-product", Some("name")),
        (6, "malformed-row", Some("sku")),
        (7, "invalid-product", Some("images")),
        (8, "invalid-product", Some("categories")),
        (9, "malformed-row", None),
    ];
    assert_eq!(errors, expected);
    assert_eq!(product(&shop, "tea").await["version"], 1);
    assert_eq!(product(&shop, "c").await["name"], "Green tea");
}

#[tokio::test]
async fn an_import_keeps_its_first_500_errors() {
    let shop = ImportFixture::open().await;
    let file = "nothing\n".repeat(750);
    let import = shop.import("k", file.as_bytes(), &json!({})).await;
    assert_eq!(counts(&import), [0, 0, 0, 750]);
    let errors = import["errors"].as_array().unwrap();
    assert_eq!(
        (errors.len(), &errors[0]["row"], &errors[499]["row"]),
        (500, &json!(1), &json!(500))
    );
}

#[tokio::test]
async fn a_dry_run_tells_what_the_import_would_do_and_writes_nothing() {
    let shop = ImportFixture::open().await;
    shop.list("tea", 1000, 1).await;
    shop.list("pot", 1000, 1).await;
    let file = json_lines(&[
        row("mug", 9000),
        json!({ "sku": "tea", "brand": "Hadong" }),
        json!({ "sku": "pot", "status": "LISTED" }),
        json!({ "sku": "new" }),
    ]);
    let before = products(&shop).await;
    let dry = shop.import("k", &file, &dry_run()).await;
    assert_eq!(
        (&dry["status"], &dry["dry_run"], counts(&dry)),
        (&json!("COMPLETED"), &json!(true), [1, 1, 1, 1])
    );
    assert_eq!(products(&shop).await, before);
    let real = shop.import("k2", &file, &json!({})).await;
    assert_eq!((counts(&real), &real["errors"]), (counts(&dry), &dry["errors"]));
    assert_eq!(products(&shop).await.len(), 3);
}

#[tokio::test]
async fn an_import_keeps_what_a_products_schedule_is_due_for() {
    let shop = ImportFixture::open().await;
    let at = |minutes| json!(shop.now() + SignedDuration::from_mins(minutes));
    for sku in ["tea", "mug"] {
        shop.list(sku, 1000, 1).await;
    }
    let schedule = json!({ "list_at": at(10), "unlist_at": at(20) });
    assert_eq!(
        shop.update_product(update_call("mug", "*", &schedule)).await.status,
        200
    );
    let rows = [
        json!({ "sku": "tea", "brand": "Hadong", "list_at": at(10), "unlist_at": at(20) }),
        json!({ "sku": "mug", "brand": "Hadong" }),
    ];
    assert_eq!(
        counts(&shop.import("k", &json_lines(&rows), &json!({})).await),
        [0, 2, 0, 0]
    );
    let products = products(&shop).await;
    let due = |sku: &str| products[sku]["due_ms"].as_i64();
    let next = (shop.now() + SignedDuration::from_mins(10)).as_millisecond();
    assert_eq!((due("tea"), due("mug")), (Some(next), Some(next)));
}

#[tokio::test]
async fn a_row_that_is_repeated_over_a_later_change_tells_another_event() {
    let shop = ImportFixture::open().await;
    shop.list("tea", 1000, 1).await;
    let file = json_lines(&[json!({ "sku": "tea", "brand": "Hadong" })]);
    let (id, uploaded) = shop.uploaded("k", &file, &json!({})).await;
    // The start and the row are written, and the run is killed before its record is.
    let hold = Hold::default();
    for fault in [
        Fault::Late(Duration::ZERO),
        Fault::Late(Duration::ZERO),
        Fault::Held(hold.clone()),
    ] {
        shop.engine.faults.plan("PutItem", fault);
    }
    tokio::select! {
        _ = shop.run_import(uploaded.clone()) => panic!("the run ends"),
        () = hold.arrived() => {}
    }
    shop.engine.faults.forget();
    let event = |products: &HashMap<String, Value>| products["tea"]["event"]["id"].clone();
    let first = event(&products(&shop).await);
    let edit = update_call("tea", "*", &json!({ "brand": "Boseong" }));
    assert_eq!(shop.update_product(edit).await.status, 200);
    shop.run_import(uploaded).await;
    let import = shop.get_import(&id).await.body;
    assert_eq!(
        (&import["status"], counts(&import)),
        (&json!("COMPLETED"), [0, 1, 0, 0])
    );
    let products = products(&shop).await;
    assert_eq!(
        (&products["tea"]["brand"], &products["tea"]["version"]),
        (&json!("Hadong"), &json!(4))
    );
    assert_ne!(event(&products), first);
}

#[tokio::test]
async fn a_long_field_name_of_a_wrong_row_does_not_fill_the_record() {
    let shop = ImportFixture::open().await;
    let rows: Vec<Value> = (0..6)
        .map(|nth| json!({ "sku": format!("sku-{nth}"), "x".repeat(100_000): 1 }))
        .collect();
    let import = shop.import("k", &json_lines(&rows), &json!({})).await;
    assert_eq!(
        (&import["status"], counts(&import)),
        (&json!("COMPLETED"), [0, 0, 0, 6])
    );
    assert!(import.to_string().len() < 5_000, "{import}");
}

#[tokio::test]
async fn the_rows_of_a_product_take_effect_in_their_order() {
    let shop = ImportFixture::open().await;
    let mut file = vec![json!({ "sku": "tea", "brand": "too early" }), row("tea", 1000)];
    file.push(json!({ "sku": "tea", "brand": "Hadong" }));
    file.push(json!({ "sku": "tea", "brand": null, "name": "Tea" }));
    let import = shop.import("k", &json_lines(&file), &json!({})).await;
    assert_eq!(counts(&import), [1, 2, 0, 1], "{import}");
    let tea = product(&shop, "tea").await;
    assert_eq!(
        (&tea["name"], tea.get("brand"), &tea["version"]),
        (&json!("Tea"), None, &json!(3)),
        "a write for each row"
    );

    let mut file = rows(250);
    for (nth, row) in file.iter_mut().enumerate().step_by(50) {
        *row = json!({ "sku": "tea", "brand": format!("brand {nth}") });
    }
    let import = shop.import("k2", &json_lines(&file), &json!({})).await;
    assert_eq!(counts(&import), [245, 5, 0, 0], "{import}");
    assert_eq!(product(&shop, "tea").await["brand"], "brand 200");
}

#[tokio::test]
async fn added_shards_are_filled_from_the_stock() {
    let shop = ImportFixture::open().await;
    shop.list("tea", 1000, 1).await;
    shop.receive("tea", 40).await;
    let file = json_lines(&[json!({ "sku": "tea", "stock_shards": 4 })]);
    let import = shop.import("k", &file, &json!({})).await;
    assert_eq!(counts(&import), [0, 1, 0, 0], "{import}");
    let items = shop.engine.items(CATALOG).await;
    let shards: Vec<&Value> = items.iter().filter_map(|item| item.get("available")).collect();
    assert_eq!(shards, [&json!(10); 4]);
}

#[tokio::test]
async fn rows_with_categories_read_them_once_for_a_hundred_rows() {
    let shop = ImportFixture::open().await;
    shop.add_categories(&["drinks"]).await;
    let mut rows = rows(200);
    for row in &mut rows {
        row["categories"] = json!(["drinks"]);
    }
    let (id, uploaded) = shop.uploaded("k", &json_lines(&rows), &json!({})).await;
    shop.engine.faults.measure();
    shop.run_import(uploaded).await;
    // The import, and for each hundred rows the record and the categories.
    assert_eq!(shop.engine.faults.cost().requests["GetItem"], 1 + 2 * 2);
    assert_eq!(counts(&shop.get_import(&id).await.body), [200, 0, 0, 0]);
}

#[tokio::test]
async fn a_published_product_does_not_become_a_draft_again() {
    let shop = ImportFixture::open().await;
    shop.list("tea", 1000, 1).await;
    let file = json_lines(&[json!({ "sku": "tea", "status": "DRAFT" })]);
    let import = shop.import("k", &file, &json!({})).await;
    assert_eq!(
        (counts(&import), &import["errors"][0]["code"]),
        ([0, 0, 0, 1], &json!("already-published"))
    );
}

#[tokio::test]
async fn an_image_has_to_be_ready() {
    let images = ImageFixture::open().await;
    let id = images.presign("ann", "k", &json!({})).await;
    let event = images.upload(&id, &picture(80, 60));
    let shop = ImportFixture::at(images.shop.again());
    let mut tea = row("tea", 1000);
    tea["images"] = json!([id]);
    let import = shop.import("k", &json_lines(&[tea.clone()]), &json!({})).await;
    assert_eq!(
        (counts(&import), &import["errors"][0]["field"]),
        ([0, 0, 0, 1], &json!("images"))
    );
    images.resize_image(&event).await.unwrap();
    let import = shop.import("k2", &json_lines(&[tea]), &json!({})).await;
    assert_eq!(counts(&import), [1, 0, 0, 0], "{import}");
}

#[tokio::test]
async fn imports_are_listed_newest_first_without_their_errors() {
    let shop = ImportFixture::open().await;
    let mut ids = vec![];
    for nth in 0..5 {
        let import = shop.import(&format!("k{nth}"), b"nothing\n", &json!({})).await;
        ids.insert(0, import["import_id"].clone());
        shop.advance(SignedDuration::from_secs(1));
    }
    let list = Call::new("GET", "/admin/imports").query("limit", "3");
    let first = shop.list_imports(list.clone()).await;
    let rest = shop
        .list_imports(list.query("cursor", first.body["next_cursor"].as_str().unwrap()))
        .await;
    let items = [&first, &rest]
        .map(|page| page.body["items"].as_array().unwrap().clone())
        .concat();
    let listed: Vec<Value> = items.iter().map(|import| import["import_id"].clone()).collect();
    assert_eq!((listed, rest.body.get("next_cursor")), (ids, None));
    assert!(
        items
            .iter()
            .all(|import| import["error_count"] == 1 && import.get("errors").is_none()),
        "{items:?}"
    );
}

#[tokio::test]
async fn an_unknown_import_is_not_found_and_an_old_one_is_removed() {
    let shop = ImportFixture::open().await;
    let missing = shop.get_import("8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd").await;
    assert_eq!((missing.status, missing.problem()), (404, "not-found"));
    let import = shop.import("k", &json_lines(&rows(1)), &json!({})).await;
    shop.engine
        .sweep(
            CATALOG,
            (shop.now() + SignedDuration::from_hours(24 * 30 + 1)).as_second(),
        )
        .await;
    assert_eq!(shop.get_import(import["import_id"].as_str().unwrap()).await.status, 404);
    assert_eq!(products(&shop).await.len(), 1);
}
