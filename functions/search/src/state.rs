//! The state of an engine: the builds of its index. `index.json` is that of the embedded engine,
//! `opensearch.json` that of OpenSearch.

use std::collections::BTreeMap;

use jiff::Timestamp;
use search_engine::{ANALYZER_VERSION, FORMAT_VERSION, Manifest, SCHEMA_VERSION};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::documents::{Walk, WalkPosition};

/// The state of the index. It is one object, so one conditional write changes all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexState {
    /// A new id with each commit, by which a writer recognizes its own.
    pub commit: Uuid,
    /// The time of the commit.
    pub committed_at: Timestamp,
    /// The build that is searched.
    pub current: Build,
    /// The build that will replace it.
    pub next: Option<Rebuild>,
    /// The build before, to roll back to.
    pub previous: Option<Replaced>,
    /// How the current build became current again, if it was rolled back to.
    pub rolled_back: Option<RollBack>,
}

/// A roll-back to the current build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollBack {
    /// The request.
    pub request_id: Uuid,
    /// The time at which the build was replaced. It lacked the changes since.
    pub replaced_at: Timestamp,
}

/// A build that another one has replaced. It lacks the changes since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// The build.
    pub build: Build,
    /// The time at which it was replaced.
    pub at: Timestamp,
}

/// A build of the index: made from the tables as a whole, and kept current since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The rebuild that made it, and names its index on a server. None for the first one, which began empty.
    pub rebuild_id: Option<Uuid>,
    /// Its bundles, and the versions of the code that made it. On a server there are no bundles, and counts and checksum are
    /// those of the last measurement.
    pub manifest: Manifest,
}

/// A build that is being made. Changes are written to it as well as to the current one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuild {
    /// The build so far.
    pub build: Build,
    /// The time at which the rebuild was requested.
    pub started_at: Timestamp,
    /// The position up to which the tables have been read.
    pub position: WalkPosition,
    /// The entities that were read.
    pub read: u64,
    /// The entities that have no document, since they cannot be read, by kind. An entity that was met twice counts twice.
    #[serde(default)]
    pub left_out: BTreeMap<String, u64>,
}

impl IndexState {
    /// An index without documents.
    pub fn empty(commit: Uuid, now: Timestamp) -> Self {
        Self {
            commit,
            committed_at: now,
            current: Build::empty(None),
            next: None,
            previous: None,
            rolled_back: None,
        }
    }

    /// Whether a build consists of this bundle, among others.
    pub fn uses(&self, bundle: &str) -> bool {
        self.builds()
            .any(|build| build.manifest.bundles.iter().any(|info| info.name == bundle))
    }

    /// The builds to which changes are written. The previous one is brought up to date when it becomes current again. A blank
    /// one stays blank beside a rebuild: readers that know an earlier index keep it until the rebuild has ended.
    pub fn written(&mut self) -> impl Iterator<Item = &mut Build> {
        let is_left_blank = self.current.is_blank() && self.next.is_some();
        let current = (!is_left_blank).then_some(&mut self.current);
        let builds = current
            .into_iter()
            .chain(self.next.as_mut().map(|next| &mut next.build));
        builds.filter(|build| build.is_readable())
    }

    /// All builds.
    pub fn builds(&self) -> impl Iterator<Item = &Build> {
        let next = self.next.as_ref().map(|next| &next.build);
        let previous = self.previous.as_ref().map(|previous| &previous.build);
        [&self.current].into_iter().chain(next).chain(previous)
    }

    /// Whether the index has to be built before it can be searched: another version of this code has written it, nobody has, or
    /// its state was lost.
    pub fn needs_build(&self) -> bool {
        !self.current.is_readable() || self.current.is_blank()
    }

    /// Whether the current build was made from the tables as a whole. A first build is kept current too, but began empty.
    pub const fn is_complete(&self) -> bool {
        self.current.rebuild_id.is_some()
    }

    /// The rebuild by this version of the code that is under way.
    pub fn under_way(&self) -> Option<&Rebuild> {
        self.next.as_ref().filter(|next| next.build.is_readable())
    }

    /// Begins a rebuild beside the current build. A rebuild that has not ended starts over.
    pub fn start(&mut self, rebuild_id: Uuid, now: Timestamp) {
        self.next = Some(Rebuild {
            build: Build::empty(Some(rebuild_id)),
            started_at: now,
            position: Walk::ALL.start(),
            read: 0,
            left_out: BTreeMap::new(),
        });
    }

