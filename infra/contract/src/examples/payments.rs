//! Examples: the payment of the example order, its refund, and a deleted billing key.

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use shared::core::event::Record;
use shared::orders::{Ending, Order};
use shared::payments::{
    BillingKeyDeletion, BillingKeyEvent, Change, Decision, DisputeStatus, Failure, Payment, PaymentEvent,
    PaymentEventKind, PaymentStatus, Provider, ProviderStatus, RefundReason, Report, ReportedDispute,
};
use uuid::Uuid;

/// One record of each payment event.
pub(super) fn events() -> Result<Vec<Record>> {
    let begun = begun()?;
    let (_, paid) = paid()?;
    let refused = Failure::new("REJECT_CARD_PAYMENT", "The card has too little left.");
    let no_money = Report {
        status: ProviderStatus::Failed(refused),
        ..charged(&begun)
    };
    let unknown = Payment {
        status: PaymentStatus::Unknown,
        ..begun.clone()
    };

    let order = super::order()?;
    let cancelled = order.end(Ending::Cancel, minutes(3)?).map_err(super::rejected)?;
    let unservable = after(&begun, &charged(&begun), &cancelled, minutes(4)?)?;

    let note = Some("One packet was damaged.".to_owned());
    let packet = super::product()?.price;
    let refund_id = Uuid::from_u128(0x1f0c_6d6e_53a9_8b17_92c4_0de1_7a3b_5c99);
    let refunding = paid.with_refund(
        refund_id,
        Some(packet),
        RefundReason::Requested,
        note,
        &super::staff(),
        minutes(60)?,
    );
    let refunding = refunding.map_err(|why| anyhow::anyhow!("the example payment cannot be refunded: {why:?}"))?;
    let refunded = Report {
        refunded: packet,
        ..charged(&refunding)
    };
    let dispute = |status, funds_withdrawn| ReportedDispute {
        dispute_id: "du_1PgafTB7WZ01zgkW6dKueIc5".to_owned(),
        amount: packet,
        reason: "product_not_received".to_owned(),
        status,
        funds_withdrawn,
    };
    let with_dispute = |status, funds_withdrawn| Report {
        disputes: vec![dispute(status, funds_withdrawn)],
        ..charged(&paid)
    };
    let opened = with_dispute(DisputeStatus::Open, true);
    let in_dispute = after(&paid, &opened, &order, minutes(90)?)?.payment;
    let won = with_dispute(DisputeStatus::Won, false);

    let other_amount = Report {
        amount: packet,
        ..charged(&paid)
    };
    let contradicted = after(&paid, &other_amount, &order, minutes(100)?)?.payment;
    let review_id = contradicted
        .reviews
        .first()
        .context("the example is not in review")?
        .review_id;
    let (kept, request_id) = (Some(contradicted.kept()), Uuid::nil());
    let taken_back = contradicted.with_decision(
        review_id,
        Decision::TakenBack,
        kept,
        request_id,
        &super::staff(),
        minutes(110)?,
    );
    let taken_back = taken_back.map_err(|why| anyhow::anyhow!("the example review cannot be decided: {why:?}"))?;

    let refund_failure = Failure::new("NOT_CANCELABLE_PAYMENT", "It cannot be cancelled any more.");
    let events = [
        PaymentEvent::of(PaymentEventKind::Confirmed, paid),
        event(after(&begun, &no_money, &order, minutes(2)?)?)?,
        PaymentEvent::of(PaymentEventKind::Unknown, unknown),
        event(unservable)?,
        PaymentEvent::of(PaymentEventKind::RefundRequested, refunding.clone()),
        event(after(&refunding, &refunded, &order, minutes(61)?)?)?,
        event(after(&in_dispute, &won, &order, minutes(95)?)?)?,
        PaymentEvent::of(PaymentEventKind::Reversed, taken_back.payment),
        PaymentEvent::of(
            PaymentEventKind::ReviewNeeded,
            refunding.refund_refused(&refund_failure, minutes(61)?),
        ),
    ];
    super::records(&events, |event| match event {
        PaymentEvent::PaymentConfirmed(payment)
        | PaymentEvent::PaymentFailed(payment)
        | PaymentEvent::PaymentUnknown(payment)
        | PaymentEvent::PaymentUnservable(payment)
        | PaymentEvent::RefundRequested(payment)
        | PaymentEvent::PaymentRefunded(payment)
        | PaymentEvent::PaymentDisputed(payment)
        | PaymentEvent::PaymentReversed(payment)
        | PaymentEvent::PaymentReviewNeeded(payment) => last_change(payment),
    })
}

/// One record of each billing key event.
pub(super) fn billing_key_events() -> Result<Vec<Record>> {
    let event = BillingKeyEvent::BillingKeyDeleted(BillingKeyDeletion {
        provider: Provider::Toss,
        key_id: Uuid::from_u128(0x7c2e_91f0_5d3a_8b46_a7e1_3c5d_9f80_2b64),
        reported_at: minutes(5)?,
    });
    super::records(&[event], |event| match event {
        BillingKeyEvent::BillingKeyDeleted(deletion) => deletion.reported_at,
    })
}

/// The paid order and its payment.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn paid() -> Result<(Order, Payment)> {
    let begun = begun()?;
    let paying = super::order()?.paying(begun.payment_id, begun.created_at);
    let paying = paying.map_err(super::rejected)?;
    let change = after(&begun, &charged(&begun), &paying, minutes(2)?)?;
    Ok((change.order.context("the example order is not paid")?, change.payment))
}

fn begun() -> Result<Payment> {
    let order = super::order()?;
    let reference = "tgen_20250321092130Cd5f8".to_owned();
    let (order_id, customer_id) = (order.order_id, order.customer_id);
    Ok(Payment::new(
        Provider::Toss,
        reference,
        order_id,
        customer_id,
        order.totals.total,
        minutes(2)?,
    ))
}

/// The provider's report of a successful charge.
fn charged(payment: &Payment) -> Report {
    Report::on(payment, ProviderStatus::Charged)
}

fn after(payment: &Payment, report: &Report, order: &Order, now: Timestamp) -> Result<Change> {
    let effect = payment.after(report, order, true, now);
    effect.change().context("the example report changes nothing")
}

/// The event of a change.
fn event(change: Change) -> Result<PaymentEvent> {
    let event_kind = change.event_kind.context("the example change has no event")?;
    Ok(PaymentEvent::of(event_kind, change.payment))
}

/// The time `minutes` minutes after the order was placed.
fn minutes(minutes: i64) -> Result<Timestamp> {
    Ok(super::now()? + SignedDuration::from_mins(minutes))
}

fn last_change(payment: &Payment) -> Timestamp {
    let reviewed = payment.reviews.iter().map(|review| review.opened_at);
    let decided = payment.decided.iter().map(|review| review.decided_at);
    let disputed = payment
        .disputes
        .iter()
        .map(|dispute| dispute.closed_at.unwrap_or(dispute.recorded_at));
    let reviewed = reviewed.chain(decided).chain(disputed);
    let refunded = payment
        .refunds
        .iter()
        .map(|refund| refund.done_at.unwrap_or(refund.requested_at));
    let known = reviewed.chain(refunded).chain(payment.paid_at);
    known.fold(payment.created_at, Timestamp::max)
}
