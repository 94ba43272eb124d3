//! An order: how it is quoted, and the states that it goes through.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::{self, Error, Rejection};
use crate::identity::CustomerId;
use crate::money::{Money, MoneyError};
use crate::product::{Product, Sku};

/// The most lines that an order may have.
pub const MAX_LINES: usize = 50;
/// The most units of one product in an order.
pub const MAX_QUANTITY: u32 = 999;

/// An order's id, derived from its customer and their idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(value_type = Uuid)]
pub struct OrderId(pub Uuid);

impl std::fmt::Display for OrderId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// Its stock is held until `expires_at`.
    PendingPayment,
    /// Its customer gave it up; its stock went back.
    Cancelled,
    /// It was not paid in time; its stock went back.
    Expired,
}

/// One product of an order, at the price that it was ordered at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// The product.
    pub sku: Sku,
    /// Its name when it was ordered.
    pub name: String,
    /// How many units.
    #[schema(minimum = 1, maximum = 999)]
    pub quantity: u32,
    /// The price of one unit when it was ordered.
    pub unit_price: Money,
}

/// An order, as its customer sees it and as events carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Order {
    /// Its id.
    pub order_id: OrderId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What was ordered, each product once.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total: Money,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Until when its stock is held without payment.
    pub expires_at: Timestamp,
    /// When it reached its end, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<Timestamp>,
}

/// What can end an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its customer cancels it.
    Cancel,
    /// Its reservation has run out.
    Expire,
}

impl Order {
    /// The order as it is to be shown at `now`: past its deadline it is expired, whether or not the cleaner has been.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        if self.status == OrderStatus::PendingPayment && now >= self.expires_at {
            self.status = OrderStatus::Expired;
        }
        self
    }

    /// The order after `ending` at `now`: the only way out of [`OrderStatus::PendingPayment`].
    ///
    /// # Errors
    /// [`Rejected::Closed`] when it has ended already or its deadline has passed before a cancellation,
    /// [`Rejected::NotDue`] when it is to expire before its deadline.
    pub fn end(&self, ending: Ending, now: Timestamp) -> Result<Self, Rejected> {
        let status = match (ending, self.status, now >= self.expires_at) {
            (Ending::Cancel, OrderStatus::PendingPayment, false) => OrderStatus::Cancelled,
            (Ending::Expire, OrderStatus::PendingPayment, true) => OrderStatus::Expired,
            (Ending::Expire, OrderStatus::PendingPayment, false) => return Err(Rejected::NotDue),
            _ => return Err(Rejected::Closed(self.clone().as_of(now).status)),
        };
        Ok(Self {
            status,
            closed_at: Some(now),
            ..self.clone()
        })
    }
}

/// What a shopper asks for: a product and how many units of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The product.
    pub sku: Sku,
    /// How many units; lines of one product are summed.
    #[schema(minimum = 1, maximum = 999)]
    pub quantity: i64,
}

/// The lines and total of an order to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Each product once, in the order that they were asked for.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total: Money,
}

/// Sums the lines of one product: DynamoDB takes each stock item once a transaction, and so do we.
///
/// # Errors
/// [`Rejected::LineCount`] outside 1..=[`MAX_LINES`], [`Rejected::Quantity`] outside 1..=[`MAX_QUANTITY`],
/// for a line and for the sum.
pub fn sum_lines(items: &[Item]) -> Result<Vec<(Sku, u32)>, Rejected> {
    if !(1..=MAX_LINES).contains(&items.len()) {
        return Err(Rejected::LineCount(items.len()));
    }
    let mut sums: Vec<(Sku, u32)> = Vec::with_capacity(items.len());
    for item in items {
        let refused = || Rejected::Quantity(item.sku.clone());
        let in_range = |quantity: &u32| (1..=MAX_QUANTITY).contains(quantity);
        let quantity = u32::try_from(item.quantity).ok().filter(in_range).ok_or_else(refused)?;
        match sums.iter_mut().find(|(sku, _)| *sku == item.sku) {
            Some((_, sum)) => *sum = Some(*sum + quantity).filter(in_range).ok_or_else(refused)?,
            None => sums.push((item.sku.clone(), quantity)),
        }
    }
    Ok(sums)
}

