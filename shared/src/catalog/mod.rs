//! Products, their stock, and the table of both.

mod event;
mod product;
pub(crate) mod shard_hints;
mod stock;
pub(crate) mod store;

pub use event::{CatalogEvent, StockReceived};
pub use product::{NotASku, Product, ProductStatus, Sku};
pub use stock::{Hold, Level, NotAShardCount, Shard, ShardCount, allocate, rebalance, spread};
pub use store::{CatalogStore, Receipt};
