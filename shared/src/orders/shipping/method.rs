//! The shipping methods, which are data: `methods.json`, in the order of preference.
//!
//! A method delivers to its countries, up to its weight, at prices in its currency: one price, or one for each step of
//! weight. From a value of the shipped goods on it can be free.

use iso_currency::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::country::Country;
use crate::core::destination::Destination;
use crate::core::money::{Money, MoneyError};
use crate::orders::Line;

const METHODS: &str = include_str!("methods.json");

/// The id of a shipping method: 1 to 40 characters of `a-z 0-9 -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[a-z0-9-]{1,40}$", examples("kr-standard"))]
pub struct ShippingMethodId(String);

/// The text is not a [`ShippingMethodId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a shipping method has 1 to 40 characters of a-z 0-9 -")]
pub struct InvalidShippingMethodId;

impl TryFrom<String> for ShippingMethodId {
    type Error = InvalidShippingMethodId;

    fn try_from(text: String) -> Result<Self, InvalidShippingMethodId> {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=40).contains(&text.len()) && text.bytes().all(is_allowed);
        if fits {
            Ok(Self(text))
        } else {
            Err(InvalidShippingMethodId)
        }
    }
}

impl std::fmt::Display for ShippingMethodId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A shipping method that fits an order, and its price for this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShippingMethod {
    /// The method's id.
    pub method_id: ShippingMethodId,
    /// The name that shoppers see.
    #[schema(examples("Standard delivery"))]
    pub name: String,
    /// The price of the delivery, without tax that is added.
    pub price: Money,
}

/// All shipping methods.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::orders) struct MethodTable(Vec<Method>);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Method {
    method_id: ShippingMethodId,
    name: String,
    countries: Vec<Country>,
    currency: Currency,
    price: Price,
    /// The least value of the shipped goods, before discounts, from which the delivery is free. In minor units.
    free_from: Option<u64>,
    max_weight_grams: Option<u64>,
}

/// In minor units of the method's currency.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Price {
    Flat(u64),
    ByWeight(Vec<WeightStep>),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightStep {
    up_to_grams: u64,
    amount: u64,
}

/// The part of an order that is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::orders) struct Shipment {
    /// The price of the goods, before discounts: a coupon does not make the delivery dearer.
    pub(in crate::orders) goods: Money,
    /// The weight of all packages.
    pub(in crate::orders) weight_grams: u64,
}

impl Shipment {
    /// The shipment of the lines that have packages. `None` if no line has.
    pub(in crate::orders) fn of(lines: &[Line]) -> Result<Option<Self>, MoneyError> {
        let mut shipment: Option<Self> = None;
        for line in lines {
            let Some(package) = line.package else { continue };
            let weight_grams = u64::from(package.weight_grams) * u64::from(line.quantity);
            let goods = line.unit_price.times(line.quantity)?;
            shipment = Some(match shipment {
                None => Self { goods, weight_grams },
                Some(others) => Self {
                    goods: others.goods.plus(goods)?,
                    weight_grams: others.weight_grams + weight_grams,
                },
            });
        }
        Ok(shipment)
    }
}

impl MethodTable {
    /// Reads the methods.
    pub(in crate::orders) fn new() -> Result<Self, serde_json::Error> {
        serde_json::from_str(METHODS)
    }

    /// The methods that deliver `shipment` to `destination`, in the order of preference.
    pub(in crate::orders) fn that_fit(
        &self,
        shipment: Shipment,
        destination: &Destination,
    ) -> Result<Vec<ShippingMethod>, MoneyError> {
        let fitting = self.0.iter().filter_map(|method| {
            let price = method.price_of(shipment, destination)?;
            Some(Money::new(price, method.currency).map(|price| ShippingMethod {
                method_id: method.method_id.clone(),
                name: method.name.clone(),
                price,
            }))
        });
        fitting.collect()
    }
}

