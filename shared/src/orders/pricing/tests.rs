//! Tests of what an order costs: known answers by country, and what holds for every order.

mod coupons;

use std::collections::HashSet;

use iso_currency::Currency;
use proptest::prelude::*;

use super::*;
use crate::catalog::{Package, TaxClass};
use crate::core::destination::Region;
use crate::core::money::Money;
use crate::orders::{MAX_LINES, MAX_QUANTITY, example};

fn sku(name: &str) -> Sku {
    Sku::try_from(name.to_owned()).unwrap()
}

fn country(code: &str) -> Country {
    code.to_owned().try_into().unwrap()
}

fn now() -> Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

fn money(amount: u64, currency: Currency) -> Money {
    Money::new(amount, currency).unwrap()
}

/// An item of an order: the price of a unit, the units, how it is taxed, and the grams of a unit, 0 if it is not shipped.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    price: u64,
    quantity: u32,
    class: TaxClass,
    grams: u32,
}

fn item(price: u64, quantity: u32, class: TaxClass, grams: u32) -> Wanted {
    Wanted {
        price,
        quantity,
        class,
        grams,
    }
}

/// Quotes items in `currency` in a shop in the country of `destination`: `KR`, or `US-CA` for a region.
fn quote_to(destination: &str, currency: Currency, items: &[Wanted]) -> Result<Quote, Rejected> {
    quote_by(destination, currency, items, None)
}

fn quote_by(destination: &str, currency: Currency, items: &[Wanted], method: Option<&str>) -> Result<Quote, Rejected> {
    quote_with(destination, currency, items, method, &Redemptions::default())
}

fn quote_with(
    destination: &str,
    currency: Currency,
    items: &[Wanted],
    method: Option<&str>,
    redemptions: &Redemptions,
) -> Result<Quote, Rejected> {
    let (code, region) = destination
        .split_once('-')
        .map_or((destination, None), |(code, region)| (code, Some(region)));
    let delivery = Delivery {
        destination: Destination {
            country: country(code),
            region: region.map(|region| Region::try_from(region.to_owned()).unwrap()),
        },
        method: method.map(|id| id.to_owned().try_into().unwrap()),
    };
    let (mut wanted, mut products) = (vec![], HashMap::new());
    for (nth, item) in items.iter().enumerate() {
        let sku = sku(&format!("p{nth}"));
        let product = Product {
            price: money(item.price, currency),
            tax_class: item.class,
            package: (item.grams > 0).then_some(Package {
                weight_grams: item.grams,
            }),
            ..example::product(sku.as_str(), 0)
        };
        wanted.push((sku.clone(), item.quantity));
        products.insert(sku, product);
    }
    let pricing = Pricing::of_shop(country(code)).unwrap();
    pricing.quote_with_coupons(&wanted, &products, &delivery, redemptions, now())
}

/// Subtotal, shipping, tax, included tax and total.
fn amounts(quote: &Quote) -> [u64; 5] {
    let Totals {
        subtotal,
        shipping,
        tax,
        included_tax,
        total,
        ..
    } = quote.totals;
    [subtotal, shipping, tax, included_tax, total].map(Money::amount)
}

#[test]
fn korean_prices_include_ten_percent_also_for_the_delivery() {
    let items = [
        item(12_900, 2, TaxClass::Standard, 120),
        item(50_000, 1, TaxClass::Exempt, 0),
    ];
    let quote = quote_to("KR", Currency::KRW, &items).unwrap();
    // 25,800 / 11 = 2,345.45 and 3,000 / 11 = 272.73.
    assert_eq!(amounts(&quote), [75_800, 3000, 0, 2345 + 273, 78_800]);
    let rates: Vec<Option<String>> = quote.lines.iter().map(|line| line.tax_rate.map(String::from)).collect();
    assert_eq!(rates, [Some("10".to_owned()), None]);
    assert_eq!(quote.lines[0].included_tax.amount(), 2345);
}

#[test]
fn a_korean_delivery_of_exempt_goods_is_exempt_and_that_of_both_is_divided() {
    let book = item(15_000, 1, TaxClass::Exempt, 500);
    let quote = quote_to("KR", Currency::KRW, &[book]).unwrap();
    assert_eq!(amounts(&quote), [15_000, 3000, 0, 0, 18_000]);
    let quote = quote_to("KR", Currency::KRW, &[book, item(5000, 1, TaxClass::Standard, 100)]).unwrap();
    let parts = quote.shipping.as_ref().unwrap().parts.iter();
    let parts: Vec<(u64, u64)> = parts
        .map(|part| (part.price.amount(), part.included_tax.amount()))
        .collect();
    assert_eq!(parts, [(2250, 0), (750, 68)]);
    assert_eq!(amounts(&quote), [20_000, 3000, 0, 455 + 68, 23_000]);
}

