//! An example of each event type, made like the functions make them. Schemas contain it, and tests validate it.

mod accounts;
mod auctions;
mod billing;
mod coupons;
mod fulfillment;
mod images;
mod payments;
mod tickets;

use anyhow::{Context, Result, bail};
pub use images::image;
use iso_currency::Currency;
use jiff::{SignedDuration, Timestamp};
use shared::catalog::{
    CatalogEvent, Category, Package, Product, ProductStatus, Sale, ShardCount, Sku, StockLow, StockMovement,
    StockMovementKind, TaxClass,
};
use shared::core::actor::Actor;
use shared::core::country::Country;
use shared::core::event::{DomainEvent, Record, Stamp};
use shared::core::identity::CustomerId;
use shared::core::json::UniqueMap;
use shared::core::metadata::Metadata;
use shared::core::money::Money;
use shared::coupons::Redemptions;
use shared::orders::{Ending, LineQuantity, Order, OrderCoupon, OrderEvent, OrderId, Pricing, Rejected, Step};
use uuid::Uuid;

pub use auctions::{buy_bid, order_of_points, points, sell_bid, trade, voucher};
pub use billing::{paid_invoice, subscription};
pub use fulfillment::{refunded, returned, shipment};
pub use payments::paid;

const TRACE: &str = "Root=1-67dd2f60-3f2a9c1b5d7e8f0a1b2c3d4e;Parent=53995c3f42cd8ad8;Sampled=1";

/// One record of each event type.
///
/// # Errors
/// When an example breaks a rule of its type.
pub fn events() -> Result<Vec<Record>> {
    let parts = [
        catalog()?,
        orders()?,
        payments::events()?,
        payments::billing_key_events()?,
        fulfillment::events()?,
        auctions::events()?,
        auctions::point_events()?,
        billing::events()?,
        images::events()?,
        tickets::events()?,
        coupons::events()?,
        accounts::events()?,
    ];
    Ok(parts.into_iter().flatten().collect())
}

fn catalog() -> Result<Vec<Record>> {
    let events = vec![
        // A product with every optional field.
        CatalogEvent::ProductChanged(Product {
            points: Some(100),
            tax_class: TaxClass::Reduced,
            list_at: Some(now()?),
            unlist_at: Some("2026-03-21T00:00:00Z".parse()?),
            sale: Some(Sale {
                price: Money::new(9_900, Currency::KRW)?,
                starts_at: "2025-04-01T00:00:00Z".parse()?,
                ends_at: "2025-04-08T00:00:00Z".parse()?,
            }),
            ..product()?
        }),
        CatalogEvent::StockMoved(movement()?.for_event()),
        CatalogEvent::StockLow(StockLow {
            sku: sku()?,
            available: 7,
            threshold: 10,
        }),
    ];
    let now = now()?;
    records(&events, |event| match event {
        CatalogEvent::ProductChanged(product) => product.updated_at,
        CatalogEvent::StockMoved(movement) => movement.created_at,
        CatalogEvent::StockLow(_) => now,
    })
}

fn orders() -> Result<Vec<Record>> {
    let placed = order()?;
    let expired = placed.end(Ending::Expire, placed.expires_at + SignedDuration::from_secs(20));
    let (paid, _) = paid()?;
    let first = LineQuantity {
        line_id: paid.lines[0].line_id,
        quantity: 1,
    };
    let refunds = paid.refunds_of(&[first]);
    let in_part = paid.after(Step::Cancel, &[first]).map_err(rejected)?;
    let in_part = in_part.with_refunds(&refunds).map_err(rejected)?;
    let refunds = paid.refunds_of(&paid.left(Step::Cancel));
    let cancelled = paid.end(Ending::Cancel, placed.placed_at + SignedDuration::from_hours(3));
    let cancelled = cancelled.and_then(|order| order.with_refunds(&refunds));
    let events = [
        OrderEvent::OrderPlaced(placed),
        OrderEvent::OrderPaid(paid),
        OrderEvent::OrderCancelled(cancelled.map_err(rejected)?),
        OrderEvent::OrderLinesCancelled(in_part),
        OrderEvent::OrderExpired(expired.map_err(rejected)?),
    ];
    records(&events, |event| match event {
        OrderEvent::OrderPlaced(order)
        | OrderEvent::OrderPaid(order)
        | OrderEvent::OrderCancelled(order)
        | OrderEvent::OrderLinesCancelled(order)
        | OrderEvent::OrderExpired(order) => order.closed_at.or(order.paid_at).unwrap_or(order.placed_at),
    })
}

