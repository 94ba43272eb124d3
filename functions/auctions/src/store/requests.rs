//! Records of requests that cancelled a bid or registered a voucher, so that a retry is recognized.

use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::dynamodb::transaction::transact_changes;
use shared::aws::dynamodb::{Item, composite};
use shared::core::error::Error;
use tokio::time::Instant;

use crate::store::AuctionStore;

impl AuctionStore {
    /// The record of an earlier attempt of `request`, if it took effect.
    ///
    /// # Errors
    /// `idempotency-key-reused`; [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn earlier(&self, request: &StoredRequest, deadline: Instant) -> Result<Option<StoredRequest>, Error> {
        request.earlier(&self.table, request_key(request), deadline).await
    }

    /// Records a request that finds its work done already. Returns false when an earlier attempt was recorded.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn record_request(&self, request: &StoredRequest, deadline: Instant) -> Result<bool, Error> {
        let items = vec![request.put(&self.table, request_key(request))?];
        transact_changes(&self.table.client, "save a request", items, 1, deadline).await
    }
}

pub(crate) fn request_key(request: &StoredRequest) -> Item {
    composite(format!("REQUEST#{}", request.request_id), "REQUEST")
}
