//! Lookups: the lists in which staff find an entity by one of its keys, such as an order by its product.
//!
//! The rows of a list have keys and no content. A reader of a list reads the entities again. A function that follows the
//! stream of the entities' table writes the rows, so the requests that change an entity do not pay for them.
//!
//! Invariant: a row with a key that comes from personal data names the data key of its customer. It counts only as long as
//! the customer has that data key, and an erasure removes it.

mod list;
mod phone;
mod store;

pub use list::{List, Position, SHARDS, Subject};
pub use phone::{InvalidLastDigits, LastDigits, PhoneKey, PhoneTag};
pub use store::phone_key::PhoneKeyStore;
pub use store::{ErasedRows, Found, FoundPage, LookupStore, Owner, PersonalRows};
