//! Items that cannot be read, beside those that can: one of them must not stop work on the others.

use super::Item;
use super::table::text_of;
use crate::aws::lambda::problem::Causes;
use crate::core::error::Error;

/// An item that cannot be read.
#[derive(Debug)]
pub struct Damaged {
    /// The entity's id: what its key says after the prefix of its kind.
    pub id: String,
    /// Why it cannot be read.
    pub error: Error,
}

impl Damaged {
    /// Logs that the item was left out of what `doing` names.
    pub fn report(&self, doing: &str) {
        let Self { id, error } = self;
        tracing::error!(doing, id, causes = %Causes(error), "an item cannot be read and is left out");
    }
}

/// Parses each item of one kind, whose keys begin with `prefix`.
pub fn parse_each<T>(
    items: impl IntoIterator<Item = Item>,
    prefix: &str,
    parse: impl Fn(Item) -> Result<T, Error>,
) -> (Vec<T>, Vec<Damaged>) {
    let (mut readable, mut damaged) = (vec![], vec![]);
    for item in items {
        let key = text_of(&item, "pk").unwrap_or_default();
        let id = key.strip_prefix(prefix).unwrap_or(key).to_owned();
        match parse(item) {
            Ok(parsed) => readable.push(parsed),
            Err(error) => damaged.push(Damaged { id, error }),
        }
    }
    (readable, damaged)
}
