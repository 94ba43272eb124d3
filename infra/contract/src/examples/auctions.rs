//! Examples: bids on a gift voucher, a trade, and an order of points.

use anyhow::{Context, Result};
use auctions::bid::{Bid, BidStatus, BidTransition, Rejected, Side, Trade};
use auctions::event::AuctionEvent;
use auctions::id::BidId;
use auctions::id::VoucherId;
use auctions::voucher::{Voucher, VoucherCode};
use iso_currency::Currency;
use jiff::{SignedDuration, Timestamp};
use shared::auctions::{CollectedPoints, Credit, CreditStatus, Points, PointsEvent, Subject};
use shared::catalog::{Product, Sku, TaxClass};
use shared::core::event::Record;
use shared::core::identity::CustomerId;
use shared::core::money::Money;
use shared::orders::{Order, OrderId};
use uuid::Uuid;

/// One record of each auction event.
pub(super) fn events() -> Result<Vec<Record>> {
    let (sell, buy) = (sell_bid()?, buy_bid()?);
    let cancelled = buy.transition(BidTransition::Cancel, buy.placed_at + SignedDuration::from_mins(90));
    let expired = sell.transition(BidTransition::Expire, sell.expires_at + SignedDuration::from_secs(20));
    let events = [
        AuctionEvent::BidPlaced(sell),
        AuctionEvent::BidTraded(trade()?),
        AuctionEvent::BidCancelled(cancelled.map_err(rejected)?),
        AuctionEvent::BidExpired(expired.map_err(rejected)?),
    ];
    super::records(&events, |event| match event {
        AuctionEvent::BidPlaced(bid) | AuctionEvent::BidCancelled(bid) | AuctionEvent::BidExpired(bid) => {
            bid.closed_at.unwrap_or(bid.placed_at)
        }
        AuctionEvent::BidTraded(trade) => trade.traded_at,
    })
}

/// One record of each event of points.
pub(super) fn point_events() -> Result<Vec<Record>> {
    let order = order_of_points()?;
    let paid_at = order.placed_at + SignedDuration::from_mins(2);
    let credit = |status, at| Credit::of(&order, status, at).context("the example order has no points");
    let credited = credit(CreditStatus::Credited, paid_at)?;
    let refunded_at = paid_at + SignedDuration::from_hours(1);
    let owed = Points::try_from(1_000)?;
    let taken_back = Credit {
        owed,
        ..credit(CreditStatus::TakenBack, refunded_at)?
    };
    let collected = CollectedPoints {
        customer_id: credited.customer_id.clone(),
        points: owed,
        about: Subject::bid(BUY_BID.0),
        collected_at: refunded_at + SignedDuration::from_hours(1),
    };
    let returned = taken_back.with_taken_back(Points::ZERO, refunded_at);
    let events = [
        PointsEvent::PointsCredited(credited),
        PointsEvent::PointsRefused(credit(CreditStatus::Refused, paid_at)?),
        PointsEvent::PointsTakenBack(taken_back),
        PointsEvent::PointsReturned(returned),
        PointsEvent::OwedPointsCollected(collected),
    ];
    super::records(&events, |event| match event {
        PointsEvent::PointsCredited(credit)
        | PointsEvent::PointsRefused(credit)
        | PointsEvent::PointsTakenBack(credit)
        | PointsEvent::PointsReturned(credit) => credit.credited_at,
        PointsEvent::OwedPointsCollected(collected) => collected.collected_at,
    })
}

/// A product that sells points.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn points() -> Result<Product> {
    Ok(Product {
        sku: Sku::try_from("points-10000".to_owned())?,
        name: "10,000 points".to_owned(),
        price: Money::new(10_000, Currency::KRW)?,
        points: Some(10_000),
        package: None,
        tax_class: TaxClass::Exempt,
        ..super::product()?
    })
}

/// An order of points.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn order_of_points() -> Result<Order> {
    let order_id = OrderId(Uuid::from_u128(0x5b0e_91d7_4c3f_8a26_b1d8_7e6f_5a4c_3b2d));
    super::order_of(order_id, points()?, 5)
}

/// A voucher that is offered by a bid.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn voucher() -> Result<Voucher> {
    Ok(Voucher {
        voucher_id: VoucherId(VOUCHER),
        sku: sku()?,
        owner_id: seller(),
        code: VoucherCode::try_from("GIFT-7Q2M-41XB".to_owned())?,
        offered_by: Some(SELL_BID),
        owned_at: super::now()?,
    })
}

/// An open bid to sell.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn sell_bid() -> Result<Bid> {
    Ok(Bid {
        bid_id: SELL_BID,
        side: Side::Sell,
        customer_id: seller(),
        voucher_id: Some(voucher()?.voucher_id),
        ..buy_bid()?
    })
}

/// An open bid to buy.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn buy_bid() -> Result<Bid> {
    let placed_at = super::now()?;
    Ok(Bid {
        bid_id: BUY_BID,
        sku: sku()?,
        side: Side::Buy,
        price: auctions::bid::price(45_000).map_err(rejected)?,
        customer_id: super::order()?.customer_id,
        voucher_id: None,
        status: BidStatus::Open,
        placed_at,
        expires_at: placed_at + SignedDuration::from_hours(24 * 7),
        closed_at: None,
        trade_id: None,
    })
}

/// The trade of the two bids.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn trade() -> Result<Trade> {
    let (sell, buy) = (sell_bid()?, buy_bid()?);
    Ok(Trade {
        trade_id: Uuid::from_u128(0x2d7f_4c1e_9b3a_8d58_a0c6_1f2e_3d4c_5b6a),
        sku: sell.sku,
        voucher_id: voucher()?.voucher_id,
        price: sell.price,
        buyer_id: buy.customer_id,
        seller_id: sell.customer_id,
        buy_bid: Some(buy.bid_id),
        sell_bid: Some(sell.bid_id),
        traded_at: traded_at()?,
    })
}

const SELL_BID: BidId = BidId(Uuid::from_u128(0x9e4a_2b6c_0d1f_8375_8c9b_a7d6_e5f4_0312));
const VOUCHER: Uuid = Uuid::from_u128(0x5d0c_9a1e_7b64_8f02_9a3d_6e1f_20c4_b8d7);
const BUY_BID: BidId = BidId(Uuid::from_u128(0x41c8_d0e7_f629_8b53_9a1c_3e5d_7f80_92b4));

fn sku() -> Result<Sku> {
    Ok(Sku::try_from("gift-card".to_owned())?)
}

fn seller() -> CustomerId {
    CustomerId::new("c2d9e8f7-1a2b-4c3d-8e4f-5a6b7c8d9e0f")
}

fn traded_at() -> Result<Timestamp> {
    Ok(super::now()? + SignedDuration::from_mins(30))
}

fn rejected(why: Rejected) -> anyhow::Error {
    anyhow::anyhow!("the example bid is rejected: {why:?}")
}
