//! Lists and the search: what an administrator changes reaches both through the table's stream.

use anyhow::{Result, ensure};
use end_to_end::{EVENT_DEADLINE, Shop, text};
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    ("a_new_product_is_listed_and_found", a_new_product_is_listed_and_found),
    ("a_rebuilt_index_finds_the_same", a_rebuilt_index_finds_the_same),
];

/// Creates a listed product with this name in a category of its own. Returns its SKU and the category.
fn product(shop: &Shop, name: &str) -> Result<(String, String)> {
    let (sku, category) = (shop.unique("found"), shop.unique("shelf"));
    let change = json!({ "categories": { &category: { "names": { "en": "A shelf" } } } });
    let call = shop.api.call("PATCH", "/admin/categories").token(&shop.admin);
    call.header("if-match", "*").json(&change).send()?.expect(200)?;
    let product = json!({
        "name": name,
        "categories": [category],
        "price": { "amount": 1000, "currency": "KRW" },
        "status": "LISTED",
    });
    Ok((shop.list(sku, &product, 1)?, category))
}

/// Reads a public path until a product is in the page, or is not.
fn shows(shop: &Shop, path: &str, name: &str, sku: &str, wanted: bool) -> Result<()> {
    let has = |page: &Value| {
        let items = page["items"].as_array().into_iter().flatten();
        items.into_iter().any(|item| item[name] == *sku)
    };
    let page = || shop.api.call("GET", path).send()?.expect(200);
    shop.until(EVENT_DEADLINE, page, |page| has(page) == wanted).map(drop)
}

fn a_new_product_is_listed_and_found(shop: &Shop) -> Result<()> {
    let (sku, category) = product(shop, "\u{c11c}\u{adc0}\u{d3ec} Tangerine marmalade")?;
    shows(shop, &format!("/products?category={category}"), "sku", &sku, true)?;
    // A part of a Korean word, the beginning of an English one, and a typo.
    for text in ["%EA%B7%80%ED%8F%AC", "tang%20marm", "tangerne"] {
        let path = format!("/search?q={text}&category={category}");
        shows(shop, &path, "id", &sku, true)?;
    }
    let path = format!("/search/suggestions?q={}", "tangeri");
    let suggested = shop.api.call("GET", &path).send()?.expect(200)?;
    ensure!(
        suggested["items"].as_array().is_some_and(|items| !items.is_empty()),
        "{suggested}"
    );

    let call = shop
        .api
        .call("PATCH", &format!("/admin/products/{sku}"))
        .token(&shop.admin);
    let call = call.header("if-match", "*").json(&json!({ "status": "UNLISTED" }));
    call.send()?.expect(200)?;
    shows(shop, &format!("/products?category={category}"), "sku", &sku, false)?;
    shows(
        shop,
        &format!("/search?q=tangerine&category={category}"),
        "id",
        &sku,
        false,
    )
}

fn a_rebuilt_index_finds_the_same(shop: &Shop) -> Result<()> {
    let (sku, category) = product(shop, "Persimmon vinegar")?;
    let path = format!("/search?q=persimmon&category={category}");
    shows(shop, &path, "id", &sku, true)?;
    let start = shop.api.call("POST", "/admin/search/rebuilds").token(&shop.admin);
    let started = start.key(&shop.unique("rebuild")).send()?.expect(202)?;
    let rebuild = text(&started["rebuild"], "rebuild_id")?.to_owned();
    let index = || shop.get(&shop.admin, "/admin/search/index");
    shop.until(EVENT_DEADLINE, index, |index| index["rebuild_id"] == *rebuild)?;
    shows(shop, &path, "id", &sku, true)
}
