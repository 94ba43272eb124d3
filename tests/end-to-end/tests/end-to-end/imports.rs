//! Imports and exports of products: uploaded to the bucket, applied step by step, and written to files.

use std::time::Duration;

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use end_to_end::{EVENT_DEADLINE, Shop, text};
use local_cloud::pictures::upload;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "an_uploaded_file_creates_and_changes_products",
        an_uploaded_file_creates_and_changes_products,
    ),
    (
        "a_file_that_differs_from_its_import_is_refused",
        a_file_that_differs_from_its_import_is_refused,
    ),
    ("an_export_has_every_product", an_export_has_every_product),
];

/// A queue polls, and a function may start cold.
const DEADLINE: Duration = Duration::from_secs(60);

fn create(shop: &Shop, file: &[u8], more: &Value) -> Result<Value> {
    let mut body = json!({
        "format": "CSV",
        "content_length": file.len(),
        "checksum_sha256": STANDARD.encode(Sha256::digest(file)),
    });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    let call = shop.api.call("POST", "/admin/imports").token(&shop.admin);
    call.key(&shop.unique("import")).json(&body).send()?.expect(201)
}

/// Uploads the file of an import and waits until it has ended.
fn imported(shop: &Shop, file: &[u8], more: &Value) -> Result<Value> {
    let import = create(shop, file, more)?;
    upload(&shop.api, &import["upload"], file)?.send()?.expect(200)?;
    let path = format!("/admin/imports/{}", text(&import, "import_id")?);
    let has_ended = |import: &Value| import["ended_at"].is_string();
    shop.until(DEADLINE, || shop.get(&shop.admin, &path), has_ended)
}

fn an_uploaded_file_creates_and_changes_products(shop: &Shop) -> Result<()> {
    let known = shop.product(3, 1)?;
    let new = shop.unique("imported");
    let file = format!("sku,name,price,currency,status\n{new},Mug,12.90,EUR,LISTED\n{known},Tea,,,\n{known}-x,,,,\n");
    let dry = imported(shop, file.as_bytes(), &json!({ "dry_run": true }))?;
    let counts = |import: &Value| ["created", "changed", "error_count"].map(|name| import[name].clone());
    ensure!(dry["status"] == "COMPLETED" && counts(&dry) == [1, 1, 1], "{dry}");
    ensure!(shop.api.call("GET", &format!("/products/{new}")).send()?.status == 404);

    let import = imported(shop, file.as_bytes(), &json!({}))?;
    ensure!(
        counts(&import) == counts(&dry) && import["errors"] == dry["errors"],
        "{import}"
    );
    let created = shop.api.call("GET", &format!("/products/{new}")).send()?.expect(200)?;
    ensure!(
        created["price"] == json!({ "amount": 1290, "currency": "EUR" }),
        "{created}"
    );
    let is_it =
        |event: &local_cloud::Event| event.detail["data"]["sku"] == known && event.detail["data"]["version"] == 2;
    let event = shop.tap.wait_for("ProductChanged", is_it, EVENT_DEADLINE)?;
    ensure!(event.detail["data"]["name"] == "Tea", "{event:?}");
    ensure!(event.detail["metadata"]["actor"]["kind"] == "STAFF", "{event:?}");

    let id = &import["import_id"];
    let listed = shop.until(
        EVENT_DEADLINE,
        || shop.get(&shop.admin, "/admin/imports"),
        |list| {
            list["items"]
                .as_array()
                .is_some_and(|items| items.iter().any(|import| import["import_id"] == *id))
        },
    );
    listed.map(drop)
}

fn a_file_that_differs_from_its_import_is_refused(shop: &Shop) -> Result<()> {
    let import = create(shop, b"sku\n", &json!({}))?;
    let signed = &import["upload"];
    upload(&shop.api, signed, b"sku,name\n")?.send()?.expect(403)?;
    upload(&shop.api, signed, b"SKU\n")?.send()?.expect(400)?;
    Ok(())
}

fn an_export_has_every_product(shop: &Shop) -> Result<()> {
    let sku = shop.product(3, 1)?;
    let call = shop.api.call("POST", "/admin/exports").token(&shop.admin);
    let export = call.key(&shop.unique("export")).send()?.expect(202)?;
    let path = format!("/admin/exports/{}", text(&export, "export_id")?);
    let is_completed = |export: &Value| export["status"] == "COMPLETED";
    let export = shop.until(DEADLINE, || shop.get(&shop.admin, &path), is_completed)?;
    let parts = export["parts"].as_array().cloned().unwrap_or_default();
    let mut is_there = false;
    for part in parts {
        let file = shop.api.call_url("GET", text(&part, "url")?).send()?;
        ensure!(file.status == 200, "{file:?}");
        is_there |= file.body.to_string().contains(&sku);
    }
    ensure!(is_there, "{sku} is in no part of {export}");
    Ok(())
}
