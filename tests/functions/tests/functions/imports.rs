//! Imports: the rows of a file are applied to the catalog in their order, each once, whatever interrupts the steps.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use function_tests::image_fixture::{ImageFixture, picture};
use function_tests::import_fixture::{ImportFixture, batch, import_call, json_lines, row};
use function_tests::{Shop, admin_product_call, create_call, update_call};
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
async fn a_csv_file_is_imported() {
    let shop = ImportFixture::open().await;
    shop.add_categories(&["drinks/tea", "gifts"]).await;
    let file = "\u{feff}sku,name,description,categories,price,currency,status,weight_grams,attributes.Origin,metadata.erp_id\r\n\
        tea,Green tea,\"The first leaves,\r\n of the \"\"year\"\"\",drinks/tea|gifts,12.90,EUR,LISTED,120,Boseong,40817\r\n\
        \r\n\
        mug,Mug,,,9.5,EUR,,,,\r\n";
    let import = shop.import("k", file.as_bytes(), &csv()).await;
    assert_eq!(
        (&import["status"], counts(&import)),
        (&json!("COMPLETED"), [2, 0, 0, 0]),
        "{import}"
    );
    let tea = product(&shop, "tea").await;
    assert_eq!(tea["price"], json!({ "amount": 1290, "currency": "EUR" }));
    assert_eq!(tea["description"], "The first leaves,\n of the \"year\"");
    assert_eq!(tea["categories"], json!(["drinks/tea", "gifts"]));
    assert_eq!(tea["package"], json!({ "weight_grams": 120 }));
    assert_eq!(
        (&tea["attributes"], &tea["metadata"]),
        (&json!({ "Origin": "Boseong" }), &json!({ "erp_id": "40817" }))
    );

    let prices = "price,sku,currency\n13,tea,EUR\n,mug,\n";
    let import = shop.import("k2", prices.as_bytes(), &csv()).await;
    assert_eq!(counts(&import), [0, 1, 1, 0], "{import}");
    let changed = product(&shop, "tea").await;
    assert_eq!(
        (&changed["price"]["amount"], &changed["description"]),
        (&json!(1300), &tea["description"])
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

/// A file, the fields of its import, why it fails and at which row, and the counts of the rows before.
type UnreadableFile<'a> = (&'a [u8], Value, &'a str, u64, [u64; 4]);

#[tokio::test]
async fn a_file_that_cannot_be_read_fails_after_the_rows_before_that_place() {
    let shop = ImportFixture::open().await;
    let tea = row("tea", 1000).to_string();
    let files: [UnreadableFile<'_>; 5] = [
        (
            b"sku,name,price,currency\na,A,1,KRW\nb,caf\xe9,1,KRW\nc,C,1,KRW\n",
            csv(),
            "NOT_UTF8",
            3,
            [1, 0, 0, 0],
        ),
        (b"{\"sku\":\"caf\xe9\"}\n", json!({}), "NOT_UTF8", 1, [0, 0, 0, 0]),
        (b"sku,nmae\na,A\n", csv(), "INVALID_HEADER", 1, [0, 0, 0, 0]),
        (b"name\nA\n", csv(), "INVALID_HEADER", 1, [0, 0, 0, 0]),
        (
            &[format!("{tea}\n").as_bytes(), &[b' '; 300_000]].concat(),
            json!({}),
            "ROW_TOO_LARGE",
            2,
            [1, 0, 0, 0],
        ),
    ];
    for (nth, (file, format, reason, row, counted)) in files.into_iter().enumerate() {
        let import = shop.import(&format!("k{nth}"), file, &format).await;
        assert_eq!(import["status"], "FAILED", "{import}");
        let failure = &import["failure"];
        assert_eq!(
            (&failure["reason"], &failure["row"]),
            (&json!(reason), &json!(row)),
            "{import}"
        );
        assert_eq!(counts(&import), counted, "{import}");
        assert!(import["ended_at"].is_string());
    }
}

#[tokio::test]
async fn a_file_has_at_most_a_million_rows() {
    let shop = ImportFixture::open().await;
    let (id, uploaded) = shop.uploaded("k", &json_lines(&rows(3)), &json!({})).await;
    // As if the rows before had been read.
    let read = aws_sdk_dynamodb::types::AttributeValue::N("999998".to_owned());
    let update = shop.engine.direct.update_item().table_name(CATALOG);
    let pk = aws_sdk_dynamodb::types::AttributeValue::S(format!("IMPORT#{id}"));
    let update = update
        .key("pk", pk)
        .update_expression("SET #rows = :rows")
        .expression_attribute_names("#rows", "rows");
    update.expression_attribute_values(":rows", read).send().await.unwrap();
    shop.run_import(uploaded).await;
    let import = shop.get_import(&id).await.body;
    assert_eq!(
        (&import["status"], &import["rows"]),
        (&json!("FAILED"), &json!(1_000_000)),
        "{import}"
    );
    assert_eq!(
        (&import["failure"]["reason"], &import["failure"]["row"]),
        (&json!("TOO_MANY_ROWS"), &json!(3))
    );
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
async fn a_file_has_a_length_and_a_checksum() {
    let shop = ImportFixture::open().await;
    for (more, field) in [
        (json!({ "content_length": 0 }), "content_length"),
        (json!({ "content_length": 104_857_601 }), "content_length"),
        (json!({ "checksum_sha256": "a".repeat(44) }), "checksum_sha256"),
    ] {
        let refused = shop.create_import(import_call("k", b"{}", &more)).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (422, "invalid-import"),
            "{refused:?}"
        );
        assert_eq!(refused.body["field"], field);
    }
    let created = shop
        .create_import(import_call("k", b"{}", &json!({ "content_length": 104_857_600 })))
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    let upload = &created.body["upload"];
    assert_eq!(
        (&upload["method"], &upload["headers"]["content-length"]),
        (&json!("PUT"), &json!("104857600"))
    );
    let expires_at = shop.now() + SignedDuration::from_hours(1);
    assert_eq!(upload["expires_at"], json!(expires_at));
    assert!(
        upload["url"].as_str().unwrap().contains("/catalog-files/imports/"),
        "{upload}"
    );
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
