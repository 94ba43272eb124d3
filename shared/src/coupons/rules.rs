//! The discount of a coupon, and its share of each line.

use crate::catalog::{Category, Sku};
use crate::core::allocation::allocate;
use crate::core::money::{Money, MoneyError};
use crate::coupons::{Benefit, Coupon, CouponScope};
use crate::tickets::{ClassCode, ShowtimeId};

/// A line of an order, as a coupon sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CouponLine<'a> {
    /// The kind of thing that the line sells.
    pub sold: Sold<'a>,
    /// The price of all its units, less the discounts of the coupons that apply before, without tax that is added.
    pub price: Money,
}

/// The kind of thing that a line sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sold<'a> {
    /// Units of a product.
    Product {
        /// The product.
        sku: &'a Sku,
        /// The categories that it is in.
        categories: &'a [Category],
        /// Whether it is worth money, such as points: only a scope that names its SKU has it.
        is_worth_money: bool,
    },
    /// A seat.
    Seat {
        /// The showtime.
        showtime_id: ShowtimeId,
        /// The price class.
        class: &'a ClassCode,
    },
}

/// The reason for which a coupon takes nothing off an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDiscount {
    /// No line is eligible, or the discount is 0.
    NotApplicable,
    /// The eligible lines cost too little.
    MinimumNotReached {
        /// The price that the eligible lines have to reach.
        minimum: Money,
        /// The price of the eligible lines.
        subtotal: Money,
    },
    /// The order has another currency.
    CurrencyDiffers,
}

impl Coupon {
    /// The discount of the coupon on each of `lines`, in the same order: 0 off those that are not eligible.
    ///
    /// The discount is divided over the eligible lines in proportion to their prices, by largest remainder, the first of equal ones
    /// first. So the shares add up to it, and none is more than its line.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] when the lines together are out of range.
    pub fn discounts(&self, lines: &[CouponLine<'_>]) -> Result<Result<Vec<Money>, NoDiscount>, MoneyError> {
        let zero = Money::zero(self.currency);
        if lines.iter().any(|line| line.price.currency() != self.currency) {
            return Ok(Err(NoDiscount::CurrencyDiffers));
        }
        let is_eligible = |line: &CouponLine<'_>| match (&self.scope, line.sold) {
            (Some(scope), sold) => scope.has(sold),
            (None, Sold::Product { is_worth_money, .. }) => !is_worth_money,
            (None, Sold::Seat { .. }) => true,
        };
        let weights = lines
            .iter()
            .map(|line| if is_eligible(line) { line.price } else { zero });
        let weights: Vec<Money> = weights.collect();
        let subtotal = weights.iter().try_fold(zero, |sum, price| sum.plus(*price))?;
        if !lines.iter().any(is_eligible) {
            return Ok(Err(NoDiscount::NotApplicable));
        }
        if let Some(minimum) = self.minimum_subtotal
            && subtotal.amount() < minimum.amount()
        {
            return Ok(Err(NoDiscount::MinimumNotReached { minimum, subtotal }));
        }
        let discount = self.benefit.of(subtotal);
        if discount.amount() == 0 {
            return Ok(Err(NoDiscount::NotApplicable));
        }
        // A line that is not eligible has no weight, and the eligible ones cost something: it gets nothing.
        allocate(discount, &weights).map(Ok)
    }
}

impl Benefit {
    /// The discount on eligible lines that cost `subtotal`.
    fn of(self, subtotal: Money) -> Money {
        match self {
            Self::Fixed { amount } => amount.min(subtotal),
            Self::Percent { percent, at_most } => {
                let part = subtotal.percent(percent);
                at_most.map_or(part, |at_most| part.min(at_most))
            }
        }
    }
}

impl CouponScope {
    /// Whether the scope names nothing.
    pub const fn is_empty(&self) -> bool {
        self.skus.is_empty() && self.categories.is_empty() && self.showtimes.is_empty() && self.classes.is_empty()
    }

    fn has(&self, sold: Sold<'_>) -> bool {
        match sold {
            Sold::Product {
                sku,
                categories,
                is_worth_money,
            } => {
                let mut paths = categories.iter().flat_map(Category::path_to_the_top);
                let is_in_category = !is_worth_money && paths.any(|category| self.categories.contains(&category));
                self.skus.contains(sku) || is_in_category
            }
            Sold::Seat { showtime_id, class } => {
                let (showtimes, classes) = (&self.showtimes, &self.classes);
                (!showtimes.is_empty() || !classes.is_empty())
                    && (showtimes.is_empty() || showtimes.contains(&showtime_id))
                    && (classes.is_empty() || classes.contains(class))
            }
        }
    }
}

#[cfg(test)]
mod tests;
