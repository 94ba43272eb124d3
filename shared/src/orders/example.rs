//! Orders for tests.

use iso_currency::Currency;
use jiff::Timestamp;
use uuid::Uuid;

use crate::catalog::Product;
pub(crate) use crate::catalog::example::product;
use crate::core::identity::CustomerId;
use crate::core::money::Money;
use crate::coupons::{CouponClaimId, CouponClass, CouponId, OnCancellation};
use crate::orders::coupon::discount_of;
use crate::orders::{Line, LineId, Order, OrderCoupon, OrderId, OrderStatus, Quote, Totals};

/// The first line of an order: one unit of a product that costs 1,000 won, not taxed.
pub(crate) fn line(name: &str) -> Line {
    line_of(&product(name, 1000))
}

/// An order in `status` that costs `won` and is not taxed, with its deadline at second 100.
pub(crate) fn order(status: OrderStatus, won: u64) -> Order {
    let line = line_of(&product("Tea", won));
    let totals = Totals::of(Currency::KRW, std::slice::from_ref(&line), None).unwrap();
    let quote = Quote {
        lines: vec![line],
        shipping: None,
        totals,
    };
    let id = OrderId(Uuid::nil());
    Order {
        status,
        ..Order::new(id, CustomerId::new("ann"), quote, second(0), second(100))
    }
}

/// The order with a coupon of each of these policies, the first one of the seller.
pub(crate) fn with_coupons(order: Order, policies: &[OnCancellation]) -> Order {
    let of_class = CouponClass::ALL.into_iter().zip(1..).zip(policies);
    let coupons = of_class.map(|((class, nth), &on_cancellation)| OrderCoupon {
        coupon_id: CouponId(Uuid::from_u128(nth)),
        coupon_claim_id: CouponClaimId(Uuid::from_u128(10 + nth)),
        class,
        discount: discount_of(class, Money::zero(Currency::KRW), &order.lines).unwrap(),
        on_cancellation,
        returned_at: None,
    });
    Order {
        coupons: coupons.collect(),
        ..order
    }
}

fn line_of(product: &Product) -> Line {
    Line::of_product(LineId::all().next().unwrap(), product, product.price, 1, None).unwrap()
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}
