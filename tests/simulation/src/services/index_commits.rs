//! The commits of the search indexes, in the order in which the bucket accepted them.

use std::collections::HashMap;
use std::sync::Mutex;

use search::state::IndexState;
use uuid::Uuid;

/// What the commits were.
#[derive(Debug, Default)]
pub struct IndexCommits(Mutex<History>);

#[derive(Debug, Default)]
struct History {
    /// The last generation of each build of an index, and its bundles.
    builds: HashMap<(String, Option<Uuid>), (u64, Vec<String>)>,
    overwritten: Vec<String>,
}

impl IndexCommits {
    /// Adds a state of the index at `path`. Each build in it is the one that was known, or a later generation of it.
    pub fn push(&self, path: &str, state: &[u8]) {
        let state: IndexState = serde_json::from_slice(state).expect("a state of the index");
        let mut history = self.0.lock().expect("not poisoned");
        for build in state.builds() {
            let bundles: Vec<String> = build.manifest.bundles.iter().map(|info| info.name.clone()).collect();
            let generation = build.manifest.generation;
            let known = history
                .builds
                .insert((path.to_owned(), build.rebuild_id), (generation, bundles.clone()));
            let Some((before, known)) = known else { continue };
            if generation < before || (generation == before && bundles != known) {
                let commit = state.commit;
                history
                    .overwritten
                    .push(format!("{commit} replaces generation {before} by {generation}"));
            }
        }
    }

    /// Returns the commits since the last call that replaced what another one had committed.
    pub fn overwritten(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("not poisoned").overwritten)
    }
}
