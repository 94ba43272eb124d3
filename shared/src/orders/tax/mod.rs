//! Taxes: the rates by country, region, class and day, and the tax of a price.

mod rate;
mod table;

pub(super) use rate::included;
pub use rate::{InvalidTaxRate, Tax, TaxRate};
pub(super) use table::{ShippingTax, TaxTable, Taxes};