#[test]
fn a_german_delivery_has_the_rates_of_its_goods() {
    let items = [
        item(2000, 1, TaxClass::Reduced, 400),
        item(1000, 2, TaxClass::Standard, 300),
    ];
    let quote = quote_to("DE", Currency::EUR, &items).unwrap();
    // 20.00 at 7 % includes 1.31, 20.00 at 19 % 3.19; half of 4.90 each, with 0.16 and 0.39.
    assert_eq!(amounts(&quote), [4000, 490, 0, 131 + 319 + 16 + 39, 4490]);
}

#[test]
fn a_japanese_delivery_has_the_standard_rate_even_if_all_goods_have_the_reduced_one() {
    let quote = quote_to("JP", Currency::JPY, &[item(1080, 3, TaxClass::Reduced, 500)]).unwrap();
    assert_eq!(amounts(&quote), [3240, 800, 0, 240 + 73, 4040]);
}

#[test]
fn american_tax_is_added_to_the_prices_and_to_the_delivery_where_the_state_taxes_it() {
    let items = [
        item(1999, 1, TaxClass::Standard, 200),
        item(500, 2, TaxClass::Exempt, 0),
    ];
    let quote = quote_to("US-CA", Currency::USD, &items).unwrap();
    // 7.25 % of 19.99 is 1.449; California does not tax the delivery.
    assert_eq!(amounts(&quote), [2999, 595, 145, 0, 3739]);
    assert_eq!(quote.lines[0].total.amount(), 2144);
    let quote = quote_to("US-NJ", Currency::USD, &items).unwrap();
    // 6.625 % of 19.99 is 1.324, of 5.95 0.394.
    assert_eq!(amounts(&quote), [2999, 595, 132 + 39, 0, 3765]);
    assert_eq!(quote.lines[0].tax_rate.map(String::from).as_deref(), Some("6.625"));
}

#[test]
fn an_export_is_not_taxed() {
    let products = [(sku("tea"), example::product("tea", 12_900))].into();
    let delivery = Delivery {
        destination: country("DE").into(),
        method: None,
    };
    let pricing = Pricing::of_shop(country("KR")).unwrap();
    let quote = pricing.quote(&[(sku("tea"), 1)], &products, &delivery, now()).unwrap();
    assert_eq!(amounts(&quote), [12_900, 0, 0, 0, 12_900]);
    assert_eq!(quote.lines[0].tax_rate, None);
}

#[test]
fn what_is_not_shipped_needs_no_method_and_pays_no_delivery() {
    for method in [None, Some("kr-express"), Some("unknown")] {
        let quote = quote_by("KR", Currency::KRW, &[item(1000, 1, TaxClass::Standard, 0)], method).unwrap();
        assert_eq!(
            (quote.totals.total.amount(), quote.shipping),
            (1000, None),
            "{method:?}"
        );
    }
    quote_to("BR", Currency::USD, &[item(1000, 1, TaxClass::Standard, 0)]).unwrap();
}

#[test]
fn a_delivery_takes_the_requested_method_or_else_the_first_that_fits() {
    let items = [item(1000, 1, TaxClass::Standard, 120)];
    for (method, expected) in [
        (None, ("kr-standard", 3000)),
        (Some("kr-standard"), ("kr-standard", 3000)),
        (Some("kr-express"), ("kr-express", 6000)),
    ] {
        let shipping = quote_by("KR", Currency::KRW, &items, method).unwrap().shipping.unwrap();
        let chosen = (shipping.method_id.to_string(), shipping.price.amount());
        assert_eq!(chosen, (expected.0.to_owned(), expected.1), "{method:?}");
    }
}

#[test]
fn a_method_that_does_not_fit_is_refused_with_those_that_do() {
    let light = [item(1000, 1, TaxClass::Standard, 120)];
    let heavy = [item(1000, 25, TaxClass::Standard, 1000)];
    for (items, method, expected) in [
        (&light, "unknown", vec!["kr-standard", "kr-express"]),
        (&light, "jp-standard", vec!["kr-standard", "kr-express"]),
        (&heavy, "kr-express", vec!["kr-standard"]),
    ] {
        let refused = quote_by("KR", Currency::KRW, items, Some(method)).unwrap_err();
        let Rejected::ShippingMethodUnavailable { fitting } = refused else {
            panic!("{method}: {refused:?}");
        };
        let ids: Vec<String> = fitting.iter().map(|method| method.method_id.to_string()).collect();
        assert_eq!(ids, expected, "{method}");
    }
}

#[test]
fn what_no_method_delivers_is_refused() {
    let light = item(1000, 1, TaxClass::Standard, 120);
    for (to, currency, items) in [
        ("BR", Currency::USD, [light]),
        ("KR", Currency::USD, [light]),
        ("KR", Currency::KRW, [item(1000, 31, TaxClass::Standard, 1000)]),
    ] {
        assert_eq!(
            quote_to(to, currency, &items),
            Err(Rejected::NotShippable),
            "{to} {currency:?}"
        );
        let named = quote_by(to, currency, &items, Some("kr-standard"));
        assert_eq!(named, Err(Rejected::NotShippable), "{to} {currency:?}");
    }
}

