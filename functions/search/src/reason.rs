//! Reasons to reject a request that concerns the search.

shared::reasons! {
    /// Rebuild the index instead.
    NO_PREVIOUS_BUILD = Conflict "no-previous-build" "The index has no previous build to roll back to";
}
