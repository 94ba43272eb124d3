//! Runs for batches of the shows table's stream, a second after performances, performers or venues have changed: names them to
//! the search.
//!
//! A change only says which document to read again, so changes may arrive in any order and repeatedly.

use std::collections::{BTreeMap, BTreeSet};

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::stream::Changes;
use shared::search::IndexQueue;
use shared::tickets::ShowKind;

/// The function's queue.
#[derive(Debug)]
pub struct WatchShows {
    /// The queue of the search index.
    pub index: IndexQueue,
}

impl WatchShows {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            index: IndexQueue::new(platform)?,
        })
    }
}

/// Names each changed show of the batch once.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`]. The stream delivers the batch again.
pub async fn handle(function: &WatchShows, changes: Changes, invocation: Invocation) -> Result<(), Error> {
    for (kind, ids) in shows_in(&changes) {
        let ids = Vec::from_iter(ids);
        function.index.index(kind.into(), &ids, invocation.deadline).await?;
    }
    Ok(())
}

fn shows_in(changes: &Changes) -> BTreeMap<ShowKind, BTreeSet<String>> {
    let mut shows: BTreeMap<ShowKind, BTreeSet<String>> = BTreeMap::new();
    for (kind, id) in changes.keys().filter_map(ShowKind::in_key) {
        shows.entry(kind).or_default().insert(id.to_string());
    }
    shows
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_batch_names_each_show_once_and_nothing_else() {
        let [one, two] = [
            "018f0000-0000-8000-8000-000000000001",
            "018f0000-0000-8000-8000-000000000002",
        ];
        let keys = [
            format!("PERF#{one}"),
            format!("VENUE#{two}"),
            format!("PERF#{one}"),
            format!("PLAN#{two}"),
            format!("SHOW#{two}"),
        ];
        let records = keys.map(|key| json!({ "dynamodb": { "Keys": { "pk": { "S": key } } } }));
        let changes: Changes = serde_json::from_value(json!({ "Records": records })).unwrap();
        let expected = [(ShowKind::Performance, one), (ShowKind::Venue, two)];
        let expected = expected.map(|(kind, id)| (kind, BTreeSet::from([id.to_owned()])));
        assert_eq!(shows_in(&changes), BTreeMap::from(expected));
    }
}
