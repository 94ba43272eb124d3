//! The price of a period, with the coupon of its subscription.

use std::collections::HashMap;

use jiff::Timestamp;
use shared::catalog::{Product, Sku};
use shared::coupons::Redemption;
use shared::orders::{self, Delivery, Pricing};

use crate::invoice::{NotApplied, Price};

/// What a period costs now. A coupon that takes nothing off does not prevent the charge: the price is the full one.
///
/// # Errors
/// Those of [`Pricing::quote`].
pub(crate) fn price(
    pricing: &Pricing,
    wanted: &[(Sku, u32)],
    products: &HashMap<Sku, Product>,
    delivery: &Delivery,
    redemption: Option<&Redemption>,
    now: Timestamp,
) -> Result<Price, orders::Rejected> {
    let Some(redemption) = redemption else {
        return Ok(pricing.quote(wanted, products, delivery, now)?.into());
    };
    let redemptions = Some(redemption.clone()).into();
    match pricing.quote_with_coupons(wanted, products, delivery, &redemptions, now) {
        Ok(quote) => Ok(Price::with_coupon(quote, redemption, None)),
        Err(orders::Rejected::Coupon(_, refused)) => {
            let quote = pricing.quote(wanted, products, delivery, now)?;
            let not_applied = NotApplied::from(&refused);
            Ok(Price::with_coupon(quote, redemption, Some(not_applied)))
        }
        Err(refused) => Err(refused),
    }
}
