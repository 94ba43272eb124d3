//! The end of a subscription at once.

use shared::Error;
use shared::aws::lambda::Invocation;

use crate::event::BillingEvent;
use crate::store::{StoredInvoice, StoredSubscription};
use crate::subscription::{Policy, SubscriptionTransition};

/// A subscription that has ended.
#[derive(Debug)]
pub(crate) struct Cancelled {
    /// The subscription's next version, with the event `SubscriptionCancelled`.
    pub(crate) subscription: StoredSubscription,
    /// The subscription's open invoice, if that is given up.
    pub(crate) invoice: Option<StoredInvoice>,
}

/// The subscription after it was cancelled at once, and its `open` invoice. A charge in progress is refunded if it succeeds.
///
/// # Errors
/// `subscription-closed`, [`Error::Internal`].
pub(crate) fn cancelled(
    stored: &StoredSubscription,
    open: Option<&StoredInvoice>,
    policy: &Policy,
    invocation: &Invocation,
) -> Result<Cancelled, Error> {
    let invoice = open.map(|stored| &stored.invoice);
    let transition = SubscriptionTransition::Cancel;
    let (after, void) = stored
        .subscription
        .transition_and_void(transition, invoice, invocation.now, policy)?;
    let event = invocation.record(&BillingEvent::SubscriptionCancelled(after.clone()))?;
    let void = void.zip(open).map(|(void, stored)| stored.voided(void, invocation));
    Ok(Cancelled {
        subscription: stored.next(after, invoice, Some(event), policy, invocation.now),
        invoice: void.transpose()?,
    })
}
