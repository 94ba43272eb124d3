//! Lists of a customer's bids and vouchers, newest first.

use jiff::Timestamp;
use tokio::time::Instant;

use crate::bid::Bid;
use crate::store::{AuctionStore, StoredBid, StoredVoucher};
use crate::voucher::Voucher;
use shared::aws::dynamodb::listed::{List, Listed};
use shared::aws::dynamodb::{Item, number, text};
use shared::aws::lambda::page::Cursor;
use shared::core::error::Error;
use shared::core::identity::CustomerId;

/// Adds the attributes that put an item on a customer's list.
pub(crate) fn put_on_list(item: &mut Item, list: String, at: Timestamp) {
    item.insert("listed_in".into(), text(list));
    item.insert("listed_ms".into(), number(at.as_millisecond()));
}

/// The index key of a customer's bids.
pub(crate) fn bids_of(customer: &CustomerId) -> String {
    format!("BIDS#{}", customer.as_str())
}

/// The index key of a customer's vouchers.
pub(crate) fn vouchers_of(customer: &CustomerId) -> String {
    format!("VOUCHERS#{}", customer.as_str())
}

impl AuctionStore {
    /// Reads at most `limit` bids of the customer, newest first, starting after `after`. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list_bids(
        &self,
        customer: &CustomerId,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<Bid>, Error> {
        let name = bids_of(customer);
        let list = List {
            sort_key: Some("BID"),
            ..List::newest(&name, "BID#")
        };
        let page = self
            .table
            .list_readable::<StoredBid>("list bids", &list, after, limit, deadline);
        Ok(page.await?.map(|stored| stored.bid))
    }

    /// Reads at most `limit` vouchers of the customer, newest first, starting after `after`. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list_vouchers(
        &self,
        customer: &CustomerId,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<Voucher>, Error> {
        let name = vouchers_of(customer);
        let list = List {
            sort_key: Some("VOUCHER"),
            ..List::newest(&name, "VOUCHER#")
        };
        let page = self
            .table
            .list_readable::<StoredVoucher>("list vouchers", &list, after, limit, deadline);
        Ok(page.await?.map(|stored| stored.voucher))
    }
}
