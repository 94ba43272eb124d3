//! What happens in the domain `billing`, as the bus tells it.

use crate::invoice::Invoice;
use crate::subscription::Subscription;

shared::domain_events! {
    /// Something that happened to a subscription or one of its periods.
    pub enum BillingEvent from "madang.billing" {
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
    }
}
