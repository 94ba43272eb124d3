//! What a customer's request about their subscription finds: the subscription untouched by it, or already changed.

use tokio::time::Instant;

use crate::store::{StoredInvoice, StoredSubscription, SubscriptionRequest, SubscriptionStore};
use crate::subscription::{Rejected, Subscription};
use shared::core::error::Error;
use shared::core::identity::CustomerId;

/// What a request about a subscription finds.
#[derive(Debug)]
pub enum RequestState {
    /// The subscription and its open invoice, as they were before the request.
    New(Box<StoredSubscription>, Option<Box<StoredInvoice>>),
    /// The subscription as it stands now; an earlier request with the same key has changed it.
    Applied(Box<Subscription>),
}

impl SubscriptionStore {
    /// What `request` of `customer` finds.
    ///
    /// # Errors
    /// [`Rejected::NotFound`] for another customer's subscription too, `idempotency-key-reused`, [`Error::Unavailable`],
    /// [`Error::Internal`].
    pub async fn request_state(
        &self,
        request: &SubscriptionRequest,
        customer: &CustomerId,
        deadline: Instant,
    ) -> Result<RequestState, Error> {
        let id = request.subscription_id;
        let is_own = |stored: &StoredSubscription| stored.subscription.customer_id == *customer;
        // The request is looked for last: while it is not there, what was read before knows nothing of a twin.
        let found = self.get_open(id, deadline).await?;
        let Some(known) = self.request(request.request_id, deadline).await? else {
            let (stored, invoice) = found.filter(|(stored, _)| is_own(stored)).ok_or(Rejected::NotFound)?;
            return Ok(RequestState::New(Box::new(stored), invoice.map(Box::new)));
        };
        known.fingerprint.require_same(&request.fingerprint)?;
        let stored = self.get(id, deadline).await?;
        let stored = stored.filter(is_own).ok_or(Rejected::NotFound)?;
        Ok(RequestState::Applied(Box::new(stored.subscription)))
    }
}
