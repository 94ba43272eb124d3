//! The lines of an order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::{Package, Product, Sku};
use crate::core::money::{Money, MoneyError};
use crate::coupons::CouponClass;
use crate::orders::tax::{Tax, TaxRate, included};
use crate::orders::{CouponDiscount, Quantities};
use crate::tickets::{AreaPlace, ClassCode, SeatId, ShowtimeId};

/// A line's id, unique in its order: the position at which the line was added, from 1. It never changes, and no later line
/// gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(value_type = String, pattern = "^[1-9][0-9]{0,4}$", examples("1"))]
pub struct LineId(u16);

/// The text is not a [`LineId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line's id is a number from 1")]
pub struct InvalidLineId;

impl LineId {
    /// The ids of an order's lines, in the order of the lines.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=u16::MAX).map(Self)
    }
}

impl From<LineId> for String {
    fn from(id: LineId) -> Self {
        id.0.to_string()
    }
}

impl TryFrom<String> for LineId {
    type Error = InvalidLineId;

    fn try_from(text: String) -> Result<Self, InvalidLineId> {
        let id = text.parse().ok().filter(|id: &u16| *id > 0 && id.to_string() == text);
        id.map(Self).ok_or(InvalidLineId)
    }
}

/// The kind of thing that a line sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LineKind {
    /// Units of a product.
    Product,
    /// A seat or a place of general admission of a showtime.
    Seat,
}

/// The seat that a line sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineSeat {
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The seat.
    pub seat: SeatId,
    /// The price class at the time of the order.
    pub class: ClassCode,
    /// The place, if it is one of general admission. `seat` is then its id, which no customer needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub area: Option<AreaPlace>,
}

/// One product or seat of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// The line's id, unique in the order. It never changes.
    pub line_id: LineId,
    /// The kind of thing that the line sells.
    pub kind: LineKind,
    /// The product's SKU. Absent for a seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sku: Option<Sku>,
    /// The seat. Absent for a product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seat: Option<LineSeat>,
    /// The name of the product at the time of the order. For a seat: the title of the performance, the local start, the class and
    /// the seat, or the area of general admission.
    pub name: String,
    /// The price of one unit at the time of the order.
    pub unit_price: Money,
    /// The number of units that were ordered.
    #[schema(minimum = 1, maximum = 999)]
    pub quantity: u32,
    /// The state of the units.
    pub quantities: Quantities,
    /// The discount on the price of all units. Never more than that price.
    pub discount: Money,
    /// The shares of the order's coupons in `discount`, in the order in which they apply. Absent for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub coupon_discounts: Vec<CouponDiscount>,
    /// The tax that is added to the price. 0 where prices include it.
    pub tax: Money,
    /// The tax rate in percent. Absent if the line is not taxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tax_rate: Option<TaxRate>,
    /// The part of `total` that is tax, where prices include it. 0 where tax is added.
    pub included_tax: Money,
    /// `unit_price` × `quantity` − `discount` + `tax`.
    pub total: Money,
    /// The part of `total` whose refund was requested, for units that were cancelled or returned. Absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refunded: Option<Money>,
    /// The part of `total` that is kept as the fee for giving the seat back. Absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cancellation_fee: Option<Money>,
    /// The time of the latest delivery of units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub delivered_at: Option<Timestamp>,
    /// The points that one unit credits, if the product is points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub points: Option<u32>,
    /// The package of one unit. Absent for a product that is not shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub package: Option<Package>,
}

