//! Tests of the discount of a coupon.

use iso_currency::Currency;
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::coupons::{CouponDistribution, CouponDuration, CouponId, OnCancellation};

fn money(amount: u64, currency: Currency) -> Money {
    Money::new(amount, currency).unwrap()
}

fn won(amount: u64) -> Money {
    money(amount, Currency::KRW)
}

fn sku(name: &str) -> Sku {
    name.to_owned().try_into().unwrap()
}

fn category(path: &str) -> Category {
    path.to_owned().try_into().unwrap()
}

fn class(code: &str) -> ClassCode {
    code.to_owned().try_into().unwrap()
}

fn coupon(benefit: Benefit, currency: Currency) -> Coupon {
    let at = |second| Timestamp::from_second(second).unwrap();
    Coupon {
        coupon_id: CouponId(Uuid::from_u128(1)),
        name: "Opening week".to_owned(),
        currency,
        benefit,
        minimum_subtotal: None,
        scope: None,
        distribution: CouponDistribution::Claim,
        revoked_codes: vec![],
        total: None,
        shards: None,
        claims_start_at: at(0),
        claims_end_at: at(10),
        redeemable_until: at(20),
        on_cancellation: OnCancellation::Returned,
        duration: CouponDuration::default(),
        waiting_room_id: None,
        exhausted_at: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn fixed(amount: u64) -> Coupon {
    coupon(Benefit::Fixed { amount: won(amount) }, Currency::KRW)
}

fn percent(percent: u8, at_most: Option<u64>) -> Coupon {
    let at_most = at_most.map(won);
    coupon(Benefit::Percent { percent, at_most }, Currency::KRW)
}

/// The discounts of lines of products at these prices.
fn discounts(coupon: &Coupon, products: &[(&str, u64)]) -> Result<Vec<u64>, NoDiscount> {
    let skus: Vec<(Sku, u64)> = products.iter().map(|&(name, price)| (sku(name), price)).collect();
    let lines = skus.iter().map(|(sku, price)| CouponLine {
        sold: Sold::Product {
            sku,
            categories: &[],
            is_worth_money: false,
        },
        price: won(*price),
    });
    let lines: Vec<_> = lines.collect();
    let shares = coupon.discounts(&lines).unwrap()?;
    Ok(shares.into_iter().map(Money::amount).collect())
}

#[test]
fn ten_thousand_off_three_equal_lines_is_divided_to_the_last_won() {
    let three = [("a", 33_000), ("b", 33_000), ("c", 33_000)];
    let shares = discounts(&fixed(10_000), &three).unwrap();
    let nets: Vec<u64> = shares.iter().map(|share| 33_000 - share).collect();
    assert_eq!(nets, [29_666, 29_667, 29_667]);
}

#[test]
fn a_percentage_is_rounded_down_and_stops_at_its_cap() {
    let two = [("a", 44_000), ("b", 44_000)];
    assert_eq!(discounts(&percent(15, Some(10_000)), &two), Ok(vec![5000, 5000]));
    assert_eq!(discounts(&percent(15, None), &two), Ok(vec![6600, 6600]));
    assert_eq!(discounts(&percent(15, None), &[("a", 99)]), Ok(vec![14]));
}

#[test]
fn a_discount_is_never_more_than_what_the_lines_cost() {
    assert_eq!(discounts(&fixed(500), &[("a", 300)]), Ok(vec![300]));
    assert_eq!(
        discounts(&percent(100, None), &[("a", 300), ("b", 1)]),
        Ok(vec![300, 1])
    );
}

#[test]
fn goods_outside_of_the_scope_neither_get_nor_shrink_the_discount() {
    let scope = CouponScope {
        skus: vec![sku("shirt")],
        ..CouponScope::default()
    };
    let coupon = Coupon {
        scope: Some(scope),
        ..fixed(1000)
    };
    assert_eq!(discounts(&coupon, &[("shirt", 2299)]), Ok(vec![1000]));
    assert_eq!(discounts(&coupon, &[("cup", 1599), ("shirt", 2299)]), Ok(vec![0, 1000]));
    assert_eq!(discounts(&coupon, &[("cup", 1599)]), Err(NoDiscount::NotApplicable));
}

#[test]
fn a_coupon_that_takes_nothing_off_is_not_applicable() {
    assert_eq!(
        discounts(&percent(1, None), &[("a", 99)]),
        Err(NoDiscount::NotApplicable)
    );
    assert_eq!(discounts(&fixed(1000), &[("free", 0)]), Err(NoDiscount::NotApplicable));
}

#[test]
fn the_minimum_counts_eligible_lines_before_the_discount() {
    let mut coupon = fixed(1000);
    coupon.minimum_subtotal = Some(won(5000));
    coupon.scope = Some(CouponScope {
        skus: vec![sku("a")],
        ..CouponScope::default()
    });
    let refused = NoDiscount::MinimumNotReached {
        minimum: won(5000),
        subtotal: won(4999),
    };
    assert_eq!(discounts(&coupon, &[("a", 4999), ("b", 9000)]), Err(refused));
    assert_eq!(discounts(&coupon, &[("a", 5000), ("b", 9000)]), Ok(vec![1000, 0]));
}

#[test]
fn an_order_in_another_currency_is_refused() {
    let coupon = coupon(
        Benefit::Fixed {
            amount: money(275, Currency::JPY),
        },
        Currency::JPY,
    );
    assert_eq!(discounts(&coupon, &[("a", 5000)]), Err(NoDiscount::CurrencyDiffers));
}

#[test]
fn a_category_in_the_scope_has_the_products_below_it() {
    let scope = CouponScope {
        categories: vec![category("drinks")],
        ..CouponScope::default()
    };
    let has = |path: &str| {
        let (sku, categories) = (sku("a"), [category(path)]);
        scope.has(Sold::Product {
            sku: &sku,
            categories: &categories,
            is_worth_money: false,
        })
    };
    assert!(has("drinks") && has("drinks/tea") && !has("food") && !has("drinks-hot"));
}

#[test]
fn what_is_worth_money_is_discounted_only_by_its_sku() {
    let (points, drinks) = (sku("points"), [category("drinks")]);
    let lines = [CouponLine {
        sold: Sold::Product {
            sku: &points,
            categories: &drinks,
            is_worth_money: true,
        },
        price: won(10_000),
    }];
    let mut coupon = percent(100, None);
    assert_eq!(coupon.discounts(&lines).unwrap(), Err(NoDiscount::NotApplicable));
    coupon.scope = Some(CouponScope {
        categories: vec![category("drinks")],
        ..CouponScope::default()
    });
    assert_eq!(coupon.discounts(&lines).unwrap(), Err(NoDiscount::NotApplicable));
    coupon.scope = Some(CouponScope {
        skus: vec![points.clone()],
        ..CouponScope::default()
    });
    assert_eq!(coupon.discounts(&lines).unwrap(), Ok(vec![won(10_000)]));
}

#[test]
fn a_seat_needs_the_showtime_and_the_class_that_the_scope_names() {
    let (mine, other) = (ShowtimeId(Uuid::from_u128(1)), ShowtimeId(Uuid::from_u128(2)));
    let (r, s) = (class("R"), class("S"));
    let seat = |showtime_id, class| Sold::Seat { showtime_id, class };
    let showtime = CouponScope {
        showtimes: vec![mine],
        ..CouponScope::default()
    };
    assert!(showtime.has(seat(mine, &s)) && !showtime.has(seat(other, &r)));
    let both = CouponScope {
        classes: vec![r.clone()],
        ..showtime
    };
    assert!(both.has(seat(mine, &r)) && !both.has(seat(mine, &s)) && !both.has(seat(other, &r)));
    let products = CouponScope {
        skus: vec![sku("a")],
        ..CouponScope::default()
    };
    assert!(!products.has(seat(mine, &r)));
}

proptest! {
    #[test]
    fn shares_add_up_to_the_discount_and_stay_within_eligible_lines(
        lines in prop::collection::vec((any::<bool>(), 0..=100_000_000u64), 1..=50),
        currency in prop::sample::select(vec![Currency::KRW, Currency::JPY, Currency::USD]),
        is_fixed: bool, number in 1..=200_000_000u64, part in 1..=100u8, cap in prop::option::of(1..=1_000_000u64),
    ) {
        let benefit = if is_fixed {
            Benefit::Fixed { amount: money(number, currency) }
        } else {
            Benefit::Percent { percent: part, at_most: cap.map(|cap| money(cap, currency)) }
        };
        let (inside, outside) = (sku("inside"), sku("outside"));
        let mut coupon = coupon(benefit, currency);
        coupon.scope = Some(CouponScope { skus: vec![inside.clone()], ..CouponScope::default() });
        let priced = lines.iter().map(|&(eligible, price)| CouponLine {
            sold: Sold::Product {
                sku: if eligible { &inside } else { &outside },
                categories: &[],
                is_worth_money: false,
            },
            price: money(price, currency),
        });
        let priced: Vec<_> = priced.collect();
        let subtotal: u64 = lines.iter().filter(|(eligible, _)| *eligible).map(|(_, price)| price).sum();
        let expected = if is_fixed {
            number.min(subtotal)
        } else {
            (subtotal * u64::from(part) / 100).min(cap.unwrap_or(u64::MAX))
        };
        match coupon.discounts(&priced).unwrap() {
            Err(refused) => {
                prop_assert_eq!(refused, NoDiscount::NotApplicable);
                prop_assert_eq!(expected, 0);
            }
            Ok(shares) => {
                prop_assert!(expected > 0);
                prop_assert_eq!(shares.iter().map(|share| share.amount()).sum::<u64>(), expected);
                for (share, &(eligible, price)) in shares.iter().zip(&lines) {
                    prop_assert_eq!(share.currency(), currency);
                    let most = if eligible { price } else { 0 };
                    prop_assert!(share.amount() <= most);
                }
            }
        }
    }
}
