//! Pricing: what an order costs, by the catalog's prices, the taxes of its destination, and its shipping method.

use std::collections::HashMap;
use std::sync::OnceLock;

use jiff::Timestamp;

use crate::catalog::{Product, Sku, TaxClass};
use crate::core::country::Country;
use crate::core::destination::Destination;
use crate::coupons::{CouponLine, Redemption, Redemptions, Sold};
use crate::orders::shipping::{MethodTable, Shipment};
use crate::orders::tax::{Tax, TaxTable, Taxes};
use crate::orders::{Line, LineId, Quote, Rejected, Shipping, ShippingMethod, ShippingMethodId, Totals};

/// Where an order is delivered, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The place where it is delivered and taxed.
    pub destination: Destination,
    /// The shipping method. `None` takes the first one that fits. An order of which nothing is shipped needs none.
    pub method: Option<ShippingMethodId>,
}

/// Prices the orders of a shop.
#[derive(Clone, Debug)]
pub struct Pricing {
    country: Country,
    tables: &'static Tables,
}

/// The data of prices beside the catalog.
#[derive(Debug)]
struct Tables {
    taxes: TaxTable,
    methods: MethodTable,
}

impl Tables {
    /// Reads the tables, once a process.
    fn get() -> Result<&'static Self, serde_json::Error> {
        static TABLES: OnceLock<Tables> = OnceLock::new();
        if let Some(tables) = TABLES.get() {
            return Ok(tables);
        }
        let taxes = TaxTable::new()?;
        let methods = MethodTable::new()?;
        Ok(TABLES.get_or_init(|| Self { taxes, methods }))
    }
}

impl Pricing {
    /// The pricing of a shop in `country`.
    ///
    /// # Errors
    /// When the table of taxes or that of shipping methods cannot be read.
    pub fn of_shop(country: Country) -> Result<Self, serde_json::Error> {
        Ok(Self {
            country,
            tables: Tables::get()?,
        })
    }

    /// The delivery to `destination`, or within the shop's own country, by `method`.
    pub fn delivery(&self, destination: Option<Destination>, method: Option<ShippingMethodId>) -> Delivery {
        Delivery {
            destination: destination.unwrap_or_else(|| self.country.into()),
            method,
        }
    }

    /// How what is sold for use in `place`, or in the shop's own country, is taxed at `now`. `None` if it is not.
    pub fn tax(&self, class: TaxClass, place: Option<&Destination>, now: Timestamp) -> Option<Tax> {
        let own = self.country.into();
        self.tables.taxes.of(self.country, place.unwrap_or(&own), now).on(class)
    }

