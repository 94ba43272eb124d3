//! The subscriptions table: subscriptions with their invoices (`SUBSCRIPTION#<id>`), the owners of billing keys
//! (`KEY#<id>`), the requests that changed subscriptions (`REQUEST#<id>`), and a sparse index of due subscriptions.
//!
//! Invariant: an invoice changes only together with its subscription, both on condition that they have not changed
//! since they were read. So a successful write of a subscription proves that its invoice has not changed either. The claim of a
//! coupon changes in the write of the subscription that redeems it or gives it back.

mod records;
mod requests;

pub use records::{StoredInvoice, StoredKey, StoredSubscription, SubscriptionRequest};
pub use requests::RequestState;

use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::builders::{DeleteBuilder, PutBuilder};
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::aws::Platform;
use shared::aws::dynamodb::due::{self, DuePage, DuePosition, uuid_in};
use shared::aws::dynamodb::listed::{List, ListIndex, Listed};
use shared::aws::dynamodb::table::{Table, text_of};
use shared::aws::dynamodb::transaction::{delete, put, transact_changes, update};
use shared::aws::dynamodb::{
    Item, Wanted, batch_get, classify_error, composite, number, parse, send_until_answered, text,
};
use shared::aws::lambda::page::Cursor;
use shared::aws::lambda::problem::Causes;
use shared::core::error::Error;
use shared::core::id::{SubscriptionId, SubscriptionPeriod};
use shared::core::identity::CustomerId;
use shared::coupons::CouponStore;
use tokio::time::Instant;
use uuid::Uuid;

use crate::invoice::Invoice;
use crate::subscription::Subscription;

const BY_CUSTOMER: ListIndex = ListIndex {
    name: "by-customer",
    list: "customer_id",
    place: "started_ms",
};
/// The prefix of a subscription's partition key.
const SUBSCRIPTION: &str = "SUBSCRIPTION#";
/// The sort key of a subscription. It sorts after all of its invoices.
const SUBSCRIPTION_SORT_KEY: &str = "SUBSCRIPTION";
/// The prefix of an invoice's sort key.
const INVOICE: &str = "INVOICE#";
/// The time for which a request is stored to recognize its retries: longer than any client retries.
const REQUEST_RETENTION: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The subscriptions table.
#[derive(Clone, Debug)]
pub struct SubscriptionStore {
    table: Table,
    /// `None` in functions that neither start nor end subscriptions.
    coupons: Option<CouponStore>,
}

/// Items of the table that are written together, each on condition that it has not changed since it was read.
#[derive(Clone, Copy, Debug)]
pub struct SubscriptionWrite<'a> {
    /// The subscription's next version.
    pub subscription: &'a StoredSubscription,
    /// The open invoice's next version, if it changes too.
    pub invoice: Option<&'a StoredInvoice>,
    /// The invoice that is opened instead.
    pub new_invoice: Option<&'a StoredInvoice>,
    /// The request that causes the write.
    pub request: Option<&'a SubscriptionRequest>,
    /// A new billing key.
    pub new_key: Option<&'a StoredKey>,
    /// Billing keys that were deleted at their providers.
    pub deleted_keys: &'a [StoredKey],
    /// Checks that the key of new delivery details was not erased meanwhile.
    pub key_unchanged: Option<&'a TransactWriteItem>,
}

impl<'a> SubscriptionWrite<'a> {
    /// Writes a subscription only.
    pub const fn of(subscription: &'a StoredSubscription) -> Self {
        Self {
            subscription,
            invoice: None,
            new_invoice: None,
            request: None,
            new_key: None,
            deleted_keys: &[],
            key_unchanged: None,
        }
    }

    /// Writes a subscription and its open invoice.
    pub const fn with(subscription: &'a StoredSubscription, invoice: Option<&'a StoredInvoice>) -> Self {
        Self {
            invoice,
            ..Self::of(subscription)
        }
    }
}

/// A page of a customer's subscriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionPage {
    /// The subscriptions, newest first.
    pub subscriptions: Vec<Subscription>,
    /// The start of the next page, if there is one.
    pub next: Option<Cursor<1>>,
}

/// A page of a subscription's invoices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoicePage {
    /// The invoices, newest first.
    pub invoices: Vec<Invoice>,
    /// The last invoice's period, when another page follows.
    pub next: Option<u32>,
}

