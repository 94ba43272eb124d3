//! Lists of a customer's bids and vouchers, newest first.

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
use shared::aws::lambda::page::Cursor;
use shared::aws::lambda::problem::Causes;
use shared::core::error::Error;
use shared::core::identity::CustomerId;

const INDEX: &str = "listed";
const DOING: &str = "list bids or vouchers";

/// A page of a customer's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage<T> {
    /// The items, newest first.
    pub items: Vec<T>,
    /// Start of the next page, if any.
    pub next: Option<Cursor<1>>,
}

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
    ) -> Result<ListPage<Bid>, Error> {
        let page: ListPage<StoredBid> = self.list(bids_of(customer), "BID", after, limit, deadline).await?;
        Ok(ListPage {
            items: page.items.into_iter().map(|stored| stored.bid).collect(),
            next: page.next,
        })
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
    ) -> Result<ListPage<Voucher>, Error> {
        let list = vouchers_of(customer);
        let page: ListPage<StoredVoucher> = self.list(list, "VOUCHER", after, limit, deadline).await?;
        Ok(ListPage {
            items: page.items.into_iter().map(|stored| stored.voucher).collect(),
            next: page.next,
        })
    }

    async fn list<T: DeserializeOwned>(
        &self,
        list: String,
        kind: &str,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<ListPage<T>, Error> {
        let start = after.map(|cursor| {
            HashMap::from([
                ("pk".to_owned(), text(format!("{kind}#{}", cursor.id))),
                ("sk".to_owned(), text(kind)),
                ("listed_in".to_owned(), text(list.as_str())),
                ("listed_ms".to_owned(), number(cursor.at[0])),
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
        let next = answer.last_evaluated_key.as_ref().map(|position| {
            let unreadable = || Error::internal(DOING, "the position in the list is unreadable");
            // It must not look like the end of the list.
            cursor(position).ok_or_else(unreadable)
        });
        let next = next.transpose()?;
        let mut items = vec![];
        for item in answer.items.unwrap_or_default() {
            // One damaged item must not hide the others.
            match parse(DOING, item) {
                Ok(item) => items.push(item),
                Err(error) => tracing::error!(causes = %Causes(&error), "listed item is unreadable"),
            }
        }
        Ok(ListPage { items, next })
    }
}

fn cursor(position: &Item) -> Option<Cursor<1>> {
    let listed_ms = position.get("listed_ms")?.as_n().ok()?.parse().ok()?;
    let (_, id) = text_of(position, "pk")?.split_once('#')?;
    Some(Cursor {
        at: [listed_ms],
        id: Uuid::parse_str(id).ok()?,
    })
}
