//! Lists: the entities with the same key, newest first, and the place of an entity in them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::catalog::Sku;
use crate::lookups::PhoneTag;

/// The shards of a list that a busy shop writes to all the time. One partition takes a thousand rows a second; beyond four
/// thousand the rows come later, and no request waits for them.
pub const SHARDS: u8 = 4;

/// The kind of entities in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Orders.
    Order,
}

impl Subject {
    /// The name in the partitions of lists.
    const fn plural(self) -> &'static str {
        match self {
            Self::Order => "ORDERS",
        }
    }

    /// The partition of an entity's own row.
    pub(super) fn entity(self, id: Uuid) -> String {
        let name = match self {
            Self::Order => "ORDER",
        };
        format!("{name}#{id}")
    }
}

/// The entities with a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum List {
    /// All entities.
    All,
    /// Those with a number that people read and say.
    Number(String),
    /// Those with a product.
    Product(Sku),
    /// Those with a status.
    Status(&'static str),
    /// Those with units that are to be shipped.
    ToShip,
    /// Those with a telephone number that ends with the same digits.
    Phone(PhoneTag),
}

impl List {
    /// The number of partitions. A list that one customer or one number fills has one.
    pub const fn shards(&self) -> u8 {
        match self {
            Self::All | Self::Product(_) | Self::Status(_) | Self::ToShip => SHARDS,
            Self::Number(_) | Self::Phone(_) => 1,
        }
    }

    /// One partition of the list.
    pub(super) fn partition(&self, subject: Subject, shard: u8) -> String {
        let subject = subject.plural();
        match self {
            Self::All => format!("{subject}#ALL#{shard}"),
            Self::Number(number) => format!("{subject}#NUMBER#{number}"),
            Self::Product(sku) => format!("{subject}#PRODUCT#{sku}#{shard}"),
            Self::Status(status) => format!("{subject}#STATUS#{status}#{shard}"),
            Self::ToShip => format!("{subject}#TO_SHIP#{shard}"),
            Self::Phone(tag) => format!("{subject}#PHONE#{tag}"),
        }
    }

    /// The partition with the row of an entity.
    pub(super) fn partition_of(&self, subject: Subject, id: Uuid) -> String {
        // Ids are hashes, so their first byte is evenly distributed.
        self.partition(subject, id.as_bytes()[0] % self.shards())
    }
}

/// The place of an entity in each of its lists. It never changes, so nobody who pages through a list misses an entity or sees
/// it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// When the entity was created, in Unix milliseconds.
    pub created_ms: u64,
    /// The entity's id.
    pub id: Uuid,
}

impl Position {
    /// The place of an entity that was created at `at`.
    pub fn new(at: Timestamp, id: Uuid) -> Self {
        Self {
            created_ms: u64::try_from(at.as_millisecond()).unwrap_or_default(),
            id,
        }
    }

    /// The place just before the first entity that is newer. None if there is no older one.
    pub(super) fn before(self) -> Option<Self> {
        match self.id.as_u128().checked_sub(1) {
            Some(id) => Some(Self {
                id: Uuid::from_u128(id),
                ..self
            }),
            None => Some(Self {
                created_ms: self.created_ms.checked_sub(1)?,
                id: Uuid::max(),
            }),
        }
    }
}

impl fmt::Display for Position {
    /// The sort key: 16 digits hold each time, and texts sort as positions do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016}#{}", self.created_ms, self.id)
    }
}

/// The text is not a sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is no position in a list")]
pub struct InvalidPosition;

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (created_ms, id) = text.split_once('#').ok_or(InvalidPosition)?;
        Ok(Self {
            created_ms: created_ms.parse().map_err(|_| InvalidPosition)?,
            id: id.parse().map_err(|_| InvalidPosition)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_time_has_16_digits() {
        assert!(Timestamp::MAX.as_millisecond().to_string().len() <= 16);
    }

    #[test]
    fn an_entity_is_in_one_partition_of_a_list() {
        let id = Uuid::from_u128(7 << 120);
        let product = List::Product("tea".to_owned().try_into().unwrap());
        assert_eq!(product.partition_of(Subject::Order, id), "ORDERS#PRODUCT#tea#3");
        let number = List::Number("7K3QM-2T9XN".to_owned());
        assert_eq!(number.partition_of(Subject::Order, id), "ORDERS#NUMBER#7K3QM-2T9XN");
    }

    proptest! {
        #[test]
        fn texts_sort_as_positions_do(a in 0..1_u64 << 50, b in 0..1_u64 << 50, x: u128, y: u128) {
            let (one, other) = (position(a, x), position(b, y));
            prop_assert_eq!(one.to_string().cmp(&other.to_string()), one.cmp(&other));
            prop_assert_eq!(one.to_string().parse(), Ok(one));
        }

        #[test]
        fn nothing_is_between_a_position_and_the_one_before(ms in 0..1_u64 << 50, id: u128, other: u128) {
            let (at, before) = (position(ms, id), position(ms, id).before());
            if let Some(before) = before {
                prop_assert!(before < at);
                let other = position(ms, other);
                prop_assert!(other <= before || other >= at);
            }
        }
    }

    fn position(created_ms: u64, id: u128) -> Position {
        let id = Uuid::from_u128(id);
        Position { created_ms, id }
    }

    #[test]
    fn the_first_id_of_a_millisecond_comes_after_the_last_of_the_one_before() {
        assert_eq!(position(5, 0).before(), Some(position(4, u128::MAX)));
        assert_eq!(position(0, 0).before(), None);
    }
}