#[test]
fn products_of_two_currencies_are_refused_before_their_delivery() {
    let mut products = HashMap::from([(sku("tea"), example::product("tea", 1000))]);
    let dollars = Product {
        price: money(1000, Currency::USD),
        package: Some(Package { weight_grams: 1 }),
        ..example::product("cup", 0)
    };
    products.insert(sku("cup"), dollars);
    let pricing = Pricing::of_shop(country("KR")).unwrap();
    let wanted = [(sku("tea"), 1), (sku("cup"), 1)];
    let refused = pricing.quote(&wanted, &products, &pricing.delivery(None, None), now());
    assert_eq!(refused, Err(Rejected::CurrenciesMixed));
}

fn items(most: u64) -> impl Strategy<Value = Vec<Wanted>> {
    let class = prop::sample::select(vec![TaxClass::Standard, TaxClass::Reduced, TaxClass::Exempt]);
    let wanted = (0..most, 1..=MAX_QUANTITY, class, prop::sample::select(vec![0, 1, 1]));
    let wanted = wanted.prop_map(|(price, quantity, class, grams)| item(price, quantity, class, grams));
    prop::collection::vec(wanted, 1..=MAX_LINES)
}

proptest! {
    #[test]
    fn the_parts_add_up_to_the_total_in_every_country_and_currency(
        mut items in items(1_000_000_000),
        (place, currency, ships) in prop::sample::select(vec![
            ("KR", Currency::KRW, true), ("JP", Currency::JPY, true), ("DE", Currency::EUR, true),
            ("US-CA", Currency::USD, true), ("US-NJ", Currency::USD, true), ("US", Currency::USD, true),
            // No method ships at prices in these.
            ("KR", Currency::KWD, false), ("US-NJ", Currency::KWD, false), ("BR", Currency::USD, false),
        ]),
    ) {
        if !ships {
            items.iter_mut().for_each(|item| item.grams = 0);
        }
        // 50 lines of 999 units of a gram are 49,950 g, and the largest weights are 25 to 31.5 kg.
        items.iter_mut().for_each(|item| item.quantity = item.quantity.min(500));
        let Quote { lines, shipping, totals } = quote_to(place, currency, &items).unwrap();
        let sum = |of: &dyn Fn(&Line) -> Money| lines.iter().map(|line| of(line).amount()).sum::<u64>();
        let parts = shipping.iter().flat_map(|shipping| &shipping.parts);
        let (mut price, mut tax, mut included) = (0, 0, 0);
        for part in parts {
            price += part.price.amount();
            tax += part.tax.amount();
            included += part.included_tax.amount();
        }
        prop_assert_eq!(shipping.is_some(), items.iter().any(|item| item.grams > 0));
        prop_assert_eq!(price, totals.shipping.amount());
        prop_assert_eq!(shipping.map_or(0, |shipping| shipping.price.amount()), price);
        prop_assert_eq!(sum(&|line| line.tax) + tax, totals.tax.amount());
        prop_assert_eq!(sum(&|line| line.included_tax) + included, totals.included_tax.amount());
        prop_assert_eq!(sum(&|line| line.total) + price + tax, totals.total.amount());
        let [subtotal, shipping, tax, included_tax, total] = [
            totals.subtotal, totals.shipping, totals.tax, totals.included_tax, totals.total,
        ].map(Money::amount);
        prop_assert_eq!(subtotal - totals.discount.amount() + shipping + tax, total);
        prop_assert!(included_tax == 0 || tax == 0, "tax is either added or included");
        prop_assert!(included_tax <= total);
        let ids: HashSet<LineId> = lines.iter().map(|line| line.line_id).collect();
        prop_assert_eq!(ids.len(), items.len());
    }

    #[test]
    fn the_refunds_of_all_units_are_the_lines_total_in_every_currency(
        items in items(1_000_000_000),
        (place, currency) in prop::sample::select(vec![
            ("KR", Currency::KRW), ("JP", Currency::JPY), ("US-NJ", Currency::USD), ("US-CA", Currency::KWD),
        ]),
        split in 1..=7u32,
    ) {
        let items: Vec<Wanted> = items.into_iter().map(|item| Wanted { grams: 0, ..item }).collect();
        for line in quote_to(place, currency, &items).unwrap().lines {
            let starts = (0..line.quantity).step_by(usize::try_from(split).unwrap());
            let refunds = starts.map(|start| line.refund_of(start, split.min(line.quantity - start)).amount());
            prop_assert_eq!(refunds.sum::<u64>(), line.total.amount());
        }
    }
}
