//! The discounts of two coupons on an order: known answers, and what holds for every order.

use uuid::Uuid;

use super::*;
use crate::coupons::example::{coupon, redemption};
use crate::coupons::{Benefit, Coupon, CouponClass, CouponId, CouponScope, NotRedeemable};
use crate::orders::OrderCoupon;

fn fixed(amount: u64, currency: Currency) -> Benefit {
    Benefit::Fixed {
        amount: money(amount, currency),
    }
}

fn percent(percent: u8, at_most: Option<u64>, currency: Currency) -> Benefit {
    let at_most = at_most.map(|most| money(most, currency));
    Benefit::Percent { percent, at_most }
}

/// Coupons of the seller and of the platform for the named lines, from 0.
fn pair(benefits: [Benefit; 2], lines: [&[usize]; 2], currency: Currency) -> Redemptions {
    let of_class = CouponClass::ALL.into_iter().zip(benefits).zip(lines).zip(1..);
    let redemptions = of_class.map(|(((class, benefit), lines), id)| {
        let scope = CouponScope {
            skus: lines.iter().map(|nth| sku(&format!("p{nth}"))).collect(),
            ..CouponScope::default()
        };
        redemption(Coupon {
            coupon_id: CouponId(Uuid::from_u128(id)),
            class,
            scope: Some(scope),
            ..coupon(benefit, currency)
        })
    });
    let mut redemptions: Vec<_> = redemptions.collect();
    redemptions.reverse();
    Redemptions::of(redemptions).unwrap()
}

/// The shares of the seller's and the platform's coupon in a line, and what the line costs.
fn parts(line: &Line) -> [u64; 3] {
    let share = |class| {
        let shares = line.coupon_discounts.iter().filter(|share| share.class == class);
        shares.map(|share| share.amount.amount()).sum()
    };
    let [seller, platform] = CouponClass::ALL.map(share);
    [seller, platform, line.total.amount()]
}

#[test]
fn won_yen_and_cents_are_divided_to_the_last_one_twice() {
    use Currency::{JPY, KRW, USD};
    for (destination, currency, prices, benefits, expected) in [
        // 10,000 of 99,000; 8,900 is 10 % of the 89,000 that are left.
        (
            "KR",
            KRW,
            &[33_000, 33_000, 33_000][..],
            [fixed(10_000, KRW), percent(10, None, KRW)],
            &[[3334, 2966, 26_700], [3333, 2967, 26_700], [3333, 2967, 26_700]][..],
        ),
        // 372 is 15 % of 2,480; then 500 over 1,683 and 425.
        (
            "JP",
            JPY,
            &[1980, 500],
            [percent(15, None, JPY), fixed(500, JPY)],
            &[[297, 399, 1284], [75, 101, 324]],
        ),
        // 2.00 is the most; 7.59 is 33 % of 23.00; then 7.25 % of tax on what is left of each line.
        (
            "US-CA",
            USD,
            &[1999, 501],
            [percent(10, Some(200), USD), percent(33, None, USD)],
            &[[160, 607, 1232 + 89], [40, 152, 309 + 22]],
        ),
    ] {
        let items: Vec<Wanted> = prices
            .iter()
            .map(|&price| item(price, 1, TaxClass::Standard, 0))
            .collect();
        let all: Vec<usize> = (0..items.len()).collect();
        let redemptions = pair(benefits, [&all, &all], currency);
        let quote = quote_with(destination, currency, &items, None, &redemptions).unwrap();
        let lines: Vec<[u64; 3]> = quote.lines.iter().map(parts).collect();
        assert_eq!(lines, expected, "{destination}");
    }
}

#[test]
fn the_second_coupon_is_judged_on_what_the_first_left() {
    let won = |amount| money(amount, Currency::KRW);
    let items = [item(10_000, 1, TaxClass::Standard, 0)];
    let of = |first: Benefit, minimum: u64| {
        let second = percent(50, None, Currency::KRW);
        let both = pair([first, second], [&[0], &[0]], Currency::KRW);
        let redemptions = both.iter().map(|of| {
            let minimum_subtotal = (of.coupon.class == CouponClass::Platform).then_some(won(minimum));
            let coupon = Coupon {
                minimum_subtotal,
                ..(*of.coupon).clone()
            };
            crate::coupons::Redemption {
                coupon_claim_id: of.coupon_claim_id,
                coupon: coupon.into(),
            }
        });
        let redemptions = Redemptions::of(redemptions.collect()).unwrap();
        let second = redemptions.iter().last().unwrap().coupon_claim_id;
        (quote_with("KR", Currency::KRW, &items, None, &redemptions), second)
    };
    let (quote, _) = of(fixed(1000, Currency::KRW), 9000);
    assert_eq!(parts(&quote.unwrap().lines[0]), [1000, 4500, 4500]);
    let (refused, second) = of(fixed(1000, Currency::KRW), 9001);
    let missed = NotRedeemable::MinimumNotReached {
        minimum: won(9001),
        subtotal: won(9000),
    };
    assert_eq!(refused, Err(Rejected::Coupon(second, missed)));
    let (refused, second) = of(fixed(10_000, Currency::KRW), 0);
    assert_eq!(refused, Err(Rejected::Coupon(second, NotRedeemable::NotApplicable)));
}

