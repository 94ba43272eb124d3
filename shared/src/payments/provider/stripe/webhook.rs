//! Reads Stripe's webhook events (Stripe API reference, "Event types").
//!
//! Events arrive in any order. Only a charge is read from the event itself; for other events the caller queries Stripe
//! for the current state.

use serde_json::Value;

use super::{Stripe, report};
use crate::core::id::PaymentId;
use crate::payments::{FailedRefund, Provider, Report, ReportedDispute};

/// The types of the events that are read. Register them for the webhook.
pub const EVENT_TYPES: [&str; 11] = [
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
];

/// The meaning of an event for a payment.
#[derive(Clone, Debug, PartialEq)]
pub enum StripeEvent {
    /// A payment was charged.
    Charged(Box<Report>),
    /// A payment, its refunds or its disputes changed: query Stripe for its state.
    Changed {
        /// The payment's id.
        payment_id: PaymentId,
        /// The failed refund, if the event reports one.
        failed_refund: Option<FailedRefund>,
        /// The dispute, if the event reports one.
        dispute: Option<ReportedDispute>,
    },
    /// The event does not concern a payment.
    Irrelevant,
}

impl Stripe {
    /// Reads an event.
    pub fn event(event: &Value) -> StripeEvent {
        let object = &event["data"]["object"];
        let kind = event["type"].as_str().unwrap_or_default();
        match kind {
            "payment_intent.succeeded" => {
                Self::report(object).map_or(StripeEvent::Irrelevant, |report| StripeEvent::Charged(Box::new(report)))
            }
            // A later attempt may have succeeded since.
            "payment_intent.payment_failed" | "payment_intent.canceled" => changed(&object["id"]),
            "charge.refunded" => changed(&object["payment_intent"]),
            "refund.updated" | "refund.failed" => {
                with(changed(&object["payment_intent"]), report::failed_refund(object), None)
            }
            _ if kind.starts_with("charge.dispute.") && EVENT_TYPES.contains(&kind) => {
                let dispute = report::dispute(object, Some(kind));
                with(changed(&object["payment_intent"]), None, dispute)
            }
            _ => StripeEvent::Irrelevant,
        }
    }
}

fn changed(intent: &Value) -> StripeEvent {
    let Some(intent) = intent.as_str() else {
        return StripeEvent::Irrelevant;
    };
    StripeEvent::Changed {
        payment_id: PaymentId::of(Provider::Stripe, intent),
        failed_refund: None,
        dispute: None,
    }
}

fn with(changed: StripeEvent, failed_refund: Option<FailedRefund>, dispute: Option<ReportedDispute>) -> StripeEvent {
    match changed {
        StripeEvent::Changed { payment_id, .. } => StripeEvent::Changed {
            payment_id,
            failed_refund,
            dispute,
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, object: Value) -> StripeEvent {
        Stripe::event(&json!({ "type": kind, "data": { "object": object } }))
    }

    fn changed(event: StripeEvent) -> (PaymentId, Option<FailedRefund>, Option<ReportedDispute>) {
        match event {
            StripeEvent::Changed {
                payment_id,
                failed_refund,
                dispute,
            } => (payment_id, failed_refund, dispute),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_is_about_the_payment_of_its_intent() {
        let id = PaymentId::of(Provider::Stripe, "pi_1");
        for kind in ["payment_intent.payment_failed", "payment_intent.canceled"] {
            assert_eq!(changed(event(kind, json!({ "id": "pi_1" }))), (id, None, None));
        }
        let charge = json!({ "id": "ch_1", "payment_intent": "pi_1" });
        assert_eq!(changed(event("charge.refunded", charge)), (id, None, None));
    }

    #[test]
    fn a_refund_that_failed_after_it_was_made_is_read() {
        let refund = |status| {
            let id = "3f0c6d6e-53a9-8b17-92c4-0de17a3b5c99";
            json!({
                "id": "re_1", "payment_intent": "pi_1", "status": status, "amount": 500, "currency": "krw",
                "metadata": { "refund_id": id }, "failure_reason": "expired_or_canceled_card",
            })
        };
        assert_eq!(changed(event("refund.updated", refund("succeeded"))).1, None);
        for (kind, status) in [("refund.updated", "canceled"), ("refund.failed", "failed")] {
            let failed = changed(event(kind, refund(status))).1.unwrap();
            assert_eq!(
                (failed.amount.amount(), &*failed.reference, &*failed.code),
                (500, "re_1", "expired_or_canceled_card")
            );
            assert!(failed.refund_id.is_some());
        }
    }

    #[test]
    fn a_dispute_is_read_with_what_was_withdrawn() {
        use crate::payments::DisputeStatus::{Closed, Lost, Open, Won};
        let moved = |amounts: &[i64]| {
            json!(
                amounts
                    .iter()
                    .map(|amount| json!({ "amount": amount }))
                    .collect::<Vec<_>>()
            )
        };
        for (kind, status, moved, expected) in [
            ("created", "needs_response", moved(&[]), (Open, false)),
            ("created", "needs_response", moved(&[-2000]), (Open, true)),
            ("updated", "under_review", moved(&[-2000]), (Open, true)),
            ("funds_withdrawn", "needs_response", moved(&[]), (Open, true)),
            ("funds_reinstated", "won", moved(&[-2000, 2000]), (Won, false)),
            ("closed", "lost", moved(&[-2000]), (Lost, true)),
            ("closed", "lost", Value::Null, (Lost, true)),
            ("closed", "won", Value::Null, (Won, false)),
            ("closed", "warning_closed", moved(&[]), (Closed, false)),
            ("updated", "a_status_to_come", moved(&[]), (Open, false)),
        ] {
            let object = json!({
                "id": "du_1", "payment_intent": "pi_1", "charge": "ch_1", "amount": 2000, "currency": "krw",
                "reason": "fraudulent", "status": status, "balance_transactions": moved,
            });
            let dispute = changed(event(&format!("charge.dispute.{kind}"), object)).2.unwrap();
            assert_eq!((dispute.status, dispute.funds_withdrawn), expected, "{kind} {status}");
            assert_eq!((dispute.amount.amount(), &*dispute.dispute_id), (2000, "du_1"));
        }
    }

    #[test]
    fn an_event_that_concerns_no_payment_is_irrelevant() {
        for (kind, object) in [
            ("charge.refunded", json!({ "id": "ch_1" })),
            ("charge.dispute.created", json!({ "id": "du_1" })),
            (
                "charge.dispute.a_type_to_come",
                json!({ "id": "du_1", "payment_intent": "pi_1" }),
            ),
            ("customer.created", json!({ "id": "cus_1" })),
        ] {
            assert_eq!(event(kind, object), StripeEvent::Irrelevant, "{kind}");
        }
        assert_eq!(Stripe::event(&json!({})), StripeEvent::Irrelevant);
    }
}