/// Prices what is wanted from the catalog's `products`.
///
/// # Errors
/// [`Rejected::ProductUnavailable`], [`Rejected::CurrenciesMixed`], [`Rejected::TotalTooLarge`].
pub fn quote(wanted: &[(Sku, u32)], products: &HashMap<Sku, Product>) -> Result<Quote, Rejected> {
    let mut lines = Vec::with_capacity(wanted.len());
    let mut total: Option<Money> = None;
    for (sku, quantity) in wanted {
        let product = products
            .get(sku)
            .filter(|product| product.is_listed())
            .ok_or_else(|| Rejected::ProductUnavailable(sku.clone()))?;
        let line_total = product.price.times(*quantity)?;
        total = Some(match total {
            Some(sum) => sum.plus(line_total)?,
            None => line_total,
        });
        lines.push(Line {
            sku: sku.clone(),
            name: product.name.clone(),
            quantity: *quantity,
            unit_price: product.price,
        });
    }
    let total = total.ok_or(Rejected::LineCount(0))?;
    Ok(Quote { lines, total })
}

/// A product of which too little is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shortage {
    /// The product.
    pub sku: Sku,
    /// How many units were asked for.
    pub requested: u32,
    /// How many are left.
    pub available: u64,
}

/// Why an order is not placed or not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// No lines, or too many.
    LineCount(usize),
    /// A quantity outside 1..=[`MAX_QUANTITY`].
    Quantity(Sku),
    /// The product is unknown, or not listed.
    ProductUnavailable(Sku),
    /// Products in two currencies.
    CurrenciesMixed,
    /// The sum leaves the range of [`Money`].
    TotalTooLarge,
    /// The shopper expected another total than the present one.
    TotalDiffers {
        /// The present total.
        present: Money,
    },
    /// Products of which too little is left.
    OutOfStock(Vec<Shortage>),
    /// The order has ended, in this state.
    Closed(OrderStatus),
    /// The order's deadline has not come yet.
    NotDue,
    /// There is no such order for this customer.
    NotFound,
}

