//! The product that a merge patch leads to, for the actions that change products one by one and for imports.

use shared::Error;
use shared::aws::lambda::Invocation;
use shared::catalog::{Product, ProductStatus, ShardCount, Sku, TaxClass};
use shared::core::error::Rejection;

use crate::reason;
use crate::update_product::UpdateProductRequest;

/// The next version of `product`, with `merged` as its content. Its time never goes back, so that it never moves back among
/// the changes that others follow.
///
/// # Errors
/// [`Error::Internal`] when nobody acts.
pub fn next_version(product: Option<&Product>, merged: Product, invocation: &Invocation) -> Result<Product, Error> {
    let (version, updated_at) = match product {
        Some(product) => (product.version + 1, invocation.now.max(product.updated_at)),
        None => (1, invocation.now),
    };
    Ok(Product {
        version,
        updated_by: invocation.actor()?.clone(),
        updated_at,
        first_listed_at: merged.first_listing(invocation.now),
        ..merged
    })
}

/// A new product with the fields of `changes` that every product has. It is a draft, unless they name another status.
///
/// # Errors
/// `invalid-product` when the name or the price is missing. [`Error::Internal`] when nobody acts.
pub fn new_product(sku: &Sku, changes: &UpdateProductRequest, invocation: &Invocation) -> Result<Product, Error> {
    let missing = |field: &str| {
        let field = field.to_owned();
        let detail = format!("{field}: it is missing. There is no product {sku} yet.");
        Rejection::with(reason::InvalidProduct { field }, detail)
    };
    Ok(Product {
        sku: sku.clone(),
        name: changes.name.clone().ok_or_else(|| missing("name"))?,
        description: None,
        brand: None,
        categories: vec![],
        attributes: Default::default(),
        metadata: Default::default(),
        price: changes.price.ok_or_else(|| missing("price"))?,
        status: ProductStatus::Draft,
        list_at: None,
        unlist_at: None,
        sale: None,
        first_listed_at: None,
        points: None,
        package: None,
        tax_class: TaxClass::default(),
        images: vec![],
        low_stock_threshold: None,
        stock_shards: ShardCount::ONE,
        version: 1,
        updated_by: invocation.actor()?.clone(),
        updated_at: invocation.now,
    })
}