impl SubscriptionStore {
    /// Creates the store of the table in the environment variable `SUBSCRIPTIONS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "SUBSCRIPTIONS_TABLE")?,
            coupons: None,
        })
    }

    /// Creates the store of a function that starts or ends subscriptions: it also changes claims in `COUPONS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn with_coupons(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            coupons: Some(CouponStore::new(platform)?),
            ..Self::new(platform)?
        })
    }

    /// The store of claims.
    ///
    /// # Errors
    /// [`Error::Internal`] in a function that neither starts nor ends subscriptions.
    pub fn coupons(&self) -> Result<&CouponStore, Error> {
        let coupons = self.coupons.as_ref();
        coupons.ok_or_else(|| Error::internal("change a coupon", "the function has no table of coupons"))
    }

    /// Reads a subscription of any customer, consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, id: SubscriptionId, deadline: Instant) -> Result<Option<StoredSubscription>, Error> {
        self.table
            .read("read a subscription", subscription_key(id), deadline)
            .await
    }

    /// Reads a subscription and one of its invoices consistently, in one request.
    ///
    /// The two can be of different times; a conditional write detects that.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_period(
        &self,
        of: SubscriptionPeriod,
        deadline: Instant,
    ) -> Result<Option<(StoredSubscription, Option<StoredInvoice>)>, Error> {
        const DOING: &str = "read a subscription and its invoice";
        let wanted = Wanted {
            table: &self.table.name,
            keys: vec![subscription_key(of.subscription_id), invoice_key(of)],
            consistent: true,
        };
        let found = batch_get(&self.table.client, DOING, vec![wanted], deadline).await?;
        let (subscription_items, invoices): (Vec<Item>, Vec<Item>) =
            found.into_values().flatten().partition(is_subscription);
        let Some(subscription) = subscription_items.into_iter().next() else {
            return Ok(None);
        };
        let invoice = invoices.into_iter().next().map(|item| parse(DOING, item));
        Ok(Some((parse(DOING, subscription)?, invoice.transpose()?)))
    }

    /// Reads a subscription and its open invoice, if it has one, consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_open(
        &self,
        id: SubscriptionId,
        deadline: Instant,
    ) -> Result<Option<(StoredSubscription, Option<StoredInvoice>)>, Error> {
        let Some(subscription) = self.get(id, deadline).await? else {
            return Ok(None);
        };
        let Some(period) = subscription.subscription.open_period else {
            return Ok(Some((subscription, None)));
        };
        let of = SubscriptionPeriod {
            subscription_id: id,
            period,
        };
        let invoice = self.table.read("read an invoice", invoice_key(of), deadline).await?;
        Ok(Some((subscription, invoice)))
    }

    /// Reads a subscription, and at most `limit` of its invoices before the period `before`, newest first, consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_with_invoices(
        &self,
        id: SubscriptionId,
        before: Option<u32>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Option<(StoredSubscription, InvoicePage)>, Error> {
        const DOING: &str = "read a subscription and its invoices";
        let start = before.map(|period| {
            invoice_key(SubscriptionPeriod {
                subscription_id: id,
                period,
            })
        });
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :invoice)")
            .expression_attribute_values(":pk", text(partition(id)))
            .expression_attribute_values(":invoice", text(INVOICE))
            .scan_index_forward(false)
            .limit(limit.into())
            .set_exclusive_start_key(start);
        let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
        let (found, invoices) = futures::try_join!(self.get(id, deadline), send_until_answered(DOING, deadline, send))?;
        let Some(subscription) = found else {
            return Ok(None);
        };
        let next = invoices.last_evaluated_key.as_ref().map(|position| {
            let period = text_of(position, "sk").and_then(|sk| sk.strip_prefix(INVOICE)?.parse().ok());
            // It must not look like the end of the list.
            period.ok_or_else(|| Error::internal(DOING, "the position in the list is unreadable"))
        });
        let items = invoices.items.unwrap_or_default().into_iter();
        let invoices = items.map(|item| parse::<StoredInvoice>(DOING, item).map(|stored| stored.invoice));
        let page = InvoicePage {
            invoices: invoices.collect::<Result<_, _>>()?,
            next: next.transpose()?,
        };
        Ok(Some((subscription, page)))
    }

    /// Reads the existing subscriptions of `ids` consistently, in no order, and the errors of damaged items.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_all(
        &self,
        ids: &[SubscriptionId],
        deadline: Instant,
    ) -> Result<(Vec<StoredSubscription>, Vec<Error>), Error> {
        const DOING: &str = "read subscriptions";
        let wanted = Wanted {
            table: &self.table.name,
            keys: ids.iter().map(|&id| subscription_key(id)).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, DOING, vec![wanted], deadline).await?;
        let mut subscriptions = vec![];
        let mut damaged = vec![];
        for item in found.into_values().flatten() {
            match parse(DOING, item) {
                Ok(subscription) => subscriptions.push(subscription),
                Err(error) => damaged.push(error),
            }
        }
        Ok((subscriptions, damaged))
    }

    /// Reads at most `limit` of the customer's subscriptions that started within `started_ms` after `after`, newest first.
    /// Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list(
        &self,
        customer: &CustomerId,
        started_ms: RangeInclusive<u64>,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<SubscriptionPage, Error> {
        let Listed { items: ids, next } = self.list_ids(customer, started_ms, after, limit, deadline).await?;
        let (found, damaged) = self.get_all(&ids, deadline).await?;
        for error in damaged {
            // One damaged subscription must not hide the others.
            tracing::error!(causes = %Causes(&error), "listed subscription cannot be read");
        }
        let mut subscriptions: Vec<Subscription> = found.into_iter().map(|stored| stored.subscription).collect();
        let place = |one: &Subscription| ids.iter().position(|&id| id == one.subscription_id);
        subscriptions.sort_by_key(place);
        Ok(SubscriptionPage { subscriptions, next })
    }

    /// Reads the ids of the subscriptions that [`list`](Self::list) reads.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub(crate) async fn list_ids(
        &self,
        customer: &CustomerId,
        started_ms: RangeInclusive<u64>,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<SubscriptionId>, Error> {
        let list = List {
            sort_key: Some(SUBSCRIPTION_SORT_KEY),
            places: started_ms,
            ..List::newest_in(BY_CUSTOMER, customer.as_str(), SUBSCRIPTION)
        };
        let page = self
            .table
            .list_items("list subscriptions", &list, after, limit, deadline);
        let Listed { items, next } = page.await?;
        let ids = items.iter().map(|item| id_in(text_of(item, "pk").unwrap_or_default()));
        Ok(Listed {
            items: ids.collect::<Result<_, _>>()?,
            next,
        })
    }

    /// Reads a page of the subscriptions of one shard with work due at `now`, the earliest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        after: Option<DuePosition>,
        deadline: Instant,
    ) -> Result<DuePage<SubscriptionId>, Error> {
        due::page(&self.table, shard, now, after, deadline, id_in).await
    }

    /// Moves a subscription on the due index to `until` after its command was sent. Returns false when the subscription
    /// has changed since it was read: the change has set its due time.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn postpone_due(
        &self,
        stored: &StoredSubscription,
        until: Timestamp,
        deadline: Instant,
    ) -> Result<bool, Error> {
        const DOING: &str = "postpone a due subscription";
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(subscription_key(stored.subscription.subscription_id)))
            .update_expression("SET due_ms = :until")
            // Keep the version, so that a concurrent charge of the subscription does not fail.
            .condition_expression("version = :read")
            .expression_attribute_values(":until", number(until.as_millisecond()))
            .expression_attribute_values(":read", number(stored.version));
        let send = || async {
            match update.clone().send().await {
                Ok(_) => Ok(true),
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
                {
                    Ok(false)
                }
                Err(error) => Err(classify_error(DOING, error)),
            }
        };
        send_until_answered(DOING, deadline, send).await
    }

    /// Finds the subscription with the billing key of this id.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn find_by_key(&self, id: Uuid, deadline: Instant) -> Result<Option<SubscriptionId>, Error> {
        let found: Option<KeyOwner> = self.table.read("find a billing key", owner_key(id), deadline).await?;
        Ok(found.map(|owner| owner.subscription_id))
    }

    /// Reads a request, if it was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn request(&self, id: Uuid, deadline: Instant) -> Result<Option<SubscriptionRequest>, Error> {
        self.table.read("read a request", request_key(id), deadline).await
    }

    /// Records a request that changes nothing. Returns false when it was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn record_request(&self, request: &SubscriptionRequest, deadline: Instant) -> Result<bool, Error> {
        let items = vec![put(self.put_request(request)?)?];
        transact_changes(&self.table.client, "save a request", items, 1, deadline).await
    }

    /// Writes all of `write` or nothing. Returns false when anything has changed since it was read, or the request was
    /// made before, possibly by an earlier attempt of the same call whose response was lost.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(&self, write: &SubscriptionWrite<'_>, deadline: Instant) -> Result<bool, Error> {
        let items = self.transaction_items(write)?;
        let records = items.len();
        transact_changes(&self.table.client, "save a subscription", items, records, deadline).await
    }

    /// Builds the transaction items of `write`.
    pub(crate) fn transaction_items(&self, write: &SubscriptionWrite<'_>) -> Result<Vec<TransactWriteItem>, Error> {
        let id = write.subscription.subscription.subscription_id;
        let mut items = vec![put(self.put_if_version(write.subscription)?)?];
        for invoice in [write.invoice, write.new_invoice].into_iter().flatten() {
            items.push(put(self.put_invoice(invoice)?)?);
        }
        if let Some(request) = write.request {
            items.push(put(self.put_request(request)?)?);
        }
        if let Some(key) = write.new_key {
            items.push(put(self.put_key_owner(key, id)?)?);
        }
        for key in write.deleted_keys {
            items.push(delete(self.delete_key_owner(key))?);
        }
        items.extend(write.key_unchanged.cloned());
        items.extend(self.claim_write(write.subscription)?);
        Ok(items)
    }

    /// Builds the write by which a new subscription gets the claim of its coupon, or by which one that ends gives it back. Fails its
    /// condition when another order or subscription has it.
    fn claim_write(&self, stored: &StoredSubscription) -> Result<Option<TransactWriteItem>, Error> {
        let subscription = &stored.subscription;
        let id = subscription.subscription_id;
        let redeemed = subscription.claim().filter(|_| stored.version == 1);
        let write = match (redeemed, stored.gives_back) {
            (Some(claim), _) => self.coupons()?.redeem_write(claim, id),
            (None, Some(claim)) => self.coupons()?.return_write(claim, id),
            (None, None) => return Ok(None),
        };
        update(write).map(Some)
    }

    /// Builds the put of a subscription. Fails its condition when it has changed, or was created, since it was read.
    pub fn put_if_version(&self, stored: &StoredSubscription) -> Result<PutBuilder, Error> {
        let subscription = &stored.subscription;
        let id = subscription.subscription_id;
        let mut item = self.table.item("save a subscription", subscription_key(id), stored)?;
        item.insert("started_ms".into(), number(subscription.started_at.as_millisecond()));
        if let Some(at) = stored.due_at {
            due::put_on_index(&mut item, id.0, at);
        }
        Ok(self.table.put_if_version(item, stored.version))
    }

    /// Builds the put of an invoice. Fails its condition when it has changed, or was created, since it was read, so a
    /// period is charged once.
    pub(crate) fn put_invoice(&self, stored: &StoredInvoice) -> Result<PutBuilder, Error> {
        let item = self
            .table
            .item("save an invoice", invoice_key(stored.invoice.of), stored)?;
        Ok(self.table.put_if_version(item, stored.version))
    }

    /// Builds the put of a billing key's owner.
    fn put_key_owner(&self, key: &StoredKey, id: SubscriptionId) -> Result<PutBuilder, Error> {
        let owner = KeyOwner { subscription_id: id };
        let item = self.table.item("save a billing key", owner_key(key.key_id), &owner)?;
        Ok(Put::builder().table_name(&self.table.name).set_item(Some(item)))
    }

    /// Builds the deletion of a billing key's owner.
    fn delete_key_owner(&self, key: &StoredKey) -> DeleteBuilder {
        Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(owner_key(key.key_id)))
    }

    /// Builds the put of a new request. Fails its condition when the request was made before.
    fn put_request(&self, request: &SubscriptionRequest) -> Result<PutBuilder, Error> {
        let mut item = self
            .table
            .item("save a request", request_key(request.request_id), request)?;
        let swept_at = (request.requested_at + REQUEST_RETENTION).as_second();
        item.insert("swept_at".into(), number(swept_at));
        Ok(self.table.put_if_version(item, 1))
    }
}

#[derive(Serialize, Deserialize)]
struct KeyOwner {
    subscription_id: SubscriptionId,
}

fn partition(id: SubscriptionId) -> String {
    format!("{SUBSCRIPTION}{id}")
}

fn subscription_key(id: SubscriptionId) -> Item {
    composite(partition(id), SUBSCRIPTION_SORT_KEY)
}

/// The period has ten digits, so that invoices sort by period.
fn invoice_key(of: SubscriptionPeriod) -> Item {
    composite(partition(of.subscription_id), format!("{INVOICE}{:010}", of.period))
}

fn owner_key(id: Uuid) -> Item {
    composite(format!("KEY#{id}"), "KEY")
}

fn request_key(id: Uuid) -> Item {
    composite(format!("REQUEST#{id}"), "REQUEST")
}

fn is_subscription(item: &Item) -> bool {
    item.get("sk")
        .and_then(|sk| sk.as_s().ok())
        .is_some_and(|sk| sk == SUBSCRIPTION_SORT_KEY)
}

/// Parses the id in a subscription's key.
fn id_in(pk: &str) -> Result<SubscriptionId, Error> {
    uuid_in(pk, SUBSCRIPTION).map(SubscriptionId)
}
