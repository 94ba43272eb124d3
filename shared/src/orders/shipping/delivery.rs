//! The delivery of an order: its method, its price, and the tax of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::TaxClass;
use crate::core::allocation::allocate;
use crate::core::money::{Money, MoneyError};
use crate::orders::tax::{ShippingTax, Tax, TaxRate, Taxes, included};
use crate::orders::{Line, ShippingMethod, ShippingMethodId};

/// The delivery of an order, and its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shipping {
    /// The id of the shipping method.
    pub method_id: ShippingMethodId,
    /// The method's name at the time of the order.
    #[schema(examples("Standard delivery"))]
    pub name: String,
    /// The price of the delivery, without tax that is added.
    pub price: Money,
    /// The parts of the price by tax rate. None if the delivery is free.
    pub parts: Vec<ShippingPart>,
}

/// The part of a delivery's price that is taxed at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShippingPart {
    /// The part of the price, without tax that is added.
    pub price: Money,
    /// The tax rate in percent. Absent if the part is not taxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tax_rate: Option<TaxRate>,
    /// The tax that is added to the price. 0 where prices include it.
    pub tax: Money,
    /// The tax that the price includes. 0 where tax is added.
    pub included_tax: Money,
}

impl Shipping {
    /// The delivery of `lines` by `method`.
    pub(in crate::orders) fn new(
        method: ShippingMethod,
        lines: &[Line],
        taxes: &Taxes<'_>,
    ) -> Result<Self, MoneyError> {
        let parts = match taxes.on_shipping() {
            _ if method.price.amount() == 0 => vec![],
            ShippingTax::Exempt => vec![ShippingPart::new(method.price, None)],
            ShippingTax::Standard => vec![ShippingPart::new(method.price, taxes.on(TaxClass::Standard))],
            ShippingTax::Goods => as_goods(method.price, lines, taxes)?,
        };
        Ok(Self {
            method_id: method.method_id,
            name: method.name,
            price: method.price,
            parts,
        })
    }

    /// Divides `amount`, which has the tax that is added, over the parts of the price, and returns each share with its tax rate.
    ///
    /// # Errors
    /// [`MoneyError::CurrenciesMixed`], and [`MoneyError::OutOfRange`] when the delivery is free and `amount` is not 0.
    pub fn by_rate(&self, amount: Money) -> Result<Vec<(Option<TaxRate>, Money)>, MoneyError> {
        let prices = self.parts.iter().map(|part| part.price.plus(part.tax));
        let prices: Vec<Money> = prices.collect::<Result<_, _>>()?;
        let rates = self.parts.iter().map(|part| part.tax_rate);
        Ok(rates.zip(allocate(amount, &prices)?).collect())
    }
}

impl ShippingPart {
    fn new(price: Money, tax: Option<Tax>) -> Self {
        let zero = Money::zero(price.currency());
        Self::stored(
            price,
            tax.map(|tax| tax.rate),
            tax.map_or(zero, |tax| tax.added_to(price)),
        )
    }

    /// The part as it was stored: with the tax that was added.
    pub(in crate::orders) fn stored(price: Money, tax_rate: Option<TaxRate>, tax: Money) -> Self {
        Self {
            price,
            tax_rate,
            tax,
            included_tax: included(price, tax_rate, tax),
        }
    }
}

/// Divides `price` over the lines that are shipped, in proportion to their prices, and taxes each share as its line.
fn as_goods(price: Money, lines: &[Line], taxes: &Taxes<'_>) -> Result<Vec<ShippingPart>, MoneyError> {
    let shipped: Vec<&Line> = lines.iter().filter(|line| line.package.is_some()).collect();
    let prices: Vec<Money> = shipped.iter().map(|line| line.price()).collect::<Result<_, _>>()?;
    let mut by_rate: Vec<(Option<TaxRate>, Money)> = vec![];
    for (line, share) in shipped.iter().zip(allocate(price, &prices)?) {
        match by_rate.iter_mut().find(|(rate, _)| *rate == line.tax_rate) {
            Some((_, sum)) => *sum = sum.plus(share)?,
            None => by_rate.push((line.tax_rate, share)),
        }
    }
    let is_included = taxes.are_included();
    let parts = by_rate.into_iter().filter(|(_, price)| price.amount() > 0);
    let part = |(rate, price): (Option<TaxRate>, Money)| {
        let tax = rate.map(|rate| Tax { rate, is_included });
        ShippingPart::new(price, tax)
    };
    Ok(parts.map(part).collect())
}