impl Line {
    /// A line of `quantity` units of `product` at `unit_price`, taxed as `tax` says, without discount.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn of_product(
        line_id: LineId,
        product: &Product,
        unit_price: Money,
        quantity: u32,
        tax: Option<Tax>,
    ) -> Result<Self, MoneyError> {
        let price = unit_price.times(quantity)?;
        let zero = Money::zero(price.currency());
        let (tax_rate, tax) = (tax.map(|tax| tax.rate), tax.map_or(zero, |tax| tax.added_to(price)));
        Ok(Self {
            line_id,
            kind: LineKind::Product,
            sku: Some(product.sku.clone()),
            seat: None,
            name: product.name.clone(),
            unit_price,
            quantity,
            quantities: Quantities::of(quantity),
            discount: zero,
            coupon_discounts: vec![],
            tax,
            tax_rate,
            included_tax: included(price, tax_rate, tax),
            total: total(unit_price, quantity, zero, tax)?,
            refunded: None,
            cancellation_fee: None,
            delivered_at: None,
            points: product.points,
            package: product.package,
        })
    }

    /// The line from which the coupon of `class` takes `share` off too, taxed on the rest as `tax` says.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] when all discounts are more than the price, and [`MoneyError::CurrenciesMixed`].
    pub fn discounted(mut self, class: CouponClass, share: Money, tax: Option<Tax>) -> Result<Self, MoneyError> {
        let discount = self.discount.plus(share)?;
        let price = self.unit_price.times(self.quantity)?.minus(discount)?;
        if share.amount() > 0 {
            self.coupon_discounts.push(CouponDiscount { class, amount: share });
        }
        let (tax_rate, zero) = (tax.map(|tax| tax.rate), Money::zero(price.currency()));
        let tax = tax.map_or(zero, |tax| tax.added_to(price));
        Ok(Self {
            discount,
            tax,
            tax_rate,
            included_tax: included(price, tax_rate, tax),
            total: total(self.unit_price, self.quantity, discount, tax)?,
            ..self
        })
    }

    /// A line of a seat that costs `price`, taxed as `tax` says, without discount.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn of_seat(
        line_id: LineId,
        seat: LineSeat,
        name: String,
        price: Money,
        tax: Option<Tax>,
    ) -> Result<Self, MoneyError> {
        let zero = Money::zero(price.currency());
        let (tax_rate, tax) = (tax.map(|tax| tax.rate), tax.map_or(zero, |tax| tax.added_to(price)));
        Ok(Self {
            line_id,
            kind: LineKind::Seat,
            sku: None,
            seat: Some(seat),
            name,
            unit_price: price,
            quantity: 1,
            quantities: Quantities::of(1),
            discount: zero,
            coupon_discounts: vec![],
            tax,
            tax_rate,
            included_tax: included(price, tax_rate, tax),
            total: total(price, 1, zero, tax)?,
            refunded: None,
            cancellation_fee: None,
            delivered_at: None,
            points: None,
            package: None,
        })
    }

    /// The product and the number of units that were ordered. `None` for a seat.
    pub fn product_units(&self) -> Option<(Sku, u32)> {
        Some((self.sku.clone()?, self.quantity))
    }

    /// The price of the units, less the discount, without tax that is added.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] and [`MoneyError::CurrenciesMixed`].
    pub fn price(&self) -> Result<Money, MoneyError> {
        self.unit_price.times(self.quantity)?.minus(self.discount)
    }
}

/// The total of a line.
///
/// # Errors
/// [`MoneyError::OutOfRange`], also when the discount is more than the price, and [`MoneyError::CurrenciesMixed`].
pub(super) fn total(unit_price: Money, quantity: u32, discount: Money, tax: Money) -> Result<Money, MoneyError> {
    unit_price.times(quantity)?.minus(discount)?.plus(tax)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tickets::ShowtimeId;
    use iso_currency::Currency;
    use uuid::Uuid;

    fn won(amount: u64) -> Money {
        Money::new(amount, Currency::KRW).unwrap()
    }

    #[test]
    fn tax_that_is_not_in_the_price_of_a_seat_is_added_and_follows_its_discount() {
        let tax = Tax {
            rate: "7.25".to_owned().try_into().unwrap(),
            is_included: false,
        };
        let seat = LineSeat {
            showtime_id: ShowtimeId(Uuid::from_u128(7)),
            seat: "0-0-1".parse().unwrap(),
            class: "R".to_owned().try_into().unwrap(),
            area: None,
        };
        let price = Money::new(10_000, Currency::USD).unwrap();
        let id = LineId::all().next().unwrap();
        let line = Line::of_seat(id, seat, "The Nutcracker".to_owned(), price, Some(tax)).unwrap();
        let parts = |line: &Line| [line.discount, line.tax, line.included_tax, line.total].map(Money::amount);
        assert_eq!(parts(&line), [0, 725, 0, 10_725]);
        let discounted = line
            .discounted(
                CouponClass::Seller,
                Money::new(1_000, Currency::USD).unwrap(),
                Some(tax),
            )
            .unwrap();
        // 652.5 is rounded up.
        assert_eq!(parts(&discounted), [1_000, 653, 0, 9_653]);
    }

    #[test]
    fn a_total_is_the_price_of_all_units_less_the_discount_plus_the_tax() {
        assert_eq!(total(won(33_000), 3, won(10_000), won(8_900)), Ok(won(97_900)));
        assert_eq!(total(won(33_000), 3, won(99_000), won(0)), Ok(won(0)));
    }

    #[test]
    fn a_discount_is_never_more_than_the_price() {
        let refused = Err(MoneyError::OutOfRange);
        assert_eq!(total(won(33_000), 3, won(99_001), won(0)), refused);
        assert_eq!(
            total(won(33_000), 3, won(99_001), won(1)),
            refused,
            "tax does not make up for it"
        );
    }

    #[test]
    fn a_line_id_is_read_in_one_form_only() {
        let ids: Vec<String> = LineId::all().take(3).map(String::from).collect();
        assert_eq!(ids, ["1", "2", "3"]);
        assert_eq!(LineId::try_from("50".to_owned()).map(String::from), Ok("50".to_owned()));
        for bad in ["", "0", "01", "+1", "-1", "1.0", " 1", "65536", "one"] {
            assert_eq!(LineId::try_from(bad.to_owned()), Err(InvalidLineId), "{bad}");
        }
    }
}
