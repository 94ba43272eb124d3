//! Creates a small catalog through the API, as an administrator.

use anyhow::{Context, Result};
use serde_json::json;

use crate::api::Api;

/// The products: SKU, name, price in KRW, stock shards, units. Bids trade vouchers for gift cards against points.
const CATALOG: [(&str, &str, u64, u32, u32); 6] = [
    ("tea", "Green tea, 100 g", 12_900, 1, 100),
    ("teapot", "Celadon teapot", 89_000, 1, 12),
    ("gift-card", "Gift card 50,000", 50_000, 4, 1_000),
    ("tea-club", "Tea club, one month", 24_900, 1, 300),
    ("concert", "Courtyard concert, one seat", 66_000, 8, 400),
    (POINTS, "10,000 points", 10_000, 1, 1_000),
];

/// The SKU of points. One KRW buys one point.
pub(crate) const POINTS: &str = "points-10000";

/// The products that are shipped: SKU, and grams of one unit.
const PACKAGES: [(&str, u32); 2] = [("tea", 120), ("teapot", 900)];

/// The products that are not taxed: vouchers are taxed when they are used.
const EXEMPT: [&str; 2] = ["gift-card", POINTS];

/// Creates the catalog with an administrator's `token`. Idempotent. Returns the number of products.
pub(crate) fn seed(api: &Api, token: &str) -> Result<usize> {
    for (sku, name, price, shards, units) in CATALOG {
        let mut product = json!({
            "sku": sku,
            "name": name,
            "price": { "amount": price, "currency": "KRW" },
            "status": "LISTED",
            "stock_shards": shards,
        });
        if sku == POINTS {
            product["points"] = price.into();
        }
        if let Some((_, grams)) = PACKAGES.iter().find(|package| package.0 == sku) {
            product["package"] = json!({ "weight_grams": grams });
        }
        if EXEMPT.contains(&sku) {
            product["tax_class"] = "EXEMPT".into();
        }
        let key = format!("seed-{sku}");
        let create = api
            .call("POST", "/admin/products")
            .token(token)
            .key(&key)
            .json(&product);
        let created = create.send()?;
        // Another administrator may have created it.
        if created.status != 409 {
            created
                .expect(201)
                .with_context(|| format!("cannot create the product {sku}"))?;
        }
        let receive = api
            .call("POST", &format!("/admin/products/{sku}/stock-movements"))
            .token(token)
            .key(&key);
        let receipt = json!({ "kind": "RECEIPT", "quantity": units });
        let received = receive.json(&receipt).send()?;
        received
            .expect(201)
            .with_context(|| format!("cannot receive stock of {sku}"))?;
    }
    Ok(CATALOG.len())
}
