//! Billing: subscriptions, their invoices, and the charges of cards.

pub mod cancel_subscription;
pub mod change_subscription;
pub mod charge_service;
pub mod charge_subscription;
pub mod enqueue_due_charges;
pub mod event;
pub mod get_subscription;
pub mod invoice;
pub mod invoice_store;
pub mod list_invoices;
pub mod list_subscriptions;
pub mod reason;
pub mod request_new_card;
pub mod resolve_charge;
pub mod store;
pub mod subscribe;
pub mod subscription;

shared::actions! {
    http {
        "cancel-subscription" => cancel_subscription::CancelSubscription,
        "change-subscription" => change_subscription::ChangeSubscription,
        "get-subscription" => get_subscription::GetSubscription,
        "list-invoices" => list_invoices::ListInvoices,
        "list-subscriptions" => list_subscriptions::ListSubscriptions,
        "resolve-charge" => resolve_charge::ResolveCharge,
        "subscribe" => subscribe::Subscribe,
    }
    schedule {
        "enqueue-due-charges" => enqueue_due_charges::EnqueueDueCharges,
    }
    event {
        "request-new-card" => request_new_card::RequestNewCard,
    }
    queue {
        "charge-subscription" => charge_subscription::ChargeSubscription,
    }
}
