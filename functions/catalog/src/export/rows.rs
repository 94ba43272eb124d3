//! The rows of exports: what an import takes.

use jiff::Timestamp;
use serde_json::Value;
use shared::Error;
use shared::catalog::Product;

/// The number of products at which a part ends.
pub const PART_PRODUCTS: u64 = 10_000;

/// The size at which a part ends, in bytes: well below the largest file of an import, and below the function's memory.
const PART_BYTES: usize = 16 * 1024 * 1024;

/// The fields of a product that no row sets.
const NOT_SET: [&str; 4] = ["first_listed_at", "version", "updated_by", "updated_at"];

/// A file of an export that is being filled.
#[derive(Debug, Default)]
pub struct Part {
    /// The rows.
    pub bytes: Vec<u8>,
    /// The number of products.
    pub products: u64,
}

impl Part {
    /// Adds a product as it is at `now`.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be serialized.
    pub fn add(&mut self, product: &Product, now: Timestamp) -> Result<(), Error> {
        self.bytes.extend(row(product, now)?.into_bytes());
        self.bytes.push(b'\n');
        self.products += 1;
        Ok(())
    }

    /// Whether the part has room for another page, if it ends at `most` products.
    pub fn has_room(&self, most: u64) -> bool {
        self.products < most && self.bytes.len() < PART_BYTES
    }
}

/// The row of a product. Optional fields that the product does not have are absent, and so is a sale that has ended: it may
/// be above the price by now.
fn row(product: &Product, now: Timestamp) -> Result<String, Error> {
    let row = serde_json::to_value(product).map_err(|error| Error::internal("export a product", error))?;
    Ok(match row {
        Value::Object(mut members) => {
            members.retain(|name, _| !NOT_SET.contains(&name.as_str()));
            if product.sale.is_some_and(|sale| sale.ends_at <= now) {
                members.remove("sale");
            }
            Value::Object(members).to_string()
        }
        other => other.to_string(),
    })
}
