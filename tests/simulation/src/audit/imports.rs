//! Checks imports and exports: what was begun has ended, and an import says what it has changed.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use shared::core::idempotency::derive_id;

use super::key;
use crate::world::World;

/// The highest version of a product in a run.
const MAX_VERSION: u64 = 400;

/// Checks that each import and export has ended, and that the changes that an import counts are those that its events tell.
///
/// # Errors
/// The first one for which this does not hold.
pub fn check_exchanges(world: &World, catalog: &[Value]) -> Result<()> {
    let state = world.state();
    let find = |kind: &str, id: &String| {
        let wanted = format!("{kind}#{id}");
        let found = catalog.iter().find(|item| key(item) == wanted);
        found.with_context(|| format!("{wanted} does not exist"))
    };
    for id in &state.imports {
        let import = find("IMPORT", id)?;
        ensure!(import["status"] == "COMPLETED", "it has not ended: {import}");
        let count = |name: &str| import[name].as_u64().unwrap_or_default();
        let counted = count("created") + count("changed") + count("unchanged") + count("error_count");
        ensure!(counted == count("rows"), "its rows do not add up: {import}");
        // The event of a change follows from the import, the row, and the version that the product got.
        let event = |row: u64, version: u64| derive_id(&["import", id, &row.to_string(), &version.to_string()]);
        let is_told =
            |row: &u64| (1..=MAX_VERSION).any(|version| state.emitted.contains_key(&event(*row, version).to_string()));
        let told = (0..=count("rows")).filter(is_told).count() as u64;
        let made = if import["dry_run"] == true {
            0
        } else {
            count("created") + count("changed")
        };
        // A row that was written before its run was killed is unchanged when it is repeated after another change.
        let most = made
            + if import["dry_run"] == true {
                0
            } else {
                count("unchanged")
            };
        ensure!((made..=most).contains(&told), "{told} changes were told: {import}");
    }
    for id in &state.exports {
        let export = find("EXPORT", id)?;
        ensure!(export["status"] == "COMPLETED", "it has not ended: {export}");
    }
    Ok(())
}
