//! Rows of the lookups table, and pages of them.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use uuid::Uuid;

use super::WRITING;
use crate::aws::dynamodb::table::text_of;
use crate::aws::dynamodb::{Item, composite, text};
use crate::core::error::Error;
use crate::core::identity::CustomerId;
use crate::lookups::Position;

/// Whose personal data a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The customer.
    pub customer_id: CustomerId,
    /// The customer's data key, which has encrypted the data. Without it they are erased.
    pub key_id: Uuid,
}

/// An entity of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The entity's id, and its position in the list.
    pub position: Position,
    /// Whose personal data its key in this list comes from. None for another key.
    pub owner: Option<Owner>,
}

/// A page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundPage {
    /// The entities, newest first.
    pub found: Vec<Found>,
    /// The place of the last one, if more follow.
    pub next: Option<Position>,
}

/// The rows that come from a customer's personal data.
#[derive(Clone, Debug)]
pub struct PersonalRows(pub(super) Vec<Item>);

impl PersonalRows {
    /// The rows under other data keys than `current`, which was read after the rows: their data are erased.
    ///
    /// # Errors
    /// [`Error::Internal`] for a damaged row.
    pub fn erased(self, current: Option<Uuid>) -> Result<ErasedRows, Error> {
        let (current, mut erased) = (current.map(|key| key.to_string()), ErasedRows::default());
        for row in self.0 {
            if text_of(&row, "key_id") != current.as_deref() {
                erased.add(row)?;
            }
        }
        Ok(erased)
    }
}

/// Rows that come from erased personal data, to be removed.
#[derive(Clone, Debug, Default)]
pub struct ErasedRows {
    /// The entities that had the data.
    pub ids: BTreeSet<Uuid>,
    pub(super) deletes: Vec<WriteRequest>,
}

impl ErasedRows {
    fn add(&mut self, row: Item) -> Result<(), Error> {
        let id = text_of(&row, "entity_id").and_then(|id| id.parse().ok());
        self.ids
            .insert(id.ok_or_else(|| Error::internal(WRITING, "the row names no entity"))?);
        self.deletes.push(delete_request(row)?);
        Ok(())
    }
}

impl Found {
    /// Reads a row. `sort_key` is the attribute with its position.
    pub(super) fn read(row: &Item, sort_key: &str) -> Result<Self, Error> {
        let damaged = || Error::internal("read a lookup", "the row has other attributes");
        let position = text_of(row, sort_key).and_then(|position| position.parse().ok());
        let owner = match text_of(row, "customer_id") {
            None => None,
            Some(customer) => Some(Owner {
                customer_id: CustomerId::new(customer),
                key_id: text_of(row, "key_id")
                    .and_then(|key| key.parse().ok())
                    .ok_or_else(damaged)?,
            }),
        };
        Ok(Self {
            position: position.ok_or_else(damaged)?,
            owner,
        })
    }
}

impl FoundPage {
    /// The first `limit` of the entities of all shards, of each of which at least `limit` and one were read, if it has them.
    pub(super) fn merged(shards: impl Iterator<Item = Found>, limit: u8) -> Self {
        let mut found: Vec<Found> = shards.collect();
        found.sort_by_key(|found| std::cmp::Reverse(found.position));
        // A customer's two telephone numbers may end with the same digits.
        found.dedup_by_key(|found| found.position);
        let limit = usize::from(limit);
        let next = (found.len() > limit).then(|| found.get(limit.saturating_sub(1)).map(|last| last.position));
        found.truncate(limit);
        Self {
            found,
            next: next.flatten(),
        }
    }
}

/// Adds the attributes that put a row on the index `by-list`.
pub(super) fn put_on_index(row: &mut Item, list: String, position: Position) {
    row.insert("list".into(), text(list));
    row.insert("position".into(), text(position.to_string()));
}

/// Builds the put of a row in a batch.
pub(super) fn put_request(row: Item) -> Result<WriteRequest, Error> {
    let put = PutRequest::builder().set_item(Some(row)).build();
    let put = put.map_err(|error| Error::internal(WRITING, error))?;
    Ok(WriteRequest::builder().put_request(put).build())
}

/// Builds the deletion of a row in a batch.
fn delete_request(row: Item) -> Result<WriteRequest, Error> {
    let key = text_of(&row, "pk").zip(text_of(&row, "sk"));
    let (pk, sk) = key.ok_or_else(|| Error::internal(WRITING, "the row has no key"))?;
    let delete = DeleteRequest::builder().set_key(Some(composite(pk, sk))).build();
    let delete = delete.map_err(|error| Error::internal(WRITING, error))?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(created_ms: u64) -> Found {
        Found {
            position: Position {
                created_ms,
                id: Uuid::from_u128(created_ms.into()),
            },
            owner: None,
        }
    }

    #[test]
    fn a_page_has_the_newest_of_all_shards_and_says_whether_more_follow() {
        let shards = || [5, 2, 1, 4, 3].map(found).into_iter();
        let page = FoundPage::merged(shards(), 2);
        assert_eq!(page.found, [found(5), found(4)]);
        assert_eq!(page.next, Some(found(4).position));
        let whole = FoundPage::merged(shards(), 5);
        assert_eq!((whole.found.len(), whole.next), (5, None));
    }
}
