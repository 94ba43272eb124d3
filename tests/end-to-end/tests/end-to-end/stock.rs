//! Stock movements, and the event of low stock.

use anyhow::{Result, ensure};
use end_to_end::{EVENT_DEADLINE, Shop};
use serde_json::json;

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "stock_is_corrected_and_written_off_and_its_movements_are_listed",
        stock_is_corrected_and_written_off_and_its_movements_are_listed,
    ),
    ("a_fall_below_the_threshold_is_told", a_fall_below_the_threshold_is_told),
];

fn stock_is_corrected_and_written_off_and_its_movements_are_listed(shop: &Shop) -> Result<()> {
    let sku = shop.product(10, 4)?;
    let correction = |quantity: i32| json!({ "kind": "CORRECTION", "quantity": quantity, "note": "Counted." });
    shop.move_stock(&sku, &correction(5))?.expect(201)?;
    shop.move_stock(&sku, &correction(-3))?.expect(201)?;
    let loss = json!({ "kind": "WRITE_OFF", "quantity": 9, "note": "Two boxes fell off the shelf." });
    let written_off = shop.move_stock(&sku, &loss)?.expect(201)?;
    ensure!(shop.available(&sku)? == 3);
    let refused = shop.move_stock(&sku, &loss)?.expect(409)?;
    ensure!(refused["type"] == "urn:madang:problem:insufficient-stock", "{refused}");
    ensure!(refused["available"] == 3, "{refused}");
    ensure!(shop.available(&sku)? == 3);
    let path = format!("/admin/products/{sku}/stock-movements");
    // The list is eventually consistent.
    let listed = shop.until(
        EVENT_DEADLINE,
        || shop.get(&shop.admin, &path),
        |listed| listed["items"].as_array().map(Vec::len) == Some(4),
    )?;
    ensure!(listed["items"][0] == written_off, "{listed}");
    Ok(())
}

fn a_fall_below_the_threshold_is_told(shop: &Shop) -> Result<()> {
    let sku = shop.product(10, 4)?;
    let change = json!({ "low_stock_threshold": 5 });
    let call = shop.api.call("PATCH", &format!("/admin/products/{sku}"));
    let call = call.token(&shop.admin).header("if-match", "*");
    call.json(&change).send()?.expect(200)?;
    shop.order(&shop.ann, &shop.unique("key"), &sku, 7)?.expect(201)?;
    let event = shop
        .tap
        .wait_for("StockLow", |event| event.detail["data"]["sku"] == sku, EVENT_DEADLINE)?;
    ensure!(event.source == "madang.catalog", "{event:?}");
    let told = json!({ "sku": sku, "available": 3, "threshold": 5 });
    ensure!(event.detail["data"] == told, "{event:?}");
    Ok(())
}
