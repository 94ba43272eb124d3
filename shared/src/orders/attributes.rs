//! The form in which orders are stored: without what follows from the rest.
//!
//! DynamoDB charges for each kilobyte of an item, and an item has its order twice: in its attributes, and as its customer
//! sees it in its newest event. So the number, the ids of lines, totals, and parts of the price that are 0 are not stored.
//! They are computed when the order is read, and cannot contradict the lines.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::catalog::{Package, Sku};
use crate::core::error::Cause;
use crate::core::id::{PaymentId, SubscriptionPeriod};
use crate::core::identity::CustomerId;
use crate::core::metadata::Metadata;
use crate::core::money::Money;
use crate::orders::fulfillment::is_zero;
use crate::orders::line::{self, Line, LineId, LineKind};
use crate::orders::{FulfillmentStatus, Order, OrderId, OrderNumber, OrderStatus, Quantities, Totals};

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
    shipping: Option<Money>,
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
    sku: Sku,
    name: String,
    unit_price: Money,
    quantity: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    cancelled: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    shipped: u32,
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
    discount: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tax: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    points: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    package: Option<Package>,
}

impl From<&Order> for OrderAttributes {
    fn from(order: &Order) -> Self {
        let order = order.clone();
        Self {
            order_id: order.order_id,
            customer_id: order.customer_id,
            status: order.status,
            lines: order.lines.into_iter().map(LineAttributes::from).collect(),
            shipping: unless_zero(order.totals.shipping),
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
        let zero = lines.first().map(|line| Money::zero(line.unit_price.currency()));
        let shipping = attributes.shipping.or(zero).ok_or("the order has no lines")?;
        Ok(Self {
            order_id: attributes.order_id,
            number: OrderNumber::of(attributes.order_id),
            customer_id: attributes.customer_id,
            status: attributes.status,
            totals: Totals::of(&lines, shipping)?,
            fulfillment_status: FulfillmentStatus::of(&lines),
            lines,
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

impl From<Line> for LineAttributes {
    fn from(line: Line) -> Self {
        Self {
            kind: line.kind,
            sku: line.sku,
            name: line.name,
            unit_price: line.unit_price,
            quantity: line.quantity,
            cancelled: line.quantities.cancelled,
            shipped: line.quantities.shipped,
            delivered: line.quantities.delivered,
            returning: line.quantities.returning,
            returned: line.quantities.returned,
            delivered_at: line.delivered_at,
            refunded: line.refunded,
            discount: unless_zero(line.discount),
            tax: unless_zero(line.tax),
            points: line.points,
            package: line.package,
        }
    }
}

impl LineAttributes {
    fn with_id(self, line_id: LineId) -> Result<Line, Cause> {
        let zero = Money::zero(self.unit_price.currency());
        let (discount, tax) = (self.discount.unwrap_or(zero), self.tax.unwrap_or(zero));
        let quantities = Quantities {
            ordered: self.quantity,
            cancelled: self.cancelled,
            shipped: self.shipped,
            delivered: self.delivered,
            returning: self.returning,
            returned: self.returned,
        };
        if !quantities.is_consistent() {
            return Err("more units are shipped, delivered or returned than there are".into());
        }
        Ok(Line {
            line_id,
            kind: self.kind,
            sku: self.sku,
            name: self.name,
            unit_price: self.unit_price,
            quantity: self.quantity,
            quantities,
            discount,
            tax,
            total: line::total(self.unit_price, self.quantity, discount, tax)?,
            refunded: self.refunded,
            delivered_at: self.delivered_at,
            points: self.points,
            package: self.package,
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
    use iso_currency::Currency;
    use serde_json::{Value, json};

    fn won(amount: u64) -> Money {
        Money::new(amount, Currency::KRW).unwrap()
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
        line.total = won(25_300);
        line.points = Some(5);
        line.quantities.cancelled = 1;
        line.delivered_at = Some(order.placed_at);
        line.refunded = Some(won(25_300));
        order.totals = Totals::of(&order.lines, won(3000)).unwrap();
        order.external_reference = Some("PO-7".to_owned());
        assert_eq!(order.totals.total, won(28_300));
        assert_eq!(deserialize(stored(&order)).unwrap(), order);
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
