//! Domain events: what happened, in the past tense, and the envelope that the bus carries.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auctions::Credit;
use crate::auctions::{Bid, Trade};
use crate::billing::Invoice;
use crate::billing::Subscription;
use crate::catalog::{Product, Sku};
use crate::images::Image;
use crate::orders::Order;
use crate::payments::{News, Payment};

/// The version of the envelope and of each event's data; raised when a change would break a consumer.
pub const VERSION: u32 = 1;

/// Something that happened.
///
/// Its schema names each kind with its data; on the bus the name is `detail-type` and the data stands in an [`Envelope`].
#[derive(Clone, Debug, PartialEq, ToSchema)]
pub enum Event {
    /// A product was created or changed.
    ProductChanged(Product),
    /// Units of a product arrived.
    StockReceived(StockReceived),
    /// An order was placed; its stock is held.
    OrderPlaced(Order),
    /// An order was paid; its stock is sold.
    OrderPaid(Order),
    /// An order was cancelled by its customer; its stock went back, and the money of its payment goes back.
    OrderCancelled(Order),
    /// An order was not paid in time; its stock went back.
    OrderExpired(Order),
    /// The money of a payment was taken, and its order is paid.
    PaymentConfirmed(Payment),
    /// A provider took no money.
    PaymentFailed(Payment),
    /// Whether a provider took the money is not known; it will be asked again.
    PaymentUnknown(Payment),
    /// The money of a payment was taken, and its order cannot have it; it goes back, or finds its stock again.
    PaymentUnservable(Payment),
    /// A refund is to be made: an administrator asked for it, or what was refused is asked for again.
    RefundRequested(Payment),
    /// Money of a payment went back.
    PaymentRefunded(Payment),
    /// A person must look at a payment.
    PaymentReviewNeeded(Payment),
    /// A bid was placed; what it needs is held.
    BidPlaced(Bid),
    /// A bid was taken: a voucher changed owners for points.
    BidTraded(Trade),
    /// A bid was given up by its customer; what it held is free.
    BidCancelled(Bid),
    /// A bid was not taken in time; what it held is free.
    BidExpired(Bid),
    /// The points of a paid order are in its customer's wallet.
    PointsCredited(Credit),
    /// The points of a cancelled order were taken back.
    PointsTakenBack(Credit),
    /// A subscription began.
    SubscriptionStarted(Subscription),
    /// A subscription was changed by its customer, or asks for a new card.
    SubscriptionChanged(Subscription),
    /// A subscription's card cannot be charged: nothing more is delivered until there is a new one.
    SubscriptionPastDue(Subscription),
    /// A subscription is over.
    SubscriptionCancelled(Subscription),
    /// A period of a subscription was paid; its order is on its way.
    InvoicePaid(Invoice),
    /// A period of a subscription could not be charged.
    InvoiceFailed(Invoice),
    /// What a period of a subscription delivers cannot be had; nothing was charged.
    DeliveryPostponed(Invoice),
    /// A picture's variants stand.
    ImageResized(Image),
    /// What was uploaded as a picture cannot be used.
    ImageRejected(Image),
    /// A picture is gone, deleted or replaced.
    ImageDeleted(Image),
}

/// Units of a product that arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockReceived {
    /// The receipt's id, derived from the caller and their idempotency key.
    pub receipt_id: Uuid,
    /// The product.
    pub sku: Sku,
    /// How many units arrived.
    #[schema(minimum = 1)]
    pub quantity: u64,
    /// When.
    pub received_at: Timestamp,
}

impl Event {
    /// What there is to tell of `payment`.
    pub const fn of_payment(news: News, payment: Payment) -> Self {
        match news {
            News::Confirmed => Self::PaymentConfirmed(payment),
            News::Failed => Self::PaymentFailed(payment),
            News::Unknown => Self::PaymentUnknown(payment),
            News::Unservable => Self::PaymentUnservable(payment),
            News::RefundRequested => Self::RefundRequested(payment),
            News::Refunded => Self::PaymentRefunded(payment),
            News::ReviewNeeded => Self::PaymentReviewNeeded(payment),
        }
    }

