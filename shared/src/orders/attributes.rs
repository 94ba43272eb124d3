//! The form in which orders are stored: without what follows from the rest.
//!
//! DynamoDB charges for each kilobyte of an item, and an item has its order twice: in its attributes, and as its customer
//! sees it in its newest event. So the number, the ids of lines, totals, parts of the price that are 0, and the tax that a price
//! includes are not stored. They are computed when the order is read, and cannot contradict the lines. A tax rate is stored: it
//! is a fact of the order's day.

use iso_currency::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::catalog::{Package, Sku};
use crate::core::error::Cause;
use crate::core::id::{PaymentId, SubscriptionPeriod};
use crate::core::identity::CustomerId;
use crate::core::metadata::Metadata;
use crate::core::money::{Money, MoneyError};
use crate::coupons::{CouponClaimId, CouponClass, CouponId, OnCancellation};
use crate::orders::coupon::discount_of;
use crate::orders::fulfillment::is_zero;
use crate::orders::line::{self, Line, LineId, LineKind, LineSeat};
use crate::orders::tax::{TaxRate, included};
use crate::orders::{
    CouponDiscount, FulfillmentStatus, Order, OrderCoupon, OrderId, OrderNumber, OrderStatus, Quantities, Shipping,
    ShippingMethodId, ShippingPart, Totals,
};

/// Serializes the stored attributes of `order`. For the attribute `with` of Serde.
pub(super) fn serialize<S: Serializer>(order: &Order, to: S) -> Result<S::Ok, S::Error> {
    OrderAttributes::from(order).serialize(to)
}

/// Deserializes the stored attributes of an order, and computes the rest. For the attribute `with` of Serde.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Order, D::Error> {
    OrderAttributes::deserialize(from)?
        .try_into()
        .map_err(de::Error::custom)
}

/// The stored attributes of an [`Order`].
#[derive(Serialize, Deserialize)]
struct OrderAttributes {
    order_id: OrderId,
    customer_id: CustomerId,
    status: OrderStatus,
    lines: Vec<LineAttributes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shipping: Option<ShippingAttributes>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    coupons: Vec<CouponAttributes>,
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subscription: Option<SubscriptionPeriod>,
    placed_at: Timestamp,
    expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_id: Option<PaymentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
}

/// The stored attributes of a [`Line`].
#[derive(Serialize, Deserialize)]
struct LineAttributes {
    #[serde(default = "product", skip_serializing_if = "is_product")]
    kind: LineKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sku: Option<Sku>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seat: Option<LineSeat>,
    name: String,
    unit_price: Money,
    quantity: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    cancelled: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    shipped: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    lost: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    written_off: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    surplus: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    delivered: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    returning: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    returned: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivered_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refunded: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancellation_fee: Option<Money>,
    /// Absent if it is the sum of `coupon_discounts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    discount: Option<Money>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    coupon_discounts: Vec<CouponDiscount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tax: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tax_rate: Option<TaxRate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    points: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    package: Option<Package>,
}

/// The stored attributes of a [`Shipping`].
#[derive(Serialize, Deserialize)]
struct ShippingAttributes {
    method_id: ShippingMethodId,
    name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<ShippingPartAttributes>,
}

/// The stored attributes of a [`ShippingPart`].
#[derive(Serialize, Deserialize)]
struct ShippingPartAttributes {
    price: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tax_rate: Option<TaxRate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tax: Option<Money>,
}

/// The stored attributes of an [`OrderCoupon`].
#[derive(Serialize, Deserialize)]
struct CouponAttributes {
    coupon_id: CouponId,
    coupon_claim_id: CouponClaimId,
    class: CouponClass,
    on_cancellation: OnCancellation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returned_at: Option<Timestamp>,
}

impl From<&Order> for OrderAttributes {
    fn from(order: &Order) -> Self {
        let order = order.clone();
        Self {
            order_id: order.order_id,
            customer_id: order.customer_id,
            status: order.status,
            lines: order.lines.into_iter().map(LineAttributes::from).collect(),
            shipping: order.shipping.map(ShippingAttributes::from),
            coupons: order.coupons.into_iter().map(CouponAttributes::from).collect(),
            metadata: order.metadata,
            external_reference: order.external_reference,
            subscription: order.subscription,
            placed_at: order.placed_at,
            expires_at: order.expires_at,
            payment_id: order.payment_id,
            paid_at: order.paid_at,
            closed_at: order.closed_at,
        }
    }
}

impl TryFrom<OrderAttributes> for Order {
    type Error = Cause;

