//! The price of a period, with the coupon of its subscription.

use std::collections::HashMap;

use jiff::Timestamp;
use shared::catalog::{Product, Sku};
use shared::core::money::Money;
use shared::coupons::Redemption;
use shared::orders::{self, Delivery, Pricing};

use crate::invoice::{NotApplied, Price};

/// The price of a period now. It is the full one if the coupon takes nothing off, or if the provider does not take what would be
/// left: a coupon does not prevent a charge. `is_taken` says whether the provider takes a total.
///
/// # Errors
/// Those of [`Pricing::quote`].
pub(crate) fn price(
    pricing: &Pricing,
    wanted: &[(Sku, u32)],
    products: &HashMap<Sku, Product>,
    delivery: &Delivery,
    redemption: Option<&Redemption>,
    is_taken: impl Fn(Money) -> bool,
    now: Timestamp,
) -> Result<Price, orders::Rejected> {
    let Some(redemption) = redemption else {
        return Ok(pricing.quote(wanted, products, delivery, now)?.into());
    };
    let redemptions = Some(redemption.clone()).into();
    let not_applied = match pricing.quote_with_coupons(wanted, products, delivery, &redemptions, now) {
        Ok(quote) if is_taken(quote.totals.total) => return Ok(Price::with_coupon(quote, redemption, None)),
        Ok(_) => NotApplied::AmountNotTaken,
        Err(orders::Rejected::Coupon(_, refused)) => NotApplied::from(&refused),
        Err(refused) => return Err(refused),
    };
    let full = pricing.quote(wanted, products, delivery, now)?;
    Ok(Price::with_coupon(full, redemption, Some(not_applied)))
}
