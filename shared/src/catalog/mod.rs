//! The catalog: products, their stock, and their store.

mod category;
mod event;
#[cfg(test)]
pub(crate) mod example;
mod movement;
mod product;
mod product_status;
pub mod reason;
mod sale;
mod schema;
pub(crate) mod shard_hints;
mod stock;
pub mod store;
mod tax_class;

pub use category::{Category, InvalidCategory};
pub use event::{CatalogEvent, StockLow};
pub use movement::{StockMovement, StockMovementKind, StoredMovement};
pub use product::{InvalidSku, Package, Product, Sku};
pub use product_status::{AlreadyPublished, ProductStatus};
pub use sale::Sale;
pub use schema::{attributes_patch_schema, attributes_schema, metadata_patch_schema, metadata_schema};
pub use stock::{Hold, InvalidShardCount, Shard, ShardCount, StockLevel, allocate, rebalance, release, spread};
pub use store::CatalogStore;
pub use store::changes::{CHANGE_SHARDS, ChangePosition, ChangedPage, ChangedProduct};
pub use store::movements::MovementOutcome;
pub use store::schedules::WokenProduct;
pub use store::versions::ProductVersion;
pub use tax_class::TaxClass;
