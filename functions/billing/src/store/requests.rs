//! The state of a customer's request about a subscription: new, or already applied by an earlier call.

use tokio::time::Instant;

use crate::store::{StoredInvoice, StoredSubscription, SubscriptionRequest, SubscriptionStore};
use crate::subscription::{Rejected, Subscription};
use shared::core::error::Error;
use shared::core::identity::CustomerId;

/// The state of a request about a subscription.
#[derive(Debug)]
pub enum RequestState {
    /// The request is new. Has the subscription and its open invoice.
    New(Box<StoredSubscription>, Option<Box<StoredInvoice>>),
    /// An earlier request with the same key was applied. Has the current subscription.
    Applied(Box<Subscription>),
}

impl SubscriptionStore {
    /// Reads the state of `request` about a subscription of `customer`, or of any customer if `customer` is `None`.
    ///
    /// # Errors
    /// [`Rejected::NotFound`] for another customer's subscription too, `idempotency-key-reused`,
    /// [`Error::Unavailable`], [`Error::Internal`].
    pub async fn request_state(
        &self,
        request: &SubscriptionRequest,
        customer: Option<&CustomerId>,
        deadline: Instant,
    ) -> Result<RequestState, Error> {
        let id = request.subscription_id;
        let is_own =
            |stored: &StoredSubscription| customer.is_none_or(|customer| stored.subscription.customer_id == *customer);
        // Read the request last: if it does not exist, the earlier reads precede any concurrent duplicate.
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
