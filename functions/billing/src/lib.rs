//! Billing: subscriptions, their invoices, and the charges of cards.

pub mod cancel_subscription;
pub mod cancel_subscriptions;
mod cancellation;
pub mod charge_service;
pub mod charge_subscription;
pub mod continue_subscription;
pub mod create_subscription;
pub mod customer_change;
pub mod enqueue_due_charges;
pub mod event;
pub mod get_subscription;
pub mod invoice;
pub mod invoice_store;
pub mod list_customer_subscriptions;
pub mod list_invoices;
pub mod list_subscriptions;
pub mod pause_subscription;
pub mod reason;
pub mod request_new_card;
pub mod resolve_charge;
pub mod resume_subscription;
pub mod skip_period;
pub mod store;
pub mod subscription;
pub mod update_subscription;

shared::actions! {
    http {
        "cancel-subscription" => cancel_subscription::CancelSubscription,
        "continue-subscription" => continue_subscription::ContinueSubscription,
        "create-subscription" => create_subscription::CreateSubscription,
        "get-subscription" => get_subscription::GetSubscription,
        "list-customer-subscriptions" => list_customer_subscriptions::ListCustomerSubscriptions,
        "list-invoices" => list_invoices::ListInvoices,
        "list-subscriptions" => list_subscriptions::ListSubscriptions,
        "pause-subscription" => pause_subscription::PauseSubscription,
        "resolve-charge" => resolve_charge::ResolveCharge,
        "resume-subscription" => resume_subscription::ResumeSubscription,
        "skip-period" => skip_period::SkipPeriod,
        "update-subscription" => update_subscription::UpdateSubscription,
    }
    schedule {
        "enqueue-due-charges" => enqueue_due_charges::EnqueueDueCharges,
    }
    event {
        "cancel-subscriptions" => cancel_subscriptions::CancelSubscriptions,
        "request-new-card" => request_new_card::RequestNewCard,
    }
    queue {
        "charge-subscription" => charge_subscription::ChargeSubscription,
    }
}