impl Method {
    /// The price of the method. `None` if it does not fit.
    fn price_of(&self, shipment: Shipment, destination: &Destination) -> Option<u64> {
        let Shipment { goods, weight_grams } = shipment;
        let fits = self.countries.contains(&destination.country)
            && self.currency == goods.currency()
            && self.max_weight_grams.is_none_or(|most| weight_grams <= most);
        let price = match &self.price {
            _ if !fits => return None,
            Price::Flat(price) => *price,
            Price::ByWeight(steps) => steps.iter().find(|step| weight_grams <= step.up_to_grams)?.amount,
        };
        let is_free = self.free_from.is_some_and(|least| goods.amount() >= least);
        Some(if is_free { 0 } else { price })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Package;
    use crate::core::text::DisplayText;
    use crate::orders::example;
    use std::collections::HashSet;

    fn country(code: &str) -> Country {
        code.to_owned().try_into().unwrap()
    }

    fn fitting(to: &str, goods: u64, currency: Currency, weight_grams: u64) -> Vec<(String, u64)> {
        let goods = Money::new(goods, currency).unwrap();
        let shipment = Shipment { goods, weight_grams };
        let fitting = MethodTable::new().unwrap();
        let fitting = fitting.that_fit(shipment, &country(to).into()).unwrap();
        let priced = |method: ShippingMethod| (method.method_id.to_string(), method.price.amount());
        fitting.into_iter().map(priced).collect()
    }

    fn named(methods: &[(&str, u64)]) -> Vec<(String, u64)> {
        methods.iter().map(|(id, price)| ((*id).to_owned(), *price)).collect()
    }

    #[test]
    fn the_methods_of_the_destination_and_currency_fit_in_their_order() {
        let both = named(&[("kr-standard", 3000), ("kr-express", 6000)]);
        assert_eq!(fitting("KR", 12_900, Currency::KRW, 120), both);
        assert_eq!(fitting("KR", 1290, Currency::USD, 120), []);
        assert_eq!(fitting("JP", 12_900, Currency::KRW, 120), []);
        assert_eq!(fitting("US", 1290, Currency::USD, 120), named(&[("us-standard", 595)]));
    }

    #[test]
    fn a_discount_does_not_make_the_delivery_dearer() {
        let mut line = example::line("Tea");
        line.package = Some(Package { weight_grams: 100 });
        let before = Shipment::of(std::slice::from_ref(&line)).unwrap();
        line.discount = Money::new(500, line.unit_price.currency()).unwrap();
        assert_eq!(Shipment::of(&[line]).unwrap(), before);
    }

    #[test]
    fn a_step_of_weight_ends_with_its_limit() {
        let weight = |grams| fitting("JP", 900, Currency::JPY, grams);
        assert_eq!(weight(2000), named(&[("jp-standard", 800)]));
        assert_eq!(weight(2001), named(&[("jp-standard", 1200)]));
        assert_eq!(weight(25_000), named(&[("jp-standard", 1900)]));
        assert_eq!(weight(25_001), [], "above the last step");
        assert_eq!(
            fitting("KR", 900, Currency::KRW, 30_001),
            [],
            "above the largest weight"
        );
    }

    #[test]
    fn a_delivery_is_free_from_the_goods_value_on() {
        let first = |won| fitting("KR", won, Currency::KRW, 120).remove(0);
        assert_eq!(first(49_999).1, 3000);
        assert_eq!(first(50_000).1, 0);
    }

    #[test]
    fn each_method_is_complete() {
        let methods = MethodTable::new().unwrap();
        let mut ids = HashSet::new();
        for method in &methods.0 {
            let id = &method.method_id;
            assert!(ids.insert(id.clone()), "{id} twice");
            assert!(!method.countries.is_empty(), "{id} delivers nowhere");
            assert!(DisplayText::line(&method.name, 100).is_ok(), "{id}");
            let amounts = match &method.price {
                Price::Flat(price) => vec![*price],
                Price::ByWeight(steps) => {
                    assert!(
                        steps.is_sorted_by(|one, next| one.up_to_grams < next.up_to_grams),
                        "{id}"
                    );
                    steps.iter().map(|step| step.amount).collect()
                }
            };
            assert!(!amounts.is_empty(), "{id} has no price");
            assert!(amounts.iter().all(|amount| *amount <= Money::MAX_AMOUNT), "{id}");
        }
    }

    #[test]
    fn an_id_has_up_to_40_small_letters_digits_and_hyphens() {
        for good in ["a", "kr-standard", &"x".repeat(40)] {
            assert!(ShippingMethodId::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "A", "kr_standard", "a b", "차", &"x".repeat(41)] {
            assert_eq!(
                ShippingMethodId::try_from(bad.to_owned()),
                Err(InvalidShippingMethodId),
                "{bad}"
            );
        }
    }
}