    fn try_from(attributes: OrderAttributes) -> Result<Self, Cause> {
        let lines = LineId::all().zip(attributes.lines).map(|(id, line)| line.with_id(id));
        let lines: Vec<Line> = lines.collect::<Result<_, Cause>>()?;
        let currency = lines.first().map(|line| line.unit_price.currency());
        let currency = currency.ok_or("the order has no lines")?;
        let shipping = attributes.shipping.map(|shipping| shipping.in_currency(currency));
        let shipping = shipping.transpose()?;
        let totals = Totals::of(currency, &lines, shipping.as_ref())?;
        let coupon = |coupon: CouponAttributes| coupon.of_lines(Money::zero(currency), &lines);
        let coupons = attributes.coupons.into_iter().map(coupon).collect::<Result<_, _>>()?;
        Ok(Self {
            order_id: attributes.order_id,
            number: OrderNumber::of(attributes.order_id),
            customer_id: attributes.customer_id,
            status: attributes.status,
            coupons,
            totals,
            fulfillment_status: FulfillmentStatus::of(&lines),
            lines,
            shipping,
            metadata: attributes.metadata,
            external_reference: attributes.external_reference,
            subscription: attributes.subscription,
            placed_at: attributes.placed_at,
            expires_at: attributes.expires_at,
            payment_id: attributes.payment_id,
            paid_at: attributes.paid_at,
            closed_at: attributes.closed_at,
        })
    }
}

impl From<OrderCoupon> for CouponAttributes {
    fn from(coupon: OrderCoupon) -> Self {
        Self {
            coupon_id: coupon.coupon_id,
            coupon_claim_id: coupon.coupon_claim_id,
            class: coupon.class,
            on_cancellation: coupon.on_cancellation,
            returned_at: coupon.returned_at,
        }
    }
}

impl CouponAttributes {
    fn of_lines(self, zero: Money, lines: &[Line]) -> Result<OrderCoupon, MoneyError> {
        Ok(OrderCoupon {
            coupon_id: self.coupon_id,
            coupon_claim_id: self.coupon_claim_id,
            class: self.class,
            discount: discount_of(self.class, zero, lines)?,
            on_cancellation: self.on_cancellation,
            returned_at: self.returned_at,
        })
    }
}

impl From<Line> for LineAttributes {
    fn from(line: Line) -> Self {
        let shares = line.coupon_discounts.iter().map(|share| share.amount.amount());
        let of_coupons: u64 = shares.sum();
        Self {
            kind: line.kind,
            sku: line.sku,
            seat: line.seat,
            name: line.name,
            unit_price: line.unit_price,
            quantity: line.quantity,
            cancelled: line.quantities.cancelled,
            shipped: line.quantities.shipped,
            lost: line.quantities.lost,
            written_off: line.quantities.written_off,
            surplus: line.quantities.surplus,
            delivered: line.quantities.delivered,
            returning: line.quantities.returning,
            returned: line.quantities.returned,
            delivered_at: line.delivered_at,
            refunded: line.refunded,
            cancellation_fee: line.cancellation_fee,
            discount: Some(line.discount).filter(|discount| discount.amount() != of_coupons),
            coupon_discounts: line.coupon_discounts,
            tax: unless_zero(line.tax),
            tax_rate: line.tax_rate,
            points: line.points,
            package: line.package,
        }
    }
}

impl LineAttributes {
    fn with_id(self, line_id: LineId) -> Result<Line, Cause> {
        let zero = Money::zero(self.unit_price.currency());
        let mut of_coupons = self.coupon_discounts.iter().map(|share| share.amount);
        let of_coupons = of_coupons.try_fold(zero, Money::plus)?;
        let (discount, tax) = (self.discount.unwrap_or(of_coupons), self.tax.unwrap_or(zero));
        let price = self.unit_price.times(self.quantity)?.minus(discount)?;
        let quantities = Quantities {
            ordered: self.quantity,
            cancelled: self.cancelled,
            shipped: self.shipped,
            lost: self.lost,
            written_off: self.written_off,
            surplus: self.surplus,
            delivered: self.delivered,
            returning: self.returning,
            returned: self.returned,
        };
        if !quantities.is_consistent() {
            return Err("more units are shipped, delivered or returned than there are".into());
        }
        let is_of_kind = match self.kind {
            LineKind::Product => self.sku.is_some() && self.seat.is_none(),
            LineKind::Seat => self.sku.is_none() && self.seat.is_some() && self.quantity == 1,
        };
        if !is_of_kind {
            return Err("a line has neither a product nor a seat, or both".into());
        }
        Ok(Line {
            line_id,
            kind: self.kind,
            sku: self.sku,
            seat: self.seat,
            name: self.name,
            unit_price: self.unit_price,
            quantity: self.quantity,
            quantities,
            discount,
            coupon_discounts: self.coupon_discounts,
            tax,
            tax_rate: self.tax_rate,
            included_tax: included(price, self.tax_rate, tax),
            total: line::total(self.unit_price, self.quantity, discount, tax)?,
            refunded: self.refunded,
            cancellation_fee: self.cancellation_fee,
            delivered_at: self.delivered_at,
            points: self.points,
            package: self.package,
        })
    }
}

