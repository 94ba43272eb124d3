//! The steps of an import: late, repeated, killed and concurrent ones.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use function_tests::import_fixture::{ImportFixture, batch, json_lines, row};
use function_tests::{Shop, create_call, update_call};
use harness::{Fault, Hold};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{ONE_CHUNK, counts, csv, product, products, rows};

#[tokio::test]
async fn a_long_file_is_imported_in_steps() {
    let shop = ImportFixture::at(Shop::open().await.with_time(ONE_CHUNK));
    let mut file = rows(350);
    for row in &mut file {
        // Longer than one read of the file.
        row["description"] = json!("차".repeat(2000));
    }
    let (id, uploaded) = shop.uploaded("k", &json_lines(&file), &json!({})).await;
    assert_eq!(shop.get_import(&id).await.body["status"], "WAITING");
    shop.run_import(uploaded).await;
    let running = shop.get_import(&id).await.body;
    assert_eq!((&running["status"], &running["rows"]), (&json!("RUNNING"), &json!(100)));
    assert_eq!(shop.run_import_steps().await, 3);
    let import = shop.get_import(&id).await.body;
    assert_eq!(
        (&import["status"], counts(&import)),
        (&json!("COMPLETED"), [350, 0, 0, 0])
    );
}

#[tokio::test]
async fn the_steps_of_a_csv_file_know_its_header() {
    let shop = ImportFixture::at(Shop::open().await.with_time(ONE_CHUNK));
    let rows: String = (0..250).map(|nth| format!("Tea {nth},1000,sku-{nth},KRW\n")).collect();
    let file = format!("name,price,sku,currency\n{rows}wrong\n");
    let import = shop.import("k", file.as_bytes(), &csv()).await;
    assert_eq!(counts(&import), [250, 0, 0, 1], "{import}");
    assert_eq!(import["errors"][0]["row"], 252);
    assert_eq!(product(&shop, "sku-249").await["name"], "Tea 249");
}

#[tokio::test]
async fn a_message_that_arrives_twice_or_late_does_no_harm() {
    let shop = ImportFixture::at(Shop::open().await.with_time(ONE_CHUNK));
    shop.queue.deliver_twice(true);
    let (id, uploaded) = shop.uploaded("k", &json_lines(&rows(350)), &json!({})).await;
    let again = shop.again();
    tokio::join!(shop.run_import(uploaded.clone()), again.run_import(uploaded.clone()));
    shop.run_import_steps().await;
    let import = shop.get_import(&id).await.body;
    assert_eq!(
        (&import["status"], counts(&import)),
        (&json!("COMPLETED"), [350, 0, 0, 0]),
        "{import}"
    );
    let before = products(&shop).await;
    assert!(before.values().all(|product| product["version"] == 1));

    shop.run_import(uploaded).await;
    shop.run_import(batch(&json!({ "import_id": id }))).await;
    assert_eq!(
        (shop.get_import(&id).await.body, products(&shop).await),
        (import, before)
    );
    assert_eq!(shop.queue.messages(), [] as [Value; 0]);
}

#[tokio::test]
async fn a_run_that_is_killed_at_any_write_is_resumed_and_nothing_is_written_twice() {
    let file = json_lines(&rows(120));
    // The start, a hundred products, the record, twenty products, the record.
    for nth in [0, 1, 2, 40, 99, 100, 101, 102, 110, 121, 122] {
        let shop = ImportFixture::open().await;
        let (id, uploaded) = shop.uploaded("k", &file, &json!({})).await;
        let hold = Hold::default();
        for _ in 0..nth {
            shop.engine.faults.plan("PutItem", Fault::Late(Duration::ZERO));
        }
        shop.engine.faults.plan("PutItem", Fault::Held(hold.clone()));
        tokio::select! {
            _ = shop.run_import(uploaded.clone()) => panic!("the run has {} writes", nth),
            () = hold.arrived() => {}
        }
        shop.engine.faults.forget();
        let written = products(&shop).await;
        shop.advance(SignedDuration::from_mins(6));
        shop.run_import(uploaded).await;
        let import = shop.get_import(&id).await.body;
        assert_eq!(
            (&import["status"], counts(&import)),
            (&json!("COMPLETED"), [120, 0, 0, 0]),
            "{nth}: {import}"
        );
        let all = products(&shop).await;
        assert_eq!(all.len(), 120);
        assert!(all.values().all(|product| product["version"] == 1), "{nth}");
        assert!(
            written.iter().all(|(sku, product)| all[sku] == *product),
            "{nth}: what was written stays"
        );
    }
}