impl From<MoneyError> for Rejected {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::OutOfRange => Self::TotalTooLarge,
            MoneyError::CurrenciesMixed => Self::CurrenciesMixed,
        }
    }
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::LineCount(count) => {
                let detail = format!("The order has {count} lines; 1 to {MAX_LINES} are taken.");
                Self::new(&error::INVALID_LINES, detail)
            }
            Rejected::Quantity(sku) => {
                let detail = format!("The quantity of {sku} must be 1 to {MAX_QUANTITY}, its lines taken together.");
                Self::new(&error::INVALID_QUANTITY, detail).with("sku", sku)
            }
            Rejected::ProductUnavailable(sku) => {
                Self::new(&error::PRODUCT_UNAVAILABLE, format!("{sku} is not for sale.")).with("sku", sku)
            }
            Rejected::CurrenciesMixed => Self::new(
                &error::CURRENCIES_MIXED,
                "The products have different currencies; place an order for each currency.",
            ),
            Rejected::TotalTooLarge => {
                let detail = format!("The total is above {} minor units.", Money::MAX_AMOUNT);
                Self::new(&error::TOTAL_TOO_LARGE, detail)
            }
            Rejected::TotalDiffers { present } => {
                Self::new(&error::TOTAL_DIFFERS, format!("The total is {present} now.")).with("total", present)
            }
            Rejected::OutOfStock(shortages) => {
                let list: Vec<_> = shortages
                    .iter()
                    .map(|short| {
                        format!(
                            "{} (asked for {}, {} left)",
                            short.sku, short.requested, short.available
                        )
                    })
                    .collect();
                Self::new(&error::OUT_OF_STOCK, format!("Not enough of {}.", list.join(", ")))
                    .with("shortages", shortages)
            }
            Rejected::Closed(status) => Self::new(&error::ORDER_CLOSED, "The order has ended and cannot be changed.")
                .with("order_status", status),
            Rejected::NotDue => Self::new(&error::ORDER_CLOSED, "The order's deadline has not come yet."),
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such order."),
        }
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Rejection::from(rejected).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::ProductStatus;
    use crate::stock::ShardCount;
    use iso_currency::Currency;
    use proptest::prelude::*;

    fn sku(name: &str) -> Sku {
        Sku::try_from(name.to_owned()).unwrap()
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// An order in `status` whose deadline is at second 100.
    fn order(status: OrderStatus) -> Order {
        Order {
            order_id: OrderId(Uuid::nil()),
            customer_id: CustomerId::new("ann"),
            status,
            lines: vec![],
            total: Money::zero(Currency::KRW),
            placed_at: second(0),
            expires_at: second(100),
            closed_at: None,
        }
    }

    fn product(name: &str, won: u64) -> (Sku, Product) {
        let product = Product {
            sku: sku(name),
            name: name.to_owned(),
            price: Money::new(won, Currency::KRW).unwrap(),
            status: ProductStatus::Listed,
            stock_shards: ShardCount::ONE,
            version: 1,
            updated_at: second(0),
        };
        (sku(name), product)
    }

    #[test]
    fn an_order_ends_as_the_table_says() {
        use Ending::{Cancel, Expire};
        use OrderStatus::{Cancelled, Expired, PendingPayment};
        for (status, ending, at, outcome) in [
            (PendingPayment, Cancel, 99, Ok(Cancelled)),
            (PendingPayment, Cancel, 100, Err(Rejected::Closed(Expired))),
            (PendingPayment, Expire, 99, Err(Rejected::NotDue)),
            (PendingPayment, Expire, 100, Ok(Expired)),
            (Cancelled, Cancel, 1, Err(Rejected::Closed(Cancelled))),
            (Cancelled, Expire, 100, Err(Rejected::Closed(Cancelled))),
            (Expired, Cancel, 1, Err(Rejected::Closed(Expired))),
            (Expired, Expire, 100, Err(Rejected::Closed(Expired))),
        ] {
            let ended = order(status).end(ending, second(at)).map(|order| order.status);
            assert_eq!(ended, outcome, "{status:?} {ending:?} at {at}");
        }
    }

    proptest! {
        #[test]
        fn an_order_ends_once(endings in prop::collection::vec((any::<bool>(), 0..200i64), 0..8)) {
            let mut present = order(OrderStatus::PendingPayment);
            let mut ended = 0;
            for (cancel, at) in endings {
                let ending = if cancel { Ending::Cancel } else { Ending::Expire };
                if let Ok(next) = present.end(ending, second(at)) {
                    prop_assert_eq!(next.closed_at, Some(second(at)));
                    ended += 1;
                    present = next;
                }
            }
            prop_assert!(ended <= 1);
        }

        #[test]
        fn summed_lines_keep_every_unit_and_name_each_product_once(
            items in prop::collection::vec((0..5usize, 1..=19i64), 1..=MAX_LINES),
        ) {
            let items: Vec<Item> = items
                .into_iter()
                .map(|(product, quantity)| Item { sku: sku(&format!("p{product}")), quantity })
                .collect();
            let sums = sum_lines(&items).unwrap();
            let asked: i64 = items.iter().map(|item| item.quantity).sum();
            prop_assert_eq!(sums.iter().map(|(_, sum)| i64::from(*sum)).sum::<i64>(), asked);
            let mut names: Vec<_> = sums.iter().map(|(sku, _)| sku).collect();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), sums.len());
        }

        #[test]
        fn a_total_is_the_sum_of_its_lines(prices in prop::collection::vec(0..1_000_000u64, 1..=MAX_LINES), quantity in 1..=MAX_QUANTITY) {
            let products: HashMap<Sku, Product> =
                prices.iter().enumerate().map(|(n, &won)| product(&format!("p{n}"), won)).collect();
            let wanted: Vec<(Sku, u32)> = (0..prices.len()).map(|n| (sku(&format!("p{n}")), quantity)).collect();
            let quote = quote(&wanted, &products).unwrap();
            prop_assert_eq!(quote.total.amount(), prices.iter().sum::<u64>() * u64::from(quantity));
            prop_assert_eq!(quote.lines.len(), prices.len());
        }
    }
}