impl From<Shipping> for ShippingAttributes {
    fn from(shipping: Shipping) -> Self {
        let part = |part: ShippingPart| ShippingPartAttributes {
            price: part.price,
            tax_rate: part.tax_rate,
            tax: unless_zero(part.tax),
        };
        Self {
            method_id: shipping.method_id,
            name: shipping.name,
            parts: shipping.parts.into_iter().map(part).collect(),
        }
    }
}

impl ShippingAttributes {
    fn in_currency(self, currency: Currency) -> Result<Shipping, MoneyError> {
        let zero = Money::zero(currency);
        let part =
            |part: &ShippingPartAttributes| ShippingPart::stored(part.price, part.tax_rate, part.tax.unwrap_or(zero));
        Ok(Shipping {
            method_id: self.method_id,
            name: self.name,
            price: self.parts.iter().try_fold(zero, |sum, part| sum.plus(part.price))?,
            parts: self.parts.iter().map(part).collect(),
        })
    }
}

const fn product() -> LineKind {
    LineKind::Product
}

fn is_product(kind: &LineKind) -> bool {
    *kind == LineKind::Product
}

fn unless_zero(amount: Money) -> Option<Money> {
    (amount.amount() > 0).then_some(amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::example;
    use serde_json::{Value, json};

    fn won(amount: u64) -> Money {
        Money::new(amount, Currency::KRW).unwrap()
    }

    fn rate(percent: &str) -> TaxRate {
        percent.to_owned().try_into().unwrap()
    }

    fn share(class: CouponClass, amount: Money) -> CouponDiscount {
        CouponDiscount { class, amount }
    }

    fn stored(order: &Order) -> Value {
        serialize(order, serde_json::value::Serializer).unwrap()
    }

    #[test]
    fn an_order_is_stored_without_what_follows_from_the_rest() {
        let order = example::order(OrderStatus::Paid, 1000);
        let item = stored(&order);
        let names: Vec<&String> = item.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            ["customer_id", "expires_at", "lines", "order_id", "placed_at", "status"]
        );
        let line = json!({
            "sku": "tea", "name": "Tea", "quantity": 1,
            "unit_price": { "amount": 1000, "currency": "KRW" },
        });
        assert_eq!(item["lines"], json!([line]));
        assert_eq!(deserialize(item).unwrap(), order);
    }

    #[test]
    fn every_part_of_the_price_is_stored_and_read_back() {
        let mut order = example::order(OrderStatus::Paid, 33_000);
        let line = &mut order.lines[0];
        (line.discount, line.tax) = (won(10_000), won(2_300));
        line.coupon_discounts = vec![
            share(CouponClass::Seller, won(9000)),
            share(CouponClass::Platform, won(1000)),
        ];
        line.tax_rate = Some(rate("10"));
        line.total = won(25_300);
        line.points = Some(5);
        line.quantities.cancelled = 1;
        line.delivered_at = Some(order.placed_at);
        line.refunded = Some(won(25_300));
        order.shipping = Some(Shipping {
            method_id: "kr-standard".to_owned().try_into().unwrap(),
            name: "Standard delivery".to_owned(),
            price: won(3000),
            parts: vec![
                ShippingPart::stored(won(2000), Some(rate("10")), won(200)),
                ShippingPart::stored(won(1000), None, won(0)),
            ],
        });
        order.totals = Totals::of(Currency::KRW, &order.lines, order.shipping.as_ref()).unwrap();
        order.external_reference = Some("PO-7".to_owned());
        let mut order = example::with_coupons(order, &[OnCancellation::Kept, OnCancellation::Returned]);
        let discounts: Vec<Money> = order.coupons.iter().map(|coupon| coupon.discount).collect();
        assert_eq!(discounts, [won(9000), won(1000)]);
        let item = stored(&order);
        for sum in [&item["coupons"][0], &item["lines"][0]] {
            assert_eq!(sum.get("discount"), None, "it is the sum of the shares");
        }
        order.coupons[1].returned_at = Some(order.placed_at);
        assert_eq!(order.totals.total, won(28_500));
        assert_eq!(deserialize(stored(&order)).unwrap(), order);
    }

    #[test]
    fn a_discount_that_is_not_of_a_coupon_is_read_back() {
        let mut order = example::order(OrderStatus::Paid, 33_000);
        (order.lines[0].discount, order.lines[0].total) = (won(3000), won(30_000));
        order.totals = Totals::of(Currency::KRW, &order.lines, None).unwrap();
        assert_eq!(deserialize(stored(&order)).unwrap(), order);
    }

    #[test]
    fn an_order_of_seats_is_read_as_it_was_stored() {
        let mut order = example::order(OrderStatus::Paid, 90_000);
        let id = order.lines[0].line_id;
        let seat = LineSeat {
            showtime_id: crate::tickets::ShowtimeId(uuid::Uuid::from_u128(7)),
            seat: "0-12-7".parse().unwrap(),
            class: "R".to_owned().try_into().unwrap(),
            area: Some(crate::tickets::AreaPlace {
                area: "B".to_owned().try_into().unwrap(),
                number: Some(4),
            }),
        };
        order.lines = vec![Line::of_seat(id, seat, "The Nutcracker".to_owned(), won(90_000), None).unwrap()];
        order.lines[0].cancellation_fee = Some(won(9000));
        let item = stored(&order);
        assert_eq!(item["lines"][0]["kind"], "SEAT");
        assert_eq!(deserialize(item.clone()).unwrap(), order);
        let mut both = item.clone();
        both["lines"][0]["sku"] = json!("tea");
        assert!(deserialize(both).is_err());
        let mut two = item;
        two["lines"][0]["quantity"] = json!(2);
        assert!(deserialize(two).is_err(), "a seat is sold once");
    }

    #[test]
    fn the_tax_that_prices_include_is_computed_from_the_rate() {
        let mut order = example::order(OrderStatus::Paid, 12_900);
        let line = &mut order.lines[0];
        (line.tax_rate, line.included_tax) = (Some(rate("10")), won(1173));
        order.shipping = Some(Shipping {
            method_id: "kr-standard".to_owned().try_into().unwrap(),
            name: "Standard delivery".to_owned(),
            price: won(3000),
            parts: vec![ShippingPart {
                price: won(3000),
                tax_rate: Some(rate("10")),
                tax: won(0),
                included_tax: won(273),
            }],
        });
        order.totals = Totals::of(Currency::KRW, &order.lines, order.shipping.as_ref()).unwrap();
        assert_eq!(
            (order.totals.total, order.totals.included_tax),
            (won(15_900), won(1446))
        );
        let item = stored(&order);
        assert_eq!(item["lines"][0].get("included_tax"), None);
        assert_eq!(
            item["shipping"],
            json!({
                "method_id": "kr-standard", "name": "Standard delivery",
                "parts": [{ "price": { "amount": 3000, "currency": "KRW" }, "tax_rate": "10" }],
            })
        );
        assert_eq!(deserialize(item).unwrap(), order);
    }

    #[test]
    fn a_free_delivery_is_stored_by_its_method_alone() {
        let mut order = example::order(OrderStatus::Paid, 1000);
        order.shipping = Some(Shipping {
            method_id: "kr-standard".to_owned().try_into().unwrap(),
            name: "Standard delivery".to_owned(),
            price: won(0),
            parts: vec![],
        });
        let item = stored(&order);
        assert_eq!(
            item["shipping"],
            json!({ "method_id": "kr-standard", "name": "Standard delivery" })
        );
        assert_eq!(deserialize(item).unwrap(), order);
    }

    #[test]
    fn an_order_whose_parts_do_not_add_up_is_not_read() {
        let mut item = stored(&example::order(OrderStatus::Paid, 1000));
        item["lines"][0]["discount"] = json!(won(1001));
        assert!(
            deserialize(item.clone()).is_err(),
            "the discount is more than the price"
        );
        item["lines"][0]["discount"] = json!(won(0));
        item["lines"][0]["shipped"] = json!(2);
        assert!(deserialize(item.clone()).is_err(), "more is shipped than was ordered");
        item["lines"] = json!([]);
        assert!(deserialize(item).is_err(), "no line");
    }
}
