//! The bus brings `OrderPaid`; it leaves the points that the order bought in its customer's wallet, once. It brings
//! `PaymentRefunded` when all of an order's money went back; then the points go too, while they are unspent.
//!
//! An order that was cancelled before its event came has left a mark that its points were taken back: they are never
//! credited then.

use envconfig::Envconfig;
use serde::Deserialize;
use shared::Error;
use shared::cashier::record;
use shared::edge::config;
use shared::edge::invocation::Invocation;
use shared::event::{Envelope, Event};
use shared::order::{Order, OrderId};
use shared::payment::{Payment, PaymentStatus};
use shared::points::{Credit, CreditStatus};
use shared::store::{self, Auctions};

/// The function's table.
#[derive(Debug)]
pub struct CreditPoints {
    /// Wallets.
    pub auctions: Auctions,
}

/// An event as the bus delivers it, as far as it is looked at.
#[derive(Debug, Deserialize)]
#[serde(tag = "detail-type", content = "detail")]
pub enum Delivery {
    /// An order was paid.
    OrderPaid(Envelope<Order>),
    /// Money of a payment went back.
    PaymentRefunded(Envelope<Payment>),
}

/// Credits what an order bought, or takes it back.
///
/// # Errors
/// [`Error::Unavailable`] when it has to be tried again, [`Error::Internal`].
pub async fn handle(function: &CreditPoints, delivery: Delivery, invocation: Invocation) -> Result<(), Error> {
    match delivery {
        Delivery::OrderPaid(paid) => credit(function, &paid.data, &invocation).await,
        Delivery::PaymentRefunded(refunded) if refunded.data.status == PaymentStatus::Refunded => {
            take_back(function, refunded.data.order_id, &invocation).await
        }
        // A part of the money is no part of the points.
        Delivery::PaymentRefunded(_) => Ok(()),
    }
}

async fn credit(function: &CreditPoints, order: &Order, invocation: &Invocation) -> Result<(), Error> {
    let Some(credit) = Credit::of(order, CreditStatus::Credited, invocation.now) else {
        return Ok(());
    };
    let event = record(&Event::PointsCredited(credit.clone()), invocation)?;
    let entry_id = invocation.stamp().event_id;
    let credited = function
        .auctions
        .credit(&credit, event, entry_id, invocation.deadline)
        .await?;
    tracing::info!(order_id = %order.order_id, points = %credit.points, ?credited, "done");
    Ok(())
}

/// Whose money went back without their order being cancelled keeps no points that they have not spent.
async fn take_back(function: &CreditPoints, order_id: OrderId, invocation: &Invocation) -> Result<(), Error> {
    let Some(known) = function.auctions.credit_of(order_id, invocation.deadline).await? else {
        return Ok(());
    };
    let taken = Credit {
        status: CreditStatus::TakenBack,
        credited_at: invocation.now,
        ..known
    };
    let event = record(&Event::PointsTakenBack(taken.clone()), invocation)?;
    let entry_id = invocation.stamp().event_id;
    let auctions = &function.auctions;
    if !auctions.take_back(&taken, event, entry_id, invocation.deadline).await? {
        tracing::warn!(%order_id, points = %taken.points, "the points of a refunded order are spent or held");
    }
    Ok(())
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "AUCTIONS_TABLE")]
    auctions_table: String,
}

impl CreditPoints {
    /// The function as its environment configures it.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub async fn from_env() -> Result<Self, Error> {
        let config: Config = config::from_env()?;
        let client = store::client(&config::aws().await);
        Ok(Self {
            auctions: Auctions::new(client, config.auctions_table),
        })
    }
}
