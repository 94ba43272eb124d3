//! Reads Stripe's webhook events (Stripe API reference, "Event types").
//!
//! Events arrive in any order. Only a charge is read from the event itself; for other events the caller queries Stripe for
//! the current state.

use serde_json::Value;

use super::Stripe;
use crate::core::id::PaymentId;
use crate::payments::{Provider, Report};

/// The meaning of an event for a payment.
#[derive(Clone, Debug, PartialEq)]
pub enum StripeEvent {
    /// A payment was charged.
    Charged(Box<Report>),
    /// A payment or its refunds changed: query Stripe for its state.
    Changed(Subject),
    /// A refund failed or was cancelled after Stripe had created it: the customer did not get the money.
    RefundFailed {
        /// The payment.
        subject: Subject,
        /// Stripe's id of the refund.
        refund_id: String,
    },
    /// The event does not concern a payment.
    Irrelevant,
}

/// The payment of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The payment's id.
    pub payment_id: PaymentId,
    /// Whether the event's metadata have an order id: then the payment was started here.
    pub names_an_order: bool,
}

impl Stripe {
    /// Reads an event.
    pub fn event(event: &Value) -> StripeEvent {
        let object = &event["data"]["object"];
        match event["type"].as_str().unwrap_or_default() {
            "payment_intent.succeeded" => {
                Self::report(object).map_or(StripeEvent::Irrelevant, |report| StripeEvent::Charged(Box::new(report)))
            }
            // A later attempt may have succeeded since.
            "payment_intent.payment_failed" | "payment_intent.canceled" => {
                // A subscription period has no payment until it is charged, and the charge's response had the refusal.
                if object["metadata"]["charged_for"] == "subscription" {
                    return StripeEvent::Irrelevant;
                }
                changed(&object["id"], object)
            }
            "charge.refunded" => changed(&object["payment_intent"], object),
            "refund.updated" | "refund.failed" => refund_changed(object),
            _ => StripeEvent::Irrelevant,
        }
    }
}

fn changed(intent: &Value, object: &Value) -> StripeEvent {
    subject(intent, object).map_or(StripeEvent::Irrelevant, StripeEvent::Changed)
}

fn refund_changed(refund: &Value) -> StripeEvent {
    let Some(subject) = subject(&refund["payment_intent"], refund) else {
        return StripeEvent::Irrelevant;
    };
    if !matches!(refund["status"].as_str(), Some("failed" | "canceled")) {
        return StripeEvent::Changed(subject);
    }
    StripeEvent::RefundFailed {
        subject,
        refund_id: refund["id"].as_str().unwrap_or_default().to_owned(),
    }
}

fn subject(intent: &Value, object: &Value) -> Option<Subject> {
    Some(Subject {
        payment_id: PaymentId::of(Provider::Stripe, intent.as_str()?),
        names_an_order: object["metadata"]["order_id"].is_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, object: Value) -> StripeEvent {
        Stripe::event(&json!({ "type": kind, "data": { "object": object } }))
    }

    #[test]
    fn an_event_is_about_the_payment_of_its_intent() {
        let subject = |names_an_order| Subject {
            payment_id: PaymentId::of(Provider::Stripe, "pi_1"),
            names_an_order,
        };
        let ours = json!({ "id": "pi_1", "metadata": { "order_id": "1" } });
        assert_eq!(
            event("payment_intent.canceled", ours),
            StripeEvent::Changed(subject(true))
        );
        let charge = json!({ "id": "ch_1", "payment_intent": "pi_1" });
        assert_eq!(event("charge.refunded", charge), StripeEvent::Changed(subject(false)));
        let refund = |status| json!({ "id": "re_1", "payment_intent": "pi_1", "status": status });
        assert_eq!(
            event("refund.updated", refund("succeeded")),
            StripeEvent::Changed(subject(false))
        );
        for (kind, status) in [("refund.updated", "canceled"), ("refund.failed", "failed")] {
            let failed = StripeEvent::RefundFailed {
                subject: subject(false),
                refund_id: "re_1".to_owned(),
            };
            assert_eq!(event(kind, refund(status)), failed, "{kind} {status}");
        }
    }

    #[test]
    fn an_event_that_concerns_no_payment_is_irrelevant() {
        let of_subscription = json!({ "id": "pi_1", "metadata": { "charged_for": "subscription" } });
        assert_eq!(
            event("payment_intent.payment_failed", of_subscription),
            StripeEvent::Irrelevant
        );
        assert_eq!(
            event("charge.refunded", json!({ "id": "ch_1" })),
            StripeEvent::Irrelevant
        );
        assert_eq!(
            event("customer.created", json!({ "id": "cus_1" })),
            StripeEvent::Irrelevant
        );
        assert_eq!(Stripe::event(&json!({})), StripeEvent::Irrelevant);
    }
}
