//! Examples: a subscription and its invoices.

use anyhow::{Context, Result};
use billing::event::BillingEvent;
use billing::invoice::{Invoice, InvoiceCoupon, InvoiceTransition, NotApplied, Postponed, Price};
use billing::subscription::{
    MissedPeriods, Policy, Rejected, Subscription, SubscriptionCoupon, SubscriptionStatus, SubscriptionTransition,
};
use jiff::Timestamp;
use jiff::civil::{Time, date};
use shared::core::calendar::{Interval, Schedule, Timezone, Unit};
use shared::core::event::Record;
use shared::core::id::{PaymentId, SubscriptionId};
use shared::coupons::{CouponClaimId, CouponId};
use shared::orders::{Item, Quote};
use shared::payments::provider::Card;
use shared::payments::{Failure, Provider};
use uuid::Uuid;

const COUPON: CouponId = CouponId(Uuid::new_v8(*b"coupon example 2"));

/// One record of each billing event.
pub(super) fn events() -> Result<Vec<Record>> {
    let started = subscription()?;
    let due = started.next_at;
    let billed = started
        .transition(SubscriptionTransition::Bill, due)
        .map_err(rejected)?;
    let past_due = billed
        .transition(SubscriptionTransition::MarkPastDue, due)
        .map_err(rejected)?;
    let cancelled = started
        .transition(SubscriptionTransition::Cancel, due)
        .map_err(rejected)?;
    let changed = started
        .transition(SubscriptionTransition::EndWithPeriod(true), due)
        .map_err(rejected)?;
    let skipped = started
        .transition(SubscriptionTransition::SkipTo(3), due)
        .map_err(rejected)?;
    let events = [
        BillingEvent::SubscriptionStarted(started),
        BillingEvent::SubscriptionChanged(changed),
        BillingEvent::SubscriptionPastDue(past_due),
        BillingEvent::SubscriptionCancelled(cancelled),
        BillingEvent::PeriodsSkipped(skipped),
        BillingEvent::InvoicePaid(paid_invoice()?),
        BillingEvent::InvoiceFailed(after(&charging()?, declined())?),
        BillingEvent::InvoiceVoided(after(&invoice()?, InvoiceTransition::Void)?),
        BillingEvent::InvoiceReviewNeeded(charging()?),
        BillingEvent::DeliveryPostponed(after(&invoice()?, postponed()?)?),
    ];
    super::records(&events, |event| match event {
        BillingEvent::SubscriptionStarted(subscription)
        | BillingEvent::SubscriptionChanged(subscription)
        | BillingEvent::SubscriptionPastDue(subscription)
        | BillingEvent::SubscriptionCancelled(subscription)
        | BillingEvent::PeriodsSkipped(subscription) => {
            let last = subscription.cancelled_at.or(subscription.past_due_at);
            last.unwrap_or(subscription.started_at)
        }
        BillingEvent::InvoicePaid(invoice)
        | BillingEvent::InvoiceFailed(invoice)
        | BillingEvent::InvoiceVoided(invoice)
        | BillingEvent::InvoiceReviewNeeded(invoice)
        | BillingEvent::DeliveryPostponed(invoice) => invoice.closed_at.unwrap_or(invoice.created_at),
    })
}

/// A subscription before its first period.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn subscription() -> Result<Subscription> {
    let schedule = Schedule {
        anchor: date(2025, 3, 31),
        time: Time::constant(9, 0, 0, 0),
        timezone: Timezone::parse("Asia/Seoul")?,
        interval: Interval::new(Unit::Month, 1)?,
    };
    Ok(Subscription {
        subscription_id: SubscriptionId(Uuid::from_u128(0x8d1c_2f7a_5b90_8e43_a1d6_0f9e_8d7c_6b5a)),
        customer_id: super::order()?.customer_id,
        status: SubscriptionStatus::Active,
        items: vec![Item {
            sku: super::sku()?,
            quantity: 2,
        }],
        shipping_method: None,
        destination: None,
        next_period: 0,
        next_at: schedule.due_at(0),
        schedule,
        provider: Provider::Toss,
        card: Card {
            company: "현대".to_owned(),
            number: "12345678****789*".to_owned(),
        },
        open_period: None,
        ends_with_period: false,
        ends_at: None,
        skipped: None,
        coupon: Some(SubscriptionCoupon {
            coupon_id: COUPON,
            coupon_claim_id: CouponClaimId::of(COUPON, &super::customer()),
            charges_used: 0,
            charges_left: Some(3),
            returned_at: None,
        }),
        needs_card: false,
        started_at: super::now()?,
        past_due_at: None,
        cancelled_at: None,
    })
}

/// The paid invoice of the first period.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn paid_invoice() -> Result<Invoice> {
    let charging = charging()?;
    let payment = PaymentId::of(Provider::Toss, "tbil_20250331090002a7Zq1");
    after(&charging, InvoiceTransition::Pay(charging.order_id(), payment))
}

fn invoice() -> Result<Invoice> {
    let subscription = subscription()?;
    Ok(Invoice::new(&subscription, subscription.next_at))
}

fn charging() -> Result<Invoice> {
    let order = super::order_of(super::order()?.order_id, super::product()?, 2)?;
    let coupon = InvoiceCoupon {
        coupon_id: COUPON,
        coupon_claim_id: CouponClaimId::of(COUPON, &super::customer()),
        discount: order.totals.discount,
        not_applied: Some(NotApplied::MinimumNotReached),
    };
    let price = Price {
        quote: Quote {
            lines: order.lines,
            shipping: order.shipping,
            totals: order.totals,
        },
        coupon: Some(coupon),
    };
    after(&invoice()?, InvoiceTransition::Attempt(price))
}

fn declined() -> InvoiceTransition {
    InvoiceTransition::Decline {
        failure: Failure::new("REJECT_CARD_PAYMENT", "한도초과 혹은 잔액부족으로 결제에 실패했습니다."),
        is_final: false,
    }
}

fn postponed() -> Result<InvoiceTransition> {
    Ok(InvoiceTransition::Postpone(Postponed {
        code: "out-of-stock".to_owned(),
        detail: "Not enough stock: green-tea-100g (requested 2, available 1).".to_owned(),
        skus: vec![super::sku()?],
    }))
}

fn after(invoice: &Invoice, transition: InvoiceTransition) -> Result<Invoice> {
    let policy = Policy {
        retry_days: vec![1, 3, 5, 7],
        past_due_days: 14,
        postponed_hours: 24,
        catch_up_days: 7,
        missed_periods: MissedPeriods::Latest,
    };
    let after = invoice.transition(transition, due()?, &policy);
    after.context("the example invoice does not allow the transition")
}

fn due() -> Result<Timestamp> {
    Ok(subscription()?.next_at)
}

fn rejected(why: Rejected) -> anyhow::Error {
    anyhow::anyhow!("the example subscription is rejected: {why:?}")
}