    /// `source` on the bus: `madang.` and the domain.
    pub const fn source(&self) -> &'static str {
        match self {
            Self::ProductChanged(_) | Self::StockReceived(_) => "madang.catalog",
            Self::OrderPlaced(_) | Self::OrderPaid(_) | Self::OrderCancelled(_) | Self::OrderExpired(_) => {
                "madang.orders"
            }
            Self::PaymentConfirmed(_)
            | Self::PaymentFailed(_)
            | Self::PaymentUnknown(_)
            | Self::PaymentUnservable(_)
            | Self::RefundRequested(_)
            | Self::PaymentRefunded(_)
            | Self::PaymentReviewNeeded(_) => "madang.payments",
            Self::BidPlaced(_)
            | Self::BidTraded(_)
            | Self::BidCancelled(_)
            | Self::BidExpired(_)
            | Self::PointsCredited(_)
            | Self::PointsTakenBack(_) => "madang.auctions",
            Self::SubscriptionStarted(_)
            | Self::SubscriptionChanged(_)
            | Self::SubscriptionPastDue(_)
            | Self::SubscriptionCancelled(_)
            | Self::InvoicePaid(_)
            | Self::InvoiceFailed(_)
            | Self::DeliveryPostponed(_) => "madang.billing",
            Self::ImageResized(_) | Self::ImageRejected(_) | Self::ImageDeleted(_) => "madang.images",
        }
    }

    /// `detail-type` on the bus.
    pub const fn detail_type(&self) -> &'static str {
        match self {
            Self::ProductChanged(_) => "ProductChanged",
            Self::StockReceived(_) => "StockReceived",
            Self::OrderPlaced(_) => "OrderPlaced",
            Self::OrderPaid(_) => "OrderPaid",
            Self::OrderCancelled(_) => "OrderCancelled",
            Self::OrderExpired(_) => "OrderExpired",
            Self::PaymentConfirmed(_) => "PaymentConfirmed",
            Self::PaymentFailed(_) => "PaymentFailed",
            Self::PaymentUnknown(_) => "PaymentUnknown",
            Self::PaymentUnservable(_) => "PaymentUnservable",
            Self::RefundRequested(_) => "RefundRequested",
            Self::PaymentRefunded(_) => "PaymentRefunded",
            Self::PaymentReviewNeeded(_) => "PaymentReviewNeeded",
            Self::BidPlaced(_) => "BidPlaced",
            Self::BidTraded(_) => "BidTraded",
            Self::BidCancelled(_) => "BidCancelled",
            Self::BidExpired(_) => "BidExpired",
            Self::PointsCredited(_) => "PointsCredited",
            Self::PointsTakenBack(_) => "PointsTakenBack",
            Self::SubscriptionStarted(_) => "SubscriptionStarted",
            Self::SubscriptionChanged(_) => "SubscriptionChanged",
            Self::SubscriptionPastDue(_) => "SubscriptionPastDue",
            Self::SubscriptionCancelled(_) => "SubscriptionCancelled",
            Self::InvoicePaid(_) => "InvoicePaid",
            Self::InvoiceFailed(_) => "InvoiceFailed",
            Self::DeliveryPostponed(_) => "DeliveryPostponed",
            Self::ImageResized(_) => "ImageResized",
            Self::ImageRejected(_) => "ImageRejected",
            Self::ImageDeleted(_) => "ImageDeleted",
        }
    }

    /// The event as its entity carries it.
    ///
    /// # Errors
    /// Only when the data cannot be written as JSON.
    pub fn record(&self, stamp: Stamp) -> Result<Record, serde_json::Error> {
        fn detail<T: Serialize>(metadata: Metadata, data: &T) -> Result<String, serde_json::Error> {
            serde_json::to_string(&Envelope { metadata, data })
        }
        let metadata = Metadata {
            id: stamp.event_id,
            occurred_at: stamp.now,
            version: VERSION,
            trace: stamp.trace,
        };
        Ok(Record {
            id: stamp.event_id,
            source: self.source().to_owned(),
            detail_type: self.detail_type().to_owned(),
            detail: match self {
                Self::ProductChanged(product) => detail(metadata, product),
                Self::StockReceived(received) => detail(metadata, received),
                Self::OrderPlaced(order)
                | Self::OrderPaid(order)
                | Self::OrderCancelled(order)
                | Self::OrderExpired(order) => detail(metadata, order),
                Self::PaymentConfirmed(payment)
                | Self::PaymentFailed(payment)
                | Self::PaymentUnknown(payment)
                | Self::PaymentUnservable(payment)
                | Self::RefundRequested(payment)
                | Self::PaymentRefunded(payment)
                | Self::PaymentReviewNeeded(payment) => detail(metadata, payment),
                Self::BidPlaced(bid) | Self::BidCancelled(bid) | Self::BidExpired(bid) => detail(metadata, bid),
                Self::BidTraded(trade) => detail(metadata, trade),
                Self::PointsCredited(credit) | Self::PointsTakenBack(credit) => detail(metadata, credit),
                Self::SubscriptionStarted(subscription)
                | Self::SubscriptionChanged(subscription)
                | Self::SubscriptionPastDue(subscription)
                | Self::SubscriptionCancelled(subscription) => detail(metadata, subscription),
                Self::InvoicePaid(invoice) | Self::InvoiceFailed(invoice) | Self::DeliveryPostponed(invoice) => {
                    detail(metadata, invoice)
                }
                Self::ImageResized(image) | Self::ImageRejected(image) | Self::ImageDeleted(image) => {
                    detail(metadata, image)
                }
            }?,
        })
    }
}

/// When a change happens, and what its event is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When.
    pub now: Timestamp,
    /// The event's id, a UUIDv7.
    pub event_id: Uuid,
    /// The X-Ray trace header of the request that caused it.
    pub trace: Option<String>,
}

/// What an entity carries of its newest event, in the attribute `event`: written with the change itself,
/// delivered by the table's stream, published by `relay-events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The event's id.
    pub id: Uuid,
    /// `source` on the bus.
    pub source: String,
    /// `detail-type` on the bus.
    pub detail_type: String,
    /// `detail` on the bus: an [`Envelope`] as JSON.
    pub detail: String,
}

/// `detail` of an event on the bus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Envelope<T> {
    /// About the event.
    pub metadata: Metadata,
    /// What happened.
    pub data: T,
}

/// About an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Metadata {
    /// The same each time that the event is delivered; consumers drop what they have seen.
    pub id: Uuid,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The version of the event's data.
    #[schema(minimum = 1)]
    pub version: u32,
    /// The X-Ray trace header of the request that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trace: Option<String>,
}