    /// Makes the next build the current one, which becomes the previous one, unless it is blank. Refuses when the next one has
    /// fewer documents of a kind, since entities are hidden but never deleted: it would be incomplete. It is then discarded.
    /// Entities that cannot be read may be missing. If the current build cannot be searched, an incomplete one is better than none:
    /// what it lacks is returned.
    ///
    /// # Errors
    /// [`Incomplete`].
    pub fn switch(&mut self, now: Timestamp) -> Result<Option<Incomplete>, Incomplete> {
        let Some(next) = self.next.take() else { return Ok(None) };
        let mut lacking = None;
        let (old, new) = (&self.current.manifest.documents, &next.build.manifest.documents);
        // The counts of an index can be read also when another version of the analyzer has written it.
        let is_comparable = self.current.manifest.format_version == FORMAT_VERSION;
        for (kind, &expected) in old.iter().filter(|_| is_comparable) {
            let found = new.get(kind).copied().unwrap_or_default();
            let left_out = next.left_out.get(kind).copied().unwrap_or_default();
            if found + left_out < expected {
                lacking = Some(Incomplete {
                    kind: kind.clone(),
                    found,
                    expected,
                });
            }
        }
        if let Some(incomplete) = lacking.take_if(|_| self.current.is_readable()) {
            return Err(incomplete);
        }
        let build = std::mem::replace(&mut self.current, next.build);
        self.previous = (!build.is_blank()).then_some(Replaced { build, at: now });
        self.rolled_back = None;
        Ok(lacking)
    }

    /// Makes the previous build the current one, and ends a rebuild that is under way. Returns false when there is no
    /// previous build that can be read.
    pub fn roll_back(&mut self, request_id: Uuid) -> bool {
        let Some(previous) = self.previous.take_if(|previous| previous.build.is_readable()) else {
            return false;
        };
        self.current = previous.build;
        self.next = None;
        self.rolled_back = Some(RollBack {
            request_id,
            replaced_at: previous.at,
        });
        true
    }
}

impl Build {
    /// Whether this version of the code can read it.
    pub fn is_readable(&self) -> bool {
        let manifest = &self.manifest;
        let versions = (
            manifest.format_version,
            manifest.schema_version,
            manifest.analyzer_version,
        );
        versions == (FORMAT_VERSION, SCHEMA_VERSION, ANALYZER_VERSION)
    }

    /// Whether nothing was ever written to it: the index is new, or its state was lost.
    pub const fn is_blank(&self) -> bool {
        self.rebuild_id.is_none() && self.manifest.bundles.is_empty()
    }

    fn empty(rebuild_id: Option<Uuid>) -> Self {
        Self {
            rebuild_id,
            manifest: Manifest::empty(0),
        }
    }
}

/// A rebuild that found fewer documents than the current build has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rebuild has {found} documents of the kind {kind}, the current build has {expected}")]
pub struct Incomplete {
    /// The kind.
    pub kind: String,
    /// The documents of the rebuild.
    pub found: u64,
    /// The documents of the current build.
    pub expected: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use search_engine::BundleInfo;

    fn state(current: u64, next: u64) -> IndexState {
        let mut state = IndexState::empty(Uuid::nil(), Timestamp::UNIX_EPOCH);
        if current > 0 {
            state.current.manifest.documents.insert("PRODUCT".to_owned(), current);
            state.current.manifest.bundles.push(BundleInfo {
                name: "first".to_owned(),
                size: 1,
                documents: current,
            });
        }
        state.start(Uuid::max(), Timestamp::UNIX_EPOCH);
        let build = &mut state.next.as_mut().unwrap().build;
        build.manifest.documents.insert("PRODUCT".to_owned(), next);
        state
    }

    #[test]
    fn a_complete_rebuild_replaces_the_current_build_and_keeps_it() {
        let mut state = state(2, 3);
        state.switch(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(state.current.rebuild_id, Some(Uuid::max()));
        assert_eq!(state.previous.unwrap().build.manifest.documents["PRODUCT"], 2);
    }

    #[test]
    fn a_rebuild_with_fewer_documents_is_discarded() {
        let mut state = state(3, 2);
        let incomplete = state.switch(Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!((incomplete.found, incomplete.expected), (2, 3));
        assert_eq!((state.current.rebuild_id, state.next), (None, None));
    }

    #[test]
    fn a_rebuild_may_lack_what_cannot_be_read() {
        let mut state = state(3, 2);
        let next = state.next.as_mut().unwrap();
        next.left_out.insert("PRODUCT".to_owned(), 1);
        state.switch(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(state.current.rebuild_id, Some(Uuid::max()));
    }

    #[test]
    fn a_rebuild_by_another_version_of_the_analyzer_is_compared_too_but_replaces_what_cannot_be_searched() {
        let mut state = state(3, 2);
        state.current.manifest.analyzer_version += 1;
        let lacking = state.switch(Timestamp::UNIX_EPOCH).unwrap().unwrap();
        assert_eq!((lacking.found, lacking.expected), (2, 3));
        assert_eq!(state.current.rebuild_id, Some(Uuid::max()));
        let mut other_format = self::state(3, 2);
        other_format.current.manifest.format_version += 1;
        other_format.switch(Timestamp::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn a_build_to_which_nothing_was_written_is_nothing_to_roll_back_to() {
        let mut state = state(0, 2);
        state.switch(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(state.previous, None);
    }

    #[test]
    fn a_roll_back_ends_a_rebuild_and_needs_a_previous_build() {
        let mut state = state(2, 3);
        assert!(!state.clone().roll_back(Uuid::nil()));
        state.switch(Timestamp::UNIX_EPOCH).unwrap();
        state.start(Uuid::nil(), Timestamp::UNIX_EPOCH);
        assert!(state.roll_back(Uuid::nil()));
        assert_eq!(
            (state.current.rebuild_id, state.next, state.previous),
            (None, None, None)
        );
    }
}
