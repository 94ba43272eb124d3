//! The shop that the environment names: its country, its timezone, and its pricing.

mod coupon_quotes;

pub use coupon_quotes::CouponQuotes;

use crate::aws::Platform;
use crate::core::calendar::Timezone;
use crate::core::country::Country;
use crate::core::error::Error;
use crate::orders::Pricing;

/// The shop's country, which the environment variable `SHOP_COUNTRY` names.
///
/// # Errors
/// [`Error::Internal`] when the variable is missing or no country.
pub fn shop_country(platform: &Platform) -> Result<Country, Error> {
    let country = Country::try_from(platform.variable("SHOP_COUNTRY")?);
    country.map_err(|error| Error::internal("read SHOP_COUNTRY", error))
}

/// The timezone of the shop's days, which the environment variable `SHOP_TIME_ZONE` names.
///
/// # Errors
/// [`Error::Internal`] when the variable is missing or no timezone.
pub fn shop_time_zone(platform: &Platform) -> Result<Timezone, Error> {
    let zone = Timezone::parse(&platform.variable("SHOP_TIME_ZONE")?);
    zone.map_err(|error| Error::internal("read SHOP_TIME_ZONE", error))
}

impl Pricing {
    /// The pricing of the shop in its country.
    ///
    /// # Errors
    /// [`Error::Internal`] when `SHOP_COUNTRY` is missing or no country.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let country = shop_country(platform)?;
        Self::of_shop(country).map_err(|error| Error::internal("read taxes and shipping methods", error))
    }
}
