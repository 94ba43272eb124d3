//! Orders for tests.

use iso_currency::Currency;
use jiff::Timestamp;
use uuid::Uuid;

use crate::catalog::{Product, ProductStatus, ShardCount, Sku, TaxClass};
use crate::core::actor::Actor;
use crate::core::identity::CustomerId;
use crate::core::money::Money;
use crate::orders::{Line, LineId, Order, OrderId, OrderStatus, Quote, Totals};

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
        points: None,
        package: None,
        tax_class: TaxClass::Standard,
        images: vec![],
        low_stock_threshold: None,
        stock_shards: ShardCount::ONE,
        version: 1,
        updated_by: Actor::staff(&CustomerId::new("the-admin")),
        updated_at: second(0),
    }
}

/// The first line of an order: one unit of a product that costs 1,000 won, not taxed.
pub(crate) fn line(name: &str) -> Line {
    Line::of_product(LineId::all().next().unwrap(), &product(name, 1000), 1, None).unwrap()
}

/// An order in `status` that costs `won` and is not taxed, with its deadline at second 100.
pub(crate) fn order(status: OrderStatus, won: u64) -> Order {
    let line = Line::of_product(LineId::all().next().unwrap(), &product("Tea", won), 1, None).unwrap();
    let totals = Totals::of(Currency::KRW, std::slice::from_ref(&line), None).unwrap();
    let quote = Quote {
        lines: vec![line],
        shipping: None,
        totals,
    };
    let id = OrderId(Uuid::nil());
    Order {
        status,
        ..Order::new(id, CustomerId::new("ann"), quote, second(0), second(100))
    }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}