/// The discount of a coupon on lines that cost `subtotal`.
fn expected(benefit: Benefit, subtotal: u64) -> u64 {
    match benefit {
        Benefit::Fixed { amount } => amount.amount().min(subtotal),
        Benefit::Percent { percent, at_most } => {
            let part = subtotal * u64::from(percent) / 100;
            part.min(at_most.map_or(u64::MAX, Money::amount))
        }
    }
}

fn benefit() -> impl Strategy<Value = (bool, u64, u8, Option<u64>)> {
    (
        any::<bool>(),
        1..=5_000_000u64,
        1..=100u8,
        prop::option::of(1..=1_000_000u64),
    )
}

proptest! {
    #[test]
    fn the_shares_of_both_coupons_add_up_and_every_refund_is_what_was_paid(
        items in prop::collection::vec(((0..=1_000_000u64, 1..=9u32), any::<(bool, bool)>()), 1..=MAX_LINES),
        (place, currency) in prop::sample::select(
            vec![("KR", Currency::KRW), ("JP", Currency::JPY), ("US-CA", Currency::USD)],
        ),
        benefits in [benefit(), benefit()],
    ) {
        let benefits = benefits.map(|(is_fixed, amount, part, most)| match is_fixed {
            true => fixed(amount, currency),
            false => percent(part, most, currency),
        });
        let named = |has: fn(&(bool, bool)) -> bool| -> Vec<usize> {
            let named = items.iter().enumerate().filter(|(_, (_, flags))| has(flags));
            named.map(|(nth, _)| nth).collect()
        };
        let (of_seller, of_platform) = (named(|flags| flags.0), named(|flags| flags.1));
        let redemptions = pair(benefits, [&of_seller, &of_platform], currency);
        let wanted: Vec<Wanted> = items
            .iter()
            .map(|&((price, quantity), _)| item(price, quantity, TaxClass::Standard, 0))
            .collect();
        let price = |nth: &usize| wanted[*nth].price * u64::from(wanted[*nth].quantity);
        let first = expected(benefits[0], of_seller.iter().map(price).sum());
        let quote = match quote_with(place, currency, &wanted, None, &redemptions) {
            Ok(quote) => quote,
            Err(Rejected::Coupon(claim, NotRedeemable::NotApplicable)) => {
                let is_first = redemptions.iter().next().unwrap().coupon_claim_id == claim;
                prop_assert_eq!(is_first, first == 0, "the second one is asked only if the first takes something off");
                return Ok(());
            }
            Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        let shares: Vec<[u64; 3]> = quote.lines.iter().map(parts).collect();
        let left: u64 = of_platform.iter().map(|nth| price(nth) - shares[*nth][0]).sum();
        let discounts = [first, expected(benefits[1], left)];
        let coupons = OrderCoupon::of(&redemptions, &quote.lines).unwrap();
        for (nth, coupon) in coupons.iter().enumerate() {
            prop_assert_eq!(coupon.discount.amount(), discounts[nth]);
            prop_assert_eq!(shares.iter().map(|shares| shares[nth]).sum::<u64>(), discounts[nth]);
        }
        prop_assert_eq!(quote.totals.discount.amount(), discounts[0] + discounts[1]);
        for (nth, (line, shares)) in quote.lines.iter().zip(&shares).enumerate() {
            prop_assert_eq!(line.discount.amount(), shares[0] + shares[1]);
            prop_assert!(line.discount.amount() <= price(&nth));
            prop_assert!(shares[0] == 0 || items[nth].1.0, "outside of the scope");
            prop_assert!(shares[1] == 0 || items[nth].1.1, "outside of the scope");
            let one_by_one = (0..line.quantity).map(|refunded| line.refund_of(refunded, 1).amount());
            prop_assert_eq!(one_by_one.sum::<u64>(), line.refund_of(0, line.quantity).amount());
            prop_assert_eq!(line.refund_of(0, line.quantity), line.total);
        }
    }
}
