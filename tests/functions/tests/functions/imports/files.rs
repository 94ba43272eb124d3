//! The files of imports: their formats and limits.

use function_tests::import_fixture::{ImportFixture, import_call, json_lines, row};
use harness::engine::CATALOG;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{counts, csv, product, rows};

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
