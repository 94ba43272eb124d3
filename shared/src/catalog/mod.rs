//! The catalog: products, their stock, and their store.

mod event;
mod product;
pub mod reason;
pub(crate) mod shard_hints;
mod stock;
pub(crate) mod store;

pub use event::{CatalogEvent, StockReceived};
pub use product::{InvalidSku, Product, ProductStatus, Sku};
pub use stock::{Hold, InvalidShardCount, Shard, ShardCount, StockLevel, allocate, rebalance, spread};
pub use store::{CatalogStore, Receipt};
