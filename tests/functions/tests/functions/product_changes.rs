//! The index of products by their last change: a walk meets every product, and the changes after a time are found.

use std::collections::BTreeMap;

use function_tests::{Shop, update_call};
use jiff::SignedDuration;
use serde_json::json;
use shared::catalog::{CHANGE_SHARDS, CatalogStore, ChangePosition, ChangedProduct};

/// All changes after `from`, read in pages of `limit`.
async fn changes(shop: &Shop, from: &ChangePosition, limit: u8) -> Vec<ChangedProduct> {
    let catalog = CatalogStore::new(&shop.platform()).unwrap();
    let deadline = shop.invocation().deadline;
    let mut found = vec![];
    for shard in 0..CHANGE_SHARDS {
        let mut from = from.clone();
        loop {
            let page = catalog.changed_products(shard, &from, limit, deadline).await.unwrap();
            found.extend(page.products);
            match page.next {
                Some(next) => from = next,
                None => break,
            }
        }
    }
    found
}

#[tokio::test]
async fn a_walk_meets_every_product_once() {
    let shop = Shop::open().await;
    for nth in 0..60 {
        shop.list(&format!("sku-{nth}"), 1000, 1).await;
    }
    for limit in [1, 7, 100] {
        let found = changes(&shop, &ChangePosition::start(), limit).await;
        let versions: BTreeMap<String, u64> = found
            .iter()
            .map(|change| (change.sku.to_string(), change.version))
            .collect();
        assert_eq!((found.len(), versions.len()), (60, 60), "pages of {limit}");
        assert!(versions.values().all(|version| *version == 1));
    }
}

#[tokio::test]
async fn a_changed_product_moves_behind_the_others() {
    let shop = Shop::open().await;
    for sku in ["tea", "mug", "pot"] {
        shop.list(sku, 1000, 1).await;
    }
    shop.advance(SignedDuration::from_secs(1));
    let since = ChangePosition::at(shop.now());
    assert_eq!(changes(&shop, &since, 100).await, []);
    let changed = shop
        .update_product(update_call("mug", "*", &json!({ "brand": "Hadong" })))
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    shop.receive("tea", 5).await;
    let expected = ChangedProduct {
        revision: 2 << 16,
        sku: "mug".to_owned().try_into().unwrap(),
        version: 2,
        updated_at: shop.now(),
    };
    assert_eq!(
        changes(&shop, &since, 100).await,
        [expected],
        "stock is no part of the product"
    );
    assert_eq!(changes(&shop, &ChangePosition::start(), 100).await.len(), 3);
}