/// An actor that causes an event of this type.
fn actor_of(detail_type: &str) -> Result<Actor> {
    Ok(match detail_type {
        "ProductChanged" | "StockMoved" | "RefundRequested" | "PaymentReversed" | "ShipmentCreated"
        | "ShipmentCancelled" | "ShipmentLost" | "PersonalDataErased" | "ReturnApproved" | "ReturnRefused"
        | "ReturnReceived" | "ReturnRefunded" => staff(),
        "OrderPlaced"
        | "OrderPaid"
        | "OrderCancelled"
        | "OrderLinesCancelled"
        | "ReturnRequested"
        | "PaymentConfirmed"
        | "PaymentUnknown"
        | "BidPlaced"
        | "BidTraded"
        | "BidCancelled"
        | "SubscriptionStarted"
        | "SubscriptionChanged"
        | "SubscriptionCancelled"
        | "ImageDeleted"
        | "PerformanceReviewWritten"
        | "PerformanceReviewDeleted"
        | "CouponClaimed"
        | "CouponExhausted" => Actor::customer(&customer()),
        "PaymentFailed" | "PaymentUnservable" | "PaymentDisputed" | "BillingKeyDeleted" => Actor::provider("TOSS"),
        "StockLow" => Actor::function("watch-products"),
        "ShipmentDelivered" => Actor::provider("CARRIER"),
        "OrderExpired" => Actor::schedule("expire-orders"),
        "BidExpired" => Actor::schedule("expire-bids"),
        "PaymentRefunded" | "PaymentReviewNeeded" => Actor::function("refund-payment"),
        "PointsCredited" | "PointsRefused" | "PointsTakenBack" | "PointsReturned" | "OwedPointsCollected" => {
            Actor::function("credit-points")
        }
        "SubscriptionPastDue"
        | "PeriodsSkipped"
        | "InvoicePaid"
        | "InvoiceFailed"
        | "InvoiceVoided"
        | "InvoiceReviewNeeded"
        | "DeliveryPostponed" => Actor::function("charge-subscription"),
        "TicketsIssued" | "TicketsVoided" | "TicketsMoved" => Actor::function("update-order-tickets"),
        "TicketTransferred" => Actor::customer(&tickets::receiver()),
        "PerformanceReviewHidden" | "PerformanceReviewShown" => staff(),
        "UnexpectedScanFound"
        | "TicketCheckInUndone"
        | "ShowtimePublished"
        | "ShowtimeChanged"
        | "ShowtimeCancelled" => staff(),
        "ImageResized" | "ImageRejected" => Actor::function("resize-image"),
        other => bail!("who causes {other}?"),
    })
}

/// The records of `events`; `at` is the time of each.
fn records<E: DomainEvent>(events: &[E], at: impl Fn(&E) -> Timestamp) -> Result<Vec<Record>> {
    let record = |event: &E| {
        let stamp = Stamp {
            now: at(event),
            actor: actor_of(event.detail_type())?,
            event_id: Uuid::from_u128(0x0195_b7a1_9c00_7c3e_8f21_5a6b_7c8d_9e0f),
            trace: Some(TRACE.to_owned()),
        };
        event.record(stamp).context("write the example")
    };
    events.iter().map(record).collect()
}

/// A product.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn product() -> Result<Product> {
    Ok(Product {
        sku: sku()?,
        name: "Green tea, 100 g".to_owned(),
        description: Some("The first leaves of the year, from Boseong.".to_owned()),
        brand: Some("Courtyard".to_owned()),
        categories: vec![Category::try_from("drinks/tea".to_owned())?],
        attributes: [("Weight".to_owned(), "100 g".to_owned())].into(),
        metadata: Metadata::new(&UniqueMap([("supplier".to_owned(), "Boseong 7".to_owned())].into()))?,
        price: Money::new(12_900, Currency::KRW)?,
        status: ProductStatus::Listed,
        list_at: None,
        unlist_at: None,
        sale: None,
        first_listed_at: Some(now()?),
        points: None,
        package: Some(Package { weight_grams: 120 }),
        tax_class: TaxClass::Standard,
        images: vec![images::image()?.image_id],
        low_stock_threshold: Some(10),
        stock_shards: ShardCount::ONE,
        version: 1,
        updated_by: staff(),
        updated_at: now()?,
    })
}

/// A stock movement with every optional field.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn movement() -> Result<StockMovement> {
    Ok(StockMovement {
        movement_id: Uuid::from_u128(0x6a1f_0c3b_77d2_8e55_9b0d_2c4e_8f1a_3b5c),
        sku: sku()?,
        kind: StockMovementKind::WriteOff,
        change: -2,
        note: Some("Two boxes fell off the shelf.".to_owned()),
        created_by: staff(),
        created_at: now()?,
    })
}

/// An unpaid order with two coupons.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn order() -> Result<Order> {
    let order_id = OrderId(Uuid::from_u128(0xc3d5_4f0e_1b2a_8c7d_a6e5_f4d3_c2b1_a090));
    let metadata = UniqueMap([("campaign".to_owned(), "spring".to_owned())].into());
    Ok(Order {
        metadata: Metadata::new(&metadata)?,
        external_reference: Some("PO-2025-0117".to_owned()),
        ..order_with(order_id, product()?, 2, &coupons::redemptions()?)?
    })
}

/// An unpaid order of `quantity` units of `product`.
fn order_of(order_id: OrderId, product: Product, quantity: u32) -> Result<Order> {
    order_with(order_id, product, quantity, &Redemptions::default())
}

/// An unpaid order of `quantity` units of `product`, with coupons.
fn order_with(order_id: OrderId, product: Product, quantity: u32, redemptions: &Redemptions) -> Result<Order> {
    let sku = product.sku.clone();
    let pricing = Pricing::of_shop(Country::try_from("KR".to_owned())?)?;
    let products = [(sku.clone(), product)].into();
    let delivery = pricing.delivery(None, None);
    let quote = pricing.quote_with_coupons(&[(sku, quantity)], &products, &delivery, redemptions, now()?);
    let quote = quote.map_err(rejected)?;
    let expires_at = now()? + SignedDuration::from_mins(15);
    Ok(Order {
        coupons: OrderCoupon::of(redemptions, &quote.lines)?,
        ..Order::new(order_id, customer(), quote, now()?, expires_at)
    })
}

fn customer() -> CustomerId {
    CustomerId::new("7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11")
}

/// An administrator.
fn staff() -> Actor {
    Actor::staff(&CustomerId::new("2d1f8a90-6b4c-4f3e-8c57-91e0d3a7b642"))
}

fn sku() -> Result<Sku> {
    Ok(Sku::try_from("green-tea-100g".to_owned())?)
}

fn now() -> Result<Timestamp> {
    Ok("2025-03-21T09:20:00.123Z".parse()?)
}

fn rejected(why: Rejected) -> anyhow::Error {
    anyhow::anyhow!("the example order is rejected: {why:?}")
}