    /// Prices the requested products from `products`, with their prices and the taxes of `now`.
    ///
    /// # Errors
    /// [`Rejected::ProductUnavailable`], [`Rejected::CurrenciesMixed`], [`Rejected::TotalTooLarge`],
    /// [`Rejected::ShippingMethodUnavailable`], [`Rejected::NotShippable`].
    pub fn quote(
        &self,
        wanted: &[(Sku, u32)],
        products: &HashMap<Sku, Product>,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<Quote, Rejected> {
        self.quote_with_coupons(wanted, products, delivery, &Redemptions::default(), now)
    }

    /// As [`Pricing::quote`], less the discounts of coupons. Tax is computed on the discounted prices.
    ///
    /// # Errors
    /// As [`Pricing::quote`], and [`Rejected::Coupon`] when a coupon takes nothing off.
    pub fn quote_with_coupons(
        &self,
        wanted: &[(Sku, u32)],
        products: &HashMap<Sku, Product>,
        delivery: &Delivery,
        redemptions: &Redemptions,
        now: Timestamp,
    ) -> Result<Quote, Rejected> {
        let taxes = self.tables.taxes.of(self.country, &delivery.destination, now);
        let mut lines = Vec::with_capacity(wanted.len());
        for (line_id, (sku, quantity)) in LineId::all().zip(wanted) {
            let product = products
                .get(sku)
                .filter(|product| product.is_listed_at(now))
                .ok_or_else(|| Rejected::ProductUnavailable(sku.clone()))?;
            let tax = taxes.on(product.tax_class);
            lines.push(Line::of_product(
                line_id,
                product,
                product.price_at(now),
                *quantity,
                tax,
            )?);
        }
        let first = lines.first().ok_or(Rejected::LineCount(0))?;
        let currency = first.unit_price.currency();
        // Before the discount and shipping, which depend on one currency.
        Totals::of(currency, &lines, None)?;
        let product_of = |line: &Line| line.sku.as_ref().and_then(|sku| products.get(sku));
        lines = discounted(lines, product_of, redemptions, |line| {
            product_of(line).and_then(|product| taxes.on(product.tax_class))
        })?;
        let shipping = self.shipping(&lines, delivery, &taxes)?;
        let totals = Totals::of(currency, &lines, shipping.as_ref())?;
        Ok(Quote {
            lines,
            shipping,
            totals,
        })
    }

    /// The shipping methods that deliver `lines` to `destination`, in the shop's order of preference. None if nothing is
    /// shipped.
    ///
    /// # Errors
    /// [`Rejected::CurrenciesMixed`] and [`Rejected::TotalTooLarge`].
    pub fn shipping_methods(&self, lines: &[Line], destination: &Destination) -> Result<Vec<ShippingMethod>, Rejected> {
        match Shipment::of(lines)? {
            Some(shipment) => Ok(self.tables.methods.that_fit(shipment, destination)?),
            None => Ok(vec![]),
        }
    }

    /// The delivery of `lines` by the requested method, or by the first one that fits. `None` if nothing is shipped.
    fn shipping(&self, lines: &[Line], delivery: &Delivery, taxes: &Taxes<'_>) -> Result<Option<Shipping>, Rejected> {
        if lines.iter().all(|line| line.package.is_none()) {
            return Ok(None);
        }
        let fitting = self.shipping_methods(lines, &delivery.destination)?;
        if fitting.is_empty() {
            return Err(Rejected::NotShippable);
        }
        let chosen = match &delivery.method {
            None => fitting.first(),
            Some(id) => fitting.iter().find(|method| method.method_id == *id),
        };
        match chosen {
            Some(method) => Ok(Some(Shipping::new(method.clone(), lines, taxes)?)),
            None => Err(Rejected::ShippingMethodUnavailable { fitting }),
        }
    }
}

/// Lines of seats less the discounts of coupons, with `tax` on the rest.
///
/// # Errors
/// [`Rejected::Coupon`] when a coupon takes nothing off, and [`Rejected::TotalTooLarge`].
pub fn discounted_seats(lines: Vec<Line>, redemptions: &Redemptions, tax: Option<Tax>) -> Result<Vec<Line>, Rejected> {
    discounted(lines, |_| None, redemptions, |_| tax)
}

/// The lines less the discounts of coupons, each of what the former left, with the tax on the rest. `product_of` is the product that a
/// line sells.
fn discounted<'a>(
    lines: Vec<Line>,
    product_of: impl Fn(&Line) -> Option<&'a Product>,
    redemptions: &Redemptions,
    tax_on: impl Fn(&Line) -> Option<Tax>,
) -> Result<Vec<Line>, Rejected> {
    redemptions.iter().try_fold(lines, |lines, redemption| {
        discounted_by(redemption, lines, &product_of, &tax_on)
    })
}

/// The lines less the discount of one coupon.
fn discounted_by<'a>(
    redemption: &Redemption,
    lines: Vec<Line>,
    product_of: impl Fn(&Line) -> Option<&'a Product>,
    tax_on: impl Fn(&Line) -> Option<Tax>,
) -> Result<Vec<Line>, Rejected> {
    let mut seen = Vec::with_capacity(lines.len());
    for line in &lines {
        let sold = match (&line.seat, product_of(line)) {
            (Some(seat), _) => Sold::Seat {
                showtime_id: seat.showtime_id,
                class: &seat.class,
            },
            (None, Some(product)) => Sold::Product {
                sku: &product.sku,
                categories: &product.categories,
                is_worth_money: product.points.is_some(),
            },
            (None, None) => continue,
        };
        let price = line.price()?;
        seen.push(CouponLine { sold, price });
    }
    let (claim, class) = (redemption.coupon_claim_id, redemption.coupon.class);
    let shares = redemption.coupon.discounts(&seen)?;
    let shares = shares.map_err(|none| Rejected::Coupon(claim, redemption.refusal(none)))?;
    let lines = lines.into_iter().zip(shares).map(|(line, share)| {
        let tax = tax_on(&line);
        line.discounted(class, share, tax)
    });
    Ok(lines.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;
