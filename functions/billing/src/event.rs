//! Events of subscriptions and invoices.

use crate::invoice::Invoice;
use crate::subscription::Subscription;

shared::domain_events! {
    /// An event of a subscription or an invoice.
    pub enum BillingEvent from "madang.billing" {
        /// A subscription started.
        SubscriptionStarted(Subscription),
        /// A customer changed a subscription, or it needs a new card; or it has ended while it was charged, and its coupon goes
        /// back after that.
        SubscriptionChanged(Subscription),
        /// A subscription's card cannot be charged. Deliveries are suspended until there is a new card.
        SubscriptionPastDue(Subscription),
        /// A subscription was cancelled.
        SubscriptionCancelled(Subscription),
        /// Missed periods of a subscription are neither billed nor delivered. `skipped` says which.
        PeriodsSkipped(Subscription),
        /// An invoice was paid, or costs nothing. The order of its period is placed.
        InvoicePaid(Invoice),
        /// The charge of an invoice was declined.
        InvoiceFailed(Invoice),
        /// An invoice was given up: nothing is delivered, and no money is kept.
        InvoiceVoided(Invoice),
        /// A provider has not confirmed the outcome of a charge for a day. An administrator must decide.
        InvoiceReviewNeeded(Invoice),
        /// The items of a period are unavailable. Nothing was charged; the delivery is retried.
        DeliveryPostponed(Invoice),
    }
}
