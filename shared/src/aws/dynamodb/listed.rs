//! Lists of entities in the order of time, in an index of a table: its partition key names an item's list, and its sort key is the place
//! of the item there, in Unix milliseconds.

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use tokio::time::Instant;
use uuid::Uuid;

use super::damaged::parse_each;
use super::due::uuid_in;
use super::table::{Table, text_of};
use super::{Item, classify_error, number, parse, send_until_answered, text};
use crate::aws::lambda::page::Cursor;
use crate::core::error::Error;

/// The last place of a list.
pub const LAST_PLACE: u64 = i64::MAX.unsigned_abs();

/// An index that has lists.
#[derive(Clone, Copy, Debug)]
pub struct ListIndex {
    /// The name of the index.
    pub name: &'static str,
    /// The attribute that names an item's list.
    pub list: &'static str,
    /// The attribute that is an item's place in its list.
    pub place: &'static str,
}

impl ListIndex {
    /// The index for the lists of a table that has one index for all of them.
    pub const LISTED: Self = Self {
        name: "listed",
        list: "listed_in",
        place: "listed_ms",
    };
}

/// A list of a table.
#[derive(Clone, Debug)]
pub struct List<'a> {
    /// The index.
    pub index: ListIndex,
    /// The name of the list, as its keys have it.
    pub name: &'a str,
    /// The prefix of the partition keys of its items, before their id, such as `COUPON#`.
    pub prefix: &'a str,
    /// The sort key of its items, if the table has one.
    pub sort_key: Option<&'a str>,
    /// The places that are read.
    pub places: RangeInclusive<u64>,
    /// Whether the latest place is first.
    pub is_newest_first: bool,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// The start of the next page, if there is one.
    pub next: Option<Cursor<1>>,
}

impl<'a> List<'a> {
    /// A whole list in the index `listed` of a table without a sort key, the newest first.
    pub const fn newest(name: &'a str, prefix: &'a str) -> Self {
        Self::newest_in(ListIndex::LISTED, name, prefix)
    }

    /// A whole list in an index of a table without a sort key, the newest first.
    pub const fn newest_in(index: ListIndex, name: &'a str, prefix: &'a str) -> Self {
        Self {
            index,
            name,
            prefix,
            sort_key: None,
            places: 0..=LAST_PLACE,
            is_newest_first: true,
        }
    }

    /// The keys of an item in the table and in the index.
    fn keys_of(&self, id: Uuid, place: u64) -> Item {
        let mut keys = Item::from([
            ("pk".to_owned(), text(format!("{}{id}", self.prefix))),
            (self.index.list.to_owned(), text(self.name)),
            (self.index.place.to_owned(), number(place)),
        ]);
        if let Some(sort_key) = self.sort_key {
            keys.insert("sk".to_owned(), text(sort_key));
        }
        keys
    }

    /// Converts DynamoDB's last evaluated key to a cursor.
    fn cursor(&self, doing: &'static str, last: &Item) -> Result<Cursor<1>, Error> {
        let place = last.get(self.index.place);
        let place: Option<u64> = place.and_then(|place| place.as_n().ok()?.parse().ok());
        Ok(Cursor {
            // It must not look like the end of the list.
            at: [place.ok_or_else(|| Error::internal(doing, "the position in the list is unreadable"))?],
            id: uuid_in(text_of(last, "pk").unwrap_or_default(), self.prefix)?,
        })
    }
}

impl<T> Listed<T> {
    /// The page with what `convert` makes of each item.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Listed<U> {
        Listed {
            items: self.items.into_iter().map(convert).collect(),
            next: self.next,
        }
    }
}

impl Table {
    /// Reads the page of a list after `after`. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; [`Error::Internal`], also when an item is damaged.
    pub async fn list<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        list: &List<'_>,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<T>, Error> {
        let Listed { items, next } = self.list_items(doing, list, after, limit, deadline).await?;
        let items = items.into_iter().map(|item| parse(doing, item));
        Ok(Listed {
            items: items.collect::<Result<_, _>>()?,
            next,
        })
    }

    /// [`Table::list`] without the items that are damaged, which it logs: one of them must not hide the others.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list_readable<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        list: &List<'_>,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<T>, Error> {
        let Listed { items, next } = self.list_items(doing, list, after, limit, deadline).await?;
        let (items, damaged) = parse_each(items, list.prefix, |item| parse(doing, item));
        for item in damaged {
            item.report(doing);
        }
        Ok(Listed { items, next })
    }

    /// [`Table::list`] with the items as the index has them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list_items(
        &self,
        doing: &'static str,
        list: &List<'_>,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<Item>, Error> {
        let index = list.index;
        let condition = format!("{} = :list AND {} BETWEEN :first AND :last", index.list, index.place);
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(index.name)
            .key_condition_expression(condition)
            .expression_attribute_values(":list", text(list.name))
            .expression_attribute_values(":first", number(list.places.start()))
            .expression_attribute_values(":last", number(list.places.end()))
            .scan_index_forward(!list.is_newest_first)
            .limit(limit.into())
            .set_exclusive_start_key(after.map(|after| list.keys_of(after.id, after.at[0])));
        let send = || async { query.clone().send().await.map_err(|error| classify_error(doing, error)) };
        let answer = send_until_answered(doing, deadline, send).await?;
        let next = answer.last_evaluated_key.map(|last| list.cursor(doing, &last));
        Ok(Listed {
            items: answer.items.unwrap_or_default(),
            next: next.transpose()?,
        })
    }
}
