//! Products for tests.

use iso_currency::Currency;
use jiff::Timestamp;

use crate::catalog::{Product, ProductStatus, ShardCount, Sku, TaxClass};
use crate::core::actor::Actor;
use crate::core::identity::CustomerId;
use crate::core::money::Money;

/// A product that costs `won`.
pub(crate) fn product(name: &str, won: u64) -> Product {
    Product {
        sku: Sku::try_from(name.to_lowercase()).unwrap(),
        name: name.to_owned(),
        description: None,
        brand: None,
        categories: vec![],
        attributes: [].into(),
        metadata: Default::default(),
        price: Money::new(won, Currency::KRW).unwrap(),
        status: ProductStatus::Listed,
        list_at: None,
        unlist_at: None,
        sale: None,
        first_listed_at: None,
        points: None,
        package: None,
        tax_class: TaxClass::Standard,
        images: vec![],
        low_stock_threshold: None,
        stock_shards: ShardCount::ONE,
        version: 1,
        updated_by: Actor::staff(&CustomerId::new("the-admin")),
        updated_at: Timestamp::UNIX_EPOCH,
    }
}
