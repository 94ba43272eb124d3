//! What a customer has, newest first: their bids, their vouchers.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use uuid::Uuid;

use crate::bid::Bid;
use crate::store::{AuctionStore, StoredBid, StoredVoucher};
use crate::voucher::Voucher;
use shared::aws::dynamodb::table::text_of;
use shared::aws::dynamodb::{Item, classify_error, number, parse, send_until_answered, text};
use shared::aws::lambda::problem::Causes;
use shared::core::error::Error;
use shared::core::identity::CustomerId;

const INDEX: &str = "listed";
const DOING: &str = "list what a customer has";

/// A page of what a customer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// Newest first.
    pub items: Vec<T>,
    /// Where the next page begins, when there is one.
    pub next: Option<ListCursor>,
}

/// Where a page ends. It names no customer: a forged one only moves within what is one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListCursor {
    /// The last item's place in the list, in Unix milliseconds.
    pub listed_ms: u64,
    /// The last item.
    pub id: Uuid,
}

/// Puts an item on a customer's list.
pub(crate) fn put_on_list(item: &mut Item, list: String, at: Timestamp) {
    item.insert("listed_in".into(), text(list));
    item.insert("listed_ms".into(), number(at.as_millisecond()));
}

/// The list of a customer's bids.
pub(crate) fn bids_of(customer: &CustomerId) -> String {
    format!("BIDS#{}", customer.as_str())
}

/// The list of a customer's vouchers.
pub(crate) fn vouchers_of(customer: &CustomerId) -> String {
    format!("VOUCHERS#{}", customer.as_str())
}

impl AuctionStore {
    /// At most `limit` of the customer's bids, newest first, behind `after`. A moment old at most.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn bids_listed(
        &self,
        customer: &CustomerId,
        after: Option<ListCursor>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<Bid>, Error> {
        let page: Listed<StoredBid> = self.listed(bids_of(customer), "BID", after, limit, deadline).await?;
        Ok(Listed {
            items: page.items.into_iter().map(|stored| stored.bid).collect(),
            next: page.next,
        })
    }

    /// At most `limit` of the customer's vouchers, newest first, behind `after`. A moment old at most.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn vouchers_listed(
        &self,
        customer: &CustomerId,
        after: Option<ListCursor>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<Voucher>, Error> {
        let list = vouchers_of(customer);
        let page: Listed<StoredVoucher> = self.listed(list, "VOUCHER", after, limit, deadline).await?;
        Ok(Listed {
            items: page.items.into_iter().map(|stored| stored.voucher).collect(),
            next: page.next,
        })
    }

    async fn listed<T: DeserializeOwned>(
        &self,
        list: String,
        kind: &str,
        after: Option<ListCursor>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<T>, Error> {
        let start = after.map(|cursor| {
            HashMap::from([
                ("pk".to_owned(), text(format!("{kind}#{}", cursor.id))),
                ("sk".to_owned(), text(kind)),
                ("listed_in".to_owned(), text(list.as_str())),
                ("listed_ms".to_owned(), number(cursor.listed_ms)),
            ])
        });
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(INDEX)
            .key_condition_expression("listed_in = :list")
            .expression_attribute_values(":list", text(list.as_str()))
            .scan_index_forward(false)
            .limit(limit.into())
            .set_exclusive_start_key(start);
        let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
        let answer = send_until_answered(DOING, deadline, send).await?;
        let next = answer.last_evaluated_key.as_ref().and_then(cursor);
        let mut items = vec![];
        for item in answer.items.unwrap_or_default() {
            // One damaged item must not hide the rest.
            match parse(DOING, item) {
                Ok(item) => items.push(item),
                Err(error) => tracing::error!(causes = %Causes(&error), "a listed item cannot be read"),
            }
        }
        Ok(Listed { items, next })
    }
}

fn cursor(position: &Item) -> Option<ListCursor> {
    let listed_ms = position.get("listed_ms")?.as_n().ok()?.parse().ok()?;
    let (_, id) = text_of(position, "pk")?.split_once('#')?;
    Some(ListCursor {
        listed_ms,
        id: Uuid::parse_str(id).ok()?,
    })
}