#[tokio::test]
async fn a_late_run_never_applies_a_row_after_a_later_one() {
    let mut file = rows(150);
    // The first product that is written.
    file[0] = row("aaa", 1000);
    file[120] = row("aaa", 2000);
    // Before the late run reads the products of the first chunk, and before it writes one of them.
    for operation in ["BatchGetItem", "PutItem"] {
        let shop = ImportFixture::open().await;
        shop.list("aaa", 500, 1).await;
        let (id, uploaded) = shop.uploaded("k", &json_lines(&file), &json!({})).await;
        let hold = Hold::default();
        if operation == "PutItem" {
            // The import's start.
            shop.engine.faults.plan(operation, Fault::Late(Duration::ZERO));
        }
        shop.engine.faults.plan(operation, Fault::Held(hold.clone()));
        let again = shop.again();
        let other = async {
            hold.arrived().await;
            again.run_import(uploaded.clone()).await;
            hold.release();
        };
        tokio::join!(shop.run_import(uploaded.clone()), other);
        let import = shop.get_import(&id).await.body;
        assert_eq!(import["status"], "COMPLETED", "{operation}: {import}");
        let tea = product(&shop, "aaa").await;
        assert_eq!(
            (&tea["price"]["amount"], &tea["version"]),
            (&json!(2000), &json!(3)),
            "{operation}"
        );
        let all = products(&shop).await;
        assert!(
            all.iter().all(|(sku, product)| sku == "aaa" || product["version"] == 1),
            "{operation}"
        );
    }
}

/// A random row of one of twelve products.
fn random_row(rng: &mut fastrand::Rng) -> Value {
    let mut row = json!({ "sku": format!("sku-{}", rng.u8(..12)) });
    for (name, values) in [
        ("name", vec![json!("A"), json!("B")]),
        (
            "price",
            [100, 200]
                .map(|won| json!({ "amount": won, "currency": "KRW" }))
                .to_vec(),
        ),
        ("brand", vec![json!("C"), json!("D"), Value::Null]),
        (
            "categories",
            vec![json!(["drinks"]), json!([]), json!(["drinks", "drinks"])],
        ),
        (
            "attributes",
            vec![json!({ "a": "1" }), json!({ "a": null, "b": "2" }), Value::Null],
        ),
        ("status", vec![json!("LISTED"), json!("UNLISTED")]),
        ("stock_shards", vec![json!(1), json!(2), json!(3)]),
    ] {
        // A new product needs both.
        let is_basic = matches!(name, "name" | "price");
        if rng.u8(..4) < if is_basic { 2 } else { 1 } {
            row[name] = rng.choice(values).unwrap();
        }
    }
    row
}

/// Applies a row as its own request, as an administrator would.
async fn apply(shop: &Shop, nth: usize, row: &Value) {
    let sku = row["sku"].as_str().unwrap().to_owned();
    let mut patch = row.clone();
    patch.as_object_mut().unwrap().remove("sku");
    if shop.update_product(update_call(&sku, "*", &patch)).await.status != 404 {
        return;
    }
    let is_set = |_: &String, value: &mut Value| !value.is_null();
    patch.as_object_mut().unwrap().retain(is_set);
    if let Some(attributes) = patch.get_mut("attributes").and_then(Value::as_object_mut) {
        attributes.retain(is_set);
    }
    if patch.get("status").is_none() {
        patch["status"] = json!("DRAFT");
    }
    let created = shop
        .create_product(create_call(&sku, &format!("row-{nth}"), &patch))
        .await;
    assert!(matches!(created.status, 201 | 400 | 422), "{created:?}");
}

#[tokio::test]
async fn an_import_leads_to_the_same_products_as_its_rows_one_by_one_wherever_it_is_killed() {
    for seed in 0..6 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let rows: Vec<Value> = (0..250).map(|_| random_row(&mut rng)).collect();
        let one_by_one = Shop::open().await;
        one_by_one.add_categories(&["drinks"]).await;
        for (nth, row) in rows.iter().enumerate() {
            apply(&one_by_one, nth, row).await;
        }
        let shop = ImportFixture::open().await;
        shop.add_categories(&["drinks"]).await;
        let (id, uploaded) = shop.uploaded("k", &json_lines(&rows), &json!({})).await;
        // Killed up to three times, at any of the first writes of a run.
        for _ in 0..3 {
            let hold = Hold::default();
            for _ in 0..rng.u8(..12) {
                shop.engine.faults.plan("PutItem", Fault::Late(Duration::ZERO));
            }
            shop.engine.faults.plan("PutItem", Fault::Held(hold.clone()));
            tokio::select! {
                _ = shop.run_import(uploaded.clone()) => {}
                () = hold.arrived() => {}
            }
            shop.engine.faults.forget();
        }
        shop.run_import(uploaded).await;
        let import = shop.get_import(&id).await.body;
        assert_eq!(
            (&import["status"], &import["rows"]),
            (&json!("COMPLETED"), &json!(250)),
            "{seed}: {import}"
        );
        let content = |products: HashMap<String, Value>| -> BTreeMap<String, Value> {
            let names = [
                "name",
                "price",
                "brand",
                "categories",
                "attributes",
                "status",
                "stock_shards",
            ];
            let of = |product: Value| names.map(|name| product[name].clone()).to_vec().into();
            products.into_iter().map(|(sku, product)| (sku, of(product))).collect()
        };
        let expected = content(products(&one_by_one).await);
        assert!(expected.len() > 8, "{seed}: {} products", expected.len());
        assert_eq!(content(products(&shop).await), expected, "{seed}");
    }
}

