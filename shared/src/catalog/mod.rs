//! The catalog: products, their stock, and their store.

mod alert;
mod event;
mod movement;
mod product;
pub mod reason;
mod schema;
pub(crate) mod shard_hints;
mod stock;
pub(crate) mod store;
mod tax_class;

pub use alert::{StockAlert, WatchedStock};
pub use event::{CatalogEvent, StockLow};
pub use movement::{StockMovement, StockMovementKind, StoredMovement};
pub use product::{Category, InvalidCategory, InvalidSku, Package, Product, ProductStatus, Sku};
pub use schema::{attributes_patch_schema, attributes_schema, metadata_patch_schema, metadata_schema};
pub use stock::{Hold, InvalidShardCount, Shard, ShardCount, StockLevel, allocate, rebalance, release, spread};
pub use store::CatalogStore;
pub use store::movements::{MovementOutcome, MovementPage};
pub use tax_class::TaxClass;
