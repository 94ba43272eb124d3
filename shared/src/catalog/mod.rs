//! The catalog: products, their stock, and their store.

mod event;
mod product;
pub mod reason;
mod schema;
pub(crate) mod shard_hints;
mod stock;
pub(crate) mod store;

pub use event::{CatalogEvent, StockReceived};
pub use product::{Category, InvalidCategory, InvalidSku, Package, Product, ProductStatus, Sku};
pub use schema::{attributes_patch_schema, attributes_schema, metadata_patch_schema, metadata_schema};
pub use stock::{Hold, InvalidShardCount, Shard, ShardCount, StockLevel, allocate, rebalance, release, spread};
pub use store::{CatalogStore, Receipt};