#[tokio::test]
async fn a_product_that_somebody_changes_meanwhile_gets_both_changes() {
    let shop = ImportFixture::open().await;
    shop.list("tea", 1000, 1).await;
    let file = json_lines(&[json!({ "sku": "tea", "brand": "Hadong" })]);
    let (id, uploaded) = shop.uploaded("k", &file, &json!({})).await;
    let hold = Hold::default();
    shop.engine.faults.plan("PutItem", Fault::Late(Duration::ZERO));
    shop.engine.faults.plan("PutItem", Fault::Held(hold.clone()));
    let editor = async {
        hold.arrived().await;
        let renamed = shop
            .update_product(update_call("tea", "*", &json!({ "name": "Tea" })))
            .await;
        assert_eq!(renamed.status, 200, "{renamed:?}");
        hold.release();
    };
    tokio::join!(shop.run_import(uploaded), editor);
    assert_eq!(counts(&shop.get_import(&id).await.body), [0, 1, 0, 0]);
    let tea = product(&shop, "tea").await;
    assert_eq!(
        (&tea["name"], &tea["brand"], &tea["version"]),
        (&json!("Tea"), &json!("Hadong"), &json!(3))
    );
}

#[tokio::test]
async fn a_write_whose_response_is_lost_counts_once() {
    let shop = ImportFixture::open().await;
    let (id, uploaded) = shop.uploaded("k", &json_lines(&rows(3)), &json!({})).await;
    // The start, three products, and the record.
    for _ in 0..5 {
        shop.engine.faults.plan("PutItem", Fault::LoseAnswer);
        shop.engine.faults.plan("PutItem", Fault::Throttle);
    }
    shop.run_import(uploaded).await;
    let import = shop.get_import(&id).await.body;
    assert_eq!(
        (&import["status"], counts(&import)),
        (&json!("COMPLETED"), [3, 0, 0, 0]),
        "{import}"
    );
    assert!(products(&shop).await.values().all(|product| product["version"] == 1));
}

#[tokio::test]
async fn a_step_that_fails_is_repeated_by_its_queue() {
    let shop = ImportFixture::open().await;
    let (id, uploaded) = shop.uploaded("k", &json_lines(&rows(3)), &json!({})).await;
    shop.engine.faults.plan("BatchGetItem", Fault::Denied);
    let response = shop.run_import(uploaded.clone()).await;
    assert_eq!(response.batch_item_failures.len(), 1);
    assert_eq!(shop.get_import(&id).await.body["status"], "RUNNING");
    assert_eq!(shop.run_import(uploaded).await.batch_item_failures, []);
    assert_eq!(counts(&shop.get_import(&id).await.body), [3, 0, 0, 0]);
}

#[tokio::test]
async fn a_next_step_that_the_queue_does_not_accept_fails_the_message() {
    let shop = ImportFixture::at(Shop::open().await.with_time(Duration::from_secs(2)));
    let (id, uploaded) = shop.uploaded("k", &json_lines(&rows(150)), &json!({})).await;
    shop.queue.fail(1000);
    assert_eq!(shop.run_import(uploaded.clone()).await.batch_item_failures.len(), 1);
    shop.queue.fail(0);
    shop.run_import(uploaded).await;
    assert_eq!(counts(&shop.get_import(&id).await.body), [150, 0, 0, 0]);
}

#[tokio::test]
async fn messages_that_name_no_import_are_done() {
    let shop = ImportFixture::open().await;
    let created = |key: &str| {
        let object = json!({ "key": key, "size": 1, "etag": "e", "sequencer": "0062E99A88DC407460" });
        json!({ "detail-type": "Object Created", "detail": { "object": object } })
    };
    let unknown = "8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd";
    for message in [
        created("imports/readme.txt"),
        created(&format!("imports/{unknown}")),
        json!({ "import_id": unknown }),
    ] {
        let response = shop.run_import(batch(&message)).await;
        assert_eq!(response.batch_item_failures, [], "{message}");
    }
    assert_eq!(
        shop.run_import(batch(&json!({ "id": 1 })))
            .await
            .batch_item_failures
            .len(),
        1
    );
}
