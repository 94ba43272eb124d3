//! The pricing of the shop that the environment names.

use crate::aws::Platform;
use crate::core::country::Country;
use crate::core::error::Error;
use crate::orders::Pricing;

impl Pricing {
    /// The pricing of the shop in the country that the environment variable `SHOP_COUNTRY` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing or no country.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        const DOING: &str = "read SHOP_COUNTRY";
        let country = Country::try_from(platform.variable("SHOP_COUNTRY")?);
        let country = country.map_err(|error| Error::internal(DOING, error))?;
        Self::of_shop(country).map_err(|error| Error::internal("read taxes and shipping methods", error))
    }
}
