//! Checks the search index: reads its state and its bundles from the bucket, and opens it as a function does.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use function_tests::search_fixture::{ids, search_call};
use harness::engine::{CATALOG, SHOWS};
use harness::platform::SEARCH;
use search::state::IndexState;
use search_engine::Index;
use search_engine::checksum::BUCKETS;
use serde_json::Value;
use shared::catalog::Product;
use shared::search::DocumentKind;
use shared::tickets::ShowKind;

use super::key;
use crate::world::World;

/// Checks that the index has the latest version of each product and each show, and nothing else.
///
/// # Errors
/// The first entity of which it has another version, or none.
pub fn check_index(world: &World, catalog: &[Value]) -> Result<()> {
    let mut indexed = indexed(world)?;
    let mut check = |kind: DocumentKind, id: String, version: u64| {
        let found = indexed.remove(&(kind.name().to_owned(), id.clone()));
        ensure!(
            found == Some(version),
            "{} {id} has the version {version}, and {found:?} in the index",
            kind.name()
        );
        Ok(())
    };
    let number = |item: &Value, name: &str| item[name].as_u64().unwrap_or_default();
    for product in catalog.iter().filter(|item| key(item).starts_with("PRODUCT#")) {
        let sku = product["sku"].as_str().context("a product has an SKU")?;
        let revision = number(product, "version") << 16 | number(product, "wakes");
        check(DocumentKind::Product, sku.to_owned(), revision)?;
    }
    for item in world.tables.items(SHOWS) {
        if let Some((kind, id)) = ShowKind::in_key(key(&item)) {
            check(kind.into(), id.to_string(), number(&item, "version"))?;
        }
    }
    ensure!(indexed.is_empty(), "there are no such entities: {indexed:?}");
    Ok(())
}

/// The documents of the index by kind and id, with their versions.
fn indexed(world: &World) -> Result<BTreeMap<(String, String), u64>> {
    let objects = world.objects.objects(SEARCH);
    let Some(state) = objects.get("index.json") else {
        return Ok(BTreeMap::new());
    };
    let state: IndexState = serde_json::from_slice(&state.bytes)?;
    let folder = Folder::new();
    for info in &state.current.manifest.bundles {
        let object = objects.get(&format!("bundles/{}", info.name));
        let object = object.with_context(|| format!("the bundle {} does not exist", info.name))?;
        search_engine::save_fetched(folder.path(), info, object.bytes.clone())?;
    }
    let index = Index::open(folder.path(), &state.current.manifest)?;
    let mut found = BTreeMap::new();
    for (kind, id, version) in index.documents_in(&Vec::from_iter(0..BUCKETS))? {
        if found.insert((kind.clone(), id.clone()), version).is_some() {
            bail!("the index has {kind} {id} twice");
        }
    }
    Ok(found)
}

/// Searches each product by its SKU: one that is listed is found, and no other one.
///
/// # Errors
/// The first product for which this does not hold.
pub async fn check_answers(world: &World) -> Result<()> {
    for item in world.tables.items(CATALOG) {
        if !key(&item).starts_with("PRODUCT#") {
            continue;
        }
        let product: Product = serde_json::from_value(item)?;
        let sku = product.sku.as_str();
        let answer = world.http("search-documents", search_call(&[("q", sku)])).await;
        ensure!(answer.status == 200, "{sku} was not searched: {}", answer.body);
        let (is_found, is_listed) = (
            ids(&answer.body).iter().any(|id| id == sku),
            product.is_listed_at(world.clock.now()),
        );
        ensure!(
            is_found == is_listed,
            "{sku} is listed: {is_listed}, and found: {is_found}"
        );
    }
    Ok(())
}

/// A folder for files of an audit. It is removed at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static FOLDERS: AtomicU64 = AtomicU64::new(0);
        let (process, nth) = (std::process::id(), FOLDERS.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(format!("audit-{process}-{nth}")))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
